/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"

#include "entcap/arch.h"
#include "entcap/io.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Every file of tests/bad is refused with the error that it announces, in a comment line under the
 * faulty one:
 *
 *     channels: 016
 *     #         ^ error: ...      the column of the '^' is the column of the place
 *     # col 1: error: ...         where a '^' cannot be: below column 1
 *
 * A file that cannot hold a comment has FILE.err beside it: "LINE:COL: error: ...".
 */

struct expected {
    int line, col;
    char msg[512];
};

/* The rest of the line after " error: "; false if it is not there. */
static bool take_message(struct expected *out, const char *at)
{
    static const char lead[] = " error: ";

    if (strncmp(at, lead, strlen(lead)) != 0)
        return false;
    at += strlen(lead);
    snprintf(out->msg, sizeof out->msg, "%.*s", (int)strcspn(at, "\n"), at);
    return true;
}

static bool parse_marker(struct expected *out, const char *line)
{
    static const char first[] = "# col 1:";
    size_t blanks = 1 + strspn(line + 1, " ");

    if (line[0] != '#')
        return false;
    out->col = strncmp(line, first, strlen(first)) == 0 ? 1 : (int)blanks + 1;
    if (out->col == 1)
        return take_message(out, line + strlen(first));
    return line[blanks] == '^' && take_message(out, line + blanks + 1);
}

/* How many markers a text has; the last one goes into *out. */
static int find_markers(struct expected *out, const char *text)
{
    int found = 0, number = 1;

    for (const char *line = text; *line != '\0'; number++) {
        size_t length = strcspn(line, "\n");
        if (parse_marker(out, line)) {
            out->line = number - 1;
            found++;
        }
        line += length + (line[length] == '\n');
    }
    return found;
}

static bool parse_err_file(struct expected *out, const char *text)
{
    char *end;

    out->line = (int)strtol(text, &end, 10);
    if (end == text || *end != ':')
        return false;
    text = end + 1;
    out->col = (int)strtol(text, &end, 10);
    return end != text && *end == ':' && take_message(out, end + 1);
}

/* What is wrong with the report of a bad description, NULL if nothing. */
static const char *objection(const char *path, const char *markers, const char *err_file)
{
    static char why[2048];
    struct expected expected = {.line = 0};
    ec_error err = {0};
    ec_arch *arch;
    int found = find_markers(&expected, markers);

    if (err_file != NULL ? found != 0 || !parse_err_file(&expected, err_file) : found != 1)
        return "it needs exactly one marker, in itself or in a .err file";
    if (ec_arch_read(&arch, path, &err) != EC_EPARSE || arch != NULL || err.status != EC_EPARSE) {
        ec_arch_free(arch);
        return "it is not refused as malformed";
    }
    if (strcmp(err.file, path) != 0)
        return "the report names another file";
    if (err.line == expected.line && err.col == expected.col && strcmp(err.msg, expected.msg) == 0)
        return NULL;
    snprintf(why, sizeof why, "expected %d:%d: %s\n     got %d:%d: %s", expected.line, expected.col,
             expected.msg, err.line, err.col, err.msg);
    return why;
}

static char *read_text(const char *path)
{
    ec_bytes bytes = {0};

    assert_ok(ec_file_read(&bytes, path, NULL, NULL), NULL);
    return (char *)bytes.data;
}

/* Call `check` for every bad file; err_file is NULL where there is none. */
static int for_each_bad_file(int (*check)(const char *path, const char *text, const char *err_file))
{
    int count = 0;
    DIR *dir = opendir("tests/bad");

    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        char path[300], err_path[310];
        size_t length = strlen(e->d_name);
        if (e->d_name[0] == '.' || (length > 4 && strcmp(e->d_name + length - 4, ".err") == 0))
            continue;
        snprintf(path, sizeof path, "tests/bad/%s", e->d_name);
        snprintf(err_path, sizeof err_path, "%s.err", path);
        FILE *has_err = fopen(err_path, "r");
        char *text = read_text(path), *err_file = has_err != NULL ? read_text(err_path) : NULL;
        if (has_err != NULL)
            fclose(has_err);
        count += check(path, text, err_file);
        ec_free(text);
        ec_free(err_file);
    }
    closedir(dir);
    return count;
}

static int must_agree(const char *path, const char *text, const char *err_file)
{
    const char *why = objection(path, text, err_file);

    if (why != NULL)
        print_error("%s: %s\n", path, why);
    return why == NULL;
}

static int count_one(const char *path, const char *text, const char *err_file)
{
    (void)path;
    (void)text;
    (void)err_file;
    return 1;
}

static void every_bad_file_is_refused_as_it_announces(void **state)
{
    (void)state;
    int files = for_each_bad_file(count_one);

    assert_true(files >= 100);
    assert_int_equal(for_each_bad_file(must_agree), files);
}

