/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Widths that are wasted, and widths that waste others: EC006 to EC009. */
#include "check/check_i.h"

#include "core/flow.h"

#include <inttypes.h>
#include <string.h>

enum { MAX_LISTED = 16 }; /* idle indices of a network, each with a finding of its own */

/* What is known of the widths. Arrays of one entry per width. */
typedef struct survey {
    ec_finder *f;
    ec_gauge *g;
    ec_goal *keep;   /* every bound stays what it is */
    ec_goals goals;  /* these */
    ec_int now;      /* parameters */
    uint32_t *trial; /* scratch; the own widths between two questions */
    uint32_t *fill;  /* most that all below can fill; UINT32_MAX: no limit known */
    uint32_t *least; /* that keeps every bound, the others as they are */
} survey;

static ec_certainty how_sure(const survey *s)
{
    return s->g->unsure ? EC_CERTAINTY_ESTIMATE : EC_CERTAINTY_PROVED;
}

/* "448 of 1344 parameters" that go with trial; the own widths are restored. */
static ec_status put_saving(survey *s, ec_error *err)
{
    ec_int then = {0};
    ec_status status = ec_gauge_parameters(&then, s->g, s->trial, err);

    ec_put_saving(&s->f->remedy, &then, &s->now);
    ec_int_clear(&then);
    memcpy(s->trial, s->g->own, s->g->n * sizeof *s->trial);
    return status;
}

/* What a width counts. */
static const char *noun(const survey *s)
{
    return ec_arch_is_network(s->f->arch) ? "values" : "channels";
}

/* ---------------------------------------------------------------- unfillable */

/* min(cap, base^exponent), or of the symmetric power C(base + exponent - 1, exponent). */
static uint32_t power_below(uint64_t base, size_t exponent, bool symmetric, uint32_t cap)
{
    uint64_t value = 1;

    for (size_t i = 1; i <= exponent && base > 1 && value < cap; i++)
        value = symmetric ? value * (base + i - 1) / i : value * base;
    return value < cap ? (uint32_t)value : cap;
}

/*
 * How many of the d_l products of a window are linearly independent as functions of what the
 * children span, S_{l-1} dimensions each. With one matrix for all children that is a symmetric
 * power; with matrices of their own the relations differ from position to position, so that the
 * matrix above must be one of the position's own to take them up.
 */
static void fill_levels(survey *s)
{
    const ec_arch *arch = s->f->arch;
    uint64_t span = arch->levels[0].dim;

    for (size_t l = 1; l < arch->n_levels; l++) {
        const ec_level *level = &arch->levels[l];
        bool shared = level[-1].shared;

        s->fill[l] = UINT32_MAX;
        if (shared || !level->shared || ec_level_window(level) == 1)
            s->fill[l] = power_below(span, ec_level_window(level), shared, UINT32_MAX);
        span = level->dim < s->fill[l] ? level->dim : s->fill[l];
    }
}

/* A bond between two tensors carries at most what the other indices of either one hold. */
static void fill_indices(survey *s)
{
    const ec_arch *arch = s->f->arch;

    for (size_t t = 0; t < arch->n_tensors; t++) {
        const ec_named_tensor *tensor = &arch->tensors[t];

        for (size_t i = 0; i < tensor->n_indices; i++) {
            uint64_t others = 1;

            for (size_t k = 0; k < tensor->n_indices && others < UINT32_MAX; k++)
                others *= k != i ? arch->indices[tensor->index[k]].dim : 1;
            if (others < s->fill[tensor->index[i]])
                s->fill[tensor->index[i]] = (uint32_t)others;
        }
    }
}

/* Copies to three tensors are no bonds: a sum of products may need more terms than it has rank. */
static void only_bonds(survey *s)
{
    const ec_arch *arch = s->f->arch;
    uint32_t *pins = s->trial;

    memset(pins, 0, s->g->n * sizeof *pins);
    for (size_t t = 0; t < arch->n_tensors; t++)
        for (size_t i = 0; i < arch->tensors[t].n_indices; i++)
            pins[arch->tensors[t].index[i]]++;
    for (size_t v = 0; v < s->g->n; v++)
        if (pins[v] != 2 || s->g->widths[v].fixed)
            s->fill[v] = UINT32_MAX;
    memcpy(s->trial, s->g->own, s->g->n * sizeof *s->trial);
}

