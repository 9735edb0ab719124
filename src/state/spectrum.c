/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "state/basis.h"
#include "state/cuts.h"
#include "state/state_i.h"

#include "core/flow.h"

#include <math.h>
#include <stdio.h>

ec_status ec_state_through_cut(ec_spectrum *out, ec_sweep *sweep, const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    ec_plan plan = {.possible = false};

    EC_TRY(ec_plan_make(&plan, sweep, run, err));
    EC_TRY(ec_plan_run(out, &plan, sweep, err));
done:
    ec_plan_clear(&plan);
    return status;
}

const char *ec_route_name(ec_route route)
{
    static const char *const names[EC_N_ROUTES] = {"qr", "streamed", "gram-dd"};

    return names[route];
}

static void say_why(ec_spectrum *out, uint32_t labels, const char *why)
{
    for (uint32_t y = 0; y < labels; y++)
        snprintf(out[y].why, sizeof out[y].why, "%.255s", why);
}

ec_status ec_state_spectra(ec_spectrum *out, const ec_state_input *in,
                           const ec_state_options *options, const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    ec_error limit = {0};
    double *site = NULL;
    ec_candidate best = {.cut = {.n_factors = 0}};
    ec_sweep sweep = {.arch = in->arch, .weights = in->weights, .a = in->a};

    EC_TRY(ec_state_check(in, options, err));
    for (uint32_t y = 0; y < in->arch->outputs; y++)
        ec_spectrum_clear(&out[y]);
    EC_TRY(ec_basis_root(&site, in, options, err));
    sweep.site = site;
    sweep.ledger = ec_ledger_of(run, options->max_flops, "spectrum");
    status = ec_candidate_choose(&best, &sweep, options->spectrum_limit, run, &limit);
    if (status == EC_OK)
        status = ec_plan_run(out, &best.plan, &best.sweep, &limit);
    if (ec_state_out_of_reach(&status, &limit, err))
        say_why(out, in->arch->outputs, limit.msg);
done:
    ec_candidate_clear(&best);
    ec_free(site);
    return status;
}

#define FLOPS_PER_CUBE 70

double ec_spectrum_flops(uint64_t n)
{
    const ec_state_options least = EC_STATE_OPTIONS_INIT;

    return fmax(least.max_flops, FLOPS_PER_CUBE * pow((double)n, 3));
}

double ec_spectrum_limit_of(double flops)
{
    double n = ceil(cbrt(flops / FLOPS_PER_CUBE));

    /* cbrt is not exact */
    return FLOPS_PER_CUBE * pow(n, 3) < flops ? n + 1 : n;
}

static ec_measured absent(const char *why)
{
    ec_measured m = {.known = false};

    snprintf(m.why, sizeof m.why, "%.255s", why);
    return m;
}

void ec_spectrum_clear(ec_spectrum *spectrum)
{
    if (spectrum == NULL)
        return;
    ec_free(spectrum->value);
    *spectrum = (ec_spectrum){.known = false};
}

/**
 * Errors of the entropies for |ds_i| <= d: to first order the derivatives, -2 s (1 + ln s^2) of S
 * and -4 s^3 / sum s^4 of S_2; beside it n values of pure noise, d^2 each.
 */
ec_measured ec_spectrum_von_neumann(const ec_spectrum *spectrum)
{
    double s = 0, slope = 0, d = spectrum->threshold, n = (double)spectrum->n;

    if (!spectrum->known)
        return absent(spectrum->why);
    for (size_t i = 0; i < spectrum->n; i++) {
        double value = spectrum->value[i], p = value * value;
        if (p == 0)
            continue;
        s -= p * log(p);
        slope += 2 * value * fabs(1 + log(p));
    }
    return (ec_measured){
        .known = true, .value = fmax(0, s), .error = slope * d + n * d * d * (1 - 2 * log(d))};
}

ec_measured ec_spectrum_renyi2(const ec_spectrum *spectrum)
{
    double purity = 0, cubes = 0, d = spectrum->threshold;

    if (!spectrum->known)
        return absent(spectrum->why);
    for (size_t i = 0; i < spectrum->n; i++) {
        purity += pow(spectrum->value[i], 4);
        cubes += pow(spectrum->value[i], 3);
    }
    return (ec_measured){
        .known = true, .value = fmax(0, -log(purity)), .error = 4 * cubes / purity * d};
}
