/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_CORE_H
#define ENTCAP_CORE_H

/**
 * core: what every other module stands on. Status and errors, memory, exact
 * integers, random numbers, sets of sites, and how a long call may run.
 *
 * Conventions of the whole library
 *  - A call that can fail returns ec_status and takes `ec_error *err` last; err may be NULL.
 *    The first report wins: upper layers pass it on untouched.
 *  - Outputs come first. An object filled through `*out` is the caller's and is safe to clear
 *    or free even after a failure; clear and free accept zeroed objects and NULL.
 *  - A returned pointer is borrowed: it lives as long as its parent.
 *  - The library never prints, exits or aborts. Several threads may call it as long as they do
 *    not share mutable objects.
 */

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EC_VERSION "0.1.0"

#if defined(__GNUC__)
#define EC_NODISCARD         __attribute__((warn_unused_result))
#define EC_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define EC_NODISCARD
#define EC_PRINTF(fmt, args)
#endif

/* ------------------------------------------------------------------ errors */

typedef enum ec_status {
    EC_OK = 0,
    EC_ENOMEM,   /* an allocation failed */
    EC_EIO,      /* a file could not be read or written */
    EC_EPARSE,   /* a file is malformed; file, line and col say where */
    EC_EINVAL,   /* an argument is outside its documented domain */
    EC_ENUMERIC, /* an iteration did not converge, or met NaN */
    EC_ELIMIT,   /* out of reach within the given limits; the message has the estimate */
    EC_ECANCEL,  /* the caller's progress function asked to stop */
} ec_status;

/** What went wrong, and where. Fixed size, so that reporting never allocates. */
typedef struct ec_error {
    ec_status status;
    int line, col;    /* 1-based place in `file`; 0: no place in a file */
    int caret;        /* 0-based byte column of the place within `source` */
    char file[256];   /* name of the file, or "" */
    char source[256]; /* the source line (or the part around the place), or "" */
    char msg[512];    /* one line, lower case, no full stop: what, and what would be right */
} ec_error;

/** One word for a status ("ok", "out of memory", ...); never NULL. */
const char *ec_status_text(ec_status status);

/**
 * Report a failure and return its status, in one line: `return ec_fail(err, EC_EINVAL, "...", x);`
 * Writes only into an empty report (err->status == EC_OK): the first report wins. err may be NULL.
 */
ec_status ec_fail(ec_error *err, ec_status status, const char *fmt, ...) EC_PRINTF(3, 4);

/** As ec_fail, for a fault of a file: `file` goes into err->file, its tail if it is too long. */
ec_status ec_fail_file(ec_error *err, ec_status status, const char *file, const char *fmt, ...)
    EC_PRINTF(4, 5);

/** As ec_fail, with the arguments in a va_list. */
ec_status ec_vfail(ec_error *err, ec_status status, const char *fmt, va_list args) EC_PRINTF(3, 0);

/* ------------------------------------------------------------------ memory */

/**
 * Zeroed memory for n objects of `size` bytes; NULL only on failure, which is reported as
 * EC_ENOMEM (an overflowing product included). n = 0 gives a unique pointer.
 */
void *ec_calloc(size_t n, size_t size, ec_error *err);

/**
 * Resize `p` (from ec_calloc, or NULL) to n objects; the added bytes are not zeroed.
 * On failure returns NULL, reports EC_ENOMEM, and p stays valid.
 */
void *ec_realloc(void *p, size_t n, size_t size, ec_error *err);

/** Copy of a string; NULL after a reported EC_ENOMEM. */
char *ec_strdup(const char *s, ec_error *err);

/** Release memory of ec_calloc, ec_realloc, ec_strdup; NULL is fine. */
void ec_free(void *p);

/**
 * For tests: let the next `allowed` allocations of ec_calloc/ec_realloc/ec_strdup succeed and every
 * later one fail; a negative count lifts the limit. Process-wide; not for concurrent use.
 */
void ec_memory_allow(long allowed);

/** For tests: number of live blocks handed out and not yet freed (process-wide). */
long ec_memory_live(void);

/* ------------------------------------------------------------------- text */

/**
 * A string under construction. Appending never fails visibly: the first failure is kept, later
 * calls do nothing, and ec_text_check reports it once at the end. Zero-initialised objects are
 * empty texts; clear them with ec_text_clear.
 */
