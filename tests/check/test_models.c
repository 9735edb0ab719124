/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "look.h"

#include <dirent.h>
#include <stdio.h>

/* The findings in every model, which their comments explain. */

typedef struct model {
    const char *name;
    const char *findings; /* codes with what they are about, in the order of the file */
} model;

static const model models[] = {
    /* 44 = 4 * 11 against 43 */
    {"bridge", "EC016 across"},
    /* left-right is r2 = 4, so that of r3 = 8 a half is idle */
    {"closed-form-1d", "EC007 r3"},
    {"closed-form-2d", ""},
    /* r4 limits the halves and r0 the checkerboard: r1, r2, r3 could be 2, 3, 6 */
    {"fashion-convac", "EC007 r1, EC008, EC007 r2, EC007 r3"},
    {"fashion-unshared", "EC007 r1, EC008, EC007 r2, EC007 r3"},
    {"gap-p3", "EC016 BAABBBAAB"},
    /* 2^4096 is not proved with shared weights */
    {"levine-wide-base", "EC007 r1, EC008, EC007 r2, EC007 r3, EC007 r4, EC003 interleaved"},
    {"levine-wide-tip", "EC007 r1, EC008, EC007 r2, EC007 r3, EC007 r4, EC003 interleaved"},
    /* the middle column of 7 x 7 */
    {"mixed-windows", "EC007 r0, EC013 left-right, EC003 left-right"},
    /* r6 alone limits the halves; channels grow from the sites to the top */
    {"qcnn-left-right", "EC007 r0, EC008, EC007 r1, EC007 r2, EC007 r3, EC007 r4, EC007 r5, "
                        "EC009 r6, EC007 r7"},
    {"qcnn-top-bottom", "EC007 r0, EC008, EC007 r1, EC007 r2, EC007 r3, EC007 r4, EC007 r5, "
                        "EC009 r6, EC007 r7"},
    /* of 4 channels 3 can be filled; equal subtrees lower 4 to 3 */
    {"shared-4", "EC006 r0, EC008, EC007 r1, EC015 AABB"},
};

enum { N_MODELS = sizeof models / sizeof *models };

/* What a finding is about: a width or a partition that its message names. */
static void put_subject(ec_text *out, const ec_finding *finding)
{
    const char *message = finding->message, *of = strstr(message, " channels of ");

    if (finding->rule == EC_RULE_WIDTHS_IDLE)
        return;
    if (finding->rule == EC_RULE_WIDTH_IDLE && of != NULL)
        message = of + strlen(" channels of ");
    ec_text_puts(out, " ");
    ec_text_add(out, message, strcspn(message, " :"));
}

static void every_model_has_the_findings_that_are_known(void **state)
{
    (void)state;
    for (size_t m = 0; m < N_MODELS; m++) {
        char path[300];
        ec_arch *arch = NULL;
        ec_check check;
        ec_text found = {0};
        ec_error err = {.status = EC_OK};

        snprintf(path, sizeof path, "models/%s.yaml", models[m].name);
        assert_ok(ec_arch_read(&arch, path, &err), &err);
        look_at(&check, arch);
        for (size_t i = 0; i < check.n_findings; i++) {
            ec_text_printf(&found, "%s%s", i > 0 ? ", " : "",
                           ec_check_rule_at(check.findings[i].rule)->code);
            put_subject(&found, &check.findings[i]);
            assert_true(check.findings[i].place.line > 0);
        }
        assert_string_equal(ec_text_get(&found), models[m].findings);
        for (size_t k = 0; k < check.n_requirements; k++)
            assert_int_not_equal(check.requirements[k].verdict, EC_VERDICT_FAILED);
        ec_text_clear(&found);
        ec_check_clear(&check);
        ec_arch_free(arch);
    }
}

static void no_model_is_left_out(void **state)
{
    DIR *dir = opendir("models");
    size_t n = 0;
    (void)state;

    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        char *dot = strstr(e->d_name, ".yaml");
        size_t m = 0;

        if (dot == NULL)
            continue;
        *dot = '\0';
        while (m < N_MODELS && strcmp(models[m].name, e->d_name) != 0)
            m++;
        if (m == N_MODELS)
            print_error("%s is not in the table\n", e->d_name);
        assert_true(m < N_MODELS);
        n++;
    }
    closedir(dir);
    assert_int_equal(n, N_MODELS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_model_has_the_findings_that_are_known),
        cmocka_unit_test(no_model_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
