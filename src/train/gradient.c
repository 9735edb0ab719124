/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "train_i.h"

#include "core/flow.h"

/* Labels, and outputs unless z is NULL. */
static ec_status evaluate(uint32_t *label, double *z, const ec_arch *arch,
                          const ec_weights *weights, const ec_dataset *data, const ec_run *run,
                          ec_error *err)
{
    ec_status status = EC_OK;
    plan p = {.arch = NULL};
    engine e = {.p = NULL};
    float *parameters = NULL;

    EC_TRY(plan_init(&p, arch, run, err));
    EC_TRY(engine_init(&e, &p, data, 0, run, err));
    EC_NEW(parameters, p.n_parameters);
    plan_pack(parameters, &p, weights);
    EC_TRY(engine_classify(label, z, &e, parameters, data, run, err));
done:
    ec_free(parameters);
    engine_clear(&e);
    plan_clear(&p);
    return status;
}

ec_status ec_train_classify(uint32_t *label, const ec_arch *arch, const ec_weights *weights,
                            const ec_dataset *data, const ec_run *run, ec_error *err)
{
    return evaluate(label, NULL, arch, weights, data, run, err);
}

ec_status ec_train_outputs(double *z, const ec_arch *arch, const ec_weights *weights,
                           const ec_dataset *data, const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    uint32_t *label = NULL;

    EC_NEW(label, data->n);
    EC_TRY(evaluate(label, z, arch, weights, data, run, err));
done:
    ec_free(label);
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
    if (p.layerwise) {
        status = ec_fail(err, EC_EINVAL, "the gradient of this network is that of a batch");
        goto done;
    }
    EC_TRY(pass_new_f64(&pass, &p, err));
    EC_NEW(parameters, p.n_parameters);
    EC_NEW(sum, p.n_parameters);
    plan_pack_f64(parameters, &p, weights);
    pass_load_f64(pass, 0, values);
    pass_run_f64(pass, sum, parameters, &(pass_batch){1, &label, &v, NULL});
    if (!v.finite) {
        status = ec_fail(err, EC_ENUMERIC, "the loss is not finite");
        goto done;
    }
    *loss = v.loss;
    plan_unpack_f64(gradient, &p, sum);
done:
    ec_free(parameters);
    ec_free(sum);
    pass_free_f64(pass);
    plan_clear(&p);
    return status;
}

/* All samples into the lanes of w. */
static ec_status load_all(layerwise_f64 *w, const ec_arch *arch, const ec_dataset *data,
                          ec_error *err)
{
    ec_status status = EC_OK;
    double *values = NULL;

    EC_NEW(values, arch->n_sites + data->image[0] * data->image[1]);
    for (size_t s = 0; s < data->n; s++) {
        ec_data_sites(values, data, s, values + arch->n_sites);
        layerwise_load_f64(w, s, values);
    }
done:
    ec_free(values);
    return status;
}

/* Sum of the losses; EC_ENUMERIC where one is not finite. */
static ec_status sum_losses(double *sum, const verdict *v, size_t n, ec_error *err)
{
    *sum = 0;
    for (size_t s = 0; s < n; s++) {
        if (!v[s].finite)
            return ec_fail(err, EC_ENUMERIC, "the loss is not finite");
        *sum += v[s].loss;
    }
    return EC_OK;
}

ec_status ec_train_batch_gradient(ec_weights *gradient, double *loss, const ec_arch *arch,
                                  const ec_weights *weights, const ec_dataset *data, ec_loss of,
                                  ec_error *err)
{
    ec_status status = EC_OK;
    plan p = {.arch = NULL};
    ec_team *team = NULL;
    layerwise_f64 *w = NULL;
    double *parameters = NULL, *sum = NULL;
    verdict *v = NULL;

    EC_TRY(plan_init(&p, arch, NULL, err));
    if (of != EC_LOSS_DEFAULT)
        p.loss = of;
    p.layerwise = true; /* any network can be */
    EC_TRY(ec_team_new(&team, 1, err));
    EC_TRY(layerwise_new_f64(&w, &p, team, data->n, NULL, err));
    EC_TRY(load_all(w, arch, data, err));
    EC_NEW(parameters, p.n_parameters);
    EC_NEW(sum, p.n_parameters);
    EC_NEW(v, data->n);
    plan_pack_f64(parameters, &p, weights);
    layerwise_run_f64(w, sum, parameters, &(pass_batch){(unsigned)data->n, data->label, v, NULL});
    EC_TRY(sum_losses(loss, v, data->n, err));
    *loss /= (double)data->n;
    for (size_t i = 0; i < p.n_parameters; i++)
        sum[i] /= (double)data->n;
    plan_unpack_f64(gradient, &p, sum);
done:
    ec_free(parameters);
    ec_free(sum);
    ec_free(v);
    layerwise_free_f64(w);
    ec_team_free(team);
    plan_clear(&p);
    return status;
}
