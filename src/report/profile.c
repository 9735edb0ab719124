/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report_i.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

ec_label_range ec_range_over_labels(const ec_measured *values, size_t n)
{
    ec_label_range range = {.least = INFINITY, .most = -INFINITY};

    for (size_t y = 0; y < n; y++) {
        if (!values[y].known)
            continue;
        range.least = fmin(range.least, values[y].value);
        range.most = fmax(range.most, values[y].value);
        range.mean += values[y].value;
        range.n++;
    }
    if (range.n == 0)
        return (ec_label_range){NAN, NAN, NAN, 0};
    range.mean /= (double)range.n;
    return range;
}

/* -------------------------------------------------------------------- text */

static void nats_cell(ec_table *table, double nats)
{
    if (isnan(nats))
        ec_table_cell(table, "-");
    else
        ec_table_cell(table, nats < 1e-3 ? "%.1e" : "%.4f", nats);
}

void ec_fill_profile(ec_table *table, const ec_profile *profile)
{
    char text[EC_CELL], name[EC_PROFILE_NAME];

    ec_table_init(table, "<cut|>sites in A|>equal blocks|>S2, least|>S2, mean|>S2, largest|"
                         ">S, mean|>S, largest|>ln bound|>bound|<verdict");
    for (size_t i = 0; i < profile->n; i++) {
        const ec_profile_point *point = &profile->points[i];
        ec_label_range s2 = ec_range_over_labels(point->renyi2, profile->n_labels);
        ec_label_range s = ec_range_over_labels(point->von_neumann, profile->n_labels);

        ec_table_cell(table, "%s", ec_profile_name(name, point));
        ec_table_cell(table, "%s", ec_format_count(text, point->size_a));
        ec_table_cell(table, "%s",
                      point->kind == EC_PROFILE_BLOCK ? ec_format_count(text, point->equal) : "");
        nats_cell(table, s2.least);
        nats_cell(table, s2.mean);
        nats_cell(table, s2.most);
        nats_cell(table, s.mean);
        nats_cell(table, s.most);
        ec_table_cell(table, "%.4f", ec_nats_of(&point->bound));
        ec_table_cell(table, "%s", ec_format_int(text, &point->bound));
        ec_table_cell(table, "%s", "");
        if (point->violation[0] != '\0')
            ec_table_label(table, "violated");
    }
}

/* the first reason of the cut, or NULL if all labels have the number */
static const char *why_absent(const ec_measured *values, size_t n)
{
    for (size_t y = 0; y < n; y++)
        if (!values[y].known)
            return values[y].why;
    return NULL;
}

/* How many cuts lack a number, and why the first one does. */
static void put_absent(ec_text *out, const ec_profile *profile, const char *what, bool renyi2)
{
    const char *first_why = NULL;
    char name[EC_PROFILE_NAME] = "";
    size_t n = 0;

    for (size_t i = 0; i < profile->n; i++) {
        const ec_profile_point *point = &profile->points[i];
        const char *why =
            why_absent(renyi2 ? point->renyi2 : point->von_neumann, profile->n_labels);

        if (why != NULL && n++ == 0) {
            first_why = why;
            ec_profile_name(name, point);
        }
    }
    if (n > 0)
        ec_text_printf(out, "%s not computed for %zu of %zu cuts; %s: %s\n", what, n, profile->n,
                       name, first_why);
}

/* Cuts that need not be measured; not one block of a level for all, which a column says. */
static void put_measured_count(ec_text *out, const ec_profile *profile)
{
    size_t n = 0;

    for (size_t i = 0; i < profile->n; i++)
        n += profile->points[i].same_as == i;
    if (n < profile->n)
        ec_text_printf(out,
                       "%zu of %zu cuts were measured: shared weights make the others equal, "
                       "the last columns to the first, rows to columns\n",
                       n, profile->n);
}

void ec_put_profile_notes(ec_text *out, const ec_profile *profile)
{
    char name[EC_PROFILE_NAME];

    for (size_t i = 0; i < profile->n; i++)
        if (profile->points[i].violation[0] != '\0')
            ec_text_printf(out, "%s: %s\n", ec_profile_name(name, &profile->points[i]),
                           profile->points[i].violation);
    put_measured_count(out, profile);
    put_absent(out, profile, "S2", true);
    put_absent(out, profile, "S", false);
}

