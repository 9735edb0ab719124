/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "parse.h"

#include <stdio.h>

#define DENSE "  - dense: {outputs: 1}\n"
#define CONV  "  - conv: {channels: 2}\n"
#define BINARY                                                                                     \
    "name: t\ninput: {shape: [8], channels: 2}\nlayers:\n" CONV "  - pool: {window: 2}\n" CONV     \
    "  - pool: {window: 2}\n" CONV "  - pool: {window: 2}\n" DENSE
#define SQUARE                                                                                     \
    "name: t\ninput: {shape: [4, 4], channels: 2}\nlayers:\n" CONV                                 \
    "  - pool: {window: [2, 2]}\n" CONV "  - pool: {window: [2, 2]}\n" DENSE
#define NETWORK                                                                                    \
    "name: t\nnetwork:\n  indices: {a: 4, b: 11, w: 3, c: 4, d: 11, e: 2}\n"                       \
    "  tensors: {T: [a, b, w], U: [c, d, w, e]}\n  open: [a, b, c, d, e]\n"

/* "AABB": the side of every site, in static memory. */
static const char *sides(const ec_sites *a)
{
    static char text[1025];

    assert_true(a->n < sizeof text);
    for (size_t i = 0; i < a->n; i++)
        text[i] = ec_sites_has(a, i) ? 'A' : 'B';
    text[a->n] = '\0';
    return text;
}

struct expected {
    const char *name, *sides;
};

static void check_sides(const char *text, const struct expected *expected, size_t n)
{
    ec_arch *arch = parsed(text);

    for (size_t i = 0; i < n; i++) {
        ec_partition p;
        ec_error err = {0};
        assert_ok(ec_arch_partition(&p, arch, expected[i].name, &err), &err);
        assert_string_equal(p.name, expected[i].name);
        assert_string_equal(sides(&p.a), expected[i].sides);
        ec_partition_clear(&p);
    }
    ec_arch_free(arch);
}

#define CHECK_SIDES(text, expected)                                                                \
    check_sides(text, expected, sizeof(expected) / sizeof *(expected))

static void built_in_sides_in_1d(void **state)
{
    (void)state;
    static const struct expected binary[] = {
        {"left-right", "AAAABBBB"}, {"interleaved", "ABABABAB"}, {"scale:0", "ABABABAB"},
        {"scale:1", "AABBAABB"},    {"scale:2", "AAAABBBB"},     {"block:1:1", "BBBBAAAA"},
        {"block:2:2", "BBBBAABB"},  {"block:3:5", "BBBBBABB"},   {"0-2,7", "AAABBBBA"},
        {"5", "BBBBBABB"},          {"7, 0 - 1", "AABBBBBA"},
    };
    /* floor(3/2) = 1 of three; a leading pool; windows 3 and 2; the first n/2 of 6 */
    static const struct expected ternary[] = {
        {"left-right", "AAABBB"},
        {"scale:0", "ABBABB"},
        {"scale:1", "AAABBB"},
        {"block:2:3", "BBBABB"},
    };
    static const struct expected odd[] = {{"left-right", "ABB"}, {"scale:0", "ABB"}};

    CHECK_SIDES(BINARY, binary);
    CHECK_SIDES("name: t\ninput: {shape: [6], channels: 2}\nlayers:\n"
                "  - pool: {window: 3}\n" CONV CONV "  - pool: {window: 2}\n" DENSE,
                ternary);
    CHECK_SIDES("name: t\ninput: {shape: [3], channels: 2}\nlayers:\n  - pool: {window: 3}\n" DENSE,
                odd);
}

static void built_in_sides_in_2d(void **state)
{
    (void)state;
    static const struct expected square[] = {
        {"left-right", "AABBAABBAABBAABB"},  {"top-bottom", "AAAAAAAABBBBBBBB"},
        {"interleaved", "ABABBABAABABBABA"}, {"rows", "AAAABBBBAAAABBBB"},
        {"columns", "ABABABABABABABAB"},     {"scale:0", "AAAABBBBAAAABBBB"},
        {"scale:1", "AAAAAAAABBBBBBBB"},     {"block:1:2", "BBBBBBBBAABBAABB"},
        {"block:2:6", "BBBBBBABBBBBBBBB"},
    };
    /* 3 x 4 sites, one window: the first six of twelve, row-major; rounding of the middle */
    static const struct expected one_window[] = {
        {"scale:0", "AAAAAABBBBBB"},
        {"top-bottom", "AAAAAAAABBBB"}, /* row < 3/2 */
        {"left-right", "AABBAABBAABB"},
        {"block:1:5", "BBBBBABBBBBB"},
    };

    static const struct expected odd[] = {
        {"left-right", "AABAABAAB"}, /* column < 3/2 */
        {"top-bottom", "AAAAAABBB"},
        {"columns", "ABAABAABA"},
    };

    CHECK_SIDES(SQUARE, square);
    CHECK_SIDES("name: t\ninput: {shape: [3, 3], channels: 2}\nlayers:\n"
                "  - pool: {window: [3, 3]}\n" DENSE,
                odd);
    CHECK_SIDES("name: t\ninput: {shape: [3, 4], channels: 2}\nlayers:\n"
                "  - pool: {window: [3, 1]}\n  - pool: {window: [1, 4]}\n" DENSE,
                one_window);
}

