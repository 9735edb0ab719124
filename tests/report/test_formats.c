/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "page.h"
#include "sample.h"

#include <stdio.h>
#include <string.h>

#include "report/paper.h"

/* A page as Markdown and as JSON: what it says, and that no name acts in it. */

static const char layers[] = SAMPLE_FOUR "requirements:\n"
                                         "  - {partition: left-right, min_rank: 5}\n"
                                         "  - {partition: left-right, min_log2: 2}\n";

static const char training_log[] =
    "{\"step\": 10, \"epoch\": 0, \"loss\": 2.25}\n"
    "{\"step\": 20, \"epoch\": 1, \"loss\": 1.5, \"test_accuracy\": 0.25,"
    " \"entropy\": {\"left-right\": [0.5, 0.25]}}\n";

static ec_report_page page_of(const sample *s)
{
    return (ec_report_page){.bounds = s->found,
                            .states = &s->measured,
                            .required = s->bounds,
                            .log = training_log,
                            .log_size = sizeof training_log - 1,
                            .log_file = "log.jsonl",
                            .libraries = "libx.so.1",
                            .command = "entcap report",
                            .seed = 7};
}

/* What is found in the description of a sample. */
static void find(ec_check *check, const sample *s)
{
    ec_check_options options;
    const ec_run run = EC_RUN_INIT;
    ec_error err = {0};

    ec_check_options_init(&options);
    assert_ok(ec_check_arch(check, s->arch, &s->partitions, &options, &run, &err), &err);
}

static void write_markdown(ec_text *out, const ec_report_page *page)
{
    ec_error err = {0};

    assert_ok(ec_report_markdown(out, page, &err), &err);
}

static void write_json(ec_json *json, const ec_report_page *page)
{
    ec_error err = {0};

    assert_ok(ec_report_json(json, page, &err), &err);
    assert_ok(ec_json_finish(json, &err), &err);
}

/* --------------------------------------------------------------- Markdown */

static void markdown_says_what_was_found(void **state)
{
    static const char *const expected[] = {
        "# four: entanglement capacity\n\n4 sites of 2 features",
        "> [!NOTE]\n> **The bound holds** for the network",
        "**What does not fit, or is not known to**\n\n- **left-right**: rank 5 is required, at "
        "most 4 is possible: *failed*\n",
        "**What to change**\n\n- left-right is asked for rank 5, and no weights have "
        "more than 4",
        "\n- **error EC002**, line 10: left-right is asked for rank 5",
        "**What fits**\n\n- **left-right**: log2 rank 2 is required, at most 4 is possible: *met*",
        "\n| partition | asked for | bound | log2 | verdict |\n|-|-:|-:|-:|-|\n| left-right | rank "
        "5 | 4 | 2.00 | *failed* |\n",
        "S<sub>2</sub> ≤ S ≤ ln rank ≤ ln generic rank = 1.3863 *proved*",
        "\n- Test accuracy: 25.00 %\n",
        "<details><summary>The log as a table</summary>\n\nEvery line of the log:\n\n| step |",
        "\n- Seed: 7\n",
    };
    sample s;
    ec_check check;
    ec_text text = {0};
    (void)state;

    sample_init(&s, layers);
    ec_report_page page = page_of(&s);
    find(&check, &s);
    page.check = &check;
    write_markdown(&text, &page);
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        if (strstr(text.bytes, expected[i]) == NULL)
            fail_msg("no \"%s\" in\n%s", expected[i], text.bytes);
    assert_int_equal(page_count(text.bytes, "<details>"), page_count(text.bytes, "</details>"));
    ec_check_clear(&check);
    ec_text_clear(&text);
    sample_clear(&s);
}

static void assert_escaped(const char *plain, const char *expected)
{
    ec_text out = {0};

    ec_markdown_text(&out, plain, strlen(plain));
    assert_string_equal(ec_text_get(&out), expected);
    ec_text_clear(&out);
}

static void nothing_in_a_name_acts_in_markdown(void **state)
{
    (void)state;
    assert_escaped("<b>&amp;|*_`[x](y)!~$\\", "\\<b\\>\\&amp;\\|\\*\\_\\`\\[x\\](y)\\!\\~\\$\\\\");
    assert_escaped("ask @octocat", "ask @<!-- -->octocat");
    assert_escaped("#12 and # 12, GH-7", "\\#<!-- -->12 and \\# 12, GH-<!-- -->7");
    assert_escaped("https://x.y, WWW.x.y", "https:<!-- -->//x.y, WWW.<!-- -->x.y");
    assert_escaped("1. - + item 2. 3", "1\\. - + item 2. 3");
    assert_escaped("- item", "\\- item");
    assert_escaped("4.00, +0.5, -1", "4.00, +0.5, -1");
    assert_escaped("a\nb\x01\x7f", "a\xef\xbf\xbd"
                                   "b\xef\xbf\xbd\xef\xbf\xbd");
}

