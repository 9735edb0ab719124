/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The check as a whole: bounds, rules, order. */
#include "check/check_i.h"

#include "core/flow.h"

#include <stdlib.h>
#include <string.h>

enum { DECIMAL_DIGITS = 15, DEFAULT_EXACT = 16, DEFAULT_SEARCH = 400000 };

#define DEFAULT_WORK 3e6

/* -------------------------------------------------------------------- writing */

void ec_put_rank(ec_text *out, const ec_int *rank)
{
    double log2 = ec_int_cmp_u64(rank, 1) >= 0 ? ec_int_log2(rank) : 0;
    ec_int power = {0};

    if (ec_int_fits_u64(rank) && log2 < DECIMAL_DIGITS * 3.3) {
        ec_text_printf(out, "%llu", (unsigned long long)ec_int_get_u64(rank));
        return;
    }
    ec_int_pow_u64(&power, 2, (uint64_t)(log2 + 0.5));
    if (ec_int_cmp(&power, rank) == 0)
        ec_text_printf(out, "2^%.0f", log2);
    else
        ec_text_printf(out, "about 2^%.2f", log2);
    ec_int_clear(&power);
}

/* That a file cannot be read is no statement about a network. */
void ec_put_message(ec_text *out, const ec_finding *finding)
{
    ec_text_puts(out, finding->message);
    if (finding->rule != EC_RULE_UNREADABLE)
        ec_text_printf(out, " (%s)", ec_certainty_text(finding->certainty));
}

void ec_put_saving(ec_text *out, const ec_int *fewer, const ec_int *more)
{
    ec_int gone = {0};

    ec_int_sub(&gone, more, fewer);
    ec_put_rank(out, &gone);
    ec_text_puts(out, " of ");
    ec_put_rank(out, more);
    ec_text_puts(out, " parameters");
    ec_int_clear(&gone);
}

/* ----------------------------------------------------------------- collecting */

static ec_severity severity_of(const ec_finder *f, ec_rule_code rule)
{
    int chosen = f->options->severity[rule];

    return chosen >= 0 ? (ec_severity)chosen : ec_check_rule_at(rule)->severity;
}

bool ec_finder_wants(const ec_finder *f, ec_rule_code rule)
{
    return severity_of(f, rule) != EC_SEVERITY_OFF;
}

ec_status ec_finder_limit(ec_finder *f, ec_status status, const ec_error *report, ec_error *err)
{
    if (status == EC_ELIMIT) {
        f->gauge = NULL;
        f->unexamined = *report;
        return EC_OK;
    }
    if (status != EC_OK && err != NULL && err->status == EC_OK)
        *err = *report;
    return status;
}

/* The string of a text, which is empty then. */
static ec_status take(char **out, ec_text *text, ec_error *err)
{
    ec_status status = ec_text_check(text, err);

    if (status == EC_OK) {
        *out = ec_strdup(ec_text_get(text), err);
        status = *out != NULL ? EC_OK : EC_ENOMEM;
    }
    ec_text_clear(text);
    return status;
}

static ec_status add(ec_check *check, size_t *room, const ec_finding *finding, ec_error *err)
{
    if (check->n_findings == *room) {
        size_t more = *room == 0 ? 8 : 2 * *room;
        ec_finding *items = ec_realloc(check->findings, more, sizeof *items, err);

        if (items == NULL)
            return EC_ENOMEM;
        check->findings = items;
        *room = more;
    }
    check->findings[check->n_findings++] = *finding;
    return EC_OK;
}

ec_status ec_finder_add(ec_finder *f, ec_rule_code rule, ec_certainty certainty, ec_place place,
                        ec_error *err)
{
    ec_status status = EC_OK;
    ec_finding finding = {
        .rule = rule, .severity = severity_of(f, rule), .certainty = certainty, .place = place};

    EC_TRY(take(&finding.message, &f->message, err));
    EC_TRY(take(&finding.remedy, &f->remedy, err));
    if (finding.severity == EC_SEVERITY_OFF)
        goto done;
    EC_TRY(add(f->out, &f->room, &finding, err));
    return EC_OK;
done:
    ec_free(finding.message);
    ec_free(finding.remedy);
    return status;
}

