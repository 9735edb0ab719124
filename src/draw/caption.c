/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Additional permission under section 7 (linking with Graphviz): see LICENSE. */
#include "draw/draw_i.h"

#include <math.h>

#define NAME_CHARS       60   /* of the partition and of a layer */
#define TERMS_MAX        6    /* layers written out in the caption */
#define DECIMAL_BITS_MAX 40.0 /* ranks up to 2^40 are written out, others as a power of two */

#define LESS_OR_EQUAL "\xe2\x89\xa4"
#define MIDDLE_DOT    "\xc2\xb7"
#define ELLIPSIS      "\xe2\x80\xa6"

/* An exponent in superscript digits. */
static void put_exponent(ec_text *text, uint64_t exponent)
{
    static const char *const digits[] = {
        "\xe2\x81\xb0", "\xc2\xb9",     "\xc2\xb2",     "\xc2\xb3",     "\xe2\x81\xb4",
        "\xe2\x81\xb5", "\xe2\x81\xb6", "\xe2\x81\xb7", "\xe2\x81\xb8", "\xe2\x81\xb9"};

    if (exponent >= 10)
        put_exponent(text, exponent / 10);
    ec_text_puts(text, digits[exponent % 10]);
}

/* An exact number where it is short, else its logarithm: "16", 2 to the power of 1024, "2^811.5".
 */
static void put_rank(ec_text *text, const ec_int *rank)
{
    double log2_rank = ec_int_log2(rank);

    if (log2_rank <= DECIMAL_BITS_MAX) {
        ec_text_printf(text, "%llu", (unsigned long long)ec_int_get_u64(rank));
    } else if (fabs(log2_rank - nearbyint(log2_rank)) < 1e-9) {
        ec_text_puts(text, "2");
        put_exponent(text, (uint64_t)nearbyint(log2_rank));
    } else {
        ec_text_printf(text, "2^%.1f", log2_rank);
    }
}

/* " = r0 . r4": the cut layers, with their exponents. */
static void put_layers(ec_text *text, const ec_cut *cut)
{
    for (size_t i = 0; i < cut->n_layers; i++) {
        ec_text_puts(text, i == 0 ? " = " : " " MIDDLE_DOT " ");
        if (i == TERMS_MAX) {
            ec_text_puts(text, ELLIPSIS);
            return;
        }
        draw_put_clean(text, cut->layers[i].name, NAME_CHARS);
        if (cut->layers[i].count > 1)
            put_exponent(text, cut->layers[i].count);
    }
}

char *draw_caption(const ec_draw_options *options, ec_error *err)
{
    ec_text text = {0};

    if (options->partition != NULL)
        draw_put_clean(&text, options->partition->name, NAME_CHARS);
    if (options->cut != NULL)
        ec_text_puts(&text, ": rank " LESS_OR_EQUAL " ");
    if (options->cut != NULL && options->shared_rank != NULL) {
        put_rank(&text, options->shared_rank);
        ec_text_puts(&text, " by shared weights, min cut ");
    }
    if (options->cut != NULL) {
        put_rank(&text, &options->cut->rank);
        put_layers(&text, options->cut);
    }
    return draw_take(&text, err);
}
