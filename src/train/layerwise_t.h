/* SPDX-License-Identifier: GPL-3.0-or-later */

/**
 * A batch through the levels, one after the other: batch norm needs the statistics of all samples
 * before any of them can go on. Every LANES samples have a pass of their own, and threads take the
 * next level of theirs. Sums are over the lanes of the passes in their order, so that threads
 * change no bit; gradients are summed in blocks of passes. See pass_t.h and norm_t.h.
 */

#define MOMENTUM 0.1 /* of running statistics */

struct T(layerwise) {
    const plan *p;
    ec_team *team;
    size_t n;        /* samples at hand */
    size_t n_passes; /* of which the first so many that they need are in use */
    T(pass) * *pass;
    pass_batch *batch; /* of every pass */
    T(norm) * norm;    /* of every level */
    size_t n_gradients;
    REAL **gradient; /* of the blocks */
};

/* ----------------------------------------------------------------- workspace */

static ec_status T(norm_init)(T(norm) * b, size_t c, ec_error *err)
{
    ec_status status = EC_OK;

    EC_NEW(b->mean, c);
    EC_NEW(b->variance, c);
    EC_NEW(b->shift, c);
    EC_NEW(b->scale, c);
    EC_NEW(b->dy, c);
    EC_NEW(b->dyu, c);
done:
    return status;
}

static void T(norm_clear)(T(norm) * b)
{
    ec_free(b->mean);
    ec_free(b->variance);
    ec_free(b->shift);
    ec_free(b->scale);
    ec_free(b->dy);
    ec_free(b->dyu);
}

static size_t T(passes_of)(size_t n)
{
    return n / LANES + (n % LANES != 0);
}

/* Blocks that the passes of n samples are summed in. */
static size_t T(blocks_of)(size_t n)
{
    size_t passes = T(passes_of)(n);
    return passes < WORKERS_BLOCKS ? passes : WORKERS_BLOCKS;
}

static ec_status T(norms_init)(struct T(layerwise) * w, ec_error *err)
{
    ec_status status = EC_OK;
    const ec_arch *arch = w->p->arch;

    EC_NEW(w->norm, w->p->n_levels);
    for (size_t l = 0; l < w->p->n_levels; l++)
        if (arch->layers[arch->levels[l].layer].norm)
            EC_TRY(T(norm_init)(&w->norm[l], ec_level_channels(&arch->levels[l]), err));
done:
    return status;
}

ec_status T(layerwise_new)(struct T(layerwise) * *out, const plan *p, ec_team *team, size_t batch,
                           const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    struct T(layerwise) *w = NULL;
    size_t n = T(passes_of)(batch), blocks = T(blocks_of)(batch);
    double bytes = pass_bytes(p) * (double)n;

    *out = NULL;
    bytes += (double)blocks * (double)p->n_parameters * sizeof(REAL);
    EC_TRY(ec_run_reserve(run, "training", bytes, err));
    EC_NEW(w, 1);
    w->p = p;
    w->team = team;
    EC_TRY(T(norms_init)(w, err));
    EC_NEW(w->pass, n);
    for (; w->n_passes < n; w->n_passes++)
        EC_TRY(T(pass_create)(&w->pass[w->n_passes], p, w->norm, err));
    EC_NEW(w->batch, n);
    EC_NEW(w->gradient, blocks);
    for (; w->n_gradients < blocks; w->n_gradients++)
        EC_NEW(w->gradient[w->n_gradients], p->n_parameters);
    *out = w;
    w = NULL;
done:
    T(layerwise_free)(w);
    return status;
}

void T(layerwise_free)(struct T(layerwise) * w)
{
    if (w == NULL)
        return;
    for (size_t i = 0; i < w->n_passes; i++)
        T(pass_free)(w->pass[i]);
    for (size_t b = 0; b < w->n_gradients; b++)
        ec_free(w->gradient[b]);
    for (size_t l = 0; w->norm != NULL && l < w->p->n_levels; l++)
        T(norm_clear)(&w->norm[l]);
    ec_free(w->pass);
    ec_free(w->batch);
    ec_free(w->norm);
    ec_free(w->gradient);
    ec_free(w);
}

