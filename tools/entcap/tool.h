/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_TOOL_H
#define ENTCAP_TOOL_H

/**
 * The command line: what all verbs share. A verb is one row of tool_verbs (verbs.c) and one
 * function in cmd_<verb>.c. The function describes itself with one tool_usage and one table of
 * options over its own variables; parsing and help both read that table, and the defaults that the
 * help prints are read from the variables.
 *
 *     int cmd_bound(tool *t)
 *     {
 *         bool exact = false;
 *         const tool_option options[] = {
 *             {"exact", 0, TOOL_FLAG, &exact, NULL, "generic rank, too", {0}},
 *             {0},
 *         };
 *         int code = tool_parse(t, &usage, options);
 *         if (code != TOOL_GO_ON)
 *             return code;
 *         ...
 *         return tool_fail(t, file, &err);     or  tool_print(t, &text)
 *     }
 *
 * Only this folder prints and exits. Results go to stdout, everything else to stderr.
 */

#include <stdio.h>

#include "entcap.h"

/** Exit codes of every verb. */
enum {
    TOOL_GO_ON = -1, /* not an exit code: nothing went wrong so far */
    TOOL_YES = 0,    /* done, and the answer is yes or undecided */
    TOOL_NO = 1,     /* the answer is no */
    TOOL_USAGE = 2,
    TOOL_BAD_INPUT = 3,
    TOOL_LIMIT = 4,       /* a limit, or a numerical failure */
    TOOL_IO = 5,          /* files or memory */
    TOOL_INTERRUPT = 130, /* stopped by Ctrl-C, nothing half-written */
};

/** The values of an option that may be repeated; the verb releases `items` with ec_free. */
typedef struct tool_list {
    const char **items;
    size_t n;
} tool_list;

typedef struct tool tool;
struct tool_usage;
struct tool_option;
struct row_writer; /* rows.h */

/**
 * What --help does with a verb's tables: its usage, n_own rows of its own, and the rows up to n,
 * those of every verb. The variables behind the rows hold the defaults.
 */
typedef void tool_explain_fn(const tool *t, const struct tool_usage *usage,
                             const struct tool_option *rows, size_t n_own, size_t n);

typedef struct tool_verb {
    const char *name;
    int (*fn)(tool *t);
    const char *summary; /* one line of `entcap help` */
    const char *group;   /* heading under which it stands there; rows of a group are neighbours */
    const struct tool_verb *below; /* verbs of its own, "data entropy" and so on, or NULL */
} tool_verb;

/** All verbs; the last row has no name. */
extern const tool_verb tool_verbs[];
extern const tool_verb tool_data_verbs[]; /* below "data"; their names begin with it */

/**
 * Processes that share the work of a verb (entcap-mpi); in entcap there are none. All of them call
 * each function, in the same order.
 */
typedef struct tool_team {
    void *state;
    bool leads; /* this is the first process */
    /** As ec_arch_read; only the first process opens the file. */
    ec_status (*read)(void *state, ec_arch **out, const char *path, ec_error *err);
    /** As ec_sweep_run over all units by rows_emit; only the first process writes rows. */
    ec_status (*sweep)(void *state, const ec_sweep_input *input, struct row_writer *writer,
                       const ec_run *run, ec_error *err);
} tool_team;

/** One invocation. A verb reads it; the shared options below are filled by tool_parse. */
struct tool {
    const tool_verb *verb;
    const tool_team *team; /* NULL in entcap */
    int argc;              /* argv[0] is the verb */
    char **argv;

    bool json, quiet, timings;
    tool_list partitions, sets;
    uint64_t threads; /* as given; run.threads is what counts */
    ec_run run;       /* limits, seed, progress (on a terminal), Ctrl-C */

    const char **files; /* arguments that are no options */
    size_t n_files;

    tool_explain_fn *explain; /* private: NULL: help as text (explain.h) */

    const char *output;      /* private: the file that is stdout; NULL: the one given */
    size_t item, n_items;    /* work on several: the progress line says "[2/17]"; 0: on one */
    bool color;              /* stdout is a terminal, and NO_COLOR is not set */
    const char *phase;       /* private: tool_phase */
    double phase_start_s;    /* private */
    char progress_of[64];    /* private: the work in hand */
    double progress_start_s; /* private: when it began */
    double progress_last_s;  /* private: when it was last shown */
    bool progress_shown;     /* private: stands on the terminal now */
};

