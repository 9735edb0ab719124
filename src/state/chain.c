/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "entcap/state.h"

#include <math.h>
#include <stdio.h>

static const char *const key[EC_N_CHAIN] = {"renyi2", "von_neumann", "rank", "generic_rank",
                                            "bound"};

/* as people read them; between entropies and ranks in nats, between ranks as they are */
static const char *const in_nats[EC_N_CHAIN] = {"S2", "S", "ln rank", "ln generic rank",
                                                "ln bound"};

const char *ec_statement_text(ec_statement statement)
{
    switch (statement) {
    case EC_STATEMENT_MEASURED:
        return "measured";
    case EC_STATEMENT_PROBABLE:
        return "probable";
    case EC_STATEMENT_PROVED:
        return "proved";
    case EC_STATEMENT_CLAIMED:
        return "claimed";
    }
    return "claimed";
}

/* ln x; -infinity for 0 */
static double ln_of(const ec_int *x)
{
    return ec_int_cmp_u64(x, 0) > 0 ? ec_int_log2(x) * log(2) : -INFINITY;
}

static ec_chain_term entropy_term(const ec_measured *m)
{
    return (ec_chain_term){.known = m->known,
                           .statement = EC_STATEMENT_MEASURED,
                           .nats = m->value,
                           .error = m->error,
                           .why = m->why};
}

static ec_chain_term rank_term(const ec_exact_rank *rank, const ec_bound *proved)
{
    /* it is never too large: one that meets an upper bound is right */
    bool met = proved != NULL && ec_int_cmp_u64(proved->rank, rank->rank) == 0;

    return (ec_chain_term){.known = rank->known,
                           .statement = met ? EC_STATEMENT_PROVED : EC_STATEMENT_PROBABLE,
                           .nats = log((double)rank->rank),
                           .error = met ? 0 : rank->error,
                           .why = rank->why};
}

static ec_chain_term generic_term(const ec_bound *proved)
{
    const ec_generic_rank *generic = proved != NULL ? &proved->generic : NULL;

    if (generic == NULL || !proved->has_generic)
        return (ec_chain_term){.why = generic != NULL && generic->why[0] != '\0' ? generic->why
                                                                                 : "not asked for"};
    return (ec_chain_term){.known = true,
                           .statement = generic->status == EC_RANK_PROVED ? EC_STATEMENT_PROVED
                                                                          : EC_STATEMENT_PROBABLE,
                           .nats = log((double)generic->rank),
                           .error = generic->error};
}

static ec_chain_term bound_term(const ec_int *bound, const ec_bound *proved)
{
    bool is_proved = proved != NULL && ec_int_cmp(bound, proved->rank) >= 0;

    return (ec_chain_term){.known = true,
                           .statement = is_proved ? EC_STATEMENT_PROVED : EC_STATEMENT_CLAIMED,
                           .nats = ln_of(bound)};
}

void ec_state_chain(ec_chain_term chain[EC_N_CHAIN], const ec_label_state *label,
                    const ec_int *bound, const ec_bound *proved)
{
    chain[EC_CHAIN_RENYI2] = entropy_term(&label->renyi2);
    chain[EC_CHAIN_VON_NEUMANN] = entropy_term(&label->von_neumann);
    chain[EC_CHAIN_RANK] = rank_term(&label->rank, proved);
    chain[EC_CHAIN_GENERIC] = generic_term(proved);
    chain[EC_CHAIN_BOUND] = bound_term(bound, proved);
    for (int i = 0; i < EC_N_CHAIN; i++)
        chain[i].name = key[i];
}

/* --------------------------------------------------------------- judgement */

/* the first broken link is the one told */
EC_PRINTF(3, 4)
static void refute(ec_label_state *label, ec_broken_link broken, const char *fmt, ...)
{
    va_list args;

    if (!label->holds)
        return;
    label->holds = false;
    label->broken = broken;
    va_start(args, fmt);
    vsnprintf(label->violation, sizeof label->violation, fmt, args);
    va_end(args);
}

/* a rank that is never too large, whatever was drawn: above a limit it is a proof */
typedef struct witness {
    const char *key, *words;
    uint64_t rank;
    bool known; /* else it is at least so much */
} witness;

static void judge_rank(ec_label_state *label, const witness *w, const char *upper,
                       const ec_int *limit)
{
    const ec_broken_link broken = {w->key, upper, log((double)w->rank), ln_of(limit)};

    if (ec_int_cmp_u64(limit, w->rank) < 0)
        refute(label, broken, "%s <= %s is broken: %s%llu > %llu", w->words,
               upper == key[EC_CHAIN_GENERIC] ? "generic rank" : upper, w->known ? "" : "at least ",
               (unsigned long long)w->rank, (unsigned long long)ec_int_get_u64(limit));
}

/* rank <= generic rank <= bound, as integers; the forward check is a rank of its own */
static void judge_exact(ec_label_state *label, const ec_int *bound, const ec_bound *proved)
{
    const ec_generic_rank *generic =
        proved != NULL && proved->has_generic ? &proved->generic : NULL;
    const witness witnesses[] = {
        {key[EC_CHAIN_RANK], "rank", label->rank.rank, label->rank.known},
        {"forward_check", "rank of forward passes", label->forward.rank, label->forward.known},
        {key[EC_CHAIN_GENERIC], "generic rank", generic != NULL ? generic->rank : 0, true}};
    ec_int generic_rank = {0};

    for (int i = 0; i < 3; i++)
        judge_rank(label, &witnesses[i], key[EC_CHAIN_BOUND], bound);
    ec_int_set_u64(&generic_rank, witnesses[2].rank);
    for (int i = 0; generic != NULL && i < 2; i++)
        judge_rank(label, &witnesses[i], key[EC_CHAIN_GENERIC], &generic_rank);
    ec_int_clear(&generic_rank);
}

/* is x above y for certain? */
static bool exceeds(const ec_chain_term *x, const ec_chain_term *y)
{
    double error = x->error + (y->statement == EC_STATEMENT_MEASURED ? y->error : 0);

    return x->known && y->known && x->nats - error > y->nats + EC_STATE_TOLERANCE;
}

void ec_state_judge(ec_label_state *label, const ec_int *bound, const ec_bound *proved)
{
    ec_chain_term chain[EC_N_CHAIN];

    label->holds = true;
    judge_exact(label, bound, proved);
    ec_state_chain(chain, label, bound, proved);
    for (int i = EC_CHAIN_VON_NEUMANN; i >= EC_CHAIN_RENYI2; i--)
        for (int j = i + 1; j < EC_N_CHAIN; j++) {
            const ec_broken_link broken = {key[i], key[j], chain[i].nats, chain[j].nats};

            if (exceeds(&chain[i], &chain[j]))
                refute(label, broken, "%s <= %s is broken: %.12g > %.12g", in_nats[i], in_nats[j],
                       chain[i].nats, chain[j].nats);
        }
}
