/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "oracle/oracle.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "check.h"

const char *const oracle_stratum_name[ORACLE_N_STRATA] = {
    "binary",       "ternary",        "quaternary", "mixed",  "grid",
    "leading pool", "adjacent convs", "hypergraph", "bridge",
};

/* A description that is being written. */
typedef struct writer {
    oracle_case *to;
    size_t length;
    const uint32_t *dims; /* to choose from, 8 of them */
    ec_rng rng;
} writer;

static void put(writer *w, const char *fmt, ...) EC_PRINTF(2, 3);
static void put(writer *w, const char *fmt, ...)
{
    va_list args;
    int n;

    va_start(args, fmt);
    n = vsnprintf(w->to->text + w->length, sizeof w->to->text - w->length, fmt, args);
    va_end(args);
    w->length += (size_t)n;
    assert_true(n >= 0 && w->length < sizeof w->to->text);
}

static size_t below(writer *w, size_t n)
{
    return (size_t)ec_rng_below(&w->rng, n);
}

/* Few different dimensions make ties, powers of two make equal bounds, ones make empty cuts; r_0 =
 * 3 and r_1 = 2 make gaps in windows of three. */
static void choose_dims(writer *w, oracle_stratum stratum)
{
    static const uint32_t palettes[][8] = {
        {2, 2, 2, 2, 3, 3, 3, 3}, {2, 2, 3, 3, 4, 5, 6, 7}, {2, 2, 2, 3, 3, 3, 4, 4},
        {2, 2, 2, 4, 4, 4, 8, 8}, {1, 1, 2, 2, 3, 3, 4, 5}, {2, 2, 3, 3, 4, 6, 9, 9},
    };

    w->dims = palettes[stratum == ORACLE_TERNARY && below(w, 4) != 0
                           ? 0
                           : below(w, sizeof palettes / sizeof *palettes)];
}

static uint32_t dim(writer *w)
{
    return w->dims[below(w, 8)];
}

/* --------------------------------------------------------------- layers form */

typedef struct grid {
    size_t height, width;
    bool is_2d;
} grid;

static void put_conv(writer *w, oracle_sharing sharing)
{
    bool shared = sharing == ORACLE_SHARED || (sharing == ORACLE_PARTLY && below(w, 3) != 0);

    put(w, "  - conv: {channels: %u%s}\n", dim(w), shared ? "" : ", shared: false");
}

/* A random divisor of n; `want` if it divides n, and never 1 if `want` is 0 and n > 1. */
static size_t divisor(writer *w, size_t n, size_t want)
{
    size_t d = want;

    if (want != 0)
        return n % want == 0 ? want : n;
    do
        d = 1 + below(w, n);
    while (n % d != 0 || (d == 1 && n > 1));
    return d;
}

static void put_pool(writer *w, grid *g, size_t window)
{
    if (!g->is_2d) {
        size_t p = divisor(w, g->width, window);
        put(w, "  - pool: {window: %zu}\n", p);
        g->width /= p;
    } else {
        bool both = below(w, 2) == 0;
        size_t y = both || g->width == 1 ? divisor(w, g->height, 0) : 1;
        size_t x = both || y == 1 ? divisor(w, g->width, 0) : 1;

        put(w, "  - pool: {window: [%zu, %zu]}\n", y, x);
        g->height /= y;
        g->width /= x;
    }
}

static grid choose_grid(writer *w, oracle_stratum stratum)
{
    static const size_t widths[ORACLE_N_STRATA][8] = {
        [ORACLE_BINARY] = {2, 4, 4, 4, 4, 4, 8, 8},
        [ORACLE_TERNARY] = {3, 3, 9, 9, 9, 9, 9, 9},
        [ORACLE_QUATERNARY] = {4, 4, 8, 8, 8, 8, 8, 8},
        [ORACLE_MIXED] = {6, 6, 6, 6, 6, 8, 8, 10},
        [ORACLE_LEADING] = {4, 6, 6, 8, 8, 8, 9, 9},
        [ORACLE_ADJACENT] = {2, 3, 4, 4, 4, 4, 6, 6},
    };
    static const size_t grids[][2] = {{2, 2}, {2, 3}, {3, 2}, {2, 4}, {4, 2}, {3, 3}};
    const size_t *shape = grids[below(w, sizeof grids / sizeof *grids)];

    if (stratum == ORACLE_GRID)
        return (grid){shape[0], shape[1], true};
    return (grid){1, widths[stratum][below(w, 8)], false};
}

