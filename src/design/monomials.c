/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "design/monomials.h"

#include <string.h>

/* Rows that a product may have before it is reduced. */
#define MAX_ROWS ((size_t)1 << 21)

void ec_monomials_clear(ec_monomials *set)
{
    if (set == NULL)
        return;
    ec_free(set->exponent);
    *set = (ec_monomials){.n_variables = set->n_variables};
}

static ec_status reserve(ec_monomials *set, size_t rows, ec_error *err)
{
    size_t capacity = set->capacity > 0 ? set->capacity : 8;

    if (rows > MAX_ROWS)
        return ec_fail(err, EC_ELIMIT, "the formula passes through %zu terms, at most %zu are kept",
                       rows, MAX_ROWS);
    while (capacity < rows)
        capacity *= 2;
    if (capacity > set->capacity) {
        uint64_t *grown =
            ec_realloc(set->exponent, capacity, set->n_variables * sizeof *grown, err);
        if (grown == NULL)
            return EC_ENOMEM;
        set->exponent = grown;
        set->capacity = capacity;
    }
    return EC_OK;
}

static uint64_t *row_of(const ec_monomials *set, size_t i)
{
    return set->exponent + i * set->n_variables;
}

ec_status ec_monomials_add(ec_monomials *set, const uint64_t *row, ec_error *err)
{
    ec_status status = reserve(set, set->n + 1, err);

    if (status == EC_OK)
        memcpy(row_of(set, set->n++), row, set->n_variables * sizeof *row);
    return status;
}

ec_status ec_monomials_add_variable(ec_monomials *set, size_t variable, ec_error *err)
{
    ec_status status = reserve(set, set->n + 1, err);

    if (status == EC_OK) {
        uint64_t *row = row_of(set, set->n++);
        memset(row, 0, set->n_variables * sizeof *row);
        row[variable] = 1;
    }
    return status;
}

ec_status ec_monomials_unite(ec_monomials *set, const ec_monomials *from, ec_error *err)
{
    ec_status status = reserve(set, set->n + from->n, err);

    if (status == EC_OK && from->n > 0) {
        memcpy(row_of(set, set->n), from->exponent,
               from->n * set->n_variables * sizeof *set->exponent);
        set->n += from->n;
    }
    return status;
}

ec_status ec_monomials_multiply(ec_monomials *set, const ec_monomials *factor, uint64_t power,
                                ec_error *err)
{
    ec_status status = EC_OK;
    ec_monomials product = {.n_variables = set->n_variables};

    EC_TRY(reserve(&product, set->n * factor->n, err));
    for (size_t i = 0; i < set->n; i++) {
        for (size_t j = 0; j < factor->n; j++) {
            const uint64_t *x = row_of(set, i), *y = row_of(factor, j);
            uint64_t *z = row_of(&product, product.n++);
            for (size_t v = 0; v < set->n_variables; v++)
                z[v] = x[v] + power * y[v];
        }
    }
    ec_monomials_clear(set);
    *set = product;
    product = (ec_monomials){.n = 0};
done:
    ec_monomials_clear(&product);
    return status;
}

void ec_monomials_shift(ec_monomials *set, size_t variable)
{
    for (size_t i = 0; i < set->n; i++)
        row_of(set, i)[variable]++;
}