static ec_status find_unfillable(survey *s, ec_error *err)
{
    ec_status status = EC_OK;
    ec_finder *f = s->f;

    for (size_t v = 0; v < s->g->n && status == EC_OK; v++) {
        const ec_width *width = &s->g->widths[v];

        if (s->fill[v] >= width->width || s->fill[v] < ec_width_least(width))
            continue;
        s->trial[v] = s->fill[v];
        ec_text_printf(&f->message, "%s has %" PRIu32 " %s, and %s %" PRIu32, width->name,
                       ec_width_channels(width, width->width), noun(s),
                       ec_arch_is_network(f->arch) ? "the rest of a tensor at its end has"
                                                   : "all that is below can fill",
                       ec_width_channels(width, s->fill[v]));
        ec_text_printf(&f->remedy, "%" PRIu32 " %s compute the same functions: ",
                       ec_width_channels(width, s->fill[v]), noun(s));
        EC_TRY(put_saving(s, err));
        ec_text_puts(&f->remedy, " go");
        status = ec_finder_add(f, EC_RULE_WIDTH_UNFILLABLE, EC_CERTAINTY_PROVED, width->place, err);
    }
done:
    return status;
}

/* ----------------------------------------------------------------------- idle */

/* The least width of each that keeps the goals, the others at s->trial; `at` is left out. */
static ec_status find_least(uint32_t *least, survey *s, ec_goals goals, ec_error *err)
{
    ec_status status = EC_OK;

    for (size_t v = 0; v < s->g->n && status == EC_OK; v++) {
        const uint32_t range[2] = {ec_width_least(&s->g->widths[v]), s->trial[v]};

        least[v] = s->trial[v];
        if (!s->g->widths[v].fixed)
            status = ec_gauge_least(&least[v], s->g, s->trial, v, range, goals, err);
    }
    return status;
}

static const char *bounds_noun(const survey *s)
{
    return s->g->partitions->n == 1 ? "the bound" : "any bound";
}

static size_t count_idle(const survey *s)
{
    size_t n = 0;

    for (size_t v = 0; v < s->g->n; v++)
        n += s->least[v] < s->g->own[v];
    return n;
}

/* Of a large network EC008 alone names all of them. */
static ec_status find_idle(survey *s, ec_error *err)
{
    ec_status status = EC_OK;
    ec_finder *f = s->f;

    if (ec_arch_is_network(f->arch) && count_idle(s) > MAX_LISTED &&
        ec_finder_wants(f, EC_RULE_WIDTHS_IDLE))
        return EC_OK;
    for (size_t v = 0; v < s->g->n && status == EC_OK; v++) {
        const ec_width *width = &s->g->widths[v];

        if (s->least[v] >= width->width || s->least[v] >= s->fill[v])
            continue;
        s->trial[v] = s->least[v];
        ec_text_printf(&f->message,
                       "%" PRIu32 " of the %" PRIu32 " %s of %s could go without lowering %s",
                       width->width - s->least[v], ec_width_channels(width, width->width), noun(s),
                       width->name, bounds_noun(s));
        ec_text_printf(&f->remedy, "%" PRIu32 " would do: ", ec_width_channels(width, s->least[v]));
        EC_TRY(put_saving(s, err));
        ec_text_puts(&f->remedy, " go");
        status = ec_finder_add(f, EC_RULE_WIDTH_IDLE, how_sure(s), width->place, err);
    }
done:
    return status;
}

/* "r1 = 2, r2 = 2"; the place of the first one. */
static ec_place put_changes(ec_text *out, const ec_gauge *g, const uint32_t *widths)
{
    ec_place place = {0, 0};
    bool any = false;

    for (size_t v = 0; v < g->n; v++) {
        if (widths[v] == g->own[v])
            continue;
        if (!any)
            place = g->widths[v].place;
        ec_text_printf(out, "%s%s = %" PRIu32, any ? ", " : "", g->widths[v].name,
                       ec_width_channels(&g->widths[v], widths[v]));
        any = true;
    }
    return place;
}