typedef struct ec_text {
    char *bytes;      /* size bytes and a final '\0'; NULL while nothing was appended */
    size_t size;      /* without the '\0' */
    size_t allocated; /* private */
    ec_status status; /* private */
} ec_text;

void ec_text_clear(ec_text *text);
void ec_text_add(ec_text *text, const char *bytes, size_t n); /* n bytes; NULL for none */
void ec_text_puts(ec_text *text, const char *s);              /* a string */
void ec_text_printf(ec_text *text, const char *fmt, ...) EC_PRINTF(2, 3); /* formatted */
void ec_text_repeat(ec_text *text, const char *s, size_t n);              /* s, n times */
void ec_text_xml(ec_text *text, const char *s); /* with entities; control characters replaced */
const char *ec_text_get(const ec_text *text);   /* never NULL */

/** EC_OK if every append succeeded, else a reported EC_ENOMEM. */
EC_NODISCARD ec_status ec_text_check(const ec_text *text, ec_error *err);

/* ----------------------------------------------------------- exact integers */

/**
 * A non-negative or negative integer of any length (GMP behind it). Zero-initialised objects
 * (`ec_int x = {0};`) are the number 0 and need no init; clear them with ec_int_clear.
 */
typedef struct ec_int {
    int alloc, size; /* private */
    void *limbs;     /* private */
} ec_int;

void ec_int_clear(ec_int *x);                                 /* leaves 0 behind */
void ec_int_set(ec_int *x, const ec_int *y);                  /* x = y */
void ec_int_set_u64(ec_int *x, uint64_t v);                   /* x = v */
void ec_int_swap(ec_int *x, ec_int *y);                       /* exchange, O(1) */
void ec_int_add(ec_int *x, const ec_int *a, const ec_int *b); /* x = a + b; may alias */
void ec_int_sub(ec_int *x, const ec_int *a, const ec_int *b); /* x = a - b; may alias */
void ec_int_mul(ec_int *x, const ec_int *a, const ec_int *b); /* x = a b; may alias */
void ec_int_mul_u64(ec_int *x, const ec_int *a, uint64_t b);  /* x = a b; may alias */
void ec_int_pow_u64(ec_int *x, uint64_t base, uint64_t e);    /* x = base^e; 0^0 = 1 */
void ec_int_binomial(ec_int *x, const ec_int *n, uint64_t k); /* x = C(n, k), n >= 0 */
int ec_int_cmp(const ec_int *a, const ec_int *b);             /* < 0, 0, > 0 */
int ec_int_cmp_u64(const ec_int *a, uint64_t b);              /* < 0, 0, > 0 */
bool ec_int_fits_u64(const ec_int *x);                        /* 0 <= x < 2^64 */
uint64_t ec_int_get_u64(const ec_int *x);                     /* x if it fits, else UINT64_MAX */
double ec_int_log2(const ec_int *x); /* log2 x, relative error < 1e-14; x >= 1 */

/** Read a decimal string ("0", "123"); EC_EINVAL for anything else, sign and blanks included. */
EC_NODISCARD ec_status ec_int_parse(ec_int *out, const char *decimal, ec_error *err);

/** Number of decimal digits, exact; O(M(n)) for borderline sizes. */
size_t ec_int_digits(const ec_int *x);

/** Decimal string, to be released by ec_free; NULL after a reported EC_ENOMEM. */
char *ec_int_print(const ec_int *x, ec_error *err);

/* ----------------------------------------------------------- random numbers */

/** Deterministic generator (xoshiro256**, seeded through splitmix64). Copy it to fork a stream. */
typedef struct ec_rng {
    uint64_t state[4]; /* private */
} ec_rng;

void ec_rng_seed(ec_rng *rng, uint64_t seed);
uint64_t ec_rng_u64(ec_rng *rng); /* uniform on 0 .. 2^64-1 */
uint64_t ec_rng_below(ec_rng *rng,
                      uint64_t bound); /* uniform on 0 .. bound-1, unbiased; bound >= 1 */
double ec_rng_uniform(ec_rng *rng);    /* uniform on [0, 1), 53 bits */
double ec_rng_normal(ec_rng *rng);     /* standard normal */

/** Fisher-Yates shuffle of n indices in place. */
void ec_rng_shuffle(ec_rng *rng, uint32_t *items, size_t n);

