/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "describe.h"
#include "look.h"

/* Every rule once, on descriptions made for it, and once more where it must be silent. */

/* 8 sites of M = 2 in two windows of 4, unshared: min(r1, r0, 2^4) across the halves, and
 * 16 r0 + 2 r0 r1 + r1 parameters. */
#define TWO(r0, r1, rest)                                                                          \
    "name: two\n"                                                                                  \
    "input: {shape: [8], channels: 2}\n"                                                           \
    "layers:\n"                                                                                    \
    "  - conv: {channels: " #r0 ", shared: false}\n"                                               \
    "  - pool: {window: 4}\n"                                                                      \
    "  - conv: {channels: " #r1 ", shared: false}\n"                                               \
    "  - pool: {window: 2}\n"                                                                      \
    "  - dense: {outputs: 1}\n" rest

static void a_failed_requirement_names_the_cheapest_width(void **state)
{
    ec_check check;
    (void)state;

    look(&check, TWO(16, 4, "requirements: [{partition: left-right, min_rank: 9}]\n"));
    const ec_finding *found =
        look_one(&check, EC_RULE_REQUIREMENT_FAILED, 9,
                 "left-right is asked for rank 9, and no weights have more than 4");
    assert_string_equal(found->remedy, "r1 = 9 lifts the bound to 9, for 165 parameters more");
    assert_int_equal(found->severity, EC_SEVERITY_ERROR);
    assert_int_equal(found->certainty, EC_CERTAINTY_PROVED);
    assert_int_equal(check.requirements[0].verdict, EC_VERDICT_FAILED);
    ec_check_clear(&check);
}

static void widths_that_must_grow_together_are_named_together(void **state)
{
    ec_check check;
    (void)state;

    look(&check, TWO(2, 2, "requirements: [{partition: left-right, min_rank: 3}]\n"));
    assert_string_equal(look_for(&check, EC_RULE_REQUIREMENT_FAILED, "", 0)->remedy,
                        "r0 = 3, r1 = 3 together lift the bound to 3, for 27 parameters more");
    ec_check_clear(&check);
}

static void what_no_widths_reach_is_hopeless(void **state)
{
    ec_check check;
    (void)state;

    look(&check, TWO(4, 4, "requirements: [{partition: left-right, min_rank: 17}]\n"));
    const ec_finding *found = look_one(&check, EC_RULE_REQUIREMENT_HOPELESS, 9,
                                       "left-right is asked for rank 17, and no weights have more "
                                       "than 4, whatever the widths of the layers");
    assert_string_equal(found->remedy,
                        "ask for 16 at most, or give every site 3 channels, and wider layers");
    assert_null(look_for(&check, EC_RULE_REQUIREMENT_FAILED, "", 0));
    ec_check_clear(&check);

    look(&check, TWO(4, 4, "requirements: [{partition: left-right, min_rank: 16}]\n"));
    assert_null(look_for(&check, EC_RULE_REQUIREMENT_HOPELESS, "", 0));
    ec_check_clear(&check);
}

/* Of the bridge the min cut is 44, and the generic rank 43. */
static void an_upper_bound_alone_meets_nothing(void **state)
{
    static const char bridge[] = "name: bridge\n"
                                 "network:\n"
                                 "  indices: {a: 4, b: 11, w: 3, c: 4, d: 11}\n"
                                 "  tensors: {T: [a, b, w], U: [c, d, w]}\n"
                                 "  open: [a, b, c, d]\n"
                                 "partitions: [{name: across, a: \"0,3\"}]\n"
                                 "requirements: [{partition: across, min_rank: 44}]\n";
    ec_check check;
    (void)state;

    look(&check, bridge);
    const ec_finding *found = look_for(&check, EC_RULE_REQUIREMENT_UNDECIDED, "", 0);
    assert_non_null(found);
    assert_non_null(strstr(found->message, "the generic rank is 43 (wrong with probability"));
    assert_int_equal(found->severity, EC_SEVERITY_WARNING);
    assert_int_equal(found->certainty, EC_CERTAINTY_PROBABLE);
    assert_int_equal(check.requirements[0].verdict, EC_VERDICT_UNDECIDED);
    found = look_for(&check, EC_RULE_BOUND_MISSED, "", 0);
    assert_non_null(found);
    assert_int_equal(found->certainty, EC_CERTAINTY_PROBABLE);
    assert_int_equal(found->place.line, 6);
    ec_check_clear(&check);
}

