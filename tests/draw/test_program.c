/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shell.h"

#include <stdlib.h>
#include <string.h>

/* The program entcap-draw, fed with drawings from elsewhere. */

#define DRAW "%s/entcap-draw"

static const char *build(void)
{
    const char *path = getenv("BUILD");

    return path != NULL ? path : "build";
}

/* Every name says something to SVG, DOT, HTML, XML comments, or Graphviz' labels. */
static const char hostile[] = "entcap-drawing 1\n"
                              "id \"x-1\"\n"
                              "form tree\n"
                              "shape rows\n"
                              "folded no\n"
                              "name \"</title><script>alert(1)</script> --> ]]> &lt; \\\"\"\n"
                              "caption \"\\\\N \\\\G <b>&amp;</b>\"\n"
                              "row - 1 2 \"<i>\" \"a & b\"\n"
                              "row cut 1 1 \"r0\" \"\\\\l\"\n"
                              "row - 1 1 \"W\" \"--\"\n"
                              "node site A 0 0 1 - \"0\" \"site <0>\"\n"
                              "node site B 0 1 1 - \"1\" \"]]>\"\n"
                              "node copy - 1 0 1 cut \"\" \"--> <!--\"\n"
                              "node tensor - 2 0 1 - \"<b>&lt;\\\\N\" \"&quot;\"\n"
                              "bond 0 2 4 cut \"<u>\"\n"
                              "bond 1 2 4 cut \"&gt;\"\n"
                              "bond 2 3 4 cut \"\\\\E\"\n"
                              "end\n";

static void graphviz_and_gpl_libraries_do_not_meet(void **state)
{
    (void)state;
    assert_exits(0, "ldd " DRAW " | grep -q libgvc", build());
    assert_exits(1, "ldd " DRAW " | grep -e igraph -e flint -e lapacke -e yaml -e jansson",
                 build());
    assert_exits(1, "ldd %s/entcap | grep -e libgvc -e libcgraph", build());
    assert_exits(1, "nm " DRAW " | grep -E ' [Tt] ec_(arch|network|bound|cut|json|file)_'",
                 build());
}

static void hostile_names_are_text_in_svg(void **state)
{
    shell_write(*state, "d", hostile);
    assert_exits(0, DRAW " svg <%s/d >%s/x.svg", build(), (char *)*state, (char *)*state);
    shell("cat %s/x.svg", (char *)*state);
    assert_printed(
        "&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt; --&gt; ]]&gt; &amp;lt; &quot;"
        "</title>");
    assert_printed("<desc id=\"x-1-desc\">\\N \\G &lt;b&gt;&amp;amp;&lt;/b&gt;</desc>");
    assert_printed("<title>--&gt; &lt;!--</title>");
    assert_printed("<title>&amp;quot;</title>");
    assert_printed(">&lt;b&gt;&amp;lt;\\N</text>");
    assert_printed(">\\E</text>");
    assert_exits(1, "grep -i -e '<script' -e '<!--' -e '<b>' %s/x.svg", (char *)*state);
    assert_exits(0, "! command -v xmllint >/dev/null || xmllint --noout %s/x.svg", (char *)*state);
}

static void an_inline_svg_is_the_element_alone_with_ids_of_its_own(void **state)
{
    shell_write(*state, "d", hostile);
    assert_exits(0, DRAW " svg-inline <%s/d >%s/x.svg", build(), (char *)*state, (char *)*state);
    assert_exits(0, "head -c 5 %s/x.svg | grep -q '^<svg '", (char *)*state);
    assert_exits(1, "grep -o ' id=\"[^\"]*' %s/x.svg | grep -v '\"x-1'", (char *)*state);
    assert_exits(0, "test -z \"$(grep -o ' id=\"[^\"]*' %s/x.svg | sort | uniq -d)\"",
                 (char *)*state);
}

static void hostile_names_are_text_in_every_format(void **state)
{
    char *folder = *state;

    shell_write(folder, "d", hostile);
    assert_exits(0, "for f in dot pdf png; do " DRAW " $f <%s/d >%s/x.$f || exit; done", build(),
                 folder, folder);
    shell("grep -c label= %s/x.dot; " DRAW " dot <%s/d | cmp - %s/x.dot && echo same", folder,
          build(), folder, folder);
    assert_printed("same");
}

/* Where there are other programs to read them: what a PDF says, and DOT drawn once more. */
static void hostile_names_come_back_from_pdf_and_dot(void **state)
{
    char *folder = *state;

    shell_write(folder, "d", hostile);
    assert_exits(0,
                 "! command -v pdftotext >/dev/null || { " DRAW " pdf <%s/d >%s/x.pdf && "
                 "pdftotext %s/x.pdf - | grep -F '<script>alert(1)</script> --> ]]> &lt; \"'; }",
                 build(), folder, folder, folder);
    assert_exits(0,
                 "! command -v dot >/dev/null || { " DRAW " dot <%s/d | dot -Tsvg >%s/x.svg && "
                 "grep -F '&lt;script&gt;alert(1)&lt;/script&gt;' %s/x.svg && "
                 "grep -F '>&lt;b&gt;&amp;lt;\\N</text>' %s/x.svg; }",
                 build(), folder, folder, folder, folder);
}

