/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"

#include "core/team.h"

#include <sched.h>
#include <time.h>

/** How often every item was done, and by a thread of which number. */
typedef struct record {
    unsigned count[EC_TEAM_ITEMS], thread[EC_TEAM_ITEMS];
} record;

static void note(void *arg, unsigned thread, unsigned item)
{
    record *r = arg;

    r->count[item]++;
    r->thread[item] = thread;
    if (item % 3 == 0)
        sched_yield();
}

static void every_item_is_done_once_in_every_job(void **state)
{
    (void)state;

    for (unsigned threads = 1; threads <= 9; threads += 2) {
        ec_team *team;
        assert_ok(ec_team_new(&team, threads, NULL), NULL);
        assert_int_equal(ec_team_size(team), threads);
        for (unsigned job = 0; job < 500; job++) {
            unsigned items = job % (EC_TEAM_ITEMS + 1);
            record r = {.count = {0}};
            ec_team_run(team, items, note, &r);
            for (unsigned i = 0; i < EC_TEAM_ITEMS; i++) {
                assert_int_equal(r.count[i], i < items ? 1 : 0);
                assert_true(r.thread[i] < threads);
            }
        }
        ec_team_free(team);
    }
}

/* Everyone waits for the others: only as many threads as items can end this. */
static void meet(void *arg, unsigned thread, unsigned item)
{
    unsigned *here = arg;
    (void)thread;
    (void)item;

    __atomic_add_fetch(here, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(here, __ATOMIC_SEQ_CST) < 3)
        nanosleep(&(struct timespec){0, 100000}, NULL);
}

static void threads_run_at_the_same_time(void **state)
{
    ec_team *team;
    unsigned here = 0;
    (void)state;

    assert_ok(ec_team_new(&team, 3, NULL), NULL);
    ec_team_run(team, 3, meet, &here);
    assert_int_equal(here, 3);
    ec_team_free(team);
}

static ec_status make_team(void *arg, ec_error *err)
{
    ec_team *team;
    ec_status status = ec_team_new(&team, 2, err);
    (void)arg;

    ec_team_free(team);
    return status;
}

static void a_team_survives_want_of_memory(void **state)
{
    (void)state;

    assert_survives_oom(make_team, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_item_is_done_once_in_every_job),
        cmocka_unit_test(threads_run_at_the_same_time),
        cmocka_unit_test(a_team_survives_want_of_memory),
    };
    return cmocka_run_group_tests_name("team", tests, NULL, NULL);
}