static void a_network_goes_by_its_open_order(void **state)
{
    (void)state;
    static const struct expected network[] = {
        {"left-right", "AABBB"},
        {"interleaved", "ABABA"},
        {"0,3", "ABBAB"},
    };

    CHECK_SIDES(NETWORK, network);
}

static void a_listed_name_wins(void **state)
{
    (void)state;
    static const struct expected listed[] = {
        {"left-right", "BBBBBBBA"}, {"canonical", "ABBBBBBB"},   {"0-1", "BBBBBBAA"},
        {"scale:1", "AABBAABB"},    {"interleaved", "ABABABAB"},
    };

    CHECK_SIDES(BINARY "partitions:\n  - {name: left-right, a: [7]}\n"
                       "  - {name: canonical, a: \"0\"}\n  - {name: 0-1, a: 6-7}\n  - scale:1\n",
                listed);
}

static void partitions_that_are_not_there_are_refused(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {BINARY, "left",
         "there is no partition 'left'; give a listed or built-in name, or sites "
         "as in 0-3,8"},
        {BINARY, "interlaved", "there is no partition 'interlaved'; did you mean 'interleaved'?"},
        {BINARY, "top-bottom",
         "top-bottom is not for 1-D inputs; they have left-right, interleaved, scale:K and "
         "block:LEVEL:INDEX"},
        {BINARY, "canonical", "canonical is many partitions; name one, such as block:1:0"},
        {BINARY, "scale:3", "scale:3: K counts the windows from below, 0 to 2"},
        {BINARY, "scale:99999999999999999999",
         "there is no partition 'scale:99999999999999999999'; give a listed or built-in name, or "
         "sites as in 0-3,8"},
        {BINARY, "block:4:0", "block:4:0: LEVEL is 1 (below the top window) to 3 (sites)"},
        {BINARY, "block:3:8", "block:3:8: level 3 has the blocks 0 to 7"},
        {BINARY, "0-7", "'0-7': side A is everything; leave a site out"},
        {BINARY, "8", "'8': site 8 is out of range; the sites are 0 to 7"},
        {BINARY, "1,2,1-3", "'1,2,1-3': site 1 is repeated; list it once"},
        {BINARY, "3-1", "'3-1': the range 3-1 is reversed; write 1-3"},
        {BINARY, "3-", "'3-': a site from 0 to 7 is expected here, as in \"0-3,8\""},
        {BINARY, "3;4", "'3;4': a comma or a dash is expected here, as in \"0-3,8\""},
        {BINARY, "",
         "there is no partition ''; give a listed or built-in name, or sites as in "
         "0-3,8"},
        {NETWORK, "scale:0", "scale:0 is not for a network; it has left-right and interleaved"},
        {"name: t\ninput: {shape: [1, 2], channels: 2}\nlayers:\n  - pool: {window: [1, "
         "2]}\n" DENSE,
         "rows", "rows leaves a side empty on 1 x 2 sites"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ec_arch *arch = parsed(cases[i][0]);
        ec_partition p;
        ec_error err = {0};
        assert_int_equal(ec_arch_partition(&p, arch, cases[i][1], &err), EC_EINVAL);
        assert_string_equal(err.msg, cases[i][2]);
        ec_partition_clear(&p);
        ec_arch_free(arch);
    }
}

/* The names of ec_arch_partitions, one after the other. */
static void check_names(const char *text, const char *const *texts, size_t n_texts,
                        const char *expected)
{
    ec_arch *arch = parsed(text);
    ec_partitions list;
    ec_error err = {0};
    char got[1024] = "";
    size_t used = 0;

    assert_ok(ec_arch_partitions(&list, arch, texts, n_texts, &err), &err);
    for (size_t i = 0; i < list.n; i++) {
        size_t in_a = ec_sites_count(&list.items[i].a);
        assert_true(in_a > 0 && in_a < arch->n_sites);
        used += (size_t)snprintf(got + used, sizeof got - used, "%s ", list.items[i].name);
    }
    assert_string_equal(got, expected);
    ec_partitions_clear(&list);
    ec_arch_free(arch);
}