/* Braces that group, not those that are printed, up to the end of the text. */
static void check_braces(const char *tex)
{
    int depth = 0;

    for (; *tex != '\0'; tex++) {
        if (*tex == '\\' && tex[1] != '\0')
            tex++;
        else if (*tex == '{')
            depth++;
        else if (*tex == '}')
            depth--;
        assert_true(depth >= 0);
    }
    assert_int_equal(depth, 0);
}

/* And they compile, where there is a LaTeX. */
static void hostile_names_are_text_in_tikz(void **state)
{
    char *folder = *state;

    shell_write(folder, "d", hostile);
    assert_exits(0, DRAW " tex <%s/d >%s/x.tex", build(), folder, folder);
    shell("sed -n '/begin{tikzpicture}/,$p' %s/x.tex", folder);
    assert_printed("{\\textless{}/title\\textgreater{}\\textless{}script\\textgreater{}alert(1)");
    assert_printed("{\\textbackslash{}N \\textbackslash{}G ");
    assert_printed("\\&amp;");
    assert_printed("\\ttfamily\\char34}");
    assert_printed("{\\textbackslash{}E};");
    check_braces(shell_output());
    assert_exits(1,
                 "grep -v '[;%%{]$' %s/x.tex | sed '1,/append style/d' | grep -v -e style -e end",
                 folder);
    assert_exits(0,
                 "! command -v pdflatex >/dev/null || { cd %s && "
                 "pdflatex -interaction=nonstopmode -halt-on-error x.tex >/dev/null && "
                 "printf '\\\\documentclass{article}\\\\usepackage{tikz}"
                 "\\\\begin{document}\\\\input{x}\\\\input{x}\\\\end{document}' >y.tex && "
                 "pdflatex -interaction=nonstopmode -halt-on-error y.tex >/dev/null; }",
                 folder);
}

/* Sites a pitch of 46 points apart in one row; above, in the middle, copy tensor and tensor. */
static void dot_keeps_the_places_of_the_layout(void **state)
{
    shell_write(*state, "d", hostile);
    assert_exits(0,
                 DRAW " dot <%s/d | tr -d '\\n\\t' | sed 's/\\];/\\n/g' | "
                      "sed -n 's/^\\([sit][01]\\)\\[.*pos=\"\\([^,]*\\),\\([^\"]*\\)\".*/"
                      "\\1 \\2 \\3/p' | awk '{ x[$1] = $2; y[$1] = $3 } END { exit !("
                      "NR == 4 && x[\"s1\"] - x[\"s0\"] == 46 && x[\"i0\"] - x[\"s0\"] == 23 && "
                      "x[\"t0\"] == x[\"i0\"] && y[\"s0\"] == y[\"s1\"] && "
                      "y[\"i0\"] > y[\"s0\"] + 20 && y[\"t0\"] > y[\"i0\"] + 20) }'",
                 build(), (char *)*state);
    assert_exits(0, DRAW " dot <%s/d | grep -q layout=nop2", build(), (char *)*state);
}

static void mistakes_are_reported_with_their_line(void **state)
{
    (void)state;
    assert_exits(3, "printf 'entcap-drawing 1\\nid \"x\"\\nform bush\\n' | " DRAW " svg", build());
    assert_printed("drawing:3: error: expected 'tree' or another of its kind\n");
    assert_exits(3, DRAW " png </dev/null", build());
    assert_printed("drawing:1: error: expected 'entcap-drawing 1'\n");
    assert_exits(2, DRAW " gif </dev/null", build());
    assert_printed("usage: entcap-draw FORMAT < DRAWING > PICTURE\n");
    assert_exits(2, DRAW, build());
    assert_exits(0, DRAW " --help", build());
    assert_exits(5, "echo | " DRAW " svg >/dev/full 2>/dev/null; " DRAW " svg <. ", build(),
                 build());
    assert_printed("standard input cannot be read");
}

static void a_full_disk_is_reported(void **state)
{
    shell_write(*state, "d", hostile);
    assert_exits(5, DRAW " svg <%s/d >/dev/full", build(), (char *)*state);
    assert_printed("entcap-draw: error: standard output cannot be written\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(graphviz_and_gpl_libraries_do_not_meet),
        cmocka_unit_test_setup_teardown(hostile_names_are_text_in_svg, shell_make_folder,
                                        shell_remove_folder),
        cmocka_unit_test_setup_teardown(an_inline_svg_is_the_element_alone_with_ids_of_its_own,
                                        shell_make_folder, shell_remove_folder),
        cmocka_unit_test_setup_teardown(hostile_names_are_text_in_every_format, shell_make_folder,
                                        shell_remove_folder),
        cmocka_unit_test_setup_teardown(hostile_names_come_back_from_pdf_and_dot, shell_make_folder,
                                        shell_remove_folder),
        cmocka_unit_test_setup_teardown(hostile_names_are_text_in_tikz, shell_make_folder,
                                        shell_remove_folder),
        cmocka_unit_test_setup_teardown(dot_keeps_the_places_of_the_layout, shell_make_folder,
                                        shell_remove_folder),
        cmocka_unit_test(mistakes_are_reported_with_their_line),
        cmocka_unit_test_setup_teardown(a_full_disk_is_reported, shell_make_folder,
                                        shell_remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
