/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shell.h"

#include <stdio.h>
#include <stdlib.h>

/*
 * The scripts of `make experiment-*`: what they share (tools/experiments), and one of them in a few
 * seconds. They need python3-numpy, the last one Fashion-MNIST and gnuplot, too.
 */

#define FASHION "/usr/share/datasets/fashion-mnist"

static bool lacks_numpy(void)
{
    bool lacking = shell("/usr/bin/python3 -c 'import numpy'")->status != 0;

    if (lacking)
        print_message("NOT RUN: python3-numpy is not installed\n");
    return lacking;
}

static bool lacks_pictures(void)
{
    bool lacking = shell("test -d " FASHION " && command -v gnuplot")->status != 0;

    if (lacking)
        print_message("NOT RUN: dataset-fashion-mnist or gnuplot-nox is not installed\n");
    return lacking;
}

/* Run Python that has numpy as np, tools/experiments/common.py, and the folder in sys.argv. */
static void run_python(const char *folder, const char *program)
{
    char text[2048];

    snprintf(text, sizeof text,
             "import sys\nsys.path.insert(0, 'tools')\nimport numpy as np\n"
             "from experiments import common\n%s",
             program);
    shell_write(folder, "program.py", text);
    assert_exits(0, "/usr/bin/python3 -B %s/program.py %s", folder, folder);
}

static void resized_pixels_are_means_over_their_share(void **state)
{
    if (lacks_numpy())
        skip();
    run_python(*state, "x = np.array([[[0, 30, 60], [30, 60, 90], [60, 90, 120]]], np.uint8)\n"
                       "print(common.resize(x, 2).tolist(), common.resize(x, 1).tolist())\n"
                       "print(common.resize(x[:, :2, :2], 4)[0].tolist())\n");
    /* of 3 pixels, 2 have one and a half each: (2/3)^2 0 + 2/9 30 + 2/9 30 + 1/9 60 = 20 */
    assert_string_equal(shell_output(),
                        "[[[20, 60], [60, 100]]] [[[60]]]\n"
                        "[[0, 0, 30, 30], [0, 0, 30, 30], [30, 30, 60, 60], [30, 30, 60, 60]]\n");
}

static void pictures_are_placed_whole_anywhere_on_black(void **state)
{
    if (lacks_numpy())
        skip();
    run_python(*state,
               "x = np.tile(np.arange(1, 7, dtype=np.uint8).reshape(2, 3), (400, 1, 1))\n"
               "c = common.on_canvas(x, 5, np.random.default_rng(1))\n"
               "corner = [tuple(np.argwhere(p == 1)[0].tolist()) for p in c]\n"
               "print(c.shape, c.dtype, set(c.sum((1, 2)).tolist()))\n"
               "print(all((p[i:i+2, j:j+3] == x[0]).all() for p, (i, j) in zip(c, corner)))\n"
               "print(sorted(set(corner)) == [(i, j) for i in range(4) for j in range(3)])\n");
    assert_string_equal(shell_output(), "(400, 5, 5) uint8 {21}\nTrue\nTrue\n");
}

static void runs_are_kept_while_their_settings_are_the_same(void **state)
{
    if (lacks_numpy())
        skip();
    run_python(*state, "def fail(): raise KeyboardInterrupt\n"
                       "place = common.Place('true', sys.argv[1], sys.argv[1])\n"
                       "try: place.kept('run', {'r': (1, 2)}, fail)\n"
                       "except KeyboardInterrupt: print('interrupted')\n"
                       "print(place.kept('run', {'r': (1, 2)}, lambda: 5))\n"
                       "print(place.kept('run', {'r': (1, 2)}, lambda: 6))\n"
                       "print(place.kept('run', {'r': (1, 3)}, lambda: 7))\n");
    assert_string_equal(shell_output(), "interrupted\n5\n5\n7\n");
}