/* Of one idle layer EC007 has said all: where only one width can go down, none can after it. */
static ec_status find_idle_together(survey *s, ec_error *err)
{
    ec_status status = EC_OK;
    ec_finder *f = s->f;
    ec_int then = {0};
    bool proved = false;

    if (count_idle(s) < 2 || !ec_finder_wants(f, EC_RULE_WIDTHS_IDLE))
        return EC_OK;
    EC_TRY(ec_fewest_widths(s->trial, &proved, f, s->goals, err));
    EC_TRY(ec_gauge_parameters(&then, s->g, s->trial, err));
    ec_put_saving(&f->message, &then, &s->now);
    ec_text_printf(&f->message, " could go without lowering %s", bounds_noun(s));
    ec_place place = put_changes(&f->remedy, s->g, s->trial);
    ec_text_printf(&f->remedy, " together; %s",
                   proved ? "no fewer parameters keep them all" : "even fewer may do");
    EC_TRY(ec_finder_add(f, EC_RULE_WIDTHS_IDLE,
                         proved ? EC_CERTAINTY_PROVED : EC_CERTAINTY_ESTIMATE, place, err));
done:
    ec_int_clear(&then);
    memcpy(s->trial, s->g->own, s->g->n * sizeof *s->trial);
    return status;
}

/* -------------------------------------------------------------------- starved */

/* Does widening it alone raise every bound? */
static bool limits_all(const survey *s, const char *name)
{
    for (size_t i = 0; i < s->goals.n; i++) {
        const ec_bottleneck *b = &s->f->out->bounds[s->keep[i].partition].bottleneck;
        bool alone = false;

        for (size_t k = 0; k < b->n_sets; k++)
            alone = alone || (b->set_start[k + 1] == b->set_start[k] + 1 &&
                              strncmp(b->name[b->set_start[k]], name, sizeof *b->name - 1) == 0);
        if (!alone)
            return false;
    }
    return true;
}

/* Ranks at s->trial as goals; `ranks` are theirs. */
static ec_status goals_at(ec_goal *goals, ec_int *ranks, survey *s, ec_error *err)
{
    ec_status status = EC_OK;

    for (size_t i = 0; i < s->goals.n && status == EC_OK; i++) {
        goals[i] = (ec_goal){.partition = s->keep[i].partition, .rank = &ranks[i]};
        status = ec_gauge_rank(&ranks[i], s->g, s->trial, goals[i].partition, err);
    }
    return status;
}

/* "left-right from 16 to 256" */
static void put_gain(ec_text *out, const survey *s, const ec_int *ranks)
{
    enum { MOST = 3 };

    for (size_t i = 0; i < s->goals.n && i < MOST; i++) {
        ec_text_printf(out, "%s%s from ", i > 0 ? ", " : "",
                       s->g->partitions->items[s->keep[i].partition].name);
        ec_put_rank(out, s->keep[i].rank);
        ec_text_puts(out, " to ");
        ec_put_rank(out, &ranks[i]);
    }
    if (s->goals.n > MOST)
        ec_text_printf(out, " and %zu more", s->goals.n - MOST);
}

/* Names of those that need more than they do now: they are wasted today. */
static size_t put_wasted(ec_text *out, const survey *s, const uint32_t *needed)
{
    size_t n = 0;

    for (size_t v = 0; v < s->g->n; v++)
        if (s->least[v] < s->g->own[v] && needed[v] > s->least[v])
            ec_text_printf(out, "%s%s", n++ > 0 ? ", " : "", s->g->widths[v].name);
    return n;
}

/* Width number v alone limits everything: is anything wasted for it? */
static ec_status judge_starved(survey *s, size_t v, uint32_t *needed, ec_goal *goals, ec_int *ranks,
                               ec_error *err)
{
    ec_status status = EC_OK;
    ec_finder *f = s->f;
    const ec_width *width = &s->g->widths[v];
    const uint32_t range[2] = {width->width, EC_ARCH_MAX_DIMENSION};
    const ec_goals wide = {goals, s->goals.n};
    ec_text wasted = {0};
    ec_int then = {0};
    uint32_t enough = 0;

    s->trial[v] = EC_ARCH_MAX_DIMENSION;
    EC_TRY(goals_at(goals, ranks, s, err));
    EC_TRY(ec_gauge_least(&enough, s->g, s->trial, v, range, wide, err));
    s->trial[v] = enough;
    EC_TRY(find_least(needed, s, wide, err));
    if (put_wasted(&wasted, s, needed) == 0)
        goto done;
    ec_text_printf(&f->message, "%s = %" PRIu32 " alone limits %s; %s of %s are wasted on it",
                   width->name, ec_width_channels(width, width->width),
                   s->g->partitions->n == 1 ? "the bound" : "every bound", noun(s),
                   ec_text_get(&wasted));
    ec_text_printf(&f->remedy, "%s = %" PRIu32 " raises ", width->name,
                   ec_width_channels(width, enough));
    put_gain(&f->remedy, s, ranks);
    EC_TRY(ec_gauge_parameters(&then, s->g, s->trial, err));
    ec_int_sub(&then, &then, &s->now);
    ec_text_puts(&f->remedy, ", for ");
    ec_put_rank(&f->remedy, &then);
    ec_text_puts(&f->remedy, " parameters more; beyond it gains nothing alone");
    EC_TRY(ec_finder_add(f, EC_RULE_WIDTH_STARVED, how_sure(s), width->place, err));
done:
    memcpy(s->trial, s->g->own, s->g->n * sizeof *s->trial);
    ec_int_clear(&then);
    ec_text_clear(&wasted);
    return status;
}

