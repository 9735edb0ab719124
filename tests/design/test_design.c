/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"

#include <stdio.h>
#include <string.h>

#include "entcap/design.h"

/*
 * The optimiser against exhaustive search: every configuration of small ranges, its cost by the
 * description's own count and its bounds by module bound, none of it shared with src/design.
 */

static const char *const levels_1d = "name: t\n"
                                     "input: {shape: [12], channels: 3}\n"
                                     "layers:\n"
                                     "  - conv: {channels: 2, shared: %s}\n"
                                     "  - pool: {window: 3}\n"
                                     "  - conv: {channels: 2, shared: %s}\n"
                                     "  - pool: {window: 2}\n"
                                     "  - conv: {channels: 2, shared: %s}\n"
                                     "  - pool: {window: 2}\n"
                                     "  - dense: {outputs: 4}\n";

static ec_arch *make_arch(bool shared, bool shared_top)
{
    ec_arch *arch;
    ec_text text = {0};
    ec_error err = {0};
    const char *low = shared ? "true" : "false";

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    ec_text_printf(&text, levels_1d, low, low, shared_top ? "true" : "false");
#pragma GCC diagnostic pop
    assert_ok(ec_arch_parse(&arch, ec_text_get(&text), strlen(ec_text_get(&text)), "t", &err),
              &err);
    ec_text_clear(&text);
    return arch;
}

/* A question over two partitions, and what exhaustive search answers. */
typedef struct fixture {
    ec_arch *arch;
    ec_partitions partitions;
    ec_ranges ranges;
    ec_design_goal goal[2];
    ec_design_input input;
} fixture;

typedef struct exhaustive {
    bool found;
    double objective;  /* best, the largest */
    uint64_t cost;     /* the smallest among these */
    double second;     /* largest objective below the best */
    uint64_t dearer;   /* smallest cost of all but one of the cheapest that meet everything */
    uint64_t cheapest; /* smallest cost that meets the requirements, whatever the objective */
} exhaustive;

static void fixture_init(fixture *f, bool shared, bool shared_top, ec_rng *rng)
{
    static const char *const names[] = {"left-right", "interleaved"};
    static const char *const values[] = {"r0=1..7", "r1=1..9", "r2=2..14:+3"};
    ec_error err = {0};

    memset(f, 0, sizeof *f);
    f->arch = make_arch(shared, shared_top);
    assert_ok(ec_arch_partitions(&f->partitions, f->arch, names, 2, &err), &err);
    assert_ok(ec_ranges_init(&f->ranges, f->arch, &err), &err);
    for (size_t i = 0; i < 3; i++)
        assert_ok(ec_ranges_set(&f->ranges, f->arch, values[i], &err), &err);
    for (size_t k = 0; k < 2; k++) {
        f->goal[k].partition = k;
        f->goal[k].weight = (double)ec_rng_below(rng, 4) / (k == 0 ? 1 : 2);
    }
    f->goal[0].weight += f->goal[1].weight == 0;
    f->input = (ec_design_input){.arch = f->arch,
                                 .partitions = &f->partitions,
                                 .ranges = &f->ranges,
                                 .goals = f->goal,
                                 .n_goals = 2,
                                 .maximize = true,
                                 .budget = UINT64_MAX};
}

static void fixture_clear(fixture *f)
{
    ec_int_clear(&f->goal[0].min_rank);
    ec_int_clear(&f->goal[1].min_rank);
    ec_ranges_clear(&f->ranges);
    ec_partitions_clear(&f->partitions);
    ec_arch_free(f->arch);
}

static void set_widths(fixture *f, const uint32_t *r)
{
    for (unsigned l = 0; l < 3; l++) {
        char text[32];
        snprintf(text, sizeof text, "r%u=%u", l, (unsigned)r[l]);
        assert_ok(ec_arch_set(f->arch, text, NULL), NULL);
    }
}