static void width_experiment_fills_table_and_plot(void **state)
{
    const char *folder = *state, *build = getenv("BUILD");

    if (lacks_numpy())
        skip();
    if (lacks_pictures())
        skip();
    assert_exits(0, "tools/experiment-width %s/entcap %s/work %s/out --quick",
                 build != NULL ? build : "build", folder, folder);
    assert_printed("experiment-width: Digits were left out");
    assert_exits(0,
                 "head -1 %s/out/width.csv; grep -c . %s/out/width.csv; grep -c '</svg>' "
                 "%s/out/width.svg; grep -o 'Digits were left out' %s/out/width.md",
                 folder, folder, folder, folder);
    assert_string_equal(shell_output(),
                        "data,task,network,seed,accuracy,left_right_bound_nats,"
                        "left_right_entropy_uniform_nats,left_right_entropy_data_nats,"
                        "checkerboard_bound_nats,checkerboard_renyi2_uniform_nats,"
                        "checkerboard_renyi2_data_nats\n9\n1\nDigits were left out\n");
    /* r = 2: ln 2 against ln 8, and 256 ln 8 against 256 ln 2; every entropy is below its bound */
    assert_exits(0, "cut -d , -f 3,6,9 %s/out/width.csv | sort -u", folder);
    assert_printed("wide base,0.6931471805599453,532.33");
    assert_printed("wide tip,2.0794415416798357,177.44");
    assert_exits(0,
                 "awk -F , 'NR > 1 && !($7 > 0 && $7 <= $6 && $8 > 0 && $8 <= $6 && $10 > 0 && "
                 "$10 <= $9 && $11 > 0 && $11 <= $9) { exit 1 }' %s/out/width.csv",
                 folder);

    /* once more without training, which was done before */
    shell_write(folder, "untrained",
                "#!/bin/sh\n[ \"$1\" != train ] || exit 1\n"
                "exec \"$ENTCAP\" \"$@\"\n");
    assert_exits(0, "cp %s/out/width.csv %s/first.csv; chmod +x %s/untrained", folder, folder,
                 folder);
    assert_exits(0,
                 "ENTCAP=%s/entcap tools/experiment-width %s/untrained %s/work %s/out --quick && "
                 "cmp %s/out/width.csv %s/first.csv",
                 build != NULL ? build : "build", folder, folder, folder, folder, folder);
}

/* The script fails, too, where entropies by its own recursion are not those of the log. */
static void growth_experiment_follows_entropies_of_rewritten_functions(void **state)
{
    const char *folder = *state, *build = getenv("BUILD");

    if (lacks_numpy())
        skip();
    if (lacks_pictures())
        skip();
    assert_exits(0, "tools/experiment-growth %s/entcap %s/work %s/out --quick",
                 build != NULL ? build : "build", folder, folder);
    assert_printed("MNIST IS LEFT OUT");
    /* four partitions, two seeds, every second of nine measurements */
    assert_exits(0,
                 "head -1 %s/out/growth.csv; grep -c . %s/out/growth.csv; grep -c '</svg>' "
                 "%s/out/growth.svg; grep -o 'MNIST was left out' %s/out/growth.md",
                 folder, folder, folder, folder);
    assert_string_equal(shell_output(),
                        "network,data,seed,partition,step,loss,features,data,sites\n"
                        "41\n1\nMNIST was left out\n");
    assert_exits(0,
                 "awk -F '\"?,\"?' 'NR > 1 && !($(NF-2) > -1e-12 && $(NF-2) < 178) { exit 1 }' "
                 "%s/out/growth.csv",
                 folder);
    /* rewritten functions have the same predictions, four times */
    assert_exits(0, "grep -c '| \\([0-9]*\\) and \\1 |' %s/out/growth.md", folder);
    assert_string_equal(shell_output(), "4\n");
}

static void training_experiment_fills_tables_and_plot(void **state)
{
    const char *folder = *state, *build = getenv("BUILD");

    if (lacks_numpy() || lacks_pictures())
        skip();
    assert_exits(0, "tools/experiment-training %s/entcap %s/work %s/out --quick",
                 build != NULL ? build : "build", folder, folder);
    /* 8 runs from other starts, 2 x 6 with other steps, 4 for longer; 3 at last */
    assert_exits(0, "cut -d , -f 1 %s/out/training.csv | uniq -c | tr -s ' ' | tr '\n' ';'",
                 folder);
    assert_string_equal(shell_output(), " 1 stage; 8 start; 14 steps; 8 long; 6 test;");
    assert_exits(0, "grep -c '</svg>' %s/out/training.svg; grep -c '^|' %s/out/training.md", folder,
                 folder);
    assert_string_equal(shell_output(), "1\n24\n");
    /* the states of smaller deviations are closer to products: mean entropies before training */
    assert_exits(
        0,
        "awk -F '|' '$2 == \" 0.25 \" { low = $4 } $2 == \" 1 \" { exit !(low < $4 / 1000) }' "
        "%s/out/training.md",
        folder);
}

#define in_a_folder(test)                                                                          \
    cmocka_unit_test_setup_teardown(test, shell_make_folder, shell_remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_a_folder(resized_pixels_are_means_over_their_share),
        in_a_folder(pictures_are_placed_whole_anywhere_on_black),
        in_a_folder(runs_are_kept_while_their_settings_are_the_same),
        in_a_folder(width_experiment_fills_table_and_plot),
        in_a_folder(growth_experiment_follows_entropies_of_rewritten_functions),
        in_a_folder(training_experiment_fills_tables_and_plot),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
