/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PROGRESS_EVERY_S 0.1

static volatile sig_atomic_t interrupted;

static double now_s(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static bool is_colored(FILE *stream)
{
    const char *no_color = getenv("NO_COLOR");

    return (no_color == NULL || no_color[0] == '\0') && isatty(fileno(stream));
}

/* Take the progress line off the terminal, so that what follows starts a clean line. */
static void clear_progress(const tool *t)
{
    if (t->progress_shown)
        fputs("\r\033[K", stderr);
}

void tool_put_safe(FILE *stream, const char *text)
{
    for (size_t left = strlen(text), length; left > 0; text += length, left -= length) {
        uint32_t c = 0;
        bool printable;

        length = ec_utf8_decode(&c, text, left);
        printable = length > 0 && ec_utf8_printable(c);
        length = length > 0 ? length : 1;
        fwrite(printable ? text : "?", 1, printable ? length : 1, stream);
    }
}

/* ------------------------------------------------------------------- misuse */

/* "entcap VERB: KIND: message", coloured on a terminal. */
static void print_message(const tool *t, const char *kind, const char *fmt, va_list args)
{
    char msg[1024];
    bool color = is_colored(stderr);

    clear_progress(t);
    vsnprintf(msg, sizeof msg, fmt, args);
    fprintf(stderr, "entcap %s: %s%s:%s ", t->verb->name, color ? "\033[1;31m" : "", kind,
            color ? "\033[0m" : "");
    tool_put_safe(stderr, msg);
    fputc('\n', stderr);
}

int tool_misuse(const tool *t, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    print_message(t, "error", fmt, args);
    va_end(args);
    fprintf(stderr, "Try 'entcap help %s'.\n", t->verb->name);
    return TOOL_USAGE;
}

void tool_warn(const tool *t, const char *fmt, ...)
{
    va_list args;

    if (t->quiet)
        return;
    va_start(args, fmt);
    print_message(t, "warning", fmt, args);
    va_end(args);
}

static int exit_code(ec_status status)
{
    switch (status) {
    case EC_OK:
        return TOOL_YES;
    case EC_EPARSE:
    case EC_EINVAL:
        return TOOL_BAD_INPUT;
    case EC_ENUMERIC:
    case EC_ELIMIT:
        return TOOL_LIMIT;
    case EC_ENOMEM:
    case EC_EIO:
        return TOOL_IO;
    case EC_ECANCEL:
        return TOOL_INTERRUPT;
    }
    return TOOL_IO;
}

/* The source line, and a caret below the place; tabs stay tabs so that the two line up. */
static void print_source(const ec_error *err, bool color)
{
    if (err->source[0] == '\0')
        return;
    char line[sizeof err->source];

    snprintf(line, sizeof line, "%s", err->source);
    ec_make_printable(line);
    fprintf(stderr, "%s\n", line);
    for (int i = 0; i < err->caret && err->source[i] != '\0'; i++) {
        unsigned char c = (unsigned char)err->source[i];

        if ((c & 0xc0) != 0x80) /* one column a character, not a byte */
            fputc(c == '\t' ? '\t' : ' ', stderr);
    }
    fputs(color ? "\033[1;32m^\033[0m\n" : "^\n", stderr);
}

int tool_fail(const tool *t, const char *file, const ec_error *err)
{
    bool color = is_colored(stderr);
    const char *name = err->file[0] != '\0' ? err->file : file;

    clear_progress(t);
    if (err->status == EC_ECANCEL) {
        fprintf(stderr, "entcap %s: interrupted\n", t->verb->name);
        return TOOL_INTERRUPT;
    }
    if (name != NULL)
        tool_put_safe(stderr, name);
    else
        fprintf(stderr, "entcap %s", t->verb->name);
    if (err->line > 0)
        fprintf(stderr, ":%d:%d", err->line, err->col);
    fprintf(stderr, ": %serror:%s ", color ? "\033[1;31m" : "", color ? "\033[0m" : "");
    tool_put_safe(stderr, err->msg[0] != '\0' ? err->msg : ec_status_text(err->status));
    fputc('\n', stderr);
    if (err->line > 0)
        print_source(err, color);
    return exit_code(err->status);
}

/* ------------------------------------------------------------------ results */

static int cannot_write(const tool *t)
{
    fprintf(stderr, "entcap%s%s: error: ", t->verb != NULL ? " " : "",
            t->verb != NULL ? t->verb->name : "");
    tool_put_safe(stderr, t->output != NULL ? t->output : "standard output");
    fputs(" cannot be written\n", stderr);
    return TOOL_IO;
}

int tool_write_to(tool *t, const char *path)
{
    ec_error err = {0};
    int file;

    if (t->team != NULL && !t->team->leads)
        return TOOL_GO_ON;
    file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (file < 0 || dup2(file, STDOUT_FILENO) < 0) {
        ec_fail_file(&err, EC_EIO, path, "cannot open: %s", strerror(errno));
        return tool_fail(t, path, &err);
    }
    close(file);
    t->output = path;
    t->color = false;
    return TOOL_GO_ON;
}

int tool_flush(const tool *t)
{
    return fflush(stdout) == 0 && !ferror(stdout) ? TOOL_YES : cannot_write(t);
}

/* All of it, though Ctrl-C may come while a full pipe holds it up: stdio would lose some. */
static bool write_all(int file, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t written = write(file, bytes, n);

        if (written < 0 && errno != EINTR)
            return false;
        bytes += written > 0 ? written : 0;
        n -= written > 0 ? (size_t)written : 0;
    }
    return true;
}