static void best_bound(ec_int *rank, const fixture *f, size_t k)
{
    ec_cut cut;
    ec_int shared = {0};
    bool applies;
    const ec_sites *a = &f->partitions.items[k].a;

    assert_ok(ec_bound_min_cut_tree(&cut, f->arch, a, false, NULL, NULL), NULL);
    assert_ok(ec_bound_shared(&applies, &shared, f->arch, a, NULL, NULL), NULL);
    ec_int_set(rank, applies && ec_int_cmp(&shared, &cut.rank) < 0 ? &shared : &cut.rank);
    ec_int_clear(&shared);
    ec_cut_clear(&cut);
}

static uint64_t cost_of(const fixture *f)
{
    ec_int count = {0};
    bool parameters = f->input.cost == EC_QUANTITY_PARAMETERS;

    assert_ok(parameters ? ec_arch_parameters(&count, f->arch, NULL)
                         : ec_arch_multiply_adds(&count, f->arch, NULL),
              NULL);
    uint64_t cost = ec_int_get_u64(&count);
    ec_int_clear(&count);
    return cost;
}

static void try_widths(exhaustive *e, fixture *f, const uint32_t *r)
{
    double objective = 0;
    bool meets = true;

    set_widths(f, r);
    for (size_t k = 0; k < 2; k++) {
        ec_int rank = {0};
        best_bound(&rank, f, k);
        meets = meets && ec_int_cmp(&rank, &f->goal[k].min_rank) >= 0;
        objective += f->goal[k].weight * ec_int_log2(&rank);
        ec_int_clear(&rank);
    }
    uint64_t cost = cost_of(f);
    if (!meets)
        return;
    e->dearer = cost < e->cheapest ? e->cheapest : cost < e->dearer ? cost : e->dearer;
    e->cheapest = cost < e->cheapest ? cost : e->cheapest;
    if (cost > f->input.budget)
        return;
    e->found = true;
    if (objective > e->objective + 1e-9) {
        e->second = e->objective;
        e->objective = objective;
        e->cost = cost;
    } else if (objective > e->objective - 1e-9) {
        e->cost = cost < e->cost ? cost : e->cost;
    } else if (objective > e->second) {
        e->second = objective;
    }
}

static exhaustive search_all(fixture *f)
{
    exhaustive e = {.objective = -1, .second = -1, .dearer = UINT64_MAX, .cheapest = UINT64_MAX};
    uint32_t r[3];

    for (r[0] = 1; r[0] <= 7; r[0]++)
        for (r[1] = 1; r[1] <= 9; r[1]++)
            for (r[2] = 2; r[2] <= 14; r[2] += 3)
                try_widths(&e, f, r);
    return e;
}

static void budgets_give_the_best_of_all_configurations(void **state)
{
    (void)state;
    ec_rng rng;
    size_t infeasible = 0, answered = 0;

    ec_rng_seed(&rng, check_seed());
    for (size_t trial = check_count(40); trial > 0; trial--) {
        fixture f;
        ec_design_answer answer;
        ec_error err = {0};
        fixture_init(&f, ec_rng_below(&rng, 2) == 0, ec_rng_below(&rng, 2) == 0, &rng);
        f.input.cost =
            ec_rng_below(&rng, 2) == 0 ? EC_QUANTITY_PARAMETERS : EC_QUANTITY_MULTIPLY_ADDS;
        f.input.budget = 10 + ec_rng_below(&rng, ec_rng_below(&rng, 3) == 0 ? 40 : 900);
        exhaustive e = search_all(&f);
        assert_ok(ec_design_solve(&answer, &f.input, NULL, &err), &err);
        assert_true(answer.feasible == e.found);
        infeasible += !e.found;
        if (e.found) {
            assert_true(answer.optimal);
            assert_close(answer.best.objective, e.objective, 1e-6);
            assert_int_equal(f.input.cost == EC_QUANTITY_PARAMETERS ? answer.best.parameters
                                                                    : answer.best.multiply_adds,
                             e.cost);
            assert_true((answer.runner_up.widths != NULL) == (e.second >= 0));
            if (e.second >= 0)
                assert_close(answer.runner_up.objective, e.second, 1e-6);
            answered++;
        }
        ec_design_answer_clear(&answer);
        fixture_clear(&f);
    }
    print_message("%zu answered, %zu infeasible\n", answered, infeasible);
    assert_true(answered > 0 && infeasible > 0);
}