void T(layerwise_load)(struct T(layerwise) * w, size_t s, const double *values)
{
    T(pass_load)(w->pass[s / LANES], (unsigned)(s % LANES), values);
}

/* ---------------------------------------------------------------- statistics */

/* What vectors of a level are normalised with, from its mean and variance. */
static void T(norm_set)(T(norm) * b, size_t c)
{
    for (size_t j = 0; j < c; j++) {
        b->shift[j] = (REAL)b->mean[j];
        b->scale[j] = (REAL)(1 / sqrt(b->variance[j] + EC_NORM_EPSILON));
    }
}

/* The sum of entry i of the passes' sums over all samples. */
static double T(sum_lanes)(const struct T(layerwise) * w, size_t i)
{
    double sum = 0;

    for (size_t g = 0; g < T(passes_of)(w->n); g++)
        for (unsigned s = 0; s < w->batch[g].n; s++)
            sum += (double)w->pass[g]->sums[i][s];
    return sum;
}

/* sum (v - mean)^2 = sum over samples of sum_p (v_p - its mean)^2 + positions (its mean - mean)^2
 */
static double T(spread)(const struct T(layerwise) * w, size_t i, double mean, double positions)
{
    double sum = 0;

    for (size_t g = 0; g < T(passes_of)(w->n); g++)
        for (unsigned s = 0; s < w->batch[g].n; s++) {
            double d = (double)w->pass[g]->sums[i][s] - mean;
            sum += positions * d * d;
        }
    return sum;
}

/* Mean and variance of a level's channels, from the moments that a rise left. */
static void T(batch_moments)(struct T(layerwise) * w, size_t l)
{
    const ec_level *level = &w->p->arch->levels[l];
    size_t c = ec_level_channels(level);
    double positions = (double)ec_level_positions(level), n = (double)w->n;
    T(norm) *b = &w->norm[l];

    if (b->shift == NULL)
        return;
    for (size_t j = 0; j < c; j++) {
        b->mean[j] = T(sum_lanes)(w, j) / n;
        b->variance[j] =
            (T(sum_lanes)(w, c + j) + T(spread)(w, j, b->mean[j], positions)) / (n * positions);
    }
    T(norm_set)(b, c);
}

/* dbeta = sum dy,  dgamma = sum dy u, and their means, from the sums that a fall left */
static void T(batch_sums)(struct T(layerwise) * w, REAL *gradient, size_t l)
{
    const ec_level *level = &w->p->arch->levels[l];
    size_t c = ec_level_channels(level);
    double n = (double)(w->n * ec_level_positions(level));
    T(norm) *b = &w->norm[l];

    for (size_t j = 0; b->shift != NULL && j < c; j++) {
        double dy = T(sum_lanes)(w, j), dyu = T(sum_lanes)(w, c + j);
        gradient[plan_find(w->p, PART_BETA, l) + j] = (REAL)dy;
        gradient[plan_find(w->p, PART_GAMMA, l) + j] = (REAL)dyu;
        b->dy[j] = (REAL)(dy / n);
        b->dyu[j] = (REAL)(dyu / n);
    }
}

static void T(running_moments)(struct T(layerwise) * w, const REAL *parameters)
{
    for (size_t l = 0; l < w->p->n_levels; l++) {
        size_t c = w->norm[l].shift != NULL ? ec_level_channels(&w->p->arch->levels[l]) : 0;
        for (size_t j = 0; j < c; j++) {
            w->norm[l].mean[j] = (double)parameters[plan_find(w->p, PART_MEAN, l) + j];
            w->norm[l].variance[j] = (double)parameters[plan_find(w->p, PART_VARIANCE, l) + j];
        }
        T(norm_set)(&w->norm[l], c);
    }
}

