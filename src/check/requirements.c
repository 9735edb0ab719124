/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requirements and what would meet them: EC001 to EC005. */
#include "check/check_i.h"

#include "core/flow.h"

#include <inttypes.h>
#include <string.h>

/* A requirement that is not met, and the widths that may change that. */
typedef struct question {
    ec_finder *f;
    const ec_requirement *requirement;
    const char *name; /* of its partition */
    const ec_bound *bound;
    ec_goal goal;
    uint32_t *trial; /* NULL without a gauge */
} question;

static void put_minimum(ec_text *out, const ec_requirement *requirement)
{
    if (requirement->by_rank) {
        ec_text_puts(out, "rank ");
        ec_put_rank(out, &requirement->min_rank);
    } else {
        ec_text_printf(out, "log2 rank %.15g", requirement->min_log2);
    }
}

/* ------------------------------------------------------------- what would do */

static void widen_all(question *q)
{
    const ec_gauge *g = q->f->gauge;

    for (size_t v = 0; v < g->n; v++)
        if (!g->widths[v].fixed)
            q->trial[v] = EC_ARCH_MAX_DIMENSION;
}

static void restore(question *q)
{
    memcpy(q->trial, q->f->gauge->own, q->f->gauge->n * sizeof *q->trial);
}

static ec_goals goals_of(const question *q)
{
    return (ec_goals){&q->goal, 1};
}

/* ", for 256 parameters more" */
static ec_status put_price(question *q, ec_error *err)
{
    ec_gauge *g = q->f->gauge;
    ec_int now = {0}, then = {0};
    ec_status status = ec_gauge_parameters(&then, g, q->trial, err);

    if (status == EC_OK)
        status = ec_gauge_parameters(&now, g, g->own, err);
    ec_int_sub(&then, &then, &now);
    ec_text_puts(&q->f->remedy, ", for ");
    ec_put_rank(&q->f->remedy, &then);
    ec_text_puts(&q->f->remedy, " parameters more");
    ec_int_clear(&now);
    ec_int_clear(&then);
    return status;
}

/* The single width whose least sufficient value costs the fewest parameters; n: there is none. */
static ec_status cheapest_alone(size_t *best, uint32_t *width, question *q, ec_error *err)
{
    ec_status status = EC_OK;
    ec_gauge *g = q->f->gauge;
    ec_int cost = {0}, least_cost = {0};

    *best = g->n;
    for (size_t v = 0; v < g->n; v++) {
        const uint32_t range[2] = {g->own[v], EC_ARCH_MAX_DIMENSION};
        uint32_t enough = 0;
        bool reaches;

        if (g->widths[v].fixed)
            continue;
        q->trial[v] = EC_ARCH_MAX_DIMENSION;
        EC_TRY(ec_gauge_reaches(&reaches, g, q->trial, goals_of(q), err));
        if (reaches) {
            EC_TRY(ec_gauge_least(&enough, g, q->trial, v, range, goals_of(q), err));
            q->trial[v] = enough;
            EC_TRY(ec_gauge_parameters(&cost, g, q->trial, err));
            if (*best == g->n || ec_int_cmp(&cost, &least_cost) < 0) {
                *best = v;
                *width = enough;
                ec_int_swap(&least_cost, &cost);
            }
        }
        q->trial[v] = g->own[v];
    }
done:
    ec_int_clear(&cost);
    ec_int_clear(&least_cost);
    return status;
}

/* No width below `floor`. */
static void raise_to(question *q, uint32_t floor)
{
    const ec_gauge *g = q->f->gauge;

    for (size_t v = 0; v < g->n; v++)
        q->trial[v] = g->widths[v].fixed || g->own[v] > floor ? g->own[v] : floor;
}

/* Several widths together: the least common floor, then each as low as the others let it. */
static ec_status raise_together(question *q, ec_error *err)
{
    ec_status status = EC_OK;
    ec_gauge *g = q->f->gauge;
    uint32_t low = 1, high = EC_ARCH_MAX_DIMENSION;
    bool reaches;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        raise_to(q, middle);
        EC_TRY(ec_gauge_reaches(&reaches, g, q->trial, goals_of(q), err));
        if (reaches)
            high = middle;
        else
            low = middle + 1;
    }
    raise_to(q, high);
    for (size_t v = 0; v < g->n; v++) {
        const uint32_t range[2] = {g->own[v], q->trial[v]};
        uint32_t enough = q->trial[v];

        if (!g->widths[v].fixed)
            EC_TRY(ec_gauge_least(&enough, g, q->trial, v, range, goals_of(q), err));
        q->trial[v] = enough;
    }
