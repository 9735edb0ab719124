/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "page.h"
#include "shell.h"

#include <csv.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "entcap/io.h"

/*
 * Names that hold whatever a shell, a page, a table or a picture could take for its own go through
 * every output: it still parses, the names in it are what they were, and nothing was carried out.
 */

/* As they are, and as the description quotes them. */
#define NETWORK                                                                                    \
    "\"'`<b>&amp;&</b>$(touch PWNED)%s%n{x}\\N|;#*?~^--]]>=1+1 \xd7\xa9\xd7\x9c \xc3\xa9"
#define PARTITION "=1+1,\"a\"`touch PWNED`$(touch PWNED)'<i>&lt;\\G%d"

static const char description[] =
    "name: \"\\\"'`<b>&amp;&</b>$(touch PWNED)%s%n{x}\\\\N|;#*?~^--]]>=1+1 "
    "\xd7\xa9\xd7\x9c \xc3\xa9\"\n"
    "input: {shape: [8, 8], channels: 2, features: {kind: affine-relu}}\n"
    "layers:\n"
    "  - conv: {channels: 2}\n"
    "  - pool: {window: [2, 2]}\n"
    "  - conv: {channels: 3}\n"
    "  - pool: {window: [4, 4]}\n"
    "  - dense: {outputs: 2}\n"
    "partitions:\n"
    "  - {name: \"=1+1,\\\"a\\\"`touch PWNED`$(touch PWNED)'<i>&lt;\\\\G%d\", a: \"0-31\"}\n"
    "requirements:\n"
    "  - {partition: \"=1+1,\\\"a\\\"`touch PWNED`$(touch PWNED)'<i>&lt;\\\\G%d\", min_rank: 4}\n";

/* What is called by a name there is an index, a tensor and a site. */
static const char any_network[] =
    "name: any\n"
    "network:\n"
    "  indices: {\"=1+1,\\\"a\\\"`touch PWNED`$(touch PWNED)'<i>&lt;\\\\G%d\": 4, b: 6, w: 5}\n"
    "  tensors:\n"
    "    \"\\\"'`<b>&amp;&</b>$(touch PWNED)%s%n{x}\\\\N|;#*?~^--]]>=1+1 "
    "\xd7\xa9\xd7\x9c \xc3\xa9\": [\"=1+1,\\\"a\\\"`touch PWNED`$(touch PWNED)'<i>&lt;\\\\G%d\", "
    "w]\n"
    "    U: [b, w]\n"
    "  open: [\"=1+1,\\\"a\\\"`touch PWNED`$(touch PWNED)'<i>&lt;\\\\G%d\", b]\n"
    "partitions: [{name: across, a: \"0\"}]\n";

/* A file whose name is an option, two lines, a colour, a command, and no UTF-8. */
#define FILE_NAME "-a \033[31m\n'\"`touch PWNED`$(touch PWNED)<i>&%s\xff.yaml"

static int setup(void **state)
{
    if (shell_make_folder(state) != 0)
        return -1;
    shell_write(*state, "d.yaml", description);
    shell_write(*state, "any.yaml", any_network);
    assert_exits(0, "printf %%s \"$PWD\"");
    setenv("HERE", shell_output(), 1);
    setenv("F", FILE_NAME, 1);
    setenv("P", PARTITION, 1);
    setenv("SAMPLES",
           shell("printf %%s \"npy:$HERE/tests/data/digits38_8x8_x.npy,"
                 "$HERE/tests/data/digits38_8x8_y01.npy\"")
               ->output,
           1);
    assert_exits(0,
                 "case ${BUILD:-build} in /*) echo \"$BUILD\" ;; *) echo \"$PWD/${BUILD:-build}\" "
                 ";; esac | tr -d '\\n'");
    setenv("BIN", shell_output(), 1);
    return shell("cd %s && cp -- d.yaml \"$F\"", (char *)*state)->status;
}

