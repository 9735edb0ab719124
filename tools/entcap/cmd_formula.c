/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tool.h"

static const tool_usage usage = {
    .arguments = "FILE...",
    .min_files = 1,
    .max_files = SIZE_MAX,
    .about = "Print the bound of every partition as the exact minimum of monomials in the widths\n"
             "(r0, r1, ..., and M, the channels of a site): only terms that are the minimum for\n"
             "some widths. Where weights are shared, the shared-weights bound follows with its\n"
             "binomials C(n,k).\n",
    .examples = "  entcap formula models/fashion-convac.yaml\n"
                "  entcap formula --latex --partition left-right models/closed-form-1d.yaml\n"
                "  entcap formula --json models/gap-p3.yaml\n",
};

typedef struct formula_options {
    bool latex;
} formula_options;

/* The exponents of the variables that occur in a term, by name. */
static void write_term(ec_json *json, const ec_formula *f, size_t term)
{
    const uint64_t *exponent = f->exponent + term * f->n_variables;

    ec_json_open(json, NULL, EC_JSON_OBJECT);
    for (size_t v = 0; v < f->n_variables; v++) {
        char name[64];
        if (exponent[v] == 0)
            continue;
        ec_formula_variable_name(name, sizeof name, f, v);
        ec_json_uint(json, name, exponent[v]);
    }
    ec_json_close(json);
}

static ec_status write_formula(ec_json *json, const char *key, const ec_formula *f, ec_error *err)
{
    char *text = ec_formula_print(f, EC_NOTATION_TEXT, err);
    char *latex = ec_formula_print(f, EC_NOTATION_LATEX, err);
    char *definitions = ec_formula_print_definitions(f, EC_NOTATION_TEXT, err);
    ec_status status = text && latex && definitions ? EC_OK : EC_ENOMEM;

    if (status == EC_OK) {
        ec_json_open(json, key, EC_JSON_OBJECT);
        ec_json_string(json, "text", text);
        ec_json_string(json, "latex", latex);
        ec_json_string(json, "definitions", definitions);
        ec_json_open(json, "terms", EC_JSON_ARRAY);
        for (size_t t = 0; t < f->n_terms; t++)
            write_term(json, f, t);
        ec_json_close(json);
        ec_json_close(json);
    }
    ec_free(text);
    ec_free(latex);
    ec_free(definitions);
    return status;
}

/* "left-right: rank <= min(...)", and what the names in it mean. */
static ec_status put_formula(ec_text *text, const char *name, const char *what, const ec_formula *f,
                             ec_notation notation, ec_error *err)
{
    char *formula = ec_formula_print(f, notation, err);
    char *definitions = ec_formula_print_definitions(f, notation, err);
    ec_status status = formula && definitions ? EC_OK : EC_ENOMEM;

    if (status == EC_OK) {
        ec_text_printf(text, "%s%s: rank %s %s\n%s", name, what,
                       notation == EC_NOTATION_LATEX ? "\\le" : "<=", formula, definitions);
    }
    ec_free(formula);
    ec_free(definitions);
    return status;
}

/* Both formulas of one partition. */
static ec_status partition_formulas(tool *t, const tool_input *input, size_t k,
                                    ec_notation notation, ec_text *text, ec_json *json,
                                    ec_error *err)
{
    const ec_partition *p = &input->partitions.items[k];
    bool sharing = ec_bound_has_sharing(input->arch);
    ec_status status = EC_OK;

    if (t->json) {
        ec_json_open(json, NULL, EC_JSON_OBJECT);
        ec_json_string(json, "name", p->name);
    }
    for (int shared = 0; shared <= 1 && status == EC_OK; shared++) {
        ec_formula f = {0};
        if (shared && !sharing) {
            if (t->json)
                ec_json_null(json, "shared_bound");
            break;
        }
        status = ec_design_formula(&f, input->arch, &p->a, shared == 1, &t->run, err);
        if (status == EC_OK && t->json)
            status = write_formula(json, shared ? "shared_bound" : "min_cut", &f, err);
        else if (status == EC_OK)
            status =
                put_formula(text, p->name, shared ? ", shared weights" : "", &f, notation, err);
        ec_formula_clear(&f);
    }
    if (t->json)
        ec_json_close(json);
    return status;
}

static int formula_file(tool *t, const char *file, const void *options, ec_json *json)
{
    const formula_options *o = options;
    tool_input input = {.file = NULL};
    ec_text text = {0};
    ec_error err = {0};
    ec_status status = EC_OK;
    int code = tool_read(t, file, &input);

    if (code != TOOL_GO_ON)
        goto done;
    tool_phase(t, "formula");
    if (t->json) {
        ec_json_open(json, NULL, EC_JSON_OBJECT);
        ec_json_string(json, "name", input.arch->name);
        ec_json_open(json, "partitions", EC_JSON_ARRAY);
    }
    for (size_t k = 0; k < input.partitions.n && status == EC_OK; k++)
        status = partition_formulas(t, &input, k, o->latex ? EC_NOTATION_LATEX : EC_NOTATION_TEXT,
                                    &text, json, &err);
    if (t->json) {
        ec_json_close(json);
        ec_json_close(json);
    }
    code = status != EC_OK ? tool_fail(t, file, &err) : tool_print(t, &text);
done:
    ec_text_clear(&text);
    tool_input_clear(&input);
    return code;
}

int cmd_formula(tool *t)
{
    formula_options o = {.latex = false};
    const tool_option options[] = {
        {"latex", 0, TOOL_FLAG, &o.latex, NULL, "in LaTeX notation", {0, 0}},
        {0},
    };
    int code = tool_parse(t, &usage, options);

    return code != TOOL_GO_ON ? code : tool_each_file(t, formula_file, &o);
}