static void write_layers(writer *w, oracle_stratum stratum, oracle_sharing sharing)
{
    static const size_t windows[ORACLE_N_STRATA] = {
        [ORACLE_BINARY] = 2, [ORACLE_TERNARY] = 3, [ORACLE_QUATERNARY] = 4};
    grid g = choose_grid(w, stratum);
    size_t n_sites = g.height * g.width;
    uint32_t channels = dim(w);

    while (pow(channels, (double)n_sites) > (below(w, 10) == 0 ? 7000 : 1100))
        channels--;
    put(w, "input:\n");
    if (!g.is_2d)
        put(w, "  shape: [%zu]\n", g.width);
    else
        put(w, "  shape: [%zu, %zu]\n", g.height, g.width);
    put(w, "  channels: %u\nlayers:\n", channels);
    if (stratum == ORACLE_LEADING)
        put_pool(w, &g, 0);
    for (;;) {
        bool last = g.height * g.width == 1;
        if (!last || below(w, 4) == 0)
            put_conv(w, sharing);
        if (stratum == ORACLE_ADJACENT && below(w, n_sites > 4 ? 5 : 2) == 0)
            put_conv(w, sharing);
        if (last)
            break;
        put_pool(w, &g, windows[stratum]);
    }
    put(w, "  - dense: {outputs: 3}\n");
}

/* -------------------------------------------------------------- network form */

enum { MAX_TENSORS = 5, MAX_INDICES = 8 };

typedef struct listed {
    size_t n_tensors, n_indices, n_open;
    uint32_t dim[MAX_INDICES]; /* the first n_open are open */
    bool joins[MAX_INDICES][MAX_TENSORS];
} listed;

static void write_listed(writer *w, const listed *net)
{
    put(w, "network:\n  indices: {");
    for (size_t e = 0; e < net->n_indices; e++)
        put(w, "%si%zu: %u", e > 0 ? ", " : "", e, net->dim[e]);
    put(w, "}\n  tensors:\n");
    for (size_t v = 0; v < net->n_tensors; v++) {
        const char *comma = "";
        put(w, "    T%zu: [", v);
        for (size_t e = 0; e < net->n_indices; e++) {
            if (net->joins[e][v])
                put(w, "%si%zu", comma, e);
            comma = net->joins[e][v] ? ", " : comma;
        }
        put(w, "]\n");
    }
    put(w, "  open: [");
    for (size_t e = 0; e < net->n_open; e++)
        put(w, "%si%zu", e > 0 ? ", " : "", e);
    put(w, "]\n");
}

/* Lower the largest dimension until summing over everything is affordable. */
static void limit_work(listed *net)
{
    for (;;) {
        double work = 1;
        size_t largest = 0;
        for (size_t e = 0; e < net->n_indices; e++) {
            work *= net->dim[e];
            largest = net->dim[e] > net->dim[largest] ? e : largest;
        }
        if (work <= 6000)
            return;
        net->dim[largest]--;
    }
}

/* Every index joins one to three random tensors; every tensor gets an index. */
static void write_hypergraph(writer *w)
{
    listed net = {.n_tensors = 2 + below(w, MAX_TENSORS - 1),
                  .n_indices = 4 + below(w, MAX_INDICES - 3)};

    net.n_open = 2 + below(w, net.n_indices - 2);
    for (size_t e = 0; e < net.n_indices; e++) {
        size_t pins = 1 + below(w, 3) + (e >= net.n_open);
        net.dim[e] = dim(w);
        for (size_t k = 0; k < pins; k++)
            net.joins[e][below(w, net.n_tensors)] = true;
    }
    for (size_t v = 0; v < net.n_tensors; v++)
        net.joins[below(w, net.n_indices)][v] = true;
    limit_work(&net);
    write_listed(w, &net);
}

