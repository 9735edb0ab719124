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

/** Ranks up to here are told apart by their logarithms. */
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
    uint64_t n, per_unit;     /* configurations; those of a unit, consecutive */
    ec_quotient *quotients;   /* one per partition */
    ec_formula (*formula)[2]; /* per filter on a large rank: min cut and shared bound; empty if
                                 too long */
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
    double **value;           /* per task: [class, side] of `capacity` entries */
    double **first, **second; /* per task: the branches [class, side] and [class] over the level
                                 below, of its capacity */
} sweep_level;

/** Everything one thread needs to run a unit. */
typedef struct sweep_work {
    const ec_sweep *sweep;
    sweep_level *level;
    double *scratch; /* EC_SWEEP_CHUNK */
    ec_sweep_rows *rows;
    size_t reduced; /* rows that were left by the last reduction */
    size_t hint;    /* the row that beat the last configuration */
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

/** Append the configurations of the top level's arrays that pass the filters. Errors: EC_ENOMEM */
EC_NODISCARD ec_status ec_sweep_collect(sweep_work *work, size_t n, ec_error *err);

/* Loops over arrays (sweep_kernels.c). log2 of quantities throughout. */
void ec_kernel_fill(double *x, double value, size_t n);              /* x = value */
void ec_kernel_axpy(double *x, double k, const double *y, size_t n); /* x += k y */
void ec_kernel_axpy_min(double *x, double k, const double *y, const double *z,
                        size_t n); /* x += k min(y, z) */
void ec_kernel_branch(double *x, double first, double second, const double *log_dim,
                      size_t n); /* x = min(first, log_dim + second) */
void ec_kernel_min(double *x, const double *y, const double *z, size_t n); /* x = min(y, z) */

#endif