/* A command of entcap, in the folder; `out` is left there, and read. */
static void run(const char *folder, int code, const char *command, const char *out, ec_bytes *bytes)
{
    char path[256];

    print_message("entcap %s\n", command);
    assert_exits(code,
                 "cd %s && PATH=$BIN:$PATH && export OMP_NUM_THREADS=1 && "
                 "entcap %s >out 2>err || { code=$?; head -c 2000 err; exit $code; }",
                 folder, command);
    snprintf(path, sizeof path, "%s/%s", folder, out);
    assert_ok(ec_file_read(bytes, path, NULL, NULL), NULL);
    assert_true(bytes->size > 0);
}

/* Nothing that a terminal, or whoever reads lines, could act on. */
static void assert_no_controls(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        assert_true((unsigned char)text[i] >= 0x20 || text[i] == '\n' || text[i] == '\t');
}

/* ------------------------------------------------------------------ readers */

/* Each reader says whether a parsed output holds a name as it was written. */
typedef bool reader(const char *text, size_t n, const char *name);

static bool in_text(const char *text, size_t n, const char *name)
{
    assert_no_controls(text, n);
    return strstr(text, name) != NULL;
}

/* Some key or string of a JSON value. */
static bool in_value(json_t *value, const char *name)
{
    const char *key;
    json_t *member;
    size_t i;

    if (json_is_string(value))
        return strstr(json_string_value(value), name) != NULL;
    json_array_foreach(value, i, member)
    {
        if (in_value(member, name))
            return true;
    }
    json_object_foreach(value, key, member)
    {
        if (strstr(key, name) != NULL || in_value(member, name))
            return true;
    }
    return false;
}

static bool in_json(const char *text, size_t n, const char *name)
{
    json_error_t why;
    json_t *document = json_loadb(text, n, JSON_REJECT_DUPLICATES, &why);

    if (document == NULL)
        print_error("line %d: %s\n", why.line, why.text);
    assert_non_null(document);
    bool found = in_value(document, name);
    json_decref(document);
    return found;
}

/* A document a line. */
static bool in_json_lines(const char *text, size_t n, const char *name)
{
    bool found = false;

    for (const char *line = text, *end; line < text + n; line = end + 1) {
        end = memchr(line, '\n', (size_t)(text + n - line));
        assert_non_null(end);
        found = in_json(line, (size_t)(end - line), name) || found;
    }
    return found;
}

typedef struct cells {
    const char *name;
    bool found;
    size_t n, width;
} cells;

static void on_cell(void *cell, size_t size, void *arg)
{
    cells *c = arg;
    char text[1024];

    snprintf(text, sizeof text, "%.*s", (int)size, (char *)cell);
    c->found = c->found || strstr(text, c->name) != NULL;
    c->n++;
}

static void on_row(int end, void *arg)
{
    cells *c = arg;

    (void)end;
    if (c->width == 0)
        c->width = c->n;
    assert_int_equal(c->n, c->width);
    c->n = 0;
}

static bool in_csv(const char *text, size_t n, const char *name)
{
    struct csv_parser parser;
    cells c = {.name = name};

    assert_int_equal(csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI), 0);
    assert_int_equal(csv_parse(&parser, text, n, on_cell, on_row, &c), n);
    assert_int_equal(csv_fini(&parser, on_cell, on_row, &c), 0);
    csv_free(&parser);
    return c.found;
}

/* Copy without the escapes of a format: rows of what is written, and what it stands for. */
static char *unescape(const char *text, const char *const (*escapes)[2])
{
    char *out = ec_calloc(strlen(text) + 1, 1, NULL), *to = out;

    assert_non_null(out);
    while (*text != '\0') {
        const char *const(*e)[2] = escapes;

        while ((*e)[0] != NULL && strncmp(text, (*e)[0], strlen((*e)[0])) != 0)
            e++;
        const char *as = (*e)[0] != NULL ? (*e)[1] : (char[2]){*text, '\0'};
        memcpy(to, as, strlen(as));
        to += strlen(as);
        text += (*e)[0] != NULL ? strlen((*e)[0]) : 1;
    }
    return out;
}

