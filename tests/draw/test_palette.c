/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"

#include <math.h>
#include <stdlib.h>

#include "../../tools/entcap-draw/palette.h"

/* The colours, as those see them who see no colours, or not all. */

/* Linear light, red green blue. */
typedef struct light {
    double c[3];
} light;

/* How others see linear light: everyone; without red, without green cones (Vienot, Brettel and
 * Mollon 1999); a black and white print. */
static const double eyes[][3][3] = {
    {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
    {{0.11238, 0.88762, 0}, {0.11238, 0.88762, 0}, {0.00401, -0.00401, 1}},
    {{0.29275, 0.70725, 0}, {0.29275, 0.70725, 0}, {-0.02234, 0.02234, 1}},
    {{0.2126, 0.7152, 0.0722}, {0.2126, 0.7152, 0.0722}, {0.2126, 0.7152, 0.0722}},
};
enum { EYES = sizeof eyes / sizeof *eyes, PRINT = EYES - 1 };

static light parse_colour(const char *hex)
{
    unsigned long rgb = strtoul(hex + 1, NULL, 16);
    light l;

    for (int i = 0; i < 3; i++) {
        double s = (double)(rgb >> (16 - 8 * i) & 255) / 255;
        l.c[i] = s <= 0.04045 ? s / 12.92 : pow((s + 0.055) / 1.055, 2.4);
    }
    return l;
}

static light see(light l, const double eye[3][3])
{
    light seen = {{0, 0, 0}};

    for (int i = 0; i < 3; i++) {
        for (int k = 0; k < 3; k++)
            seen.c[i] += eye[i][k] * l.c[k];
    }
    return seen;
}

static double root(double t)
{
    return t > 216.0 / 24389 ? cbrt(t) : (24389.0 / 27 * t + 16) / 116;
}

/* CIE L*a*b* (D65). */
static void to_lab(double lab[3], light l)
{
    double x = (0.4124 * l.c[0] + 0.3576 * l.c[1] + 0.1805 * l.c[2]) / 0.9505;
    double y = 0.2126 * l.c[0] + 0.7152 * l.c[1] + 0.0722 * l.c[2];
    double z = (0.0193 * l.c[0] + 0.1192 * l.c[1] + 0.9505 * l.c[2]) / 1.089;

    lab[0] = 116 * root(y) - 16;
    lab[1] = 500 * (root(x) - root(y));
    lab[2] = 200 * (root(y) - root(z));
}

static double difference(const char *a, const char *b, int eye)
{
    double x[3], y[3];

    to_lab(x, see(parse_colour(a), eyes[eye]));
    to_lab(y, see(parse_colour(b), eyes[eye]));
    return sqrt((x[0] - y[0]) * (x[0] - y[0]) + (x[1] - y[1]) * (x[1] - y[1]) +
                (x[2] - y[2]) * (x[2] - y[2]));
}

/* Contrast ratio of WCAG 2. */
static double contrast(const char *a, const char *b)
{
    double y[2];
    const char *both[2] = {a, b};

    for (int i = 0; i < 2; i++) {
        light l = see(parse_colour(both[i]), eyes[PRINT]);
        y[i] = l.c[0] + 0.05;
    }
    return fmax(y[0], y[1]) / fmin(y[0], y[1]);
}

static void everyone_tells_the_sides_apart(void **state)
{
    (void)state;
    for (int eye = 0; eye < EYES; eye++) {
        assert_true(difference(site_colours[1].fill, site_colours[2].fill, eye) > 20);
        assert_true(difference(dot_colours[1].fill, dot_colours[2].fill, eye) > 30);
        assert_true(difference(tensor_colours[1].fill, tensor_colours[2].fill, eye) > 15);
    }
}

static void cut_bonds_stand_out_from_others(void **state)
{
    (void)state;
    for (int eye = 0; eye < PRINT; eye++) /* in print they are dashed, and wider */
        assert_true(difference(VERMILLION, GREY, eye) > 20);
}

static void words_are_readable_on_what_is_below_them(void **state)
{
    (void)state;
    for (int side = 0; side < 3; side++) {
        assert_true(contrast(site_colours[side].text, site_colours[side].fill) > 4.5);
        assert_true(contrast(tensor_colours[side].text, tensor_colours[side].fill) > 7);
    }
    assert_true(contrast(GREY, WHITE) > 4.5);
    assert_true(contrast(VERMILLION, WHITE) > 3); /* bold, and said in words beside it */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everyone_tells_the_sides_apart),
        cmocka_unit_test(cut_bonds_stand_out_from_others),
        cmocka_unit_test(words_are_readable_on_what_is_below_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