static void a_trivial_and_a_repeated_requirement_are_found(void **state)
{
    ec_check check;
    (void)state;

    look(&check, TWO(2, 4,
                     "requirements:\n"
                     "  - {partition: left-right, min_log2: 0}\n"
                     "  - {partition: interleaved, min_rank: 2}\n"
                     "  - {partition: left-right, min_rank: 2}\n"));
    look_one(&check, EC_RULE_REQUIREMENT_TRIVIAL, 10,
             "left-right is asked for a rank of 1, which every network has");
    look_one(&check, EC_RULE_REQUIREMENT_REPEATED, 12,
             "left-right is asked for rank 2 here and for log2 rank 0 on line 10: the larger one "
             "decides");
    for (size_t k = 0; k < 3; k++)
        assert_int_equal(check.requirements[k].verdict, EC_VERDICT_MET);
    ec_check_clear(&check);
}

/* 17 channels cannot be filled by four sites of M = 2, unshared; shared, not even 6. */
static void a_width_beyond_the_products_below_is_unfillable(void **state)
{
    static const char shared[] = "name: shared\n"
                                 "input: {shape: [4], channels: 2}\n"
                                 "layers:\n"
                                 "  - conv: {channels: 6}\n"
                                 "  - pool: {window: 4}\n"
                                 "  - dense: {outputs: 1}\n";
    ec_check check;
    (void)state;

    look(&check, TWO(17, 4, ""));
    const ec_finding *found = look_one(&check, EC_RULE_WIDTH_UNFILLABLE, 4,
                                       "r0 has 17 channels, and all that is below can fill 16");
    assert_string_equal(found->remedy,
                        "16 channels compute the same functions: 24 of 412 parameters go");
    ec_check_clear(&check);
    look(&check, TWO(16, 4, ""));
    assert_null(look_for(&check, EC_RULE_WIDTH_UNFILLABLE, "", 0));
    ec_check_clear(&check);
    look(&check, shared); /* C(2 + 4 - 1, 4) = 5 */
    look_one(&check, EC_RULE_WIDTH_UNFILLABLE, 4,
             "r0 has 6 channels, and all that is below can fill 5");
    ec_check_clear(&check);
}

/* An unshared conv below a shared one: relations between products differ from position to position,
 * so that nothing is said. */
static void an_unshared_layer_below_a_shared_one_is_left_alone(void **state)
{
    static const char mixed[] = "name: mixed\n"
                                "input: {shape: [4], channels: 1}\n"
                                "layers:\n"
                                "  - conv: {channels: 3, shared: false}\n"
                                "  - pool: {window: 2}\n"
                                "  - conv: {channels: 3}\n"
                                "  - pool: {window: 2}\n"
                                "  - dense: {outputs: 1}\n";
    ec_check check;
    (void)state;

    look(&check, mixed);
    assert_null(look_for(&check, EC_RULE_WIDTH_UNFILLABLE, "r0", 0));
    ec_check_clear(&check);
}

static void a_bond_of_a_network_is_no_wider_than_its_tensors(void **state)
{
    static const char bond[] = "name: bond\n"
                               "network:\n"
                               "  indices:\n"
                               "    a: 3\n"
                               "    w: 10\n"
                               "    b: 3\n"
                               "    c: 3\n"
                               "  tensors: {T: [a, w], U: [b, c, w]}\n"
                               "  open: [a, b, c]\n";
    ec_check check;
    (void)state;

    look(&check, bond);
    look_one(&check, EC_RULE_WIDTH_UNFILLABLE, 5,
             "w has 10 values, and the rest of a tensor at its end has 3");
    ec_check_clear(&check);
}