int tool_print(const tool *t, const ec_text *text)
{
    ec_error err = {0};

    if (ec_text_check(text, &err) != EC_OK)
        return tool_fail(t, NULL, &err);
    clear_progress(t);
    if (tool_flush(t) != TOOL_YES)
        return TOOL_IO;
    return write_all(STDOUT_FILENO, ec_text_get(text), text->size) ? TOOL_YES : cannot_write(t);
}

/* ----------------------------------------------------------------- progress */

void tool_say(const tool *t, const char *fmt, ...)
{
    char line[1024];
    va_list args;

    if (t->quiet)
        return;
    clear_progress(t);
    va_start(args, fmt);
    vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    tool_put_safe(stderr, line);
    fputc('\n', stderr);
}

void tool_phase(tool *t, const char *phase)
{
    double now = now_s();

    if (t->timings && t->phase != NULL) {
        clear_progress(t);
        fprintf(stderr, "%12.6f s  %s\n", now - t->phase_start_s, t->phase);
    }
    t->phase = phase;
    t->phase_start_s = now;
}

/* "1:05" or "2:03:09" */
static void print_eta(double seconds)
{
    long s = (long)(seconds + 0.5);

    if (s >= 3600)
        fprintf(stderr, ", %ld:%02ld:%02ld left", s / 3600, s / 60 % 60, s % 60);
    else
        fprintf(stderr, ", %ld:%02ld left", s / 60, s % 60);
}

static bool on_progress(void *arg, const char *what, double done, double total)
{
    tool *t = arg;
    double now = now_s();

    if (interrupted)
        return false;
    if (t->quiet || !isatty(STDERR_FILENO))
        return true;
    size_t name = strcspn(what, ","); /* figures may follow: they change, the work does not */
    name = name < sizeof t->progress_of ? name : sizeof t->progress_of - 1;
    if (strncmp(t->progress_of, what, name) != 0 || t->progress_of[name] != '\0') {
        snprintf(t->progress_of, sizeof t->progress_of, "%.*s", (int)name, what);
        t->progress_start_s = t->progress_last_s = now;
        return true;
    }
    if (now - t->progress_last_s < PROGRESS_EVERY_S)
        return true;
    t->progress_last_s = now;
    t->progress_shown = true;
    fputs("\r\033[K", stderr);
    if (t->n_items > 1)
        fprintf(stderr, "[%zu/%zu] ", t->item, t->n_items);
    fputs(what, stderr);
    if (total > 0) {
        fprintf(stderr, " %3.0f %%", 100 * done / total);
        if (done > 0)
            print_eta((now - t->progress_start_s) * (total - done) / done);
    }
    return true;
}

/* The first Ctrl-C asks; the second one finds the default action and kills. */
static void on_interrupt(int signal_number)
{
    (void)signal_number;
    interrupted = 1;
}

bool tool_interrupted(void)
{
    return interrupted != 0;
}

void tool_heed_sigterm(void)
{
    sigaction(SIGTERM,
              &(struct sigaction){.sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND}, NULL);
}

void tool_start(tool *t)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);

    sigaction(SIGINT,
              &(struct sigaction){.sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND}, NULL);
    t->color = is_colored(stdout);
    t->run.threads = processors > 0 ? (unsigned)processors : 1;
    t->run.progress = on_progress;
    t->run.progress_arg = t;
}
