/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_CHECK_H
#define ENTCAP_CHECK_H

/**
 * check: what is wrong with a description, before anything is trained. Verdicts on its
 * requirements; findings on its widths, windows and partitions, each with a code, a severity, its
 * place in the file, what is wrong and what to do, and what kind of statement that is. A finding
 * that is proved holds for all weights; nothing else says so.
 */

#include "entcap/design.h"
#include "entcap/io.h"

/* ---------------------------------------------------------------- verdicts */

/** What a bound says of a requirement. */
typedef enum ec_verdict {
    EC_VERDICT_FAILED,    /* the upper bound is below it: no weights can meet it */
    EC_VERDICT_UNDECIDED, /* neither is proved */
    EC_VERDICT_MET        /* a proved lower bound of the generic rank reaches it */
} ec_verdict;

const char *ec_verdict_text(ec_verdict verdict); /* "failed", "undecided", "met" */

/**
 * Hold a requirement (rank >= min_rank, or log2 rank >= min_log2) against the bounds of its
 * partition. Exact: a bound within 1 of min_log2 is compared as an integer with 2^min_log2 where
 * that is whole. Met by the power bound or by a computed generic rank; a rank of 1, by every
 * network.
 */
ec_verdict ec_check_verdict(const ec_requirement *requirement, const ec_bound *bound);

/* ------------------------------------------------------------------- rules */

typedef enum ec_severity {
    EC_SEVERITY_OFF, /* not looked for */
    EC_SEVERITY_NOTE,
    EC_SEVERITY_WARNING,
    EC_SEVERITY_ERROR
} ec_severity;

const char *ec_severity_text(ec_severity severity); /* "off", "note", "warning", "error" */

/** What there is to find; the code of rule k is "EC" and k in three digits. */
typedef enum ec_rule_code {
    EC_RULE_UNREADABLE,            /* EC000: the description is not read at all */
    EC_RULE_REQUIREMENT_FAILED,    /* EC001: the bound is below a requirement */
    EC_RULE_REQUIREMENT_HOPELESS,  /* EC002: no widths reach a requirement */
    EC_RULE_REQUIREMENT_UNDECIDED, /* EC003: the bound reaches it, and no lower bound does */
    EC_RULE_REQUIREMENT_TRIVIAL,   /* EC004: every network meets it */
    EC_RULE_REQUIREMENT_REPEATED,  /* EC005: another requirement of the same partition */
    EC_RULE_WIDTH_UNFILLABLE,      /* EC006: wider than all below can fill */
    EC_RULE_WIDTH_IDLE,            /* EC007: channels that no bound across the partitions needs */
    EC_RULE_WIDTHS_IDLE,           /* EC008: the same of several layers together */
    EC_RULE_WIDTH_STARVED,         /* EC009: so narrow that others are wasted */
    EC_RULE_WIDTH_ONE,             /* EC010: one channel: no entanglement above it */
    EC_RULE_CONVS_ADJACENT,        /* EC011: two convs that are one matrix */
    EC_RULE_WINDOW_ONE,            /* EC012: a pool that does nothing */
    EC_RULE_WINDOW_SPLIT,          /* EC013: a partition runs through children of a window */
    EC_RULE_PARTITION_REPEATED,    /* EC014: the same sides under another name */
    EC_RULE_SHARING_LOWERS,        /* EC015: shared weights lower a bound below its min cut */
    EC_RULE_BOUND_MISSED,          /* EC016: no weights attain the bound, probably */
    EC_RULE_CUT_UNCERTIFIED,       /* EC017: a cut that is not proved minimal */
    EC_RULE_NOT_EXAMINED,          /* EC018: out of reach, so that findings may be missing */
    EC_N_RULES
} ec_rule_code;

typedef struct ec_check_rule {
    const char *code;     /* "EC001" */
    const char *name;     /* "requirement-failed" */
    ec_severity severity; /* unless options say otherwise */
    const char *summary;  /* one sentence */
    const char *text;     /* what, why (with the formula), example, remedy: lines of plain text */
} ec_check_rule;

/** Rule k < EC_N_RULES; NULL past the last. */
const ec_check_rule *ec_check_rule_at(size_t k);

/** The rule of a code or a name, in any case; EC_N_RULES if there is none. */
size_t ec_check_find_rule(const char *word);

/* ---------------------------------------------------------------- findings */