/* Text with the first `from` replaced by `to`. */
static char *replaced(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    size_t size = strlen(text) + strlen(to) + 1;
    char *out = ec_calloc(size, 1, NULL);

    assert_non_null(at);
    assert_non_null(out);
    snprintf(out, size, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    return out;
}

static void wrong_markers_are_noticed(void **state)
{
    (void)state;
    static const char path[] = "tests/bad/input-channels-zero.yaml";
    static const char *const edits[][2] = {
        {" ^ error: ", "^ error: "},              /* one column to the left */
        {" ^ error: ", "  ^ error: "},            /* one to the right */
        {"#  ", "\n#  "},                         /* one line lower */
        {"1048576, ", "1048575, "},               /* another message */
        {", not '0'", ""},                        /* a shorter one */
        {" error: ", " remark: "},                /* no marker */
        {"layers:", "# col 1: error: x\nlayers:"} /* two markers */
    };
    char *text = read_text(path);

    assert_null(objection(path, text, NULL));
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        char *wrong = replaced(text, edits[i][0], edits[i][1]);
        assert_non_null(objection(path, wrong, NULL));
        ec_free(wrong);
    }
    assert_non_null(objection(path, text, "4:13: error: beside a marker"));
    assert_non_null(objection("tests/bad/file-nul-byte.yaml", "", "1:8 error: no colon"));
    assert_non_null(objection("models/bridge.yaml", text, NULL));
    ec_free(text);
}

/* Byte offset of a place by a slow walk; columns count UTF-8 lead bytes. */
static size_t offset_of(const char *text, int line, int col)
{
    size_t i = strncmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

    for (int n = 1; n < line && text[i] != '\0'; i++)
        n += text[i] == '\n';
    for (int n = 1; n < col && text[i] != '\0' && text[i] != '\n'; n++)
        do
            i++;
        while ((text[i] & 0xc0) == 0x80);
    return i;
}

static int must_show_its_place(const char *path, const char *text, const char *err_file)
{
    ec_error err = {0};
    ec_arch *arch;
    size_t length;
    char at;

    (void)err_file;
    assert_int_equal(ec_arch_read(&arch, path, &err), EC_EPARSE);
    length = strlen(err.source);
    if (strstr(path, "utf16") != NULL) /* C strings end early in it */
        return 1;
    assert_true(err.caret >= 0 && (size_t)err.caret <= length);
    at = text[offset_of(text, err.line, err.col)];
    if (at == '\0' || at == '\n' || at == '\r')
        assert_true((size_t)err.caret == length || err.source[err.caret] == '?');
    else
        assert_true(err.source[err.caret] == at || err.source[err.caret] == '?');
    for (size_t i = 0; i < length; i++)
        assert_false(iscntrl((unsigned char)err.source[i]) && err.source[i] != '\t');
    for (const char *c = err.msg; *c != '\0'; c++)
        assert_false(iscntrl((unsigned char)*c));
    length = strlen(err.msg);
    assert_true(length > 0 && err.msg[length - 1] != '.');
    return 1;
}

static void every_report_shows_its_place_in_printable_text(void **state)
{
    (void)state;
    assert_true(for_each_bad_file(must_show_its_place) > 0);
}

static void long_lines_are_cut_around_the_place(void **state)
{
    (void)state;
    ec_error err = {0};
    ec_arch *arch;

    assert_int_equal(ec_arch_read(&arch, "tests/bad/file-long-line.yaml", &err), EC_EPARSE);
    assert_int_equal(strncmp(err.source + err.caret, "9000,1002", 9), 0);
    assert_int_equal(strncmp(err.source, "...", 3), 0);
    assert_string_equal(err.source + strlen(err.source) - 3, "...");
    assert_true(strlen(err.source) > 200);
}

/* n times the two bytes of an e with an acute accent. */
static size_t put_accents(char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        text[2 * i] = '\xc3';
        text[2 * i + 1] = '\xa9';
    }
    return 2 * n;
}

static void cuts_fall_between_characters(void **state)
{
    (void)state;
    char text[1200];

    for (int pad = 0; pad < 4; pad++) {
        ec_error err = {0};
        ec_arch *arch;
        size_t n = (size_t)snprintf(text, sizeof text, "name: ['");
        n += put_accents(text + n, 150);
        n += (size_t)snprintf(text + n, sizeof text - n, "%.*s' 1%.*s", pad, "xxxx", pad, "xxxx");
        n += put_accents(text + n, 150);
        assert_int_equal(ec_arch_parse(&arch, text, n, "long", &err), EC_EPARSE);
        assert_string_equal(err.msg, "a list goes on with ',' or ends with ']'");
        assert_int_equal(err.col, 161 + pad);
        assert_int_equal(err.source[err.caret], '1');
        assert_null(strchr(err.source, '?'));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_bad_file_is_refused_as_it_announces),
        cmocka_unit_test(wrong_markers_are_noticed),
        cmocka_unit_test(every_report_shows_its_place_in_printable_text),
        cmocka_unit_test(long_lines_are_cut_around_the_place),
        cmocka_unit_test(cuts_fall_between_characters),
    };
    return cmocka_run_group_tests_name("arch bad", tests, NULL, NULL);
}