static void defaults_leave_out_what_has_one_side(void **state)
{
    (void)state;
    check_names(BINARY, NULL, 0, "left-right interleaved ");
    check_names(SQUARE, NULL, 0, "left-right top-bottom interleaved ");
    check_names(NETWORK, NULL, 0, "left-right interleaved ");
    check_names("name: t\ninput: {shape: [2, 1], channels: 2}\nlayers:\n"
                "  - pool: {window: [2, 1]}\n" DENSE,
                NULL, 0, "top-bottom interleaved ");
    check_names("name: t\ninput: {shape: [1], channels: 2}\nlayers:\n" DENSE, NULL, 0, "");
}

static void a_list_and_arguments_replace_the_defaults(void **state)
{
    (void)state;
    static const char listed[] = BINARY "partitions: [scale:1, {name: one, a: [3]}]\n";
    const char *const texts[] = {"one", "0-2", "left-right"};

    check_names(listed, NULL, 0, "scale:1 one ");
    check_names(listed, texts, 3, "one 0-2 left-right ");
}

static void canonical_is_every_block_once(void **state)
{
    (void)state;
    const char *const canonical[] = {"canonical"};

    check_names(BINARY, canonical, 1,
                "block:1:0 block:2:0 block:2:1 block:2:2 block:2:3 block:3:0 block:3:1 block:3:2 "
                "block:3:3 block:3:4 block:3:5 block:3:6 block:3:7 ");
    check_names(BINARY "partitions: [canonical, scale:1]\n", NULL, 0,
                "block:1:0 block:2:0 block:2:1 block:2:2 block:2:3 block:3:0 block:3:1 block:3:2 "
                "block:3:3 block:3:4 block:3:5 block:3:6 block:3:7 scale:1 ");
    check_names(SQUARE, canonical, 1,
                "block:1:0 block:1:1 block:1:2 block:1:3 block:2:0 block:2:1 block:2:2 block:2:3 "
                "block:2:4 block:2:5 block:2:6 block:2:7 block:2:8 block:2:9 block:2:10 block:2:11 "
                "block:2:12 block:2:13 block:2:14 block:2:15 ");
    /* two sites: the second block is the complement of the first */
    check_names("name: t\ninput: {shape: [2], channels: 2}\nlayers:\n  - pool: {window: 2}\n" DENSE,
                canonical, 1, "block:1:0 ");
}

static void no_canonical_partition_is_there_twice(void **state)
{
    (void)state;
    static const char *const texts[] = {BINARY, SQUARE};
    const char *const canonical[] = {"canonical"};

    for (size_t t = 0; t < 2; t++) {
        ec_arch *arch = parsed(texts[t]);
        ec_partitions list;
        assert_ok(ec_arch_partitions(&list, arch, canonical, 1, NULL), NULL);
        for (size_t i = 0; i < list.n; i++)
            for (size_t j = 0; j < i; j++) {
                uint64_t a = list.items[i].a.bits[0], b = list.items[j].a.bits[0];
                assert_true(a != b && a != (b ^ ((1u << arch->n_sites) - 1)));
            }
        ec_partitions_clear(&list);
        ec_arch_free(arch);
    }
}

/* A stack of random windows and the labels of the sites after pooling some of them. */
struct stack {
    uint32_t window[4][2];
    size_t n_windows, height, width; /* width shrinks as windows are pooled */
    size_t n;
    uint32_t label[1024];
};

/* False if there are too many sites. */
static bool draw_stack(struct stack *s, ec_rng *rng)
{
    *s = (struct stack){.n_windows = 1 + ec_rng_below(rng, 4), .height = 1, .width = 1};
    for (size_t w = 0; w < s->n_windows; w++) {
        s->window[w][0] = 1 + (uint32_t)ec_rng_below(rng, 3);
        s->window[w][1] = 1 + (uint32_t)ec_rng_below(rng, 3);
        s->window[w][1] += s->window[w][0] * s->window[w][1] == 1; /* no window of one */
        s->height *= s->window[w][0];
        s->width *= s->window[w][1];
    }
    s->n = s->height * s->width;
    for (size_t i = 0; i < s->n && i < 1024; i++)
        s->label[i] = (uint32_t)i;
    return s->n <= 1024;
}

static ec_arch *describe(const struct stack *s)
{
    char text[700];
    int used =
        snprintf(text, sizeof text, "name: t\ninput: {shape: [%zu, %zu], channels: 2}\nlayers:\n",
                 s->height, s->width);

    for (size_t w = 0; w < s->n_windows; w++)
        used += snprintf(text + used, sizeof text - (size_t)used,
                         CONV "  - pool: {window: [%u, %u]}\n", s->window[w][0], s->window[w][1]);
    snprintf(text + used, sizeof text - (size_t)used, DENSE);
    return parsed(text);
}