void T(layerwise_keep)(const struct T(layerwise) * w, REAL *parameters)
{
    for (size_t l = 0; l < w->p->n_levels; l++) {
        const ec_level *level = &w->p->arch->levels[l];
        const T(norm) *b = &w->norm[l];
        double n = (double)(w->n * ec_level_positions(level)), unbias = n > 1 ? n / (n - 1) : 1;

        for (size_t j = 0; b->shift != NULL && j < ec_level_channels(level); j++) {
            REAL *mean = parameters + plan_find(w->p, PART_MEAN, l) + j;
            REAL *variance = parameters + plan_find(w->p, PART_VARIANCE, l) + j;
            *mean = (REAL)((1 - MOMENTUM) * (double)*mean + MOMENTUM * b->mean[j]);
            *variance =
                (REAL)((1 - MOMENTUM) * (double)*variance + MOMENTUM * unbias * b->variance[j]);
        }
    }
}

/* --------------------------------------------------------------------- stages */

/* What the team is at. */
typedef struct T(task) {
    struct T(layerwise) * w;
    T(stage) stage;
    bool learn;
} T(task);

static void T(stage_block)(void *arg, unsigned thread, unsigned b)
{
    const T(task) *t = arg;
    struct T(layerwise) *w = t->w;
    size_t passes = T(passes_of)(w->n), blocks = T(blocks_of)(w->n);
    T(stage) mine = t->stage;
    (void)thread;

    mine.gradient = t->learn ? w->gradient[b] : NULL;
    for (size_t g = passes * b / blocks; g < passes * (b + 1) / blocks; g++) {
        mine.batch = &w->batch[g];
        T(pass_stage)(w->pass[g], &mine);
    }
}

/* A stage of all passes, block by block. */
static void T(stage_all)(struct T(layerwise) * w, T(stage_kind) kind, size_t l,
                         const REAL *parameters, bool learn)
{
    T(task) t = {w, {.kind = kind, .l = l, .parameters = parameters}, learn};

    ec_team_run(w->team, (unsigned)T(blocks_of)(w->n), T(stage_block), &t);
}

/* gradient = the sum of the blocks', entry by entry in their order; norms' are there already */
static void T(add_blocks)(struct T(layerwise) * w, REAL *gradient)
{
    for (size_t b = 0; b < T(blocks_of)(w->n); b++)
        for (size_t i = 0; i < w->p->n_parameters; i++)
            gradient[i] += w->gradient[b][i];
}

static bool T(all_finite)(const struct T(layerwise) * w)
{
    for (size_t g = 0; g < T(passes_of)(w->n); g++)
        for (unsigned s = 0; s < w->batch[g].n; s++)
            if (!w->batch[g].verdict[s].finite)
                return false;
    return true;
}

static void T(learn)(struct T(layerwise) * w, REAL *gradient, const REAL *parameters)
{
    const plan *p = w->p;

    memset(gradient, 0, p->n_parameters * sizeof *gradient);
    for (size_t b = 0; b < T(blocks_of)(w->n); b++)
        memset(w->gradient[b], 0, p->n_parameters * sizeof *gradient);
    for (size_t l = 0; l < p->n_levels; l++) {
        T(stage_all)(w, T(STAGE_RISE), l, parameters, true);
        T(batch_moments)(w, l);
    }
    T(stage_all)(w, T(STAGE_TOP), p->n_levels - 1, parameters, true);
    if (!T(all_finite)(w))
        return;
    for (size_t l = p->n_levels; l-- > 0;) {
        T(batch_sums)(w, gradient, l);
        T(stage_all)(w, T(STAGE_FALL), l, parameters, true);
    }
    T(add_blocks)(w, gradient);
}

void T(layerwise_run)(struct T(layerwise) * w, REAL *gradient, const REAL *parameters,
                      const pass_batch *b)
{
    w->n = b->n;
    for (size_t g = 0; g < T(passes_of)(w->n); g++) {
        size_t first = g * LANES, left = w->n - first;
        w->batch[g] = (pass_batch){left < LANES ? (unsigned)left : LANES, b->label + first,
                                   b->verdict + first,
                                   b->z != NULL ? b->z + first * w->p->arch->outputs : NULL};
    }
    if (gradient != NULL) {
        T(learn)(w, gradient, parameters);
        return;
    }
    T(running_moments)(w, parameters);
    T(stage_all)(w, T(STAGE_WHOLE), 0, parameters, false);
}
