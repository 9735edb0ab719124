/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "look.h"

#include <stdio.h>

/* The table of rules, and the whole way from a text to what is printed when memory runs out. */

/* 16 channels can be filled, of which left-right needs 4, and it is asked for 9. */
static const char text[] = "name: two\n"
                           "input: {shape: [8], channels: 2}\n"
                           "layers:\n"
                           "  - conv: {channels: 17, shared: false}\n"
                           "  - pool: {window: 4}\n"
                           "  - conv: {channels: 4, shared: false}\n"
                           "  - pool: {window: 2}\n"
                           "  - dense: {outputs: 1}\n"
                           "partitions: [left-right, interleaved]\n"
                           "requirements: [{partition: left-right, min_rank: 9},\n"
                           "  {partition: \"scale:1\", min_rank: 9}]\n";

static ec_status check_everything(void *arg, ec_error *err)
{
    ec_check check = {.n_findings = 0};
    ec_check_options options;
    ec_arch *arch = NULL;
    ec_partitions given = {.n = 0};
    ec_run run = EC_RUN_INIT;
    ec_text out = {0};
    ec_json json = {.depth = 0};
    const ec_checked_file file = {"a.yaml", text, sizeof text - 1, &check};
    ec_status status;

    (void)arg;
    ec_check_options_init(&options);
    status = ec_arch_parse(&arch, text, sizeof text - 1, "a.yaml", err);
    if (status == EC_OK)
        status = ec_arch_partitions(&given, arch, NULL, 0, err);
    if (status == EC_OK)
        status = ec_check_arch(&check, arch, &given, &options, &run, err);
    if (status == EC_OK) {
        ec_check_print_text(&out, &file, true);
        ec_check_print_github(&out, &file);
        status = ec_text_check(&out, err);
    }
    if (status == EC_OK) {
        ec_check_print_sarif(&json, &file, 1, true);
        status = ec_json_finish(&json, err);
    }
    ec_json_clear(&json);
    ec_text_clear(&out);
    ec_check_clear(&check);
    ec_partitions_clear(&given);
    ec_arch_free(arch);
    return status;
}

static void checking_survives_failed_allocations(void **state)
{
    (void)state;
    assert_survives_oom(check_everything, NULL);
}

/* Codes are in order and unique, names too, and every explanation says what to do. */
static void every_rule_explains_itself(void **state)
{
    (void)state;
    for (size_t k = 0; k < EC_N_RULES; k++) {
        const ec_check_rule *rule = ec_check_rule_at(k);
        char code[8];

        snprintf(code, sizeof code, "EC%03zu", k);
        assert_string_equal(rule->code, code);
        assert_int_equal(ec_check_find_rule(rule->code), k);
        assert_int_equal(ec_check_find_rule(rule->name), k);
        assert_true(strlen(rule->summary) > 10 && strlen(rule->text) > 50);
        assert_int_equal(rule->text[strlen(rule->text) - 1], '\n');
        assert_true(k == EC_RULE_UNREADABLE || strstr(rule->text, "Remedy: ") != NULL);
    }
    assert_null(ec_check_rule_at(EC_N_RULES));
    assert_int_equal(ec_check_find_rule("ec006"), EC_RULE_WIDTH_UNFILLABLE);
    assert_int_equal(ec_check_find_rule("EC"), EC_N_RULES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checking_survives_failed_allocations),
        cmocka_unit_test(every_rule_explains_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
