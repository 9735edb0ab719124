/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"

#include "entcap/state.h"

#include <math.h>
#include <string.h>

/* What was measured of a label that keeps every link: 1 <= 1.2 <= ln 5 <= ln 6 <= ln 8. */
typedef struct measured {
    ec_label_state label;
    ec_bound proved;
    ec_int bound;
} measured;

static void measured_init(measured *m)
{
    *m = (measured){
        .proved = {.has_generic = true,
                   .generic = {.status = EC_RANK_PROBABLE, .rank = 6, .error = 1e-13, .prime = 7}}};
    m->label.renyi2 = (ec_measured){.known = true, .value = 1};
    m->label.von_neumann = (ec_measured){.known = true, .value = 1.2};
    m->label.rank = (ec_exact_rank){.known = true, .rank = 5, .inputs = 9};
    m->label.forward = (ec_forward_check){.known = true, .rank = 5, .inputs = 16};
    ec_int_set_u64(&m->bound, 8);
    m->proved.rank = &m->bound;
}

static void measured_clear(measured *m)
{
    ec_int_clear(&m->bound);
}

static void judge(measured *m)
{
    ec_state_judge(&m->label, &m->bound, &m->proved);
}

static void assert_broken(const measured *m, const char *lower, const char *upper, const char *text)
{
    assert_false(m->label.holds);
    assert_string_equal(m->label.broken.lower, lower);
    assert_string_equal(m->label.broken.upper, upper);
    assert_true(m->label.broken.lower_nats > m->label.broken.upper_nats);
    assert_string_equal(m->label.violation, text);
}

static void a_chain_in_order_holds(void **state)
{
    static const double nats[] = {1, 1.2, 1.6094379124341003, 1.791759469228055,
                                  2.0794415416798357};
    static const char *const statement[] = {"measured", "measured", "probable", "probable",
                                            "proved"};
    ec_chain_term chain[EC_N_CHAIN];
    measured m;
    (void)state;

    measured_init(&m);
    judge(&m);
    assert_true(m.label.holds);
    ec_state_chain(chain, &m.label, &m.bound, &m.proved);
    for (int i = 0; i < EC_N_CHAIN; i++) {
        assert_true(chain[i].known);
        assert_close(chain[i].nats, nats[i], 1e-15);
        assert_string_equal(ec_statement_text(chain[i].statement), statement[i]);
    }
    assert_close(chain[EC_CHAIN_GENERIC].error, 1e-13, 0);
    measured_clear(&m);
}

static void numbers_that_meet_keep_the_chain(void **state)
{
    ec_chain_term chain[EC_N_CHAIN];
    measured m;
    (void)state;

    measured_init(&m);
    m.label.rank.rank = m.label.forward.rank = m.proved.generic.rank = 8;
    m.proved.generic.status = EC_RANK_PROVED;
    m.label.renyi2.value = m.label.von_neumann.value = log(8) + 0.9e-9; /* within the tolerance */
    judge(&m);
    assert_true(m.label.holds);
    ec_state_chain(chain, &m.label, &m.bound, &m.proved);
    for (int i = EC_CHAIN_RANK; i < EC_N_CHAIN; i++)
        assert_int_equal(chain[i].statement, EC_STATEMENT_PROVED);
    measured_clear(&m);
}

/* Every link between two exact numbers, broken by one. */
static void a_rank_above_another_is_named_with_both(void **state)
{
    measured m;
    (void)state;

    measured_init(&m);
    m.label.rank.rank = 7;
    judge(&m);
    assert_broken(&m, "rank", "generic_rank", "rank <= generic rank is broken: 7 > 6");
    assert_close(m.label.broken.lower_nats, log(7), 1e-15);
    m.label.rank.rank = 9;
    judge(&m); /* the bound is told first: it is proved */
    assert_broken(&m, "rank", "bound", "rank <= bound is broken: 9 > 8");
    m.label.rank.known = false; /* as much was seen, and perhaps more */
    judge(&m);
    assert_broken(&m, "rank", "bound", "rank <= bound is broken: at least 9 > 8");
    measured_clear(&m);
    measured_init(&m);
    m.label.forward.rank = 7;
    judge(&m);
    assert_broken(&m, "forward_check", "generic_rank",
                  "rank of forward passes <= generic rank is broken: 7 > 6");
    m.proved.has_generic = false;
    judge(&m);
    assert_true(m.label.holds);
    m.label.forward.rank = 9;
    judge(&m);
    assert_broken(&m, "forward_check", "bound", "rank of forward passes <= bound is broken: 9 > 8");
    measured_clear(&m);
}

