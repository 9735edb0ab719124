/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shell.h"

/* tools/check-layers is the architecture test; here it meets trees with planted violations. */

#define ORDINARY "int x;\n"

static int setup(void **state)
{
    if (shell_make_folder(state) != 0)
        return -1;
    shell_write(*state, "ARCHITECTURE.md", "### `core`\n### `arch`\n### `bound`\n### `draw`\n");
    shell_write(*state, "include/entcap/core.h", ORDINARY);
    shell_write(*state, "include/entcap/arch.h", "#include \"entcap/core.h\"\n");
    shell_write(*state, "include/entcap/bound.h", "#include \"entcap/arch.h\"\n");
    shell_write(*state, "include/entcap/draw.h", "#include \"entcap/core.h\"\n");
    shell_write(*state, "src/core/int.c", "#include \"entcap/core.h\"\n#include <gmp.h>\n");
    shell_write(*state, "src/arch/arch_i.h", ORDINARY);
    shell_write(*state, "src/arch/read.c", "#include \"arch/arch_i.h\"\n#include <yaml.h>\n");
    shell_write(*state, "src/bound/cut.c",
                "#include \"core/flow.h\"\n#include <igraph/igraph.h>\n#include <sys/types.h>\n");
    shell_write(*state, "src/draw/layout.c", "#include \"entcap/draw.h\"\n");
    shell_write(*state, "tools/entcap/main.c", "#include \"entcap.h\"\n#include \"tool.h\"\n");
    shell_write(*state, "tools/entcap-draw/main.c",
                "#include \"entcap/draw.h\"\n#include <gvc.h>\n");
    return 0;
}

/* The planted file, and nothing else, is named with the reason. */
static void assert_caught(const char *folder, const char *path, const char *text,
                          const char *message)
{
    shell_write(folder, path, text);
    assert_exits(1, "tools/check-layers '%s'", folder);
    assert_string_equal(shell("tools/check-layers '%s'", folder)->output, message);
}

static void shipped_tree_obeys_its_layers(void **state)
{
    (void)state;
    assert_exits(0, "tools/check-layers .");
    assert_printed("layers: ok");
}

static void lawful_tree_is_accepted(void **state)
{
    assert_exits(0, "tools/check-layers '%s'", (char *)*state);
}

static void module_to_the_right_is_caught(void **state)
{
    assert_caught(*state, "src/arch/shape.c", "\n#include \"entcap/bound.h\"\n",
                  "src/arch/shape.c:2: arch may not include bound, which stands to its right\n");
}

static void public_header_to_the_right_is_caught(void **state)
{
    assert_caught(
        *state, "include/entcap/core.h", "# include <entcap/arch.h>\n",
        "include/entcap/core.h:1: core may not include arch, which stands to its right\n");
}

static void private_header_of_another_module_is_caught(void **state)
{
    assert_caught(*state, "src/bound/tree.c", "#include \"arch/arch_i.h\"\n",
                  "src/bound/tree.c:1: private header of another module: arch/arch_i.h\n");
}

static void third_party_header_outside_its_module_is_caught(void **state)
{
    assert_caught(*state, "src/bound/exact.c", "#include <gmp.h>\n",
                  "src/bound/exact.c:1: gmp.h belongs to src/core/\n");
}

static void graphviz_in_the_library_is_caught(void **state)
{
    assert_caught(*state, "src/draw/render.c", "#include <graphviz/gvc.h>\n",
                  "src/draw/render.c:1: graphviz/gvc.h belongs to tools/entcap-draw/\n");
}

static void igraph_beside_graphviz_is_caught(void **state)
{
    assert_caught(*state, "tools/entcap-draw/cut.c", "#include \"entcap/bound.h\"\n",
                  "tools/entcap-draw/cut.c:1: may not include entcap/bound.h\n");
}

static void mpi_outside_its_program_is_caught(void **state)
{
    shell_write(*state, "tools/entcap-mpi/team.c", "#include <mpi.h>\n#include \"rows.h\"\n");
    assert_caught(*state, "tools/entcap/cmd_sweep.c", "#include <mpi.h>\n",
                  "tools/entcap/cmd_sweep.c:1: mpi.h belongs to tools/entcap-mpi/\n");
}

static void example_with_a_private_header_is_caught(void **state)
{
    assert_caught(*state, "examples/a.c", "#include <entcap.h>\n#include \"arch/arch_i.h\"\n",
                  "examples/a.c:2: may not include arch/arch_i.h\n");
}

static void umbrella_header_in_the_library_is_caught(void **state)
{
    assert_caught(*state, "src/arch/all.c", "#include \"entcap.h\"\n",
                  "src/arch/all.c:1: entcap.h is for users of the library\n");
}

static void module_without_a_place_is_caught(void **state)
{
    shell_write(*state, "include/entcap/misc.h", ORDINARY);
    assert_caught(*state, "src/misc/misc.c", ORDINARY,
                  "src/misc: module 'misc' has no place in the order\n"
                  "src/misc: no paragraph '### `misc`' in ARCHITECTURE.md\n");
}

static void module_without_header_or_paragraph_is_caught(void **state)
{
    assert_caught(*state, "src/io/files.c", ORDINARY,
                  "src/io: no public header include/entcap/io.h\n"
                  "src/io: no paragraph '### `io`' in ARCHITECTURE.md\n");
}

#define on_a_tree(test) cmocka_unit_test_setup_teardown(test, setup, shell_remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shipped_tree_obeys_its_layers),
        on_a_tree(lawful_tree_is_accepted),
        on_a_tree(module_to_the_right_is_caught),
        on_a_tree(public_header_to_the_right_is_caught),
        on_a_tree(private_header_of_another_module_is_caught),
        on_a_tree(third_party_header_outside_its_module_is_caught),
        on_a_tree(graphviz_in_the_library_is_caught),
        on_a_tree(igraph_beside_graphviz_is_caught),
        on_a_tree(mpi_outside_its_program_is_caught),
        on_a_tree(example_with_a_private_header_is_caught),
        on_a_tree(umbrella_header_in_the_library_is_caught),
        on_a_tree(module_without_a_place_is_caught),
        on_a_tree(module_without_header_or_paragraph_is_caught),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