static void requirements_give_the_cheapest_configuration(void **state)
{
    (void)state;
    ec_rng rng;
    size_t met = 0;

    ec_rng_seed(&rng, check_seed() + 1);
    for (size_t trial = check_count(40); trial > 0; trial--) {
        fixture f;
        ec_design_answer answer;
        ec_error err = {0};
        fixture_init(&f, ec_rng_below(&rng, 2) == 0, ec_rng_below(&rng, 2) == 0, &rng);
        f.input.maximize = false;
        ec_int_set_u64(&f.goal[0].min_rank, 1 + ec_rng_below(&rng, 12));
        ec_int_set_u64(&f.goal[1].min_rank, 1 + ec_rng_below(&rng, 1500));
        exhaustive e = search_all(&f);
        assert_ok(ec_design_solve(&answer, &f.input, NULL, &err), &err);
        assert_true(answer.feasible == e.found);
        if (e.found) {
            assert_true(answer.optimal);
            assert_int_equal(answer.best.parameters, e.cheapest);
            assert_true((answer.runner_up.widths != NULL) == (e.dearer != UINT64_MAX));
            if (answer.runner_up.widths != NULL)
                assert_int_equal(answer.runner_up.parameters, e.dearer);
            met++;
        }
        ec_design_answer_clear(&answer);
        fixture_clear(&f);
    }
    print_message("%zu met\n", met);
    assert_true(met > 5);
}

static void an_infeasible_budget_names_the_smallest_that_would_do(void **state)
{
    (void)state;
    ec_rng rng;
    fixture f;
    ec_design_answer answer;
    ec_error err = {0};

    ec_rng_seed(&rng, 3);
    fixture_init(&f, false, false, &rng);
    f.input.maximize = false;
    ec_int_set_u64(&f.goal[0].min_rank, 5);
    exhaustive e = search_all(&f);
    f.input.budget = e.cheapest - 1;
    assert_ok(ec_design_solve(&answer, &f.input, NULL, &err), &err);
    assert_false(answer.feasible);
    assert_null(answer.best.widths);
    assert_int_equal(answer.next.parameters, e.cheapest);
    ec_design_answer_clear(&answer);
    f.input.budget = e.cheapest;
    assert_ok(ec_design_solve(&answer, &f.input, NULL, &err), &err);
    assert_true(answer.feasible);
    ec_design_answer_clear(&answer);
    fixture_clear(&f);
}

static void goals_in_order_are_served_one_after_the_other(void **state)
{
    (void)state;
    ec_rng rng;
    fixture f;
    ec_design_answer first, both;
    ec_error err = {0};

    ec_rng_seed(&rng, 4);
    fixture_init(&f, false, false, &rng);
    f.input.budget = 500;
    f.input.lexicographic = true;
    f.goal[0].weight = f.goal[1].weight = 1;
    assert_ok(ec_design_solve(&both, &f.input, NULL, &err), &err);
    f.input.n_goals = 1;
    assert_ok(ec_design_solve(&first, &f.input, NULL, &err), &err);
    assert_int_equal(ec_int_cmp(&both.best.ranks[0], &first.best.ranks[0]), 0);
    f.input.n_goals = 2; /* the second goal is at its best among those */
    f.input.lexicographic = false;
    ec_int_set(&f.goal[0].min_rank, &first.best.ranks[0]);
    f.goal[0].weight = 0;
    exhaustive e = search_all(&f);
    assert_close(ec_int_log2(&both.best.ranks[1]), e.objective, 1e-9);
    ec_design_answer_clear(&first);
    ec_design_answer_clear(&both);
    fixture_clear(&f);
}

/* The literature's rule [LYCS18]: wide low layers for short correlations, wide high layers for
 * long. */