static void code_spans_hold_any_text(void **state)
{
    static const char *const cases[][2] = {{"a b", "`a b`"},
                                           {"a`b", "``a`b``"},
                                           {"``", "``` `` ```"},
                                           {"x`", "`` x` ``"},
                                           {"<b>\n", "`<b>?`"}};
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ec_text out = {0};

        ec_markdown_code(&out, cases[i][0], strlen(cases[i][0]));
        assert_string_equal(ec_text_get(&out), cases[i][1]);
        ec_text_clear(&out);
    }
}

/* Length of a code span that begins at c, or 1. */
static size_t skip_code(const char *c)
{
    size_t fence = strspn(c, "`");
    const char *end = c + fence;

    while (*end != '\0' && strspn(end, "`") != fence)
        end += strspn(end, "`") > 0 ? strspn(end, "`") : 1;
    assert_true(*end != '\0');
    return (size_t)(end - c) + fence;
}

/* Only the tags that the writer itself uses, everything else escaped or in a code span. */
static void assert_harmless(const char *markdown)
{
    static const char *const tags[] = {"<sub>",     "</sub>",     "<sup>",
                                       "</sup>",    "<details>",  "</details>",
                                       "<summary>", "</summary>", "<!-- -->"};

    for (const char *c = markdown; *c != '\0'; c++) {
        bool known = *c != '<';

        for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
            known |= strncmp(c, tags[i], strlen(tags[i])) == 0;
        if (!known)
            fail_msg("a tag at: %.40s", c);
        assert_true((unsigned char)*c >= 0x20 || *c == '\n');
        if (*c == '\\')
            c++;
        else if (*c == '`')
            c += skip_code(c) - 1;
    }
}

static void no_name_acts_on_a_page(void **state)
{
    const ec_report_source source = {.role = "Description", .path = PAGE_HOSTILE, .sha256 = "00"};
    static const char *const texts[] = {layers, SAMPLE_PAIR};
    (void)state;

    for (size_t i = 0; i < 2; i++) {
        ec_text text = {0};
        sample s;

        sample_init(&s, texts[i]);
        sample_rename(&s.arch->name, PAGE_HOSTILE);
        sample_rename(&s.partitions.items[0].name, PAGE_HOSTILE);
        if (i == 0)
            sample_rename(&s.arch->requirements[0].partition, PAGE_HOSTILE);
        else
            sample_rename(&s.arch->tensors[0].name, PAGE_HOSTILE);
        memcpy(s.states[0].labels[1].spectrum.why, PAGE_HOSTILE, sizeof PAGE_HOSTILE);
        ec_report_page page = page_of(&s);
        page.command = PAGE_HOSTILE;
        page.sources = &source;
        page.n_sources = 1;
        write_markdown(&text, &page);
        assert_harmless(text.bytes);
        assert_true(page_count(text.bytes, "\\</title\\>\\<script\\>") >= 5);
        ec_text_clear(&text);
        sample_clear(&s);
    }
}

static size_t count_cells(const char *line)
{
    size_t n = 0;

    for (; *line != '\0' && *line != '\n'; line++)
        n += *line == '|' && line[-1] != '\\';
    return n;
}

/* Lines that begin with a bar have as many cells as the one before. */
static void a_bar_in_a_name_ends_no_cell(void **state)
{
    ec_table table = {0};
    ec_text out = {0};
    (void)state;

    ec_table_init(&table, "<name|>value|<note");
    ec_table_cell(&table, "a|b\\|c");
    ec_table_cell(&table, "2^10");
    ec_table_cell(&table, "%s", "");
    ec_table_label(&table, "proved");
    ec_table_markdown(&out, &table, "Of a|b");
    assert_string_equal(ec_text_get(&out), "Of a\\|b:\n\n| name | value | note |\n|-|-:|-|\n"
                                           "| a\\|b\\\\\\|c | 2<sup>10</sup> | *proved* |\n\n");
    assert_int_equal(count_cells(strstr(out.bytes, "| a")), 4);
    ec_text_clear(&out);
    ec_table_clear(&table);
}

/* ------------------------------------------------------------------- JSON */