/* min(r1, r0): two channels are all that counts of r1 = 9 while r0 = 2. */
static void idle_channels_are_counted(void **state)
{
    ec_check check;
    (void)state;

    look(&check, TWO(2, 9, "partitions: [left-right]\n"));
    const ec_finding *found =
        look_one(&check, EC_RULE_WIDTH_IDLE, 6,
                 "7 of the 9 channels of r1 could go without lowering the bound");
    assert_string_equal(found->remedy, "2 would do: 35 of 77 parameters go");
    assert_int_equal(found->severity, EC_SEVERITY_NOTE);
    assert_null(look_for(&check, EC_RULE_WIDTHS_IDLE, "", 0)); /* one layer: EC007 says it all */
    ec_check_clear(&check);
}

static void of_a_large_network_one_finding_names_all_idle_indices(void **state)
{
    ec_arch *arch = describe_lattice(5, 2, 4, NULL);
    ec_check check;
    (void)state;

    look_at(&check, arch);
    assert_null(look_for(&check, EC_RULE_WIDTH_IDLE, "", 0));
    const ec_finding *found = look_for(&check, EC_RULE_WIDTHS_IDLE, "", 0);
    assert_non_null(found);
    assert_int_equal(found->certainty, EC_CERTAINTY_ESTIMATE);
    assert_non_null(strstr(found->remedy, "together; even fewer may do"));
    ec_check_clear(&check);
    ec_arch_free(arch);
}

/* min(r1, r0) = 3: the fourth channel of r0 waits for a fourth of r1. */
static void a_narrow_layer_that_wastes_others_is_starved(void **state)
{
    ec_check check;
    (void)state;

    look(&check, TWO(4, 3, "partitions: [left-right]\n"));
    const ec_finding *found =
        look_one(&check, EC_RULE_WIDTH_STARVED, 6,
                 "r1 = 3 alone limits the bound; channels of r0 are wasted on it");
    assert_string_equal(found->remedy,
                        "r1 = 4 raises left-right from 3 to 4, for 9 parameters more; "
                        "beyond it gains nothing alone");
    assert_int_equal(found->severity, EC_SEVERITY_WARNING);
    ec_check_clear(&check);

    look(&check, TWO(4, 3, "partitions: [left-right, interleaved]\n")); /* r0 counts elsewhere */
    assert_null(look_for(&check, EC_RULE_WIDTH_STARVED, "", 0));
    ec_check_clear(&check);
}

static void one_channel_carries_nothing(void **state)
{
    static const char network[] = "name: one\n"
                                  "network:\n"
                                  "  indices: {a: 2, w: 1, b: 2}\n"
                                  "  tensors: {T: [a, w], U: [b, w]}\n"
                                  "  open: [a, b]\n";
    ec_check check;
    (void)state;

    look(&check, TWO(2, 1, ""));
    look_one(&check, EC_RULE_WIDTH_ONE, 6,
             "r1 has one channel: the network is a product of 2 functions of 4 sites each, without "
             "entanglement between them");
    ec_check_clear(&check);
    look(&check, network);
    look_one(&check, EC_RULE_WIDTH_ONE, 3, "index w has dimension 1 and carries nothing");
    ec_check_clear(&check);
}

static void layers_that_do_nothing_are_found(void **state)
{
    static const char idle[] = "name: idle\n"
                               "input: {shape: [4], channels: 2}\n"
                               "layers:\n"
                               "  - conv: {channels: 16}\n"
                               "  - conv: {channels: 3}\n"
                               "  - pool: {window: 1}\n"
                               "  - pool: {window: 4}\n"
                               "  - dense: {outputs: 1}\n";
    ec_check check;
    (void)state;

    look(&check, idle);
    look_one(&check, EC_RULE_CONVS_ADJACENT, 5,
             "this conv and the layer below it multiply to one matrix, which has 6 parameters "
             "instead of 80");
    look_one(&check, EC_RULE_WINDOW_ONE, 6, "a pool of one position does nothing");
    ec_check_clear(&check);
}

/* Six sites in two windows of 3: the boundary of the left half is between the windows; that of the
 * left third runs through neither; sites 0, 1, 2, 3 leave one window on A and split the other. */
