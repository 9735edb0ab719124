/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Additional permission under section 7 (linking with Graphviz): see LICENSE. */
/*
 * entcap-draw: reads a drawing on standard input, as `entcap` writes it, and writes a picture. It
 * is a program of its own because Graphviz (EPL) may not share one with igraph (GPL): of entcap it
 * links src/core and src/draw only.
 */
#include "render.h"

#include <stdio.h>
#include <string.h>

/* As those of entcap. */
enum { EXIT_DONE = 0, EXIT_USAGE = 2, EXIT_BAD_INPUT = 3, EXIT_LIMIT = 4, EXIT_IO = 5 };

static int exit_code(ec_status status)
{
    switch (status) {
    case EC_OK:
        return EXIT_DONE;
    case EC_EPARSE:
    case EC_EINVAL:
        return EXIT_BAD_INPUT;
    case EC_ELIMIT:
    case EC_ENUMERIC:
        return EXIT_LIMIT;
    default:
        return EXIT_IO;
    }
}

static ec_status read_all(ec_text *text, FILE *in, ec_error *err)
{
    char block[65536];
    size_t n;

    while ((n = fread(block, 1, sizeof block, in)) > 0)
        ec_text_add(text, block, n);
    if (ferror(in))
        return ec_fail(err, EC_EIO, "standard input cannot be read");
    return ec_text_check(text, err);
}

static ec_status convert(render_format format, ec_error *err)
{
    ec_text text = {0};
    ec_drawing *drawing = NULL;
    char *bytes = NULL;
    size_t size = 0;
    ec_status status = read_all(&text, stdin, err);

    if (status == EC_OK)
        status = ec_drawing_parse(&drawing, ec_text_get(&text), text.size, err);
    if (status == EC_OK)
        status = render(&bytes, &size, drawing, format, err);
    if (status == EC_OK && (fwrite(bytes, 1, size, stdout) != size || fflush(stdout) != 0))
        status = ec_fail(err, EC_EIO, "standard output cannot be written");
    ec_text_clear(&text);
    ec_drawing_free(drawing);
    ec_free(bytes);
    return status;
}

static void print_usage(FILE *to)
{
    fputs("usage: entcap-draw FORMAT < DRAWING > PICTURE\n"
          "Renders a drawing that entcap wrote; `entcap draw` calls it. FORMAT is one of\n ",
          to);
    for (int i = 0; i < RENDER_N_FORMATS; i++)
        fprintf(to, " %s", render_format_names[i]);
    fputc('\n', to);
}

int main(int argc, char **argv)
{
    ec_error err = {0};

    if (argc == 2 && (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0)) {
        print_usage(stdout);
        return EXIT_DONE;
    }
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        puts("entcap-draw " EC_VERSION);
        return EXIT_DONE;
    }
    for (int i = 0; argc == 2 && i < RENDER_N_FORMATS; i++) {
        if (strcmp(argv[1], render_format_names[i]) != 0)
            continue;
        ec_status status = convert((render_format)i, &err);
        ec_make_printable(err.msg);
        if (status != EC_OK && err.line > 0)
            fprintf(stderr, "%s:%d: error: %s\n", err.file, err.line, err.msg);
        else if (status != EC_OK)
            fprintf(stderr, "entcap-draw: error: %s\n", err.msg);
        return exit_code(status);
    }
    print_usage(stderr);
    return EXIT_USAGE;
}