static bool in_unescaped(const char *text, const char *const (*escapes)[2], const char *name)
{
    char *plain = unescape(text, escapes);
    bool found = strstr(plain, name) != NULL;

    ec_free(plain);
    return found;
}

static const char *const entities[][2] = {{"&lt;", "<"},    {"&gt;", ">"},  {"&amp;", "&"},
                                          {"&quot;", "\""}, {"&#39;", "'"}, {"&#96;", "`"},
                                          {"&#45;", "-"},   {NULL, NULL}};

static bool in_html(const char *text, size_t n, const char *name)
{
    assert_no_controls(text, n);
    assert_well_formed(text);
    assert_self_contained(text);
    return in_unescaped(text, entities, name);
}

/* Well-formed as the strictest reader at hand sees it. */
static bool in_svg(const char *text, size_t n, const char *name)
{
    assert_no_controls(text, n);
    assert_exits(0, "cd \"$OUT\" && xmllint --noout --nonet out.svg");
    assert_string_equal(shell_output(), "");
    return in_unescaped(text, entities, name);
}

/* Of a quoted string, and of the label in it. */
static bool in_dot(const char *text, size_t n, const char *name)
{
    static const char *const escapes[][2] = {
        {"\\\\", "\\"}, {"\\\"", "\""}, {"&amp;", "&"}, {NULL, NULL}};

    assert_no_controls(text, n);
    return in_unescaped(text, escapes, name);
}

/* Punctuation has a backslash before it. */
static bool in_markdown(const char *text, size_t n, const char *name)
{
    static const char *const escapes[][2] = {
        {"\\\\", "\\"}, {"\\`", "`"}, {"\\<", "<"}, {"\\>", ">"}, {"\\&", "&"}, {"\\$", "$"},
        {"\\{", "{"},   {"\\}", "}"}, {"\\|", "|"}, {"\\#", "#"}, {"\\*", "*"}, {"\\~", "~"},
        {"\\[", "["},   {"\\]", "]"}, {"\\_", "_"}, {"\\!", "!"}, {NULL, NULL}};

    assert_no_controls(text, n);
    return in_unescaped(text, escapes, name);
}

/* A command of GitHub: %25 is %. */
static bool in_workflow(const char *text, size_t n, const char *name)
{
    static const char *const escapes[][2] = {
        {"%25", "%"}, {"%0A", "\n"}, {"%3A", ":"}, {"%2C", ","}, {NULL, NULL}};

    assert_no_controls(text, n);
    return in_unescaped(text, escapes, name);
}

/* ------------------------------------------------------------------- tables */

typedef struct output {
    const char *command, *file; /* `file` holds the output */
    reader *reads;
    bool network, partition; /* which names it must hold */
    int code;
} output;

static void check(void **state, const output *o)
{
    ec_bytes bytes = {0};

    run(*state, o->code, o->command, o->file, &bytes);
    const char *text = (const char *)bytes.data;
    if ((o->network && !o->reads(text, bytes.size, NETWORK)) ||
        (o->partition && !o->reads(text, bytes.size, PARTITION))) {
        print_error("a name did not arrive:\n%.3000s\n", text);
        fail();
    }
    ec_bytes_clear(&bytes);
    assert_exits(1, "find %s -name 'PWNED*' | grep .", (char *)*state);
}

static void check_all(void **state, const output *outputs, size_t n)
{
    setenv("OUT", *state, 1);
    for (size_t i = 0; i < n; i++)
        check(state, &outputs[i]);
}

#define CHECK_ALL(outputs) check_all(state, outputs, sizeof(outputs) / sizeof *(outputs))