ec_status ec_report_profile_text(ec_text *out, const ec_profile *profile, bool color, ec_error *err)
{
    ec_table table = {0};

    ec_text_puts(out, "\nentanglement profile: nats over the labels, S2 <= S <= ln bound\n");
    ec_fill_profile(&table, profile);
    ec_table_text(out, &table, color);
    ec_table_clear(&table);
    ec_text_puts(out, "\nmeasured: S2, S; proved: bound\n"
                      "equal blocks: so many have the same entropies, one is measured\n");
    ec_text_printf(out, "%s\n", ec_basis_note(profile->basis));
    ec_put_profile_notes(out, profile);
    ec_text_puts(out, profile->holds ? "The bound holds for every label and cut.\n"
                                     : "The chain does NOT hold: a bug in the input or in "
                                       "entcap.\n");
    return ec_text_check(out, err);
}

/* --------------------------------------------------------------------- CSV */

/* empty where there is no number */
static void put_field(ec_text *out, const ec_measured *m)
{
    if (m->known)
        ec_text_printf(out, ",%.17g", m->value);
    else
        ec_text_puts(out, ",");
}

ec_status ec_report_profile_csv(ec_text *out, const ec_profile *profile, ec_error *err)
{
    char name[EC_PROFILE_NAME];

    ec_text_puts(out, "cut,level,position,equal,sites_in_a,label,renyi2,von_neumann,ln_bound\n");
    for (size_t i = 0; i < profile->n; i++) {
        const ec_profile_point *point = &profile->points[i];

        for (uint32_t y = 0; y < profile->n_labels; y++) {
            ec_text_printf(out, "%s,%zu,%zu,%zu,%zu,%" PRIu32, ec_profile_name(name, point),
                           point->level, point->position, point->equal, point->size_a, y);
            put_field(out, &point->renyi2[y]);
            put_field(out, &point->von_neumann[y]);
            ec_text_printf(out, ",%.17g\n", ec_nats_of(&point->bound));
        }
    }
    return ec_text_check(out, err);
}

/* -------------------------------------------------------------------- JSON */

/* One number per label, null where it is absent, and then the first reason beside it. */
static void put_labels(ec_json *json, const char *key, const ec_measured *values, size_t n)
{
    const char *why = why_absent(values, n);
    char name[32];

    ec_json_open(json, key, EC_JSON_ARRAY_LINE);
    for (size_t y = 0; y < n; y++)
        ec_json_real(json, NULL, values[y].known ? values[y].value : NAN);
    ec_json_close(json);
    snprintf(name, sizeof name, "%s_why", key);
    if (why != NULL)
        ec_json_string(json, name, why);
}

void ec_report_profile_json(ec_json *json, const char *key, const ec_profile *profile)
{
    char name[EC_PROFILE_NAME];

    ec_json_open(json, key, EC_JSON_OBJECT);
    ec_json_bool(json, "holds", profile->holds);
    ec_json_open(json, "cuts", EC_JSON_ARRAY);
    for (size_t i = 0; i < profile->n; i++) {
        const ec_profile_point *point = &profile->points[i];

        ec_json_open(json, NULL, EC_JSON_OBJECT);
        ec_json_string(json, "cut", ec_profile_name(name, point));
        ec_json_uint(json, "level", point->level);
        ec_json_uint(json, "position", point->position);
        ec_json_uint(json, "equal", point->equal);
        ec_json_uint(json, "sites_in_a", point->size_a);
        ec_json_rank(json, "bound", &point->bound);
        ec_json_real(json, "ln_bound", ec_nats_of(&point->bound));
        put_labels(json, "renyi2", point->renyi2, profile->n_labels);
        put_labels(json, "von_neumann", point->von_neumann, profile->n_labels);
        if (point->violation[0] != '\0')
            ec_json_string(json, "violation", point->violation);
        ec_json_close(json);
    }
    ec_json_close(json);
    ec_json_close(json);
}