static ec_json_value *parse(const ec_json *json)
{
    ec_json_value *document = NULL;
    ec_error err = {0};

    assert_ok(ec_json_parse(&document, json->text.bytes, json->text.size, "page.json", &err), &err);
    return document;
}

static void json_holds_the_documents_of_the_verbs(void **state)
{
    ec_json json = {.depth = 0}, bound = {.depth = 0};
    ec_json_value *document;
    ec_error err = {0};
    ec_check check;
    sample s;
    (void)state;

    sample_init(&s, layers);
    ec_report_page page = page_of(&s);
    find(&check, &s);
    page.check = &check;
    write_json(&json, &page);
    document = parse(&json);
    assert_true(ec_json_is_true(ec_json_get(document, "holds")));

    const ec_json_value *asked = ec_json_get(document, "requirements");
    assert_int_equal(ec_json_size(asked), 2);
    assert_string_equal(ec_json_text(ec_json_get(ec_json_at(asked, 0), "verdict")), "failed");
    assert_string_equal(ec_json_text(ec_json_get(ec_json_at(asked, 0), "min_rank")), "5");
    assert_string_equal(ec_json_text(ec_json_get(ec_json_at(asked, 1), "verdict")), "met");
    const ec_json_value *findings = ec_json_get(document, "findings");
    assert_int_equal(ec_json_size(findings), check.n_findings);
    assert_string_equal(ec_json_text(ec_json_get(ec_json_at(findings, 0), "code")),
                        ec_check_rule_at(check.findings[0].rule)->code);
    assert_int_equal(ec_json_size(ec_json_get(document, "layers")), s.arch->n_layers);
    assert_int_equal(ec_json_size(ec_json_get(document, "training")), 2);
    const ec_json_value *last = ec_json_at(ec_json_get(document, "training"), 1);
    assert_close(ec_json_number(ec_json_get(ec_json_get(last, "mean_entropy"), "left-right")),
                 0.375, 0);

    assert_ok(ec_report_bounds_json(&bound, &s.found, false, &err), &err);
    ec_json_value *alone = parse(&bound);
    const ec_json_value *within = ec_json_get(document, "bound");
    assert_int_equal(ec_json_size(within), ec_json_size(alone));
    for (size_t i = 0; i < ec_json_size(alone); i++)
        assert_string_equal(ec_json_key(within, i), ec_json_key(alone, i));
    assert_non_null(ec_json_get(ec_json_get(document, "verify"), "partitions"));
    ec_check_clear(&check);
    ec_json_free(alone);
    ec_json_free(document);
    ec_json_clear(&bound);
    ec_json_clear(&json);
    sample_clear(&s);
}

static void json_keeps_names_and_leaves_out_what_is_not_there(void **state)
{
    ec_json json = {.depth = 0};
    ec_json_value *document;
    sample s;
    (void)state;

    sample_init(&s, SAMPLE_PAIR);
    sample_rename(&s.arch->name, PAGE_HOSTILE);
    const ec_report_page page = {.bounds = s.found};
    write_json(&json, &page);
    document = parse(&json);
    assert_string_equal(ec_json_text(ec_json_get(document, "name")), PAGE_HOSTILE);
    assert_true(ec_json_is_null(ec_json_get(document, "holds")));
    for (const char *const *key = (const char *const[]){"verify", "fit", "sweep", "training",
                                                        "formulas", "layers", NULL};
         *key != NULL; key++)
        assert_null(ec_json_get(document, *key));
    ec_json_free(document);
    ec_json_clear(&json);
    sample_clear(&s);
}

static ec_status write_both(void *arg, ec_error *err)
{
    const ec_report_page page = page_of(arg);
    ec_json json = {.depth = 0};
    ec_text text = {0};

    ec_status status = ec_report_markdown(&text, &page, err);
    if (status == EC_OK)
        status = ec_report_json(&json, &page, err);
    ec_text_clear(&text);
    ec_json_clear(&json);
    return status;
}

static void both_survive_failed_allocations(void **state)
{
    sample s;
    (void)state;

    sample_init(&s, layers);
    assert_survives_oom(write_both, &s);
    sample_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(markdown_says_what_was_found),
        cmocka_unit_test(nothing_in_a_name_acts_in_markdown),
        cmocka_unit_test(code_spans_hold_any_text),
        cmocka_unit_test(no_name_acts_on_a_page),
        cmocka_unit_test(a_bar_in_a_name_ends_no_cell),
        cmocka_unit_test(json_holds_the_documents_of_the_verbs),
        cmocka_unit_test(json_keeps_names_and_leaves_out_what_is_not_there),
        cmocka_unit_test(both_survive_failed_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