/* ------------------------------------------------------------ sets of sites */

/** A subset of the sites 0 .. n-1 as a bit set; side A of a partition (A, rest). */
typedef struct ec_sites {
    size_t n;       /* how many sites there are */
    uint64_t *bits; /* bit i of word i/64; bits at and above n are zero */
} ec_sites;

/** The empty subset of n sites. Owns: *out, to be cleared. Errors: EC_ENOMEM. */
EC_NODISCARD ec_status ec_sites_init(ec_sites *out, size_t n, ec_error *err);
void ec_sites_clear(ec_sites *sites);
EC_NODISCARD ec_status ec_sites_copy(ec_sites *out, const ec_sites *from, ec_error *err);

/** Is site i on side A? i < n. */
static inline bool ec_sites_has(const ec_sites *sites, size_t i)
{
    return (sites->bits[i >> 6] >> (i & 63)) & 1u;
}

/** Put site i on side A; i < n. */
static inline void ec_sites_add(ec_sites *sites, size_t i)
{
    sites->bits[i >> 6] |= (uint64_t)1 << (i & 63);
}

/** Take site i off side A; i < n. */
static inline void ec_sites_remove(ec_sites *sites, size_t i)
{
    sites->bits[i >> 6] &= ~((uint64_t)1 << (i & 63));
}

size_t ec_sites_count(const ec_sites *sites); /* |A| */

/** EC_OK if `a` is side A of a partition of n_sites sites into two non-empty sides, else a reported
 * EC_EINVAL. */
EC_NODISCARD ec_status ec_sites_check_sides(const ec_sites *a, size_t n_sites, ec_error *err);

/* ----------------------------------------------------------- misspelt words */

/**
 * The known word nearest to a misspelt one, for messages: set `word`, offer every known word, then
 * read `best`. Distance: insertions, deletions, replacements and swaps of neighbours, at most
 * 1 + length/4 of them; on ties the first offered word stays.
 */
typedef struct ec_nearest {
    const char *word; /* what was written */
    const char *best; /* borrowed from the offers; NULL if none is near */
    size_t distance;  /* of best */
} ec_nearest;

void ec_nearest_offer(ec_nearest *nearest, const char *known);

/* --------------------------------------------------------------- characters */

/** Length of the UTF-8 character at p, 0 if it is malformed; *c is its code point. left >= 1. */
size_t ec_utf8_decode(uint32_t *c, const char *p, size_t left);

/** Is the code point no control character, line separator, or override of writing direction? */
bool ec_utf8_printable(uint32_t c);

/**
 * Replace what a terminal could act on by '?', byte for byte: characters that are not printable
 * (tabs stay), and malformed UTF-8.
 */
void ec_make_printable(char *text);

/* ------------------------------------------------------- how a call may run */

/**
 * Called now and then by long work: `done` of `total` units of `what`. Return false to stop: the
 * call then returns EC_ECANCEL and leaves nothing half-written.
 */
typedef bool ec_progress_fn(void *arg, const char *what, double done, double total);

/** Limits and callbacks of a long call; EC_RUN_INIT gives the defaults. */
typedef struct ec_run {
    uint64_t memory_bytes;    /* work estimated above this is refused with EC_ELIMIT */
    unsigned threads;         /* worker threads; at least 1 */
    uint64_t seed;            /* of all random choices */
    ec_progress_fn *progress; /* or NULL */
    void *progress_arg;
} ec_run;

#define EC_RUN_INIT                                                                                \
    {                                                                                              \
        .memory_bytes = (uint64_t)4 << 30, .threads = 1, .seed = 1                                 \
    }

/** Report progress and say whether to go on: EC_OK, or a reported EC_ECANCEL. run may be NULL. */
EC_NODISCARD ec_status ec_run_step(const ec_run *run, const char *what, double done, double total,
                                   ec_error *err);

#define EC_SIZE_TEXT 24

/** A number of bytes for people, three digits and a binary unit: "27.5 GiB". Returns out. */
const char *ec_size_text(char out[EC_SIZE_TEXT], double bytes);

/** EC_OK if `bytes` fits run->memory_bytes, else a reported EC_ELIMIT naming `what` and both sizes.
 */
EC_NODISCARD ec_status ec_run_reserve(const ec_run *run, const char *what, double bytes,
                                      ec_error *err);

#endif