static void a_split_window_has_whole_children_on_both_sides(void **state)
{
    static const char nine[] = "name: nine\n"
                               "input: {shape: [9], channels: 2}\n"
                               "layers:\n"
                               "  - conv: {channels: 2}\n"
                               "  - pool: {window: 3}\n"
                               "  - conv: {channels: 2}\n"
                               "  - pool: {window: 3}\n"
                               "  - dense: {outputs: 1}\n"
                               "partitions:\n"
                               "  - left-right\n"
                               "  - {name: third, a: \"0-2\"}\n"
                               "  - {name: part, a: \"0-1\"}\n"
                               "  - interleaved\n";
    ec_check check;
    (void)state;

    look(&check, nine);
    look_one(
        &check, EC_RULE_WINDOW_SPLIT, 10, /* AAA ABB BBB */
        "left-right runs through 1 of the 3 subtrees that a window of 1 x 3 joins, and between "
        "others");
    ec_check_clear(&check);
}

static void partitions_of_the_same_sides_are_found(void **state)
{
    ec_check check;
    (void)state;

    look(&check, TWO(2, 2,
                     "partitions:\n"
                     "  - left-right\n"
                     "  - {name: right, a: \"4-7\"}\n"
                     "  - {name: ends, a: \"0,7\"}\n"));
    look_one(&check, EC_RULE_PARTITION_REPEATED, 11, "right has the same two sides as left-right");
    ec_check_clear(&check);
    look(&check, TWO(2, 2, "partitions: [canonical]\n")); /* one entry, its own business */
    assert_null(look_for(&check, EC_RULE_PARTITION_REPEATED, "", 0));
    ec_check_clear(&check);
}

/* Near ties (x-1)(x+1) < x x side by side, S = M = T, with ends too wide to be cut. */
static void put_ties(ec_text *out, unsigned n, unsigned x)
{
    ec_text_puts(out, "name: ties\nnetwork:\n  indices: {");
    for (unsigned i = 0; i < n; i++)
        ec_text_printf(out, "%sa%u: %u, b%u: %u, c%u: %u, d%u: %u", i > 0 ? ", " : "", i, x - 1, i,
                       x + 1, i, x, i, x);
    for (unsigned i = 0; i < 2 * n; i++)
        ec_text_printf(out, ", s%u: 1048576, t%u: 1048576", i, i);
    ec_text_puts(out, "}\n  tensors: {S: [");
    for (unsigned i = 0; i < n; i++)
        ec_text_printf(out, "%sa%u, b%u, s%u, s%u", i > 0 ? ", " : "", i, i, 2 * i, 2 * i + 1);
    ec_text_puts(out, "], M: [");
    for (unsigned i = 0; i < n; i++)
        ec_text_printf(out, "%sa%u, b%u, c%u, d%u", i > 0 ? ", " : "", i, i, i, i);
    ec_text_puts(out, "], T: [");
    for (unsigned i = 0; i < n; i++)
        ec_text_printf(out, "%sc%u, d%u, t%u, t%u", i > 0 ? ", " : "", i, i, 2 * i, 2 * i + 1);
    ec_text_puts(out, "]}\n  open: [");
    for (unsigned i = 0; i < 4 * n; i++)
        ec_text_printf(out, "%s%c%u", i > 0 ? ", " : "", i < 2 * n ? 's' : 't', i % (2 * n));
    ec_text_printf(out, "]\npartitions: [{name: across, a: \"0-%u\"}]\n", 2 * n - 1);
}

/* Twenty ties of 683695 are rounded the wrong way round at every scale of capacities. */
static void an_uncertified_cut_is_said_and_proves_nothing(void **state)
{
    ec_check check;
    ec_text text = {0};
    (void)state;

    put_ties(&text, 20, 683695);
    look(&check, ec_text_get(&text));
    const ec_finding *found = look_for(&check, EC_RULE_CUT_UNCERTIFIED, "across", 0);
    assert_non_null(found);
    assert_int_equal(found->certainty, EC_CERTAINTY_UNDECIDED);
    for (size_t i = 0; i < check.n_findings; i++)
        assert_int_not_equal(check.findings[i].certainty, EC_CERTAINTY_PROVED);
    ec_check_clear(&check);
    ec_text_clear(&text);
}

