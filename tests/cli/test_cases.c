/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"

#include <dirent.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "entcap/io.h"

/*
 * Every tests/cli/NAME.case is a test. A case is a list of commands, run one after the other by
 * /bin/sh in the top folder, with entcap in PATH and $T an empty folder of the case's own:
 *
 *     # anything
 *     $ entcap bound models/bridge.yaml     a command
 *     > partition  ...                      the lines of its standard output; $T as above
 *     ? *seconds                            a line of it, as a shell pattern
 *     ...                                   any number of lines of it, until the next line fits
 *     ! entcap: error: ...                  the lines of its standard error
 *     !? *seconds                           one of them as a pattern
 *     = 2                                   its exit code, always the last
 */

enum { MAX_CASES = 256, MAX_LINES = 400, LINE = 2048 };

/* The lines expected of one stream. */
typedef struct expectation {
    enum { EXACT, PATTERN, REST } kind[MAX_LINES];
    char line[MAX_LINES][LINE];
    size_t n;
} expectation;

typedef struct command {
    char text[LINE];
    int line; /* where it stands in the case */
    expectation out, err;
    int code;
} command;

static char folder[64];

/* An expected line; $T in it is the case's folder. */
static void add(expectation *e, int kind, const char *text)
{
    const char *here = strstr(text, "$T");
    int before = here != NULL ? (int)(here - text) : (int)strlen(text);

    assert_true(e->n < MAX_LINES);
    e->kind[e->n] = (unsigned)kind;
    snprintf(e->line[e->n], LINE, "%.*s%s%s", before, text, here != NULL ? folder : "",
             here != NULL ? here + 2 : "");
    e->n++;
}

/* The rest of a line after its mark and a blank. */
static const char *after(const char *line, size_t mark)
{
    return line[mark] == ' ' ? line + mark + 1 : line + mark;
}

static bool line_fits(const expectation *e, size_t i, const char *line)
{
    return e->kind[i] == EXACT ? strcmp(e->line[i], line) == 0 : fnmatch(e->line[i], line, 0) == 0;
}

/* What a stream held against what was expected; -1, or the number of the first wrong line. */
static int compare(const expectation *e, char *text)
{
    size_t i = 0;
    int number = 0;

    for (char *line = text, *next; *line != '\0'; line = next) {
        size_t n = strcspn(line, "\n");

        next = line + n + (line[n] == '\n');
        line[n] = '\0';
        number++;
        if (i < e->n && e->kind[i] == REST) {
            if (i + 1 < e->n && line_fits(e, i + 1, line))
                i += 2;
            continue;
        }
        if (i == e->n || !line_fits(e, i, line))
            return number;
        i++;
    }
    if (i < e->n && e->kind[i] == REST)
        i++;
    return i == e->n ? -1 : number + 1;
}

static void check_stream(const command *c, const char *name, const expectation *e, const char *file)
{
    char path[128];
    ec_bytes bytes = {0};

    snprintf(path, sizeof path, "%s/.%s", folder, name);
    assert_ok(ec_file_read(&bytes, path, NULL, NULL), NULL);
    char *whole = ec_strdup((const char *)bytes.data, NULL);
    int wrong = compare(e, (char *)bytes.data);

    if (wrong >= 0)
        print_error("%s:%d: $ %s\nline %d of %s is not as expected; all of it:\n%s", file, c->line,
                    c->text, wrong, name, whole);
    ec_free(whole);
    ec_bytes_clear(&bytes);
    if (wrong >= 0)
        fail();
}

static void run(const command *c, const char *file)
{
    char line[LINE + 256];

    snprintf(line, sizeof line, "T=%s; { %s\n} >%s/.out 2>%s/.err </dev/null", folder, c->text,
             folder, folder);
    int status = system(line);
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);

    if (code != c->code)
        print_error("%s:%d: $ %s\nexit code %d, expected %d\n", file, c->line, c->text, code,
                    c->code);
    check_stream(c, "err", &c->err, file);
    check_stream(c, "out", &c->out, file);
    assert_int_equal(code, c->code);
}

/* One line of a case; true when it completes a command. */
static bool read_line(command *c, const char *line, int number)
{
    if (line[0] == '#' || line[0] == '\0')
        return false;
    if (line[0] == '$') {
        *c = (command){.line = number};
        snprintf(c->text, sizeof c->text, "%s", after(line, 1));
    } else if (strcmp(line, "...") == 0) {
        add(&c->out, REST, "");
    } else if (strncmp(line, "!?", 2) == 0) {
        add(&c->err, PATTERN, after(line, 2));
    } else if (line[0] == '!') {
        add(&c->err, EXACT, after(line, 1));
    } else if (line[0] == '?') {
        add(&c->out, PATTERN, after(line, 1));
    } else if (line[0] == '>') {
        add(&c->out, EXACT, after(line, 1));
    } else if (line[0] == '=') {
        c->code = (int)strtol(after(line, 1), NULL, 10);
        return true;
    } else {
        print_error("line %d of the case has no mark: %s\n", number, line);
        fail();
    }
    return false;
}

static void every_command_answers_as_written(void **state)
{
    const char *file = *state;
    static command c; /* large, and a failing test returns from the middle */
    char line[LINE];
    size_t n_commands = 0;
    FILE *stream = fopen(file, "r");

    assert_non_null(stream);
    for (int number = 1; fgets(line, sizeof line, stream) != NULL; number++) {
        line[strcspn(line, "\n")] = '\0';
        if (read_line(&c, line, number)) {
            run(&c, file);
            n_commands++;
        }
    }
    fclose(stream);
    assert_true(n_commands > 0);
}

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/entcap-case-XXXXXX");
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static int remove_folder(void **state)
{
    char line[128];
    (void)state;

    snprintf(line, sizeof line, "rm -rf '%s'", folder);
    return system(line);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_case(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');

    return dot != NULL && strcmp(dot, ".case") == 0;
}

/* entcap as it was built, before any that is installed. */
static void set_path(void)
{
    const char *build = getenv("BUILD");
    char here[2048], path[8192];

    assert_non_null(getcwd(here, sizeof here));
    build = build != NULL ? build : "build";
    snprintf(path, sizeof path, "%s%s%s:%s", build[0] == '/' ? "" : here,
             build[0] == '/' ? "" : "/", build, getenv("PATH"));
    setenv("PATH", path, 1);
    setenv("NO_COLOR", "1", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
}

int main(void)
{
    struct dirent **entries = NULL;
    static char name[MAX_CASES][300];
    struct CMUnitTest tests[MAX_CASES];
    int n = scandir("tests/cli", &entries, is_case, by_name);

    if (n <= 0 || n > MAX_CASES) {
        fprintf(stderr, "no cases in tests/cli: run this from the top folder\n");
        return 1;
    }
    set_path();
    for (int i = 0; i < n; i++) {
        snprintf(name[i], sizeof name[i], "tests/cli/%s", entries[i]->d_name);
        tests[i] = (struct CMUnitTest){name[i], every_command_answers_as_written, make_folder,
                                       remove_folder, name[i]};
        free(entries[i]);
    }
    free(entries);
    int failed = _cmocka_run_group_tests("cases", tests, (size_t)n, NULL, NULL);
    return failed;
}
