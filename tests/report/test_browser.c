/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "page.h"
#include "shell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "entcap/io.h"

/*
 * A page with every section, names that would like to act among them, as a browser shows it:
 * headless Chromium. It is looked at in frames of the widths of a phone, a tablet and a desk.
 */

/* A name as a single-quoted string of YAML, its quote doubled. */
#define PAGE_HOSTILE_YAML "</title><script>alert(1)</script>''`&amp; $(x)"

static const char description[] =
    "name: '" PAGE_HOSTILE_YAML "'\n"
    "input: {shape: [8, 8], channels: 4, features: {kind: cos-sin}}\n"
    "layers:\n"
    "- conv: {channels: 3}\n"
    "- pool: {window: [2, 2]}\n"
    "- conv: {channels: 3}\n"
    "- pool: {window: [2, 2]}\n"
    "- conv: {channels: 4}\n"
    "- pool: {window: [2, 2]}\n"
    "- dense: {outputs: 2}\n"
    "partitions:\n"
    "- left-right\n"
    "- {name: '" PAGE_HOSTILE_YAML "', a: \"0-15\"}\n"
    "- {name: an-unbroken-name-that-is-much-longer-than-the-screen-of-any-phone-is-wide, a: "
    "\"0\"}\n"
    "requirements:\n"
    "- {partition: '" PAGE_HOSTILE_YAML "', min_rank: 1000}\n";

/* Frames, and what a script of their parent finds in them. The page itself allows no script. */
static const char frames[] =
    "<!DOCTYPE html><meta charset=utf-8><title>frames</title>\n"
    "<iframe src=page.html width=390 height=800></iframe>\n"
    "<iframe src=page.html width=800 height=800></iframe>\n"
    "<iframe src=page.html width=1280 height=800></iframe>\n"
    "<iframe src=planted.html width=390 height=800></iframe>\n"
    "<pre id=found></pre>\n"
    "<script>onload = () => { for (const f of document.querySelectorAll('iframe')) {\n"
    "  const w = f.contentWindow, d = w.document, root = d.documentElement;\n"
    "  found.textContent += `[${w.innerWidth}: `\n"
    "    + `${root.scrollWidth > w.innerWidth ? 'scrolls' : 'fits'}, `\n"
    "    + `${w.performance.getEntriesByType('resource').length} requests, `\n"
    "    + `${d.querySelectorAll('section').length} sections, `\n"
    "    + `${d.querySelectorAll('figure > svg:not([role=img][aria-label])').length} unnamed, `\n"
    "    + `${d.querySelectorAll('h1').length} title, ${d.scripts.length} scripts]\\n`; } }\n"
    "</script>\n";

/* What must be noticed: it is too wide, and asks for something. */
static const char planted[] =
    "<!DOCTYPE html><meta charset=utf-8><title>planted</title>\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
    "'unsafe-inline'\"><h1>t</h1><p style=\"width:600px\">wide</p>\n"
    "<img src=\"http://127.0.0.1:1/x.png\" alt=x>\n";

/* Everything that `entcap report` can show, in FOLDER/page.html. */
static void make_page(const char *folder)
{
    const char *build = getenv("BUILD");

    shell_write(folder, "d.yaml", description);
    assert_exits(0,
                 "PATH=$PWD/%s:$PATH F=%s\n"
                 "D=npy:tests/data/digits38_8x8_x.npy,tests/data/digits38_8x8_y01.npy\n"
                 "entcap train $F/d.yaml --data $D --epochs 3 --entropy-every 5 --threads 1 "
                 "--log $F/log.jsonl -o $F/w.safetensors >$F/out &&\n"
                 "entcap report $F/d.yaml --weights $F/w.safetensors --log $F/log.jsonl --profile "
                 "--data $D --sweep r1=2,4,8 --sweep r2=2,4,8 --budget params=60 "
                 "--threads 1 -o $F/page.html",
                 build != NULL ? build : "build", folder);
}

/* What Chromium prints of a page of the folder, without what it says of its own. */
static const char *browse(const char *folder, const char *page)
{
    assert_exits(0,
                 "chromium --headless --no-sandbox --disable-gpu --user-data-dir=%s/profile "
                 "--allow-file-access-from-files --enable-logging=stderr --window-size=1400,900 "
                 "--virtual-time-budget=5000 --dump-dom file://%s/%s 2>&1 | "
                 "grep -E 'CONSOLE|\\[[0-9]+: [a-z]+,' || true",
                 folder, folder, page);
    return shell_output();
}

static int setup(void **state)
{
    return shell_make_folder(state);
}

static void a_page_is_quiet_and_fits_every_screen(void **state)
{
    static const char *const lines[] = {
        "[390: fits, 0 requests, 12 sections, 0 unnamed, 1 title, 0 scripts]",
        "[800: fits, 0 requests, 12 sections, 0 unnamed, 1 title, 0 scripts]",
        "[1280: fits, 0 requests, 12 sections, 0 unnamed, 1 title, 0 scripts]",
        "[390: scrolls,", /* the planted page: the measurement can fail */
    };
    const char *folder = *state;

    if (!ec_program_exists("chromium") || !ec_program_exists("gnuplot")) {
        print_message("chromium or gnuplot is not installed\n");
        skip();
    }
    make_page(folder);
    shell_write(folder, "frames.html", frames);
    shell_write(folder, "planted.html", planted);
    const char *found = browse(folder, "frames.html");
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (strstr(found, lines[i]) == NULL)
            fail_msg("no %s in\n%s", lines[i], found);
    /* one complaint, about what was planted */
    assert_int_equal(page_count(found, "CONSOLE"), 1);
    assert_non_null(strstr(found, "127.0.0.1:1/x.png"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_page_is_quiet_and_fits_every_screen, setup,
                                        shell_remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