done:
    return status;
}

/* What brings the bound up to the requirement; that weights reach it is another question. */
static ec_status put_widening(question *q, ec_error *err)
{
    ec_status status = EC_OK;
    ec_gauge *g = q->f->gauge;
    ec_text *out = &q->f->remedy;
    size_t best = 0;
    uint32_t width = 0;
    bool any = false;

    EC_TRY(cheapest_alone(&best, &width, q, err));
    if (best < g->n)
        q->trial[best] = width;
    else
        EC_TRY(raise_together(q, err));
    for (size_t v = 0; v < g->n; v++) {
        if (q->trial[v] == g->own[v])
            continue;
        ec_text_printf(out, "%s%s = %" PRIu32, any ? ", " : "", g->widths[v].name,
                       ec_width_channels(&g->widths[v], q->trial[v]));
        any = true;
    }
    ec_text_puts(out, best < g->n ? " lifts the bound to " : " together lift the bound to ");
    ec_int rank = {0};
    status = ec_gauge_rank(&rank, g, q->trial, q->goal.partition, err);
    ec_put_rank(out, &rank);
    ec_int_clear(&rank);
    if (status == EC_OK)
        status = put_price(q, err);
done:
    return status;
}

/* Even the widest layers do not do: is it the sites that are too narrow? */
static ec_status put_wider_sites(question *q, ec_error *err)
{
    ec_status status = EC_OK;
    ec_gauge *g = q->f->gauge;
    const uint32_t range[2] = {g->own[0], EC_ARCH_MAX_DIMENSION};
    uint32_t enough = 0;
    ec_int most = {0};
    bool reaches = false;

    widen_all(q);
    EC_TRY(ec_gauge_rank(&most, g, q->trial, q->goal.partition, err));
    if (!ec_arch_is_network(q->f->arch)) {
        q->trial[0] = EC_ARCH_MAX_DIMENSION;
        EC_TRY(ec_gauge_reaches(&reaches, g, q->trial, goals_of(q), err));
    }
    ec_text_puts(&q->f->remedy, "ask for ");
    ec_put_rank(&q->f->remedy, &most);
    ec_text_puts(&q->f->remedy, " at most");
    if (reaches) {
        EC_TRY(ec_gauge_least(&enough, g, q->trial, 0, range, goals_of(q), err));
        enough = ec_width_channels(&g->widths[0], enough);
        if (q->f->arch->input.features.kind == EC_FEATURES_COS_SIN)
            enough += enough % 2;
        ec_text_printf(&q->f->remedy, ", or give every site %" PRIu32 " channels, and wider layers",
                       enough);
    }
done:
    ec_int_clear(&most);
    return status;
}

/* --------------------------------------------------------------------- failed */

static void put_failed(question *q)
{
    ec_text *out = &q->f->message;

    ec_text_puts(out, q->name);
    ec_text_puts(out, " is asked for ");
    put_minimum(out, q->requirement);
    ec_text_puts(out, ", and no weights have more than ");
    ec_put_rank(out, q->bound->rank);
}

static ec_status find_failed_with_gauge(question *q, ec_error *err)
{
    ec_status status = EC_OK;
    ec_gauge *g = q->f->gauge;
    ec_rule_code rule = EC_RULE_REQUIREMENT_FAILED;
    bool reaches;

    restore(q);
    widen_all(q);
    EC_TRY(ec_gauge_reaches(&reaches, g, q->trial, goals_of(q), err));
    put_failed(q);
    if (reaches) {
        restore(q);
        EC_TRY(put_widening(q, err));
    } else {
        rule = EC_RULE_REQUIREMENT_HOPELESS;
        ec_text_puts(&q->f->message, ", whatever the widths of the layers");
        EC_TRY(put_wider_sites(q, err));
    }
    status = ec_finder_add(q->f, rule, EC_CERTAINTY_PROVED, q->requirement->place, err);
done:
    return status;
}

static ec_status find_failed(question *q, ec_error *err)
{
    const ec_bottleneck *b = &q->bound->bottleneck;

    if (q->trial != NULL) {
        ec_error report = {.status = EC_OK};
        ec_status status = find_failed_with_gauge(q, &report);

        if (status != EC_ELIMIT) {
            if (status != EC_OK && err != NULL && err->status == EC_OK)
                *err = report;
            return status;
        }
        ec_text_clear(&q->f->message);
        ec_text_clear(&q->f->remedy);
    }
    put_failed(q);
    ec_text_puts(&q->f->remedy, "widen what limits it");
    for (size_t i = 0; b->n_sets > 0 && i < b->set_start[1]; i++)
        ec_text_printf(&q->f->remedy, "%s%.63s", i > 0 ? " with " : ": ", b->name[i]);
    return ec_finder_add(q->f, EC_RULE_REQUIREMENT_FAILED, EC_CERTAINTY_PROVED,
                         q->requirement->place, err);
}