static ec_status find_starved(survey *s, ec_error *err)
{
    ec_status status = EC_OK;
    uint32_t *needed = NULL;
    ec_goal *goals = NULL;
    ec_int *ranks = NULL;

    EC_NEW(needed, s->g->n);
    EC_NEW(goals, s->goals.n);
    EC_NEW(ranks, s->goals.n);
    for (size_t v = 0; v < s->g->n; v++)
        if (!s->g->widths[v].fixed && limits_all(s, s->g->widths[v].name))
            EC_TRY(judge_starved(s, v, needed, goals, ranks, err));
done:
    for (size_t i = 0; ranks != NULL && i < s->goals.n; i++)
        ec_int_clear(&ranks[i]);
    ec_free(ranks);
    ec_free(goals);
    ec_free(needed);
    return status;
}

/* ---------------------------------------------------------------------- whole */

static ec_status survey_init(survey *s, ec_finder *f, ec_error *err)
{
    ec_status status = EC_OK;

    *s = (survey){.f = f, .g = f->gauge};
    EC_NEW(s->keep, f->out->partitions.n);
    for (size_t i = 0; i < f->out->partitions.n; i++)
        if (s->g->twin[i] == i)
            s->keep[s->goals.n++] = (ec_goal){.partition = i, .rank = f->out->bounds[i].rank};
    s->goals.items = s->keep;
    EC_NEW(s->trial, s->g->n);
    EC_NEW(s->fill, s->g->n);
    EC_NEW(s->least, s->g->n);
    memcpy(s->trial, s->g->own, s->g->n * sizeof *s->trial);
    for (size_t v = 0; v < s->g->n; v++)
        s->fill[v] = UINT32_MAX;
    EC_TRY(ec_gauge_parameters(&s->now, s->g, s->g->own, err));
done:
    return status;
}

static ec_status look(survey *s, ec_error *err)
{
    ec_status status = EC_OK;

    if (ec_arch_is_network(s->f->arch)) {
        fill_indices(s);
        only_bonds(s);
    } else {
        fill_levels(s);
    }
    EC_TRY(find_unfillable(s, err));
    if (s->goals.n == 0) /* a single site: there is no bound to keep */
        goto done;
    EC_TRY(find_least(s->least, s, s->goals, err));
    EC_TRY(find_idle(s, err));
    EC_TRY(find_idle_together(s, err));
    EC_TRY(find_starved(s, err));
done:
    return status;
}

ec_status ec_find_widths(ec_finder *f, ec_error *err)
{
    ec_error report = {.status = EC_OK};
    survey s = {.f = f};
    ec_status status = EC_OK;

    if (f->gauge != NULL) {
        status = survey_init(&s, f, &report);
        if (status == EC_OK)
            status = look(&s, &report);
        ec_int_clear(&s.now);
        ec_free(s.keep);
        ec_free(s.trial);
        ec_free(s.fill);
        ec_free(s.least);
        ec_text_clear(&f->message);
        ec_text_clear(&f->remedy);
        status = ec_finder_limit(f, status, &report, err);
    }
    if (status != EC_OK || f->gauge != NULL)
        return status;
    ec_text_printf(&f->message, "widths are not examined: %s", f->unexamined.msg);
    ec_text_puts(&f->remedy, "check fewer partitions, or allow more memory");
    return ec_finder_add(f, EC_RULE_NOT_EXAMINED, EC_CERTAINTY_UNDECIDED, (ec_place){0, 0}, err);
}