static void names_go_through_bounds_and_findings(void **state)
{
    static const output outputs[] = {
        {"bound d.yaml", "out", in_text, true, true, 0},
        {"bound --json --exact --certificate d.yaml", "out", in_json, true, true, 0},
        {"formula d.yaml", "out", in_text, false, true, 0},
        {"formula --json d.yaml", "out", in_json, true, true, 0},
        {"check d.yaml", "out", in_text, false, true, 1},
        {"check --format json d.yaml", "out", in_json, true, true, 1},
        {"check --format sarif d.yaml", "out", in_json, false, true, 1},
        {"check --format github d.yaml", "out", in_workflow, false, true, 1},
        {"verify d.yaml", "out", in_text, false, true, 0},
        {"verify --json d.yaml", "out", in_json, true, true, 0},
        {"bound any.yaml --certificate --json", "out", in_json, true, true, 0},
        {"bound any.yaml", "out", in_text, false, true, 0},
    };

    CHECK_ALL(outputs);
}

static void names_go_through_tables_of_widths(void **state)
{
    static const output outputs[] = {
        {"sweep --set r0=2,3 d.yaml", "out", in_text, true, true, 0},
        {"sweep --set r0=2,3 --csv d.yaml", "out", in_csv, false, true, 0},
        {"sweep --set r0=2,3 --json d.yaml", "out", in_json, true, true, 0},
        {"sweep --set r0=2,3 --jsonl d.yaml", "out", in_json_lines, false, true, 0},
        {"sweep --set r0=2,3 --where \"$P>=2\" --csv d.yaml", "out", in_csv, false, true, 0},
        {"design --require \"$P=3\" --minimize params d.yaml", "out", in_text, false, true, 0},
        {"design --require \"$P=3\" --minimize params --json d.yaml -o best.yaml", "out", in_json,
         true, true, 0},
        {"bound --json best.yaml", "out", in_json, true, true, 0},
    };

    CHECK_ALL(outputs);
}

static void names_go_through_training(void **state)
{
    static const output outputs[] = {
        {"train d.yaml -d \"$SAMPLES\" -o w.st --log log --limit 64 --entropy-every 1", "log",
         in_json_lines, false, true, 0},
        {"verify d.yaml --weights w.st --json", "out", in_json, true, true, 0},
        {"predict d.yaml --weights w.st -d \"$SAMPLES\" --json", "out", in_json, true, false, 0},
        {"train d.yaml -d \"$SAMPLES\" -o w.st --limit 64 --epochs 2 --resume --json", "out",
         in_json, false, false, 0},
        {"report d.yaml --weights w.st --log log --data \"$SAMPLES\" -o out.html", "out.html",
         in_html, true, true, 0},
        {"data fit d.yaml --data \"$SAMPLES\" --levels 1 --json", "out", in_json, true, false, 0},
    };

    CHECK_ALL(outputs);
}

static void names_go_through_pages_and_pictures(void **state)
{
    static const output outputs[] = {
        {"report d.yaml -o out.html", "out.html", in_html, true, true, 0},
        {"report d.yaml --format md", "out", in_markdown, true, true, 0},
        {"report d.yaml --format json", "out", in_json, true, true, 0},
        {"draw d.yaml -o out.svg", "out.svg", in_svg, true, true, 0},
        {"draw d.yaml --collapse layers -o out.svg", "out.svg", in_svg, true, true, 0},
        {"draw d.yaml -o out.dot", "out.dot", in_dot, true, true, 0},
        {"draw any.yaml -o out.svg", "out.svg", in_svg, true, true, 0},
        {"draw any.yaml -o out.dot", "out.dot", in_dot, false, false, 0} /* long names are cut */,
    };

    CHECK_ALL(outputs);
    assert_exits(0, "cd %s && dot -Tcanon out.dot >/dev/null", (char *)*state);
    assert_string_equal(shell_output(), "");
}

/* A verb that is new is tried here, too. */
static void every_verb_is_tried(void **state)
{
    (void)state;
    assert_exits(
        0, "$BIN/entcap help --format list | grep -vx -e 'data.*' -e help -e layers -e explain |"
           "while read -r verb; do grep -q \"{\\\"$verb \" tests/house/test_hostile.c ||"
           "{ echo \"$verb\"; exit 1; }; done");
}

/* --------------------------------------------------------------- file names */

