/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The ordinary test of a fuzz target: fuzz_NAME meets every file of tests/fuzz/corpus/NAME, whole
 * and cut short, without libFuzzer. A fault shows as a crash or a sanitizer report.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INPUT_MAX ((size_t)1 << 20)

static char corpus[256];

/* A copy of exactly `size` bytes, so that a read past the end is seen. */
static void feed(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);

    assert_non_null(copy);
    memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static void replay_file(const char *name)
{
    static uint8_t data[INPUT_MAX];
    char path[600];

    snprintf(path, sizeof path, "%s/%s", corpus, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(data, 1, sizeof data, file);
    fclose(file);

    print_message("%s\n", path);
    feed(data, size);
    for (size_t cut = 1; cut <= 16; cut++)
        feed(data, size * cut / 17);
}

static void corpus_is_replayed(void **state)
{
    (void)state;
    DIR *folder = opendir(corpus);
    assert_non_null(folder);

    size_t n_files = 0;
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        replay_file(entry->d_name);
        n_files++;
    }
    closedir(folder);
    assert_true(n_files > 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(corpus_is_replayed)};
    const char *name = argc > 0 ? strstr(argv[0], "fuzz_") : NULL;

    if (name == NULL) {
        fprintf(stderr, "replay: a program named fuzz_NAME, please\n");
        return 2;
    }
    snprintf(corpus, sizeof corpus, "tests/fuzz/corpus/%s", name + strlen("fuzz_"));
    return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}