/* A claim that these weights keep, but others of the architecture do not. */
static void a_claim_below_the_generic_rank_is_refuted(void **state)
{
    ec_chain_term chain[EC_N_CHAIN];
    ec_int claim = {0};
    measured m;
    (void)state;

    measured_init(&m);
    ec_int_set_u64(&claim, 5);
    ec_state_judge(&m.label, &claim, &m.proved);
    assert_broken(&m, "generic_rank", "bound", "generic rank <= bound is broken: 6 > 5");
    ec_state_chain(chain, &m.label, &claim, &m.proved);
    assert_string_equal(ec_statement_text(chain[EC_CHAIN_BOUND].statement), "claimed");
    ec_int_clear(&claim);
    measured_clear(&m);
}

/* Every link below an entropy, broken by twice the tolerance and kept by half of it. */
static void an_entropy_above_what_bounds_it_is_named_with_both(void **state)
{
    static const char *const upper[] = {"von_neumann", "rank", "generic_rank", "bound"};
    measured m;
    (void)state;

    for (int lower = 0; lower < 2; lower++)
        for (int i = lower; i < 4; i++)
            for (int broken = 0; broken < 2; broken++) {
                const double limit[] = {1.2, log(5), log(6), log(8)};

                measured_init(&m);
                m.label.von_neumann.known = lower == 1 || i == 0;
                m.label.rank.known = i == 1; /* what is absent hides no link further up */
                m.proved.has_generic = i == 2;
                (lower == 0 ? &m.label.renyi2 : &m.label.von_neumann)->value =
                    limit[i] + (broken ? 2 : 0.5) * EC_STATE_TOLERANCE;
                judge(&m);
                assert_int_equal(m.label.holds, !broken);
                if (broken) {
                    assert_string_equal(m.label.broken.lower,
                                        lower == 0 ? "renyi2" : "von_neumann");
                    assert_string_equal(m.label.broken.upper, upper[i]);
                    assert_close(m.label.broken.upper_nats, limit[i], 1e-15);
                }
                measured_clear(&m);
            }
}

static void a_broken_entropy_is_told_in_nats(void **state)
{
    measured m;
    (void)state;

    measured_init(&m);
    m.label.renyi2.value = 1.25;
    judge(&m);
    assert_broken(&m, "renyi2", "von_neumann", "S2 <= S is broken: 1.25 > 1.2");
    m.label.von_neumann.value = 1.75;
    judge(&m);
    assert_broken(&m, "von_neumann", "rank", "S <= ln rank is broken: 1.75 > 1.60943791243");
    measured_clear(&m);
}

/* What an entropy may be wrong by refutes nothing. */
static void floating_point_errors_count_for_the_chain(void **state)
{
    measured m;
    (void)state;

    measured_init(&m);
    m.label.renyi2.value = 1.25;
    m.label.renyi2.error = m.label.von_neumann.error = 0.03;
    judge(&m);
    assert_true(m.label.holds);
    m.label.von_neumann.error = 0.01;
    judge(&m);
    assert_false(m.label.holds);
    measured_clear(&m);
}

static void what_is_absent_is_a_gap_with_its_reason(void **state)
{
    ec_chain_term chain[EC_N_CHAIN];
    measured m;
    (void)state;

    measured_init(&m);
    m.label.renyi2 = (ec_measured){.why = "too wide"};
    m.label.rank = (ec_exact_rank){.why = "too large"};
    m.proved.has_generic = false;
    strcpy(m.proved.generic.why, "too much");
    judge(&m);
    assert_true(m.label.holds);
    ec_state_chain(chain, &m.label, &m.bound, &m.proved);
    assert_false(chain[EC_CHAIN_RENYI2].known || chain[EC_CHAIN_RANK].known ||
                 chain[EC_CHAIN_GENERIC].known);
    assert_string_equal(chain[EC_CHAIN_RENYI2].why, "too wide");
    assert_string_equal(chain[EC_CHAIN_RANK].why, "too large");
    assert_string_equal(chain[EC_CHAIN_GENERIC].why, "too much");
    ec_state_chain(chain, &m.label, &m.bound, NULL); /* nothing proved is known of it */
    assert_string_equal(chain[EC_CHAIN_GENERIC].why, "not asked for");
    assert_string_equal(ec_statement_text(chain[EC_CHAIN_BOUND].statement), "claimed");
    measured_clear(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chain_in_order_holds),
        cmocka_unit_test(numbers_that_meet_keep_the_chain),
        cmocka_unit_test(a_rank_above_another_is_named_with_both),
        cmocka_unit_test(a_claim_below_the_generic_rank_is_refuted),
        cmocka_unit_test(an_entropy_above_what_bounds_it_is_named_with_both),
        cmocka_unit_test(a_broken_entropy_is_told_in_nats),
        cmocka_unit_test(floating_point_errors_count_for_the_chain),
        cmocka_unit_test(what_is_absent_is_a_gap_with_its_reason),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
