/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/team.h"

#include "core/flow.h"

#include <assert.h>
#include <pthread.h>

/* What a thread starts with. */
typedef struct member {
    ec_team *team;
    unsigned thread;
    pthread_t id;
} member;

struct ec_team {
    member *members; /* besides the caller, who is thread 0 */
    unsigned size;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t work, done;
    bool stop;
    ec_team_fn *fn;
    void *arg;
    unsigned items, untaken, unfinished;
    bool taken[EC_TEAM_ITEMS];
};

/* Take the thread's first item, or the next one that nobody has. There is one. */
static unsigned take(ec_team *t, unsigned thread)
{
    unsigned item = (unsigned)((size_t)t->items * thread / t->size);

    while (t->taken[item])
        item = item + 1 < t->items ? item + 1 : 0;
    t->taken[item] = true;
    t->untaken--;
    return item;
}

/* With the lock held: an item, during which it is not. */
static void work_on(ec_team *t, unsigned thread)
{
    unsigned item = take(t, thread);
    ec_team_fn *fn = t->fn;
    void *arg = t->arg;

    pthread_mutex_unlock(&t->lock);
    fn(arg, thread, item);
    pthread_mutex_lock(&t->lock);
    if (--t->unfinished == 0)
        pthread_cond_signal(&t->done);
}

static void *live(void *arg)
{
    const member *m = arg;
    ec_team *t = m->team;

    pthread_mutex_lock(&t->lock);
    while (!t->stop)
        if (t->untaken > 0)
            work_on(t, m->thread);
        else
            pthread_cond_wait(&t->work, &t->lock);
    pthread_mutex_unlock(&t->lock);
    return NULL;
}

ec_status ec_team_new(ec_team **out, unsigned threads, ec_error *err)
{
    ec_status status = EC_OK;
    ec_team *t = NULL;

    *out = NULL;
    EC_NEW(t, 1);
    t->size = 1;
    pthread_mutex_init(&t->lock, NULL); /* these three cannot fail with glibc */
    pthread_cond_init(&t->work, NULL);
    pthread_cond_init(&t->done, NULL);
    *out = t;
    EC_NEW(t->members, threads);
    for (; t->size < threads; t->size++) {
        member *m = &t->members[t->size];
        *m = (member){.team = t, .thread = t->size};
        if (pthread_create(&m->id, NULL, live, m) != 0)
            break;
    }
done:
    if (status != EC_OK) {
        ec_team_free(*out);
        *out = NULL;
    }
    return status;
}

void ec_team_free(ec_team *t)
{
    if (t == NULL)
        return;
    pthread_mutex_lock(&t->lock);
    t->stop = true;
    pthread_cond_broadcast(&t->work);
    pthread_mutex_unlock(&t->lock);
    for (unsigned i = 1; i < t->size; i++)
        pthread_join(t->members[i].id, NULL);
    pthread_cond_destroy(&t->work);
    pthread_cond_destroy(&t->done);
    pthread_mutex_destroy(&t->lock);
    ec_free(t->members);
    ec_free(t);
}

unsigned ec_team_size(const ec_team *t)
{
    return t->size;
}

void ec_team_run(ec_team *t, unsigned items, ec_team_fn *fn, void *arg)
{
    assert(items <= EC_TEAM_ITEMS);
    pthread_mutex_lock(&t->lock);
    t->fn = fn;
    t->arg = arg;
    t->items = t->untaken = t->unfinished = items;
    for (unsigned i = 0; i < items; i++)
        t->taken[i] = false;
    if (items > 1 && t->size > 1)
        pthread_cond_broadcast(&t->work);
    while (t->untaken > 0)
        work_on(t, 0);
    while (t->unfinished > 0)
        pthread_cond_wait(&t->done, &t->lock);
    pthread_mutex_unlock(&t->lock);
}