/* What is out of reach is said, and the rest is found all the same. */
static void widths_out_of_reach_are_said_to_be(void **state)
{
    static const char chain[] = "name: chain\n"
                                "network:\n"
                                "  indices: {a: 2, v: 2, w: 9, b: 2, c: 2}\n"
                                "  tensors: {T: [a, v], U: [v, b, w], V: [w, c]}\n"
                                "  open: [a, b, c]\n"
                                "requirements: [{partition: left-right, min_rank: 3}]\n";
    ec_check_options options;
    ec_check check;
    ec_arch *arch = NULL;
    ec_partitions given = {.n = 0};
    ec_run run = EC_RUN_INIT;
    ec_error err = {.status = EC_OK};
    (void)state;

    ec_check_options_init(&options);
    options.max_work = 20;
    assert_ok(ec_arch_parse(&arch, chain, strlen(chain), "chain", &err), &err);
    assert_ok(ec_arch_partitions(&given, arch, NULL, 0, &err), &err);
    assert_ok(ec_check_arch(&check, arch, &given, &options, &run, &err), &err);
    assert_non_null(look_for(&check, EC_RULE_NOT_EXAMINED, "more than 2 cuts", 0));
    const ec_finding *failed = look_for(&check, EC_RULE_REQUIREMENT_FAILED, "", 0);
    assert_non_null(failed);
    assert_string_equal(failed->remedy, "widen what limits it: a with v");
    ec_check_clear(&check);
    ec_partitions_clear(&given);
    ec_arch_free(arch);
}

static void a_single_site_has_nothing_to_keep(void **state)
{
    ec_check check;
    (void)state;

    look(&check, "name: one\ninput: {shape: [1], channels: 2}\nlayers: [dense: {outputs: 3}]\n");
    assert_int_equal(check.n_findings, 0);
    assert_int_equal(check.partitions.n, 0);
    ec_check_clear(&check);
}

static void a_rule_that_is_off_is_not_found(void **state)
{
    static const char text[] = TWO(17, 4, "");
    ec_check check;
    ec_arch *arch = NULL;
    ec_partitions given = {.n = 0};
    ec_check_options options;
    ec_run run = EC_RUN_INIT;
    ec_error err = {.status = EC_OK};
    (void)state;

    ec_check_options_init(&options);
    memset(options.severity, 0, sizeof options.severity);
    options.severity[EC_RULE_WIDTH_UNFILLABLE] = EC_SEVERITY_ERROR;
    assert_ok(ec_arch_parse(&arch, text, sizeof text - 1, "x", &err), &err);
    assert_ok(ec_arch_partitions(&given, arch, NULL, 0, &err), &err);
    assert_ok(ec_check_arch(&check, arch, &given, &options, &run, &err), &err);
    assert_int_equal(check.n_findings, 1);
    assert_int_equal(check.findings[0].severity, EC_SEVERITY_ERROR);
    ec_check_clear(&check);
    ec_partitions_clear(&given);
    ec_arch_free(arch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failed_requirement_names_the_cheapest_width),
        cmocka_unit_test(widths_that_must_grow_together_are_named_together),
        cmocka_unit_test(what_no_widths_reach_is_hopeless),
        cmocka_unit_test(an_upper_bound_alone_meets_nothing),
        cmocka_unit_test(a_trivial_and_a_repeated_requirement_are_found),
        cmocka_unit_test(a_width_beyond_the_products_below_is_unfillable),
        cmocka_unit_test(an_unshared_layer_below_a_shared_one_is_left_alone),
        cmocka_unit_test(a_bond_of_a_network_is_no_wider_than_its_tensors),
        cmocka_unit_test(idle_channels_are_counted),
        cmocka_unit_test(of_a_large_network_one_finding_names_all_idle_indices),
        cmocka_unit_test(a_narrow_layer_that_wastes_others_is_starved),
        cmocka_unit_test(one_channel_carries_nothing),
        cmocka_unit_test(layers_that_do_nothing_are_found),
        cmocka_unit_test(a_split_window_has_whole_children_on_both_sides),
        cmocka_unit_test(partitions_of_the_same_sides_are_found),
        cmocka_unit_test(an_uncertified_cut_is_said_and_proves_nothing),
        cmocka_unit_test(widths_out_of_reach_are_said_to_be),
        cmocka_unit_test(a_single_site_has_nothing_to_keep),
        cmocka_unit_test(a_rule_that_is_off_is_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
