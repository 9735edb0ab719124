/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_CHECK_GAUGE_H
#define ENTCAP_CHECK_GAUGE_H

/**
 * gauge: the bounds of a description across its partitions at other widths than its own. All of
 * them grow with every width, so that least widths are found by bisection. Private to src/check.
 */

#include "entcap/check.h"

/** A width that could be another: of a channel index, or of a network's index. */
typedef struct ec_width {
    const char *name; /* "r0"; of M, "input" */
    ec_place place;
    uint32_t width;    /* as the bounds count it, the constant channel included */
    uint32_t constant; /* 1 with a constant channel, else 0 */
    bool fixed;        /* given by the data: M, and a network's open indices */
} ec_width;

typedef struct ec_gauge {
    const ec_partitions *partitions;
    const ec_run *run;
    ec_arch arch; /* the description with levels, layers and indices of its own */
    ec_width *widths;
    uint32_t *own; /* n: the widths of the description */
    size_t n;
    size_t *twin;          /* per partition: the first one of the same formulas, or itself */
    ec_formula *formula;   /* min cut and shared bound of each partition; NULL: by cuts */
    double work, max_work; /* of cuts, in pins and sites */
    bool unsure;           /* some cut was not proved minimal */
} ec_gauge;

/** What a choice of widths is to reach across one partition: one of the two is given. */
typedef struct ec_goal {
    size_t partition;
    const ec_int *rank;
    const ec_requirement *requirement;
} ec_goal;

typedef struct ec_goals {
    const ec_goal *items;
    size_t n;
} ec_goals;

/**
 * Owns: *out, to be cleared, also after an error; arch, partitions and run are borrowed.
 * Errors: EC_ELIMIT (memory, sizes), EC_ENUMERIC (a formula that is not the bound), EC_ENOMEM
 */
EC_NODISCARD ec_status ec_gauge_init(ec_gauge *out, const ec_arch *arch,
                                     const ec_partitions *partitions, const ec_bound *bounds,
                                     double max_work, const ec_run *run, ec_error *err);
void ec_gauge_clear(ec_gauge *gauge);

/** The bound across a partition at widths[n]. Errors: EC_ELIMIT beyond max_work, those of cuts. */
EC_NODISCARD ec_status ec_gauge_rank(ec_int *rank, ec_gauge *gauge, const uint32_t *widths,
                                     size_t partition, ec_error *err);

/** Do the bounds at widths[n] reach all goals? */
EC_NODISCARD ec_status ec_gauge_reaches(bool *reaches, ec_gauge *gauge, const uint32_t *widths,
                                        ec_goals goals, ec_error *err);

/** The least width of number v in low .. high with which the others reach the goals, which at
 * `high` they do; widths[v] is left as it was. */
EC_NODISCARD ec_status ec_gauge_least(uint32_t *least, ec_gauge *gauge, uint32_t *widths, size_t v,
                                      const uint32_t range[2], ec_goals goals, ec_error *err);

/** Weights at widths[n]. */
EC_NODISCARD ec_status ec_gauge_parameters(ec_int *count, ec_gauge *gauge, const uint32_t *widths,
                                           ec_error *err);

/** Least a width can be: one channel. */
static inline uint32_t ec_width_least(const ec_width *width)
{
    return 1 + width->constant;
}

/** Channels of a width, as the description has them. */
static inline uint32_t ec_width_channels(const ec_width *of, uint32_t width)
{
    return width - of->constant;
}

/** A copy with levels, layers and indices of its own; the rest is borrowed. Owns: *out. */
EC_NODISCARD ec_status ec_arch_fork(ec_arch *out, const ec_arch *arch, ec_error *err);
void ec_arch_unfork(ec_arch *fork);

#endif