/* ------------------------------------------------------------------ undecided */

/* A rank found below the requirement is, but for the error, the rank of almost all weights. */
static ec_status find_undecided(question *q, ec_error *err)
{
    const ec_generic_rank *generic = &q->bound->generic;
    ec_text *message = &q->f->message, *remedy = &q->f->remedy;
    bool known = q->bound->has_generic;

    ec_text_puts(message, q->name);
    ec_text_puts(message, " is asked for ");
    put_minimum(message, q->requirement);
    ec_text_puts(message, "; the bound ");
    ec_put_rank(message, q->bound->rank);
    ec_text_puts(message, " allows it");
    if (known) {
        ec_text_printf(message,
                       ", but the generic rank is %" PRIu64 " (wrong with probability below %.1e)",
                       generic->rank, generic->error);
        ec_text_printf(remedy, "ask for %" PRIu64 ", or widen a layer", generic->rank);
    } else {
        ec_text_puts(message, ", but nothing proves that weights reach it");
        if (generic->why[0] != '\0')
            ec_text_printf(message, " (no generic rank: %s)", generic->why);
        ec_text_puts(
            remedy, "allow more for exact ranks (--exact-limit, --exact-seconds), or make the "
                    "weights unshared and every dimension a power of one integer, which proves it");
    }
    return ec_finder_add(q->f, EC_RULE_REQUIREMENT_UNDECIDED,
                         known ? EC_CERTAINTY_PROBABLE : EC_CERTAINTY_UNDECIDED,
                         q->requirement->place, err);
}

/* ------------------------------------------------------------------ all of them */

static ec_status find_unmet(question *q, size_t k, ec_error *err)
{
    ec_check *out = q->f->out;

    q->requirement = &q->f->arch->requirements[k];
    q->name = q->requirement->partition;
    q->bound = &out->bounds[out->requirements[k].partition];
    q->goal = (ec_goal){.partition = out->requirements[k].partition, .requirement = q->requirement};
    if (out->requirements[k].verdict == EC_VERDICT_FAILED)
        return find_failed(q, err);
    return out->requirements[k].verdict == EC_VERDICT_UNDECIDED ? find_undecided(q, err) : EC_OK;
}

static ec_status find_trivial(ec_finder *f, const ec_requirement *requirement, ec_error *err)
{
    if (requirement->by_rank ? ec_int_cmp_u64(&requirement->min_rank, 1) > 0
                             : requirement->min_log2 > 0)
        return EC_OK;
    ec_text_printf(&f->message, "%s is asked for a rank of 1, which every network has",
                   requirement->partition);
    ec_text_puts(&f->remedy, "ask for 2 or more, or remove the requirement");
    return ec_finder_add(f, EC_RULE_REQUIREMENT_TRIVIAL, EC_CERTAINTY_PROVED, requirement->place,
                         err);
}

/* An earlier requirement of the same partition. */
static ec_status find_repeated(ec_finder *f, size_t k, ec_error *err)
{
    const ec_requirement *own = &f->arch->requirements[k];

    for (size_t j = 0; j < k; j++) {
        const ec_requirement *first = &f->arch->requirements[j];

        if (f->out->requirements[j].partition != f->out->requirements[k].partition)
            continue;
        ec_text_printf(&f->message, "%s is asked for ", own->partition);
        put_minimum(&f->message, own);
        ec_text_puts(&f->message, " here and for ");
        put_minimum(&f->message, first);
        ec_text_printf(&f->message, " on line %d: the larger one decides", first->place.line);
        ec_text_puts(&f->remedy, "keep one of the two");
        return ec_finder_add(f, EC_RULE_REQUIREMENT_REPEATED, EC_CERTAINTY_PROVED, own->place, err);
    }
    return EC_OK;
}

ec_status ec_find_requirements(ec_finder *f, ec_error *err)
{
    ec_status status = EC_OK;
    question q = {.f = f};

    if (f->gauge != NULL) {
        EC_NEW(q.trial, f->gauge->n);
        restore(&q);
    }
    for (size_t k = 0; k < f->arch->n_requirements; k++) {
        EC_TRY(find_unmet(&q, k, err));
        EC_TRY(find_trivial(f, &f->arch->requirements[k], err));
        EC_TRY(find_repeated(f, k, err));
    }
done:
    ec_free(q.trial);
    return status;
}