/* ----------------------------------------------------------------- options */

typedef enum tool_kind {
    TOOL_FLAG = 1, /* bool */
    TOOL_COUNT,    /* uint64_t, decimal, within min .. max */
    TOOL_BYTES,    /* uint64_t, with an optional suffix K, M, G, T (powers of 1024) */
    TOOL_REAL,     /* double, finite, within min .. max */
    TOOL_TEXT,     /* const char *, NULL if not given */
    TOOL_SPEC,     /* the same: where data are, well-formed */
    TOOL_LIST,     /* tool_list: one value each time the option is given */
    TOOL_CHOICE,   /* int: which word of `argument`, a list "auto|igraph|tree", from 0 */
} tool_kind;

typedef struct tool_option {
    const char *name; /* long name, without the dashes */
    char letter;      /* short name, or 0 */
    tool_kind kind;
    void *value;          /* variable of the kind above; holds the default */
    const char *argument; /* as the help calls it ("N"); NULL for a flag */
    const char *help;
    struct {
        double min, max; /* TOOL_COUNT, TOOL_REAL; both 0: any */
    } range;
} tool_option;

typedef struct tool_usage {
    const char *arguments; /* "FILE..." */
    size_t min_files, max_files;
    const char *about;    /* a few lines: what it does, what its exit code says */
    const char *examples; /* lines of the form "  entcap ...\n" */
} tool_usage;

/** --help for a verb that only has verbs below it: an exit code. */
int tool_explain(const tool *t, const tool_usage *usage);

/**
 * Parse t->argv by the verb's options (ended by a row without a name) and the shared ones.
 * Returns TOOL_GO_ON, or an exit code after help was printed or misuse was reported.
 */
int tool_parse(tool *t, const tool_usage *usage, const tool_option *options);

/* ------------------------------------------------------------------- input */

/** A description as the shared options leave it: --set applied, --partition resolved. */
typedef struct tool_input {
    const char *file;
    ec_arch *arch;
    ec_partitions partitions;
} tool_input;

/**
 * Read a description. Returns TOOL_GO_ON, or an exit code after the error was printed: TOOL_USAGE
 * for a --set or --partition that does not fit it. Clear *out in either case.
 */
int tool_read(tool *t, const char *file, tool_input *out);

/** The second half of tool_read, for verbs that read out->arch themselves. */
int tool_override(tool *t, tool_input *out);
void tool_input_clear(tool_input *input);

/** Bounds of all partitions of a description, for the verbs that need them. */
typedef struct tool_bounds {
    ec_bound *items; /* one per partition */
    size_t n;
} tool_bounds;

/** As tool_read: TOOL_GO_ON or an exit code; clear *out in either case. */
int tool_bound(tool *t, const tool_input *input, const ec_bound_options *options, tool_bounds *out);
void tool_bounds_clear(tool_bounds *bounds);

/** A rank to hold a partition against instead of its bound. */
typedef struct tool_claim {
    bool given;
    ec_int rank;
} tool_claim;

/** What to measure of a network with weights. */
typedef struct tool_measure_options {
    const char *weights;      /* file; NULL: random ones */
    int basis;                /* -1: features where the description has a feature map, else sites;
                                 else an ec_basis */
    const char *data;         /* SPEC of the pixels that stand for [0, 1] in basis features */
    uint64_t data_limit;      /* the first ones only; 0: all */
    uint64_t spectrum_limit;  /* largest cut for which a spectrum is computed */
    uint64_t rank_limit;      /* largest bound for which the exact rank is found; 0: default */
    uint64_t trials;          /* of it; 0: one */
    double max_seconds;       /* most for the ranks, and for the forward check; 0: default */
    bool profile;             /* the entanglement profile, too */
    uint64_t points;          /* most positions of a scan, most blocks of a level */
    const tool_claim *claims; /* one per partition, or NULL */
} tool_measure_options;

/** Read decimal digits, then, for bytes, one of K M G T (KiB and kB mean the same here). */
bool tool_count(uint64_t *out, const char *text, bool bytes);

/**
 * Read --budget: "params=N", "madds=N" or "memory=BYTES" (suffixes as in tool_count), which counts
 * 4 bytes a parameter. TOOL_GO_ON, or TOOL_USAGE after an error message.
 */
