/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"

#include "entcap/arch.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

static void assert_equal(const ec_arch *x, const ec_arch *y)
{
    ec_input ours = x->input, theirs = y->input;

    ours.place = theirs.place; /* where it stood is not printed */
    assert_string_equal(x->name, y->name);
    assert_int_equal(x->n_sites, y->n_sites);
    assert_memory_equal(&ours, &theirs, sizeof ours);
    assert_int_equal(x->n_layers, y->n_layers);
    for (size_t i = 0; i < x->n_layers; i++) {
        assert_int_equal(x->layers[i].kind, y->layers[i].kind);
        assert_int_equal(x->layers[i].channels, y->layers[i].channels);
        assert_int_equal(x->layers[i].shared, y->layers[i].shared);
        assert_int_equal(x->layers[i].norm, y->layers[i].norm);
        assert_int_equal(x->layers[i].bias, y->layers[i].bias);
        assert_int_equal(x->layers[i].magnitude, y->layers[i].magnitude);
        assert_memory_equal(x->layers[i].window, y->layers[i].window, sizeof x->layers[i].window);
    }
    assert_int_equal(x->n_tensors, y->n_tensors);
    for (size_t i = 0; i < x->n_tensors; i++) {
        assert_string_equal(x->tensors[i].name, y->tensors[i].name);
        assert_int_equal(x->tensors[i].n_indices, y->tensors[i].n_indices);
    }
    assert_int_equal(x->partitions.n, y->partitions.n);
    for (size_t i = 0; i < x->partitions.n; i++) {
        const ec_partition *p = &x->partitions.items[i], *q = &y->partitions.items[i];
        assert_string_equal(p->name, q->name);
        for (size_t s = 0; s < x->n_sites; s++)
            assert_true(ec_sites_has(&p->a, s) == ec_sites_has(&q->a, s));
    }
    assert_int_equal(x->n_requirements, y->n_requirements);
    for (size_t i = 0; i < x->n_requirements; i++) {
        const ec_requirement *p = &x->requirements[i], *q = &y->requirements[i];
        assert_string_equal(p->partition, q->partition);
        assert_true(p->by_rank == q->by_rank && ec_int_cmp(&p->min_rank, &q->min_rank) == 0);
        assert_close(p->min_log2, q->min_log2, 0);
    }
}

static void assert_round_trip(const ec_arch *arch)
{
    ec_text text = {0};
    ec_arch *again;
    ec_error err = {0};

    assert_ok(ec_arch_print(&text, arch, &err), &err);
    assert_ok(ec_arch_parse(&again, ec_text_get(&text), text.size, "printed", &err), &err);
    assert_equal(arch, again);
    ec_arch_free(again);
    ec_text_clear(&text);
}

static void every_model_is_read_back_from_its_print(void **state)
{
    (void)state;
    int count = 0;
    DIR *dir = opendir("models");

    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        char path[300];
        ec_arch *arch;
        ec_error err = {0};
        if (strstr(e->d_name, ".yaml") == NULL)
            continue;
        snprintf(path, sizeof path, "models/%s", e->d_name);
        assert_ok(ec_arch_read(&arch, path, &err), &err);
        assert_round_trip(arch);
        ec_arch_free(arch);
        count++;
    }
    closedir(dir);
    assert_true(count >= 9);
}

static const char *const hostile =
    "name: \"a \\\"quoted\\\" \\\\ name: # [x]\"\n"
    "input: {shape: [6], channels: 2, image: {size: [5], fit: resize}}\n"
    "layers:\n  - pool: {window: 3}\n  - conv: {channels: 7, shared: false}\n"
    "  - pool: {window: 2}\n  - dense: {outputs: 3}\n"
    "partitions: [interleaved, {name: left-right, a: \"0,2-4\"}, {name: \"it's: {}\", a: [5]}]\n"
    "requirements: [{partition: left-right, min_rank: 123456789012345678901234567890},\n"
    "  {partition: \"it's: {}\", min_log2: 0.125}]\n";

static void names_and_lists_survive_the_print(void **state)
{
    (void)state;
    ec_arch *arch;
    ec_text text = {0};
    ec_error err = {0};

    assert_ok(ec_arch_parse(&arch, hostile, strlen(hostile), "h", &err), &err);
    assert_round_trip(arch);
    assert_ok(ec_arch_print(&text, arch, &err), &err);
    assert_non_null(strstr(ec_text_get(&text), "  - \"interleaved\"\n"));
    assert_non_null(strstr(ec_text_get(&text), "{name: \"left-right\", a: \"0,2-4\"}"));
    ec_text_clear(&text);
    ec_arch_free(arch);
}

static ec_status print_once(void *arg, ec_error *err)
{
    ec_text text = {0};
    ec_status status = ec_arch_print(&text, arg, err);

    ec_text_clear(&text);
    return status;
}

static void printing_survives_lack_of_memory(void **state)
{
    (void)state;
    ec_arch *arch;
    ec_error err = {0};

    assert_ok(ec_arch_parse(&arch, hostile, strlen(hostile), "h", &err), &err);
    assert_survives_oom(print_once, arch);
    ec_arch_free(arch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_model_is_read_back_from_its_print),
        cmocka_unit_test(names_and_lists_survive_the_print),
        cmocka_unit_test(printing_survives_lack_of_memory),
    };
    return cmocka_run_group_tests_name("arch: print", tests, NULL, NULL);
}
