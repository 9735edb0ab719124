/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"

#include "entcap/arch.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

static void read_model(ec_arch **arch, const char *name)
{
    char path[300];
    ec_error err = {0};

    snprintf(path, sizeof path, "models/%s.yaml", name);
    assert_ok(ec_arch_read(arch, path, &err), &err);
}

static void every_model_is_read_and_named_after_its_file(void **state)
{
    (void)state;
    int count = 0;
    DIR *dir = opendir("models");

    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        char *dot = strstr(e->d_name, ".yaml");
        ec_arch *arch;
        ec_partitions list;
        ec_error err = {0};
        if (dot == NULL)
            continue;
        *dot = '\0';
        read_model(&arch, e->d_name);
        assert_string_equal(arch->name, e->d_name);
        assert_ok(ec_arch_partitions(&list, arch, NULL, 0, &err), &err);
        assert_true(list.n > 0);
        ec_partitions_clear(&list);
        ec_arch_free(arch);
        count++;
    }
    closedir(dir);
    assert_true(count >= 9);
}

static void fashion_convac_has_six_levels(void **state)
{
    (void)state;
    static const size_t grid[] = {32, 16, 8, 4, 2, 1};
    ec_arch *arch;
    ec_int n = {0};

    read_model(&arch, "fashion-convac");
    assert_int_equal(arch->n_levels, 6);
    assert_int_equal(arch->n_sites, 1024);
    assert_int_equal(arch->outputs, 10);
    for (size_t l = 0; l < 6; l++) {
        const ec_level *level = &arch->levels[l];
        assert_int_equal(level->grid[0], grid[l]);
        assert_int_equal(level->grid[1], grid[l]);
        assert_int_equal(ec_level_window(level), l == 0 ? 1 : 4);
        assert_int_equal(level->dim, l == 0 ? 10 : 16);
        assert_int_equal(level->out, l == 5 ? 10 : 16);
        assert_int_equal(level->shared, l < 5);
    }
    assert_string_equal(arch->levels[0].name, "input");
    assert_string_equal(arch->levels[5].name, "r4");
    assert_ok(ec_arch_parameters(&n, arch, NULL), NULL);
    assert_int(&n, "1344"); /* 10*16 + 4*16*16 + 16*10 */
    assert_ok(ec_arch_multiply_adds(&n, arch, NULL), NULL);
    assert_int(&n, "251040"); /* 1024*160 + (256+64+16+4)*256 + 160 */
    ec_int_clear(&n);
    ec_arch_free(arch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_model_is_read_and_named_after_its_file),
        cmocka_unit_test(fashion_convac_has_six_levels),
    };
    return cmocka_run_group_tests_name("arch models", tests, NULL, NULL);
}