static void short_correlations_want_a_wide_base_and_long_ones_a_wide_tip(void **state)
{
    (void)state;
    const char *text = "name: w\ninput: {shape: [16], channels: 8}\nlayers:\n"
                       "  - conv: {channels: 2}\n  - pool: {window: 2}\n"
                       "  - conv: {channels: 2}\n  - pool: {window: 2}\n"
                       "  - conv: {channels: 2}\n  - pool: {window: 2}\n"
                       "  - conv: {channels: 2}\n  - pool: {window: 2}\n  - dense: {outputs: 2}\n";
    static const char *const names[] = {"interleaved", "left-right"};
    ec_error err = {0};
    ec_arch *arch;
    ec_partitions partitions;
    ec_ranges ranges;
    uint32_t low[2], high[2];

    assert_ok(ec_arch_parse(&arch, text, strlen(text), "w", &err), &err);
    assert_ok(ec_arch_partitions(&partitions, arch, names, 2, &err), &err);
    assert_ok(ec_ranges_init(&ranges, arch, &err), &err);
    for (unsigned l = 0; l < 4; l++) {
        char range[32];
        snprintf(range, sizeof range, "r%u=1..64", l);
        assert_ok(ec_ranges_set(&ranges, arch, range, &err), &err);
    }
    for (size_t k = 0; k < 2; k++) {
        ec_design_goal goal = {.partition = k, .weight = 1};
        ec_design_input input = {.arch = arch,
                                 .partitions = &partitions,
                                 .ranges = &ranges,
                                 .goals = &goal,
                                 .n_goals = 1,
                                 .maximize = true,
                                 .budget = 300};
        ec_design_answer answer;
        assert_ok(ec_design_solve(&answer, &input, NULL, &err), &err);
        assert_true(answer.feasible && answer.optimal);
        low[k] = answer.best.widths[1];
        high[k] = answer.best.widths[4];
        ec_design_answer_clear(&answer);
    }
    assert_true(low[0] > high[0]); /* short: the base is wider than the tip */
    assert_true(high[1] > low[1]); /* long: the tip is wider than the base */
    ec_ranges_clear(&ranges);
    ec_partitions_clear(&partitions);
    ec_arch_free(arch);
}

static ec_status solve_once(void *arg, ec_error *err)
{
    const fixture *f = arg;
    ec_design_answer answer;
    ec_status status = ec_design_solve(&answer, &f->input, NULL, err);

    ec_design_answer_clear(&answer);
    return status;
}

static void solving_survives_lack_of_memory(void **state)
{
    (void)state;
    ec_rng rng;
    fixture f;

    ec_rng_seed(&rng, 5);
    fixture_init(&f, true, true, &rng);
    f.input.budget = 200;
    assert_survives_oom(solve_once, &f);
    fixture_clear(&f);
}

static void questions_without_sense_are_refused(void **state)
{
    (void)state;
    ec_rng rng;
    fixture f;
    ec_design_answer answer;
    ec_error err = {0};

    ec_rng_seed(&rng, 6);
    fixture_init(&f, false, false, &rng);
    f.input.n_goals = 0;
    assert_int_equal(ec_design_solve(&answer, &f.input, NULL, &err), EC_EINVAL);
    assert_string_equal(
        err.msg, "nothing to design for: name a partition to maximise, or a rank to require");
    f.input.n_goals = 2;
    err = (ec_error){0};
    assert_ok(ec_ranges_set(&f.ranges, f.arch, "r1=8,4", &err), &err);
    assert_int_equal(ec_design_solve(&answer, &f.input, NULL, &err), EC_EINVAL);
    assert_string_equal(err.msg, "the range of r1 does not ascend: 4 after 8");
    fixture_clear(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(budgets_give_the_best_of_all_configurations),
        cmocka_unit_test(requirements_give_the_cheapest_configuration),
        cmocka_unit_test(an_infeasible_budget_names_the_smallest_that_would_do),
        cmocka_unit_test(goals_in_order_are_served_one_after_the_other),
        cmocka_unit_test(short_correlations_want_a_wide_base_and_long_ones_a_wide_tip),
        cmocka_unit_test(solving_survives_lack_of_memory),
        cmocka_unit_test(questions_without_sense_are_refused),
    };
    return cmocka_run_group_tests_name("design: optimal widths", tests, NULL, NULL);
}