/* Two tensors with two sites each, joined by one or two bonds. The dimensions of the sites often
 * match crosswise: rank 14 below a min cut of 15 for 3 x 5 x 2 and 5 x 3 x 2. */
static void write_bridge(writer *w)
{
    listed net = {.n_tensors = 2, .n_indices = 5 + below(w, 2), .n_open = 4};

    for (size_t e = 0; e < net.n_indices; e++) {
        net.dim[e] = 2 + (uint32_t)below(w, e < net.n_open ? 6 : 2);
        net.joins[e][0] = e < 2 || e >= net.n_open;
        net.joins[e][1] = e >= 2;
    }
    if (below(w, 2) == 0) {
        net.dim[2] = net.dim[1];
        net.dim[3] = net.dim[0];
        net.n_indices = 5;
    }
    limit_work(&net);
    write_listed(w, &net);
}

/* ----------------------------------------------------------------- all forms */

/* Random sides, in runs of one to `longest` sites, so that whole windows share a side often;
 * neither side is empty. */
static void choose_sides(ec_sites *a, size_t longest, ec_rng *rng)
{
    size_t run = 1 + (size_t)ec_rng_below(rng, longest), n_sites = a->n, count;

    do {
        bool side = false;
        for (size_t s = 0; s < n_sites; s++) {
            if (s % run == 0)
                side = ec_rng_below(rng, 2) == 0;
            if (side)
                ec_sites_add(a, s);
            else
                ec_sites_remove(a, s);
        }
        count = ec_sites_count(a);
        run = 1; /* runs may be too long for the second try */
    } while (count == 0 || count == n_sites);
}

static void read_text(oracle_case *c)
{
    ec_error err = {.status = EC_OK};
    ec_status status = ec_arch_parse(&c->arch, c->text, strlen(c->text), "case", &err);

    if (status != EC_OK)
        print_error("%s\n", c->text);
    assert_ok(status, &err);
}

void oracle_case_parse(oracle_case *c, const char *text, const char *sides)
{
    *c = (oracle_case){.seed = 1};
    snprintf(c->text, sizeof c->text, "%s", text);
    read_text(c);
    assert_int_equal(strlen(sides), c->arch->n_sites);
    assert_ok(ec_sites_init(&c->a, c->arch->n_sites, NULL), NULL);
    for (size_t s = 0; sides[s] != '\0'; s++)
        if (sides[s] == 'A')
            ec_sites_add(&c->a, s);
}

void oracle_case_make(oracle_case *c, oracle_stratum stratum, oracle_sharing sharing, uint64_t seed)
{
    writer w = {.to = c};

    *c = (oracle_case){.seed = seed};
    ec_rng_seed(&w.rng, seed);
    choose_dims(&w, stratum);
    put(&w, "name: random\n");
    if (stratum == ORACLE_HYPERGRAPH)
        write_hypergraph(&w);
    else if (stratum == ORACLE_BRIDGE)
        write_bridge(&w);
    else
        write_layers(&w, stratum, sharing);
    read_text(c);
    assert_ok(ec_sites_init(&c->a, c->arch->n_sites, NULL), NULL);
    if (stratum == ORACLE_BRIDGE && below(&w, 2) == 0) {
        ec_sites_add(&c->a, 0); /* one site of either tensor: the cuts compete */
        ec_sites_add(&c->a, 2);
    } else
        choose_sides(&c->a, sharing == ORACLE_UNSHARED ? 2 : 4, &w.rng);
}

void oracle_case_clear(oracle_case *c)
{
    ec_arch_free(c->arch);
    ec_sites_clear(&c->a);
    *c = (oracle_case){.seed = 0};
}

void oracle_case_print(const oracle_case *c)
{
    print_error("case %llu\n%ssides ", (unsigned long long)c->seed, c->text);
    for (size_t s = 0; s < c->a.n; s++)
        print_error("%c", ec_sites_has(&c->a, s) ? 'A' : 'B');
    print_error("\n");
}