/* By place, then by code, then as found, for which the messages stand. */
static int by_place(const void *x, const void *y)
{
    const ec_finding *a = x, *b = y;

    if (a->place.line != b->place.line)
        return a->place.line - b->place.line;
    if (a->place.col != b->place.col)
        return a->place.col - b->place.col;
    if (a->rule != b->rule)
        return (int)a->rule - (int)b->rule;
    return strcmp(a->message, b->message);
}

/* --------------------------------------------------------------------- bounds */

/* Is partition i of the list that of this name? Listed names are unique. */
static size_t find_partition(const ec_partitions *list, const char *name)
{
    size_t i = 0;

    while (i < list->n && strcmp(list->items[i].name, name) != 0)
        i++;
    return i;
}

static ec_status append(ec_partitions *list, const ec_partition *from, ec_error *err)
{
    ec_status status = EC_OK;
    ec_partition *own = &list->items[list->n];

    *own = (ec_partition){.place = from->place};
    EC_TRY(ec_sites_copy(&own->a, &from->a, err));
    own->name = ec_strdup(from->name, err);
    status = own->name != NULL ? EC_OK : EC_ENOMEM;
done:
    if (status != EC_OK)
        ec_partition_clear(own);
    else
        list->n++;
    return status;
}

/* The partitions given, then those that only requirements name. */
static ec_status gather_partitions(ec_check *out, const ec_arch *arch, const ec_partitions *given,
                                   ec_error *err)
{
    ec_status status = EC_OK;
    ec_partition named = {.name = NULL};

    EC_NEW(out->partitions.items, given->n + arch->n_requirements);
    EC_NEW(out->requirements, arch->n_requirements);
    out->n_requirements = arch->n_requirements;
    for (size_t i = 0; i < given->n; i++)
        EC_TRY(append(&out->partitions, &given->items[i], err));
    out->n_given = given->n;
    for (size_t k = 0; k < arch->n_requirements; k++) {
        const char *name = arch->requirements[k].partition;

        out->requirements[k].partition = find_partition(&out->partitions, name);
        if (out->requirements[k].partition < out->partitions.n)
            continue;
        EC_TRY(ec_arch_partition(&named, arch, name, err));
        EC_TRY(append(&out->partitions, &named, err));
        ec_partition_clear(&named);
    }
done:
    ec_partition_clear(&named);
    return status;
}

static bool required(const ec_check *check, size_t partition)
{
    for (size_t k = 0; k < check->n_requirements; k++)
        if (check->requirements[k].partition == partition)
            return true;
    return false;
}

static void judge(ec_judged *judged, const ec_requirement *requirement, const ec_bound *bounds)
{
    judged->verdict = ec_check_verdict(requirement, &bounds[judged->partition]);
    judged->place = requirement->place;
    judged->by_rank = requirement->by_rank;
    judged->min_log2 = requirement->min_log2;
    ec_int_set(&judged->min_rank, &requirement->min_rank);
}

static ec_status compute_bounds(ec_finder *f, ec_error *err)
{
    ec_status status = EC_OK;
    ec_check *out = f->out;
    ec_bound_options options = f->options->bound;
    ec_network *network = NULL; /* lowered once for all partitions */

    EC_NEW(out->bounds, out->partitions.n);
    if (ec_arch_is_network(f->arch)) {
        EC_TRY(ec_bound_reserve_flow(f->arch, f->run, err));
        EC_TRY(ec_network_from_arch(&network, f->arch, f->run, err));
        options.network = network;
    }
    for (size_t i = 0; i < out->partitions.n; i++) {
        options.exact = f->options->bound.exact && (i < f->options->max_exact || required(out, i));
        EC_TRY(ec_bound_compute(&out->bounds[i], f->arch, &out->partitions.items[i].a, &options,
                                f->run, err));
    }
    for (size_t k = 0; k < out->n_requirements; k++)
        judge(&out->requirements[k], &f->arch->requirements[k], out->bounds);
done:
    ec_network_free(network);
    return status;
}