/* Which child of its window k is the subtree with this label? */
static uint32_t child_of(const struct stack *s, size_t k, uint32_t label)
{
    uint32_t width = (uint32_t)s->width;

    return label / width % s->window[k][0] * s->window[k][1] + label % width % s->window[k][1];
}

static void pool(struct stack *s, size_t k)
{
    size_t across = s->width / s->window[k][1];

    for (size_t i = 0; i < s->n; i++) {
        size_t row = s->label[i] / s->width, column = s->label[i] % s->width;
        s->label[i] = (uint32_t)(row / s->window[k][0] * across + column / s->window[k][1]);
    }
    s->width = across;
}

static void check_window(const struct stack *s, size_t k, const ec_arch *arch, uint32_t block)
{
    char name[64];
    ec_partition p;
    ec_error err = {0};
    uint32_t half = s->window[k][0] * s->window[k][1] / 2;

    snprintf(name, sizeof name, "block:%zu:%u", s->n_windows - k, block);
    assert_ok(ec_arch_partition(&p, arch, name, &err), &err);
    for (size_t i = 0; i < s->n; i++)
        assert_int_equal(ec_sites_has(&p.a, i), s->label[i] == block);
    ec_partition_clear(&p);
    snprintf(name, sizeof name, "scale:%zu", k);
    assert_ok(ec_arch_partition(&p, arch, name, &err), &err);
    for (size_t i = 0; i < s->n; i++)
        assert_int_equal(ec_sites_has(&p.a, i), child_of(s, k, s->label[i]) < half);
    ec_partition_clear(&p);
}

static void random_blocks_are_the_pooled_subtrees(void **state)
{
    (void)state;
    static struct stack s;
    size_t checked = 0;
    ec_rng rng;

    ec_rng_seed(&rng, check_seed());
    for (size_t round = 0; round < check_count(200); round++) {
        if (!draw_stack(&s, &rng))
            continue;
        ec_arch *arch = describe(&s);
        for (size_t k = 0; k < s.n_windows; k++) {
            check_window(&s, k, arch, s.label[ec_rng_below(&rng, s.n)]);
            pool(&s, k);
            checked++;
        }
        ec_arch_free(arch);
    }
    assert_true(checked >= check_count(200));
}

static void too_many_sides_are_refused_before_they_are_made(void **state)
{
    (void)state;
    const char *const canonical[] = {"canonical"};
    ec_partitions list;
    ec_error err = {0};
    ec_arch *arch =
        parsed("name: t\ninput: {shape: [4096, 4096], channels: 2}\nlayers:\n"
               "  - pool: {window: [64, 64]}\n" CONV "  - pool: {window: [64, 64]}\n" DENSE);

    assert_int_equal(ec_arch_partitions(&list, arch, canonical, 1, &err), EC_ELIMIT);
    assert_string_equal(err.msg, "16781312 partitions of 16777216 sites are too many at once; at "
                                 "most 511 fit");
    ec_partitions_clear(&list);
    ec_arch_free(arch);
}

static ec_status list_all(void *arg, ec_error *err)
{
    const char *const texts[] = {"canonical", "one", "0-3", "scale:1"};
    ec_partitions list;
    ec_status status = ec_arch_partitions(&list, arg, texts, 4, err);

    ec_partitions_clear(&list);
    if (status == EC_OK)
        status = ec_arch_partitions(&list, arg, NULL, 0, err);
    ec_partitions_clear(&list);
    return status;
}

static void partitions_survive_failing_allocations(void **state)
{
    (void)state;
    ec_arch *arch = parsed(BINARY "partitions: [scale:1, {name: one, a: [3]}]\n");

    assert_survives_oom(list_all, arch);
    ec_arch_free(arch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(built_in_sides_in_1d),
        cmocka_unit_test(built_in_sides_in_2d),
        cmocka_unit_test(a_network_goes_by_its_open_order),
        cmocka_unit_test(a_listed_name_wins),
        cmocka_unit_test(partitions_that_are_not_there_are_refused),
        cmocka_unit_test(defaults_leave_out_what_has_one_side),
        cmocka_unit_test(a_list_and_arguments_replace_the_defaults),
        cmocka_unit_test(canonical_is_every_block_once),
        cmocka_unit_test(no_canonical_partition_is_there_twice),
        cmocka_unit_test(random_blocks_are_the_pooled_subtrees),
        cmocka_unit_test(too_many_sides_are_refused_before_they_are_made),
        cmocka_unit_test(partitions_survive_failing_allocations),
    };
    return cmocka_run_group_tests_name("arch partitions", tests, NULL, NULL);
}