static void a_file_may_have_any_name(void **state)
{
    static const output outputs[] = {
        {"bound --json -- \"$F\"", "out", in_json, true, true, 0},
        {"bound -- \"$F\"", "out", in_text, true, true, 0},
        {"bound --json \"./$F\" d.yaml", "out", in_json, true, true, 0},
        {"check --format text \"./$F\"", "out", in_text, false, true, 1},
        {"check --format json \"./$F\"", "out", in_json, true, true, 1},
        {"check --format sarif \"./$F\"", "out", in_json, false, true, 1},
        {"check --format github \"./$F\"", "out", in_workflow, false, true, 1},
        {"report -o out.html -- \"$F\"", "out.html", in_html, true, true, 0},
        {"report --format md -- \"$F\"", "out", in_markdown, true, true, 0},
        {"report --format json -- \"$F\"", "out", in_json, true, true, 0},
        {"draw -o \"$F.svg\" -- \"$F\" && mv -- \"$F.svg\" out.svg", "out.svg", in_svg, true, true,
         0},
        {"train -d \"$SAMPLES\" -o \"$F.st\" --log \"$F.log\" --limit 64 -- \"$F\" && "
         "entcap verify --weights \"$F.st\" --json -- \"$F\" >out",
         "out", in_json, true, true, 0},
    };

    CHECK_ALL(outputs);
}

/* What is wrong with a file of such a name is said on one line that no terminal acts on. */
static void messages_show_what_a_terminal_could_act_on_as_question_marks(void **state)
{
    static const struct {
        const char *command, *message;
        int code;
    } cases[] = {
        {"bound \"./no$F\"",
         "./no-a ?[31m?'\"`touch PWNED`$(touch PWNED)<i>&%s?.yaml: error: cannot open: No such "
         "file or "
         "directory\n",
         5},
        {"\"$(printf 'bo\\033[2Jund')\"",
         "entcap: error: unknown verb 'bo?[2Jund'\nTry 'entcap help'.\n", 2},
        {"bound d.yaml --partition \"$(printf '\\033]0;x\\007')\"",
         "entcap bound: error: --partition: there is no partition '?]0;x?'; give a listed or "
         "built-in "
         "name, or sites as in 0-3,8\nTry 'entcap help bound'.\n",
         2},
        {"bound \"$(printf '\\302\\233\\342\\200\\256x')\"",
         "??x: error: cannot open: No such file or directory\n", 5},
        {"bound \"$(printf -- '--ex\\033act')\" d.yaml",
         "entcap bound: error: unknown option '--ex?act'; did you mean '--exact'?\n"
         "Try 'entcap help bound'.\n",
         2},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_exits(cases[i].code, "cd %s && $BIN/entcap %s", (char *)*state, cases[i].command);
        assert_string_equal(shell_output(), cases[i].message);
    }
}

/* On a terminal the only escape sequences are entcap's own. */
static void messages_on_a_terminal_hold_no_foreign_sequences(void **state)
{
    assert_exits(0,
                 "cd %s && env -u NO_COLOR script -qec '$BIN/entcap bound \"./no$F\"' typescript "
                 ">/dev/null; "
                 "grep -c 'error:' typescript",
                 (char *)*state);
    assert_exits(1, "cd %s && grep -F \"$(printf '\\033[31m')\" typescript", (char *)*state);
    assert_exits(0, "cd %s && grep -F \"$(printf '\\033[1;31merror:\\033[0m')\" typescript",
                 (char *)*state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_go_through_bounds_and_findings),
        cmocka_unit_test(names_go_through_tables_of_widths),
        cmocka_unit_test(names_go_through_training),
        cmocka_unit_test(names_go_through_pages_and_pictures),
        cmocka_unit_test(every_verb_is_tried),
        cmocka_unit_test(a_file_may_have_any_name),
        cmocka_unit_test(messages_show_what_a_terminal_could_act_on_as_question_marks),
        cmocka_unit_test(messages_on_a_terminal_hold_no_foreign_sequences),
    };

    return cmocka_run_group_tests(tests, setup, shell_remove_folder);
}