/** What kind of statement a finding is. */
typedef enum ec_certainty {
    EC_CERTAINTY_PROVED,    /* for all weights */
    EC_CERTAINTY_PROBABLE,  /* with an error probability, which the message has */
    EC_CERTAINTY_ESTIMATE,  /* something smaller, or cheaper, may do as well */
    EC_CERTAINTY_UNDECIDED, /* not known */
} ec_certainty;

const char *ec_certainty_text(ec_certainty certainty); /* "proved", "probable", ... */

typedef struct ec_finding {
    ec_rule_code rule;
    ec_severity severity; /* never off */
    ec_certainty certainty;
    ec_place place; /* line 0: the description as a whole */
    char *message;  /* what is wrong, one line */
    char *remedy;   /* what to do, one line */
} ec_finding;

/** What is to be looked for, and how hard; EC_CHECK_OPTIONS_INIT gives the defaults. */
typedef struct ec_check_options {
    ec_bound_options bound; /* with `exact`, for lower bounds */
    size_t max_exact;       /* partitions of which the generic rank is found, with the first ones;
                               those that requirements name come on top */
    size_t max_search;      /* terms of formulas that the search for the fewest parameters visits */
    double max_work;        /* pins that the cuts of a network may visit (EC007 to EC009) */
    int severity[EC_N_RULES]; /* -1: the rule's own, else an ec_severity */
} ec_check_options;

void ec_check_options_init(ec_check_options *options);

/** A requirement as it was judged. */
typedef struct ec_judged {
    size_t partition; /* of ec_check.partitions */
    ec_verdict verdict;
    ec_place place;
    bool by_rank; /* min_rank was asked for, else min_log2 */
    ec_int min_rank;
    double min_log2;
} ec_judged;

/** All that is found of one description. */
typedef struct ec_check {
    char *name;           /* of the description; NULL if it was not read */
    ec_finding *findings; /* by place, then by code */
    size_t n_findings;
    ec_judged *requirements; /* in the order of the description */
    size_t n_requirements;
    ec_partitions partitions; /* those given, then those that only requirements name */
    size_t n_given;
    ec_bound *bounds; /* one per partition */
} ec_check;

/**
 * Check a description across the partitions given (and those that its requirements name).
 *
 * Widths are judged by the bound of every partition, the smaller of min cut and shared bound: of a
 * ConvAC by its formula (design.h), exactly and for every width; of a network, or where a formula
 * has too many terms, by new cuts, as long as options->max_work allows, else EC018 says so.
 *
 * Cost:   the bounds; for the widths O(layers log2(width)) evaluations of formulas or cuts, and
 *         one search for the fewest parameters.
 * Owns:   *out, to be cleared, also after an error.
 * Errors: EC_ELIMIT, EC_ENOMEM, EC_ECANCEL, EC_EIO, EC_ENUMERIC as of the bounds
 */
EC_NODISCARD ec_status ec_check_arch(ec_check *out, const ec_arch *arch, const ec_partitions *given,
                                     const ec_check_options *options, const ec_run *run,
                                     ec_error *err);

/** The one finding of a description that is not read: EC000 with the error's place and text. */
EC_NODISCARD ec_status ec_check_unreadable(ec_check *out, const ec_error *report, ec_error *err);

void ec_check_clear(ec_check *check);

/** How many findings are of this severity. */
size_t ec_check_count(const ec_check *check, ec_severity severity);

/* ----------------------------------------------------------------- formats */

/** One file as it was checked. All borrowed. */
typedef struct ec_checked_file {
    const char *file; /* as given; "<stdin>" for standard input */
    const char *text; /* its bytes, for the source lines; may be NULL */
    size_t size;
    const ec_check *check;
} ec_checked_file;

/**
 * "FILE:LINE:COL: warning: what (proved) [EC006]", the source line and a caret, "help: what to do";
 * at the end a line that counts. Control characters become '?'.
 */
void ec_check_print_text(ec_text *out, const ec_checked_file *file, bool color);

/** Workflow commands "::warning file=...,line=...::what", escaped. */
void ec_check_print_github(ec_text *out, const ec_checked_file *file);

/**
 * The document of one file: file, name, requirements (partition, min_rank or min_log2, verdict,
 * bound, line, column), findings (code, name, severity, statement, line, column, message, remedy),
 * errors, warnings, notes. Line and column are null where a finding has no place.
 */
void ec_check_print_json(ec_json *json, const ec_checked_file *file);

/** Its member "findings" alone. */
void ec_check_print_findings(ec_json *json, const ec_check *check);

/** One SARIF 2.1.0 log for n files; `success`: every one of them was read and checked. */
void ec_check_print_sarif(ec_json *json, const ec_checked_file *files, size_t n, bool success);

#endif