int tool_budget(const tool *t, const char *text, ec_quantity *cost, uint64_t *budget);

/** Measurements across all partitions of a description. */
typedef struct tool_states {
    ec_state *items; /* one per partition */
    size_t n;
    ec_profile profile; /* empty unless asked for */
} tool_states;

/**
 * As tool_read: TOOL_GO_ON or an exit code; clear *out in either case. Without bounds nothing but
 * the profile is measured.
 */
int tool_measure(tool *t, const tool_input *input, const tool_bounds *bounds,
                 const tool_measure_options *options, tool_states *out);
void tool_states_clear(tool_states *states);

/* ----------------------------------------------------------------- results */

/**
 * Write a text to stdout and return TOOL_YES; TOOL_IO with a message if memory ran out while it was
 * built or stdout cannot be written.
 */
int tool_print(const tool *t, const ec_text *text);

/**
 * Make stdout a file, emptied. Returns TOOL_GO_ON, or TOOL_IO after the error was printed. Of
 * several processes the first one does.
 */
int tool_write_to(tool *t, const char *path);

/** A verb's work on one file: TOOL_GO_ON, TOOL_NO, or the exit code of a failure. */
typedef int tool_file_fn(tool *t, const char *file, const void *options, ec_json *json);

/**
 * Call fn for each file. With --json its document is printed at the end, several as an array;
 * nothing is printed of it after a failure, which ends the loop. Returns the exit code: TOOL_NO if
 * any file's answer was no.
 */
int tool_each_file(tool *t, tool_file_fn *fn, const void *options);

/** After printing directly: TOOL_YES, or TOOL_IO with a message if stdout could not be written. */
int tool_flush(const tool *t);

/* ------------------------------------------------------------------- misuse */

/** "entcap VERB: error: ..." with a pointer to the help; returns TOOL_USAGE. */
int tool_misuse(const tool *t, const char *fmt, ...) EC_PRINTF(2, 3);

/** "entcap VERB: warning: ..." unless --quiet. */
void tool_warn(const tool *t, const char *fmt, ...) EC_PRINTF(2, 3);

/**
 * "FILE:LINE:COL: error: ...", source line and caret, for a failed call; `file` (or NULL) is named
 * where the error names none. Returns the exit code for err->status: the only place that maps them.
 */
int tool_fail(const tool *t, const char *file, const ec_error *err);

/* ----------------------------------------------------------------- progress */

/** A new phase begins (NULL: the last one ends); --timings prints how long each took. */
void tool_phase(tool *t, const char *phase);

/** A line to stderr unless --quiet, instead of the progress line that may stand there. */
void tool_say(const tool *t, const char *fmt, ...) EC_PRINTF(2, 3);

/** Set up t->run for this process: limits, progress on a terminal, Ctrl-C. */
void tool_start(tool *t);

/** For verbs that save what they have: the first SIGTERM asks to stop, as the first Ctrl-C does. */
void tool_heed_sigterm(void);

/** Was there a Ctrl-C? Long calls learn it from t->run; for loops over what they emit. */
bool tool_interrupted(void);

/** Write `text` with '?' for whatever is not printable, so that a name cannot act. */
void tool_put_safe(FILE *stream, const char *text);

/* -------------------------------------------------------------------- verbs */

int cmd_bound(tool *t);
int cmd_check(tool *t);
int cmd_explain(tool *t);
int cmd_data(tool *t); /* `entcap data entropy ...`: the rest of its rows is in cmd_data.c */
int cmd_data_entropy(tool *t);
int cmd_data_rearrange(tool *t);
int cmd_data_fit(tool *t);
int cmd_design(tool *t);
int cmd_formula(tool *t);
int cmd_train(tool *t);
int cmd_predict(tool *t);
int cmd_sweep(tool *t);
int cmd_verify(tool *t);
int cmd_report(tool *t);
int cmd_draw(tool *t);
int cmd_help(tool *t);

/** The row of a verb; NULL after an error message with the nearest verb. */
const tool_verb *tool_find_verb(const char *name);

/** Carry out a verb; argv[0] is its name. Returns the exit code. */
int tool_run(tool *t, const tool_verb *verb, int argc, char **argv);

#endif
