/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "train_i.h"

#include "core/flow.h"

#include <string.h>

ec_status ec_train_classify(uint32_t *label, const ec_arch *arch, const ec_weights *weights,
                            const ec_dataset *data, const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    plan p = {.arch = NULL};
    workers w = {.n = 0};
    float *parameters = NULL;

    EC_TRY(plan_init(&p, arch, run, err));
    EC_TRY(workers_init(&w, &p, data, 0, run, err));
    EC_NEW(parameters, p.n_parameters);
    plan_pack(parameters, &p, weights);
    EC_TRY(workers_classify(label, &w, parameters, data, run, err));
done:
    ec_free(parameters);
    workers_clear(&w);
    plan_clear(&p);
    return status;
}

ec_status ec_train_gradient(ec_weights *gradient, double *loss, const ec_arch *arch,
                            const ec_weights *weights, const double *values, uint32_t label,
                            ec_error *err)
{
    ec_status status = EC_OK;
    plan p = {.arch = NULL};
    pass_f64 *pass = NULL;
    double *parameters = NULL, *sum = NULL;
    verdict v;

    EC_TRY(plan_init(&p, arch, NULL, err));
    EC_TRY(pass_new_f64(&pass, &p, err));
    EC_NEW(parameters, p.n_parameters);
    EC_NEW(sum, p.n_parameters);
    for (size_t k = 0; k < p.n_levels + 2; k++) {
        segment s = plan_segment(&p, weights, k);
        memcpy(parameters + s.start, s.values, s.n * sizeof *s.values);
    }
    pass_load_f64(pass, 0, values);
    pass_run_f64(pass, sum, parameters, &(pass_batch){1, &label, &v});
    if (!v.finite) {
        status = ec_fail(err, EC_ENUMERIC, "the loss is not finite");
        goto done;
    }
    *loss = v.loss;
    for (size_t k = 0; k < p.n_levels + 2; k++) {
        segment s = plan_segment(&p, gradient, k);
        memcpy(s.values, sum + s.start, s.n * sizeof *s.values);
    }
done:
    ec_free(parameters);
    ec_free(sum);
    pass_free_f64(pass);
    plan_clear(&p);
    return status;
}
