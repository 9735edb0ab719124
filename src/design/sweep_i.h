/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_DESIGN_SWEEP_I_H
#define ENTCAP_DESIGN_SWEEP_I_H

/** Shared inside the sweep: the plan of one, and the recursion over arrays of configurations. */

#include "core/flow.h"
#include "entcap/design.h"

/** Configurations in one array at most, and doubles in the arrays of one level. */
#define EC_SWEEP_CHUNK         1024
#define EC_SWEEP_LEVEL_DOUBLES ((size_t)1 << 18)

/** Arrays have room for so many entries more (EC_SWEEP_PAD - 1 would do), see sweep_kernels.c. */
#define EC_SWEEP_PAD ((size_t)4)

/** Most levels. */
#define EC_SWEEP_MAX_LEVELS 64

/** Logarithms this close (relative) are equal for the Pareto order, and decided exactly by filters:
 * integers up to 2^32 with logarithms this close are equal. */
#define EC_SWEEP_SAME       1e-12
#define EC_SWEEP_PLAIN_LOG2 32

/** One recursion: a partition with plain or with shared weights. */
typedef struct sweep_task {
    const ec_quotient *quotient;
    bool shared;
    size_t bound; /* its column of ec_sweep_rows.log2 */
} sweep_task;

/** EC_QUANTITY_PARAMETERS and EC_QUANTITY_MULTIPLY_ADDS number the counts. */
enum { SWEEP_COUNTS = EC_QUANTITY_BOUND };

/** What all threads read. */
struct ec_sweep {
    ec_sweep_input in;
    size_t n_levels, n_units;
    uint64_t n, per_unit;   /* configurations; those of a unit, consecutive */
    ec_quotient *quotients; /* one per partition */
    sweep_task *tasks;
    size_t n_tasks;
    size_t *capacity;               /* per level: configurations in one array */
    uint32_t **values;              /* per level: its range, padded by zeros */
    double **log2_values;           /* per level: of its dimensions d_l, padded */
    uint64_t *factor[SWEEP_COUNTS]; /* per level: of dim * out of its matrices, in a count */
    bool counted[SWEEP_COUNTS];     /* the count of all configurations is needed */
};

/** d_l of a level with so many channels: the constant channel, if there is one, is another. */
static inline uint32_t ec_sweep_dim(const ec_arch *arch, size_t level, uint32_t channels)
{
    return channels + (arch->levels[level].constant ? 1 : 0);
}

/** Arrays of one level: an entry per configuration of the levels up to here, and EC_SWEEP_PAD. */
typedef struct sweep_level {
    size_t capacity, stride; /* entries; with the padding */
    uint64_t lo, hi, base;   /* numbers of the unit's prefixes up to here; number of entry 0 */
    uint32_t *dim, *span;    /* channels; G_l of shared subtrees, which has the constant, too */
    uint64_t *count[SWEEP_COUNTS];
    double **value; /* per task: [class, side] of `stride` entries; at the top level one array, the
                       minimum over the sides */
    /* over the level below, of its stride */
    uint64_t *slope[SWEEP_COUNTS]; /* what a count grows by with a channel */
    double **first, **second;      /* per task: the branches [class, side] and [class] */
} sweep_level;

/** Everything one thread needs to run a unit. */
typedef struct sweep_work {
    const ec_sweep *sweep;
    sweep_level *level;
    double *scratch;        /* EC_SWEEP_CHUNK, as the next two */
    uint8_t *keep, *beaten; /* flags of the configurations in hand */
    const double **bound;   /* per partition: its bounds in the top level's arrays */
    ec_sweep_rows *rows;
    size_t reduced; /* rows that were left by the last reduction */
    size_t winner;  /* the row that beat a configuration last */
    uint64_t next;  /* number of the next configuration */
} sweep_work;

/** Owns: *out, to be cleared, also after an error. Errors: EC_ENOMEM */
EC_NODISCARD ec_status ec_sweep_work_init(sweep_work *out, const ec_sweep *sweep, ec_error *err);
void ec_sweep_work_clear(sweep_work *work);

/**
 * Replace `rows` by those of one unit that pass the filters (with pareto: that no other row of the
 * unit beats), in order. rows->n_bounds is set. Errors: EC_ENOMEM
 */
EC_NODISCARD ec_status ec_sweep_unit(sweep_work *work, ec_sweep_rows *rows, size_t unit,
                                     ec_error *err);

/** Room for n rows in all. Errors: EC_ENOMEM */
EC_NODISCARD ec_status ec_sweep_reserve(ec_sweep_rows *rows, size_t n, ec_error *err);

/** The column of parameters or of multiply-adds. */
const uint64_t *ec_sweep_costs(const ec_sweep_rows *rows, ec_quantity cost);

/** log2 of the bound of a row: the smaller one. */
double ec_sweep_bound(const ec_sweep_rows *rows, size_t row, size_t partition);

/** ec_sweep_reduce, once it pays: rows of which the last call left *reduced, 0 at first, have
 * doubled since. Errors: EC_ENOMEM */
EC_NODISCARD ec_status ec_sweep_reduce_some(ec_sweep_rows *rows, size_t *reduced, ec_quantity cost,
                                            ec_error *err);

/** The bound of a task for one configuration, exact. Errors: EC_ENOMEM */
EC_NODISCARD ec_status ec_sweep_exact(ec_int *rank, const ec_sweep *sweep, size_t task,
                                      uint64_t index, ec_error *err);

/** Append the configurations of the top level's arrays that pass the filters. Errors: EC_ENOMEM */
EC_NODISCARD ec_status ec_sweep_collect(sweep_work *work, size_t n, ec_error *err);

/* Loops over arrays (sweep_kernels.c). */
void ec_kernel_fill(double *x, double value, size_t n);              /* x = value */
void ec_kernel_axpy(double *x, double k, const double *y, size_t n); /* x += k y */
void ec_kernel_axpy_min(double *x, double k, const double *y, const double *z,
                        size_t n);                        /* x += k min(y, z) */
void ec_kernel_min(double *x, const double *y, size_t n); /* x = min(x, y) */
/* x[p, j] = min(first[p], log_dim[j] + second[p]); x, log_dim (and values, below) are padded */
void ec_kernel_branch(double *x, const double *first, const double *second, size_t n_prefixes,
                      const double *log_dim, size_t n_values);
/* x[p, j] = base[p] + slope[p] values[j] */
void ec_kernel_affine(uint64_t *x, const uint64_t *base, const uint64_t *slope, size_t n_prefixes,
                      const uint32_t *values, size_t n_values);
void ec_kernel_within(uint8_t *keep, const uint64_t *x, uint64_t lo, uint64_t hi,
                      size_t n); /* keep &= lo <= x <= hi */
void ec_kernel_between(uint8_t *keep, const double *x, double lo, double hi,
                       size_t n); /* keep &= lo <= x <= hi */
void ec_kernel_at_least(uint8_t *flag, const uint64_t *x, uint64_t lo,
                        size_t n);                                           /* flag = x >= lo */
void ec_kernel_at_most(uint8_t *flag, const double *x, double hi, size_t n); /* flag &= x <= hi */
void ec_kernel_remove(uint8_t *keep, const uint8_t *beaten, size_t n);       /* keep &= !beaten */

#endif