/* ---------------------------------------------------------------------- whole */

void ec_check_options_init(ec_check_options *options)
{
    *options = (ec_check_options){.bound = EC_BOUND_OPTIONS_INIT,
                                  .max_exact = DEFAULT_EXACT,
                                  .max_search = DEFAULT_SEARCH,
                                  .max_work = DEFAULT_WORK};
    options->bound.exact = true;
    options->bound.exact_seconds = 2;
    memset(options->severity, -1, sizeof options->severity);
}

/* What other widths would do; out of reach is a finding, not a failure. */
static ec_status make_gauge(ec_gauge *gauge, ec_finder *f, ec_error *err)
{
    ec_error report = {.status = EC_OK};
    ec_status status = ec_gauge_init(gauge, f->arch, &f->out->partitions, f->out->bounds,
                                     f->options->max_work, f->run, &report);

    if (status == EC_OK)
        f->gauge = gauge;
    return ec_finder_limit(f, status, &report, err);
}

ec_status ec_check_arch(ec_check *out, const ec_arch *arch, const ec_partitions *given,
                        const ec_check_options *options, const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    ec_finder f = {.out = out, .arch = arch, .options = options, .run = run};
    ec_gauge gauge = {.n = 0};

    *out = (ec_check){.n_findings = 0};
    out->name = ec_strdup(arch->name, err);
    if (out->name == NULL)
        return EC_ENOMEM;
    EC_TRY(gather_partitions(out, arch, given, err));
    EC_TRY(compute_bounds(&f, err));
    EC_TRY(make_gauge(&gauge, &f, err));
    EC_TRY(ec_find_widths(&f, err)); /* may find that the gauge is out of reach */
    EC_TRY(ec_find_requirements(&f, err));
    EC_TRY(ec_find_layers(&f, err));
    EC_TRY(ec_find_partitions(&f, err));
    EC_TRY(ec_find_bounds(&f, err));
    if (out->n_findings > 0)
        qsort(out->findings, out->n_findings, sizeof *out->findings, by_place);
done:
    ec_gauge_clear(&gauge);
    ec_text_clear(&f.message);
    ec_text_clear(&f.remedy);
    return status;
}

ec_status ec_check_unreadable(ec_check *out, const ec_error *report, ec_error *err)
{
    ec_status status = EC_OK;
    size_t room = 0;
    ec_finding finding = {.rule = EC_RULE_UNREADABLE,
                          .severity = EC_SEVERITY_ERROR,
                          .certainty = EC_CERTAINTY_PROVED,
                          .place = {report->line, report->col}};

    *out = (ec_check){.n_findings = 0};
    finding.message =
        ec_strdup(report->msg[0] != '\0' ? report->msg : ec_status_text(report->status), err);
    finding.remedy = ec_strdup("", err);
    status = finding.message != NULL && finding.remedy != NULL ? EC_OK : EC_ENOMEM;
    EC_TRY(status);
    EC_TRY(add(out, &room, &finding, err));
    return EC_OK;
done:
    ec_free(finding.message);
    ec_free(finding.remedy);
    return status;
}

void ec_check_clear(ec_check *check)
{
    if (check == NULL)
        return;
    for (size_t i = 0; i < check->n_findings; i++) {
        ec_free(check->findings[i].message);
        ec_free(check->findings[i].remedy);
    }
    for (size_t i = 0; check->bounds != NULL && i < check->partitions.n; i++)
        ec_bound_clear(&check->bounds[i]);
    ec_free(check->findings);
    for (size_t k = 0; check->requirements != NULL && k < check->n_requirements; k++)
        ec_int_clear(&check->requirements[k].min_rank);
    ec_free(check->requirements);
    ec_free(check->bounds);
    ec_free(check->name);
    ec_partitions_clear(&check->partitions);
    *check = (ec_check){.n_findings = 0};
}

size_t ec_check_count(const ec_check *check, ec_severity severity)
{
    size_t n = 0;

    for (size_t i = 0; i < check->n_findings; i++)
        n += check->findings[i].severity == severity;
    return n;
}
