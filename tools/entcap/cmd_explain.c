/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tool.h"

static const tool_usage usage = {
    .arguments = "[CODE...]",
    .max_files = SIZE_MAX,
    .about = "Explain findings of `entcap check` by their codes or names: what, why, an example,\n"
             "what to do. Without one: list all.\n",
    .examples = "  entcap explain EC006\n"
                "  entcap explain width-unfillable\n",
};

static void list_rules(void)
{
    const ec_check_rule *rule;

    for (size_t k = 0; (rule = ec_check_rule_at(k)) != NULL; k++)
        printf("%s  %-8s %-22s %s\n", rule->code, ec_severity_text(rule->severity), rule->name,
               rule->summary);
}

static int unknown(const tool *t, const char *word)
{
    ec_nearest near = {.word = word};
    const ec_check_rule *rule;

    for (size_t k = 0; (rule = ec_check_rule_at(k)) != NULL; k++) {
        ec_nearest_offer(&near, rule->code);
        ec_nearest_offer(&near, rule->name);
    }
    if (near.best != NULL)
        return tool_misuse(t, "there is no finding '%.80s'; did you mean '%s'?", word, near.best);
    return tool_misuse(t, "there is no finding '%.80s'; they are EC000 to %s", word,
                       ec_check_rule_at(EC_N_RULES - 1)->code);
}

static void print_json(ec_json *json, const ec_check_rule *rule)
{
    ec_json_open(json, NULL, EC_JSON_OBJECT);
    ec_json_string(json, "code", rule->code);
    ec_json_string(json, "name", rule->name);
    ec_json_string(json, "severity", ec_severity_text(rule->severity));
    ec_json_string(json, "summary", rule->summary);
    ec_json_string(json, "text", rule->text);
    ec_json_close(json);
}

/* An array, of all rules where none is named. */
static int explain_json(const tool *t)
{
    ec_json json = {.depth = 0};
    ec_error err = {0};
    size_t n = t->n_files > 0 ? t->n_files : EC_N_RULES;

    ec_json_open(&json, NULL, EC_JSON_ARRAY);
    for (size_t i = 0; i < n; i++)
        print_json(&json, ec_check_rule_at(t->n_files > 0 ? ec_check_find_rule(t->files[i]) : i));
    ec_json_close(&json);

    int code =
        ec_json_finish(&json, &err) == EC_OK ? tool_print(t, &json.text) : tool_fail(t, NULL, &err);
    ec_json_clear(&json);
    return code;
}

int cmd_explain(tool *t)
{
    int code = tool_parse(t, &usage, &(tool_option){0});

    if (code != TOOL_GO_ON)
        return code;
    for (size_t i = 0; i < t->n_files; i++)
        if (ec_check_find_rule(t->files[i]) == EC_N_RULES)
            return unknown(t, t->files[i]);
    if (t->json)
        return explain_json(t);
    if (t->n_files == 0)
        list_rules();
    for (size_t i = 0; i < t->n_files; i++) {
        const ec_check_rule *rule = ec_check_rule_at(ec_check_find_rule(t->files[i]));

        printf("%s%s %s (%s)\n%s\n\n%s", i > 0 ? "\n" : "", rule->code, rule->name,
               ec_severity_text(rule->severity), rule->summary, rule->text);
    }
    return tool_flush(t);
}
