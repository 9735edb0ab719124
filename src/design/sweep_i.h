/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_DESIGN_SWEEP_I_H
#define ENTCAP_DESIGN_SWEEP_I_H

/** Shared inside the sweep: the plan of one, and the recursion over arrays of configurations. */

#include "core/flow.h"
#include "entcap/design.h"

/** Configurations in one array at most, and doubles in the arrays of one level. */
#define EC_SWEEP_CHUNK         4096
#define EC_SWEEP_LEVEL_DOUBLES ((size_t)1 << 18)

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

/** What all threads read. */
struct ec_sweep {
    ec_sweep_input in;
    size_t n_levels, n_units;
    uint64_t n, per_unit;   /* configurations; those of a unit, consecutive */
    ec_quotient *quotients; /* one per partition */
    sweep_task *tasks;
    size_t n_tasks;
    size_t *capacity;                     /* per level: configurations in one array */
    double **log2_values;                 /* per level: of the values of its range */
    uint64_t *parameters, *multiply_adds; /* per level: factor of dim * out of its matrices */
};

/** Arrays of one level: an entry per configuration of the levels up to here. */
typedef struct sweep_level {
    size_t capacity;
    uint64_t lo, hi, base; /* numbers of the unit's prefixes up to here; number of entry 0 */
    uint32_t *dim, *span;  /* d_l; G_l of shared subtrees */
    uint64_t *parameters, *multiply_adds;
    double **value;           /* per task: [class, side] of `capacity` entries; at the top level
                                 one array, the minimum over the sides */
    double **first, **second; /* per task: the branches [class, side] and [class] over the level
                                 below, of its capacity */
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

/** The bound of a task for one configuration, exact. Errors: EC_ENOMEM */
EC_NODISCARD ec_status ec_sweep_exact(ec_int *rank, const ec_sweep *sweep, size_t task,
                                      uint64_t index, ec_error *err);

/** Append the configurations of the top level's arrays that pass the filters. Errors: EC_ENOMEM */
EC_NODISCARD ec_status ec_sweep_collect(sweep_work *work, size_t n, ec_error *err);

/** A condition on logarithms: flags for those below `value`, within `same` of it, and above. */
typedef struct sweep_threshold {
    double value, same;
    uint8_t less, equal, more;
} sweep_threshold;

/* Loops over arrays (sweep_kernels.c). log2 of quantities throughout. */
void ec_kernel_fill(double *x, double value, size_t n);              /* x = value */
void ec_kernel_axpy(double *x, double k, const double *y, size_t n); /* x += k y */
void ec_kernel_axpy_min(double *x, double k, const double *y, const double *z,
                        size_t n); /* x += k min(y, z) */
void ec_kernel_branch(double *x, double first, double second, const double *log_dim,
                      size_t n); /* x = min(first, log_dim + second) */
void ec_kernel_affine(uint64_t *x, uint64_t base, uint64_t slope, const uint32_t *values,
                      size_t n); /* x = base + slope values */
void ec_kernel_within(uint8_t *keep, const uint64_t *x, uint64_t lo, uint64_t hi,
                      size_t n); /* keep &= lo <= x <= hi */
void ec_kernel_judge(uint8_t *keep, uint8_t *tie, const double *x, const sweep_threshold *threshold,
                     size_t n); /* keep &= condition; tie = keep where close */
void ec_kernel_no_cheaper(uint8_t *beaten, const uint64_t *cost, uint64_t by,
                          size_t n); /* beaten = cost >= by */
void ec_kernel_no_better(uint8_t *beaten, const double *x, double by, double same,
                         size_t n); /* beaten &= x - same (1 + x) <= by */
void ec_kernel_remove(uint8_t *keep, const uint8_t *beaten, size_t n); /* keep &= !beaten */

#endif
