/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static shell_result last;

const shell_result *shell(const char *fmt, ...)
{
    char command[8192];
    va_list args;

    va_start(args, fmt);
    int length = vsnprintf(command, sizeof command, fmt, args);
    va_end(args);
    assert_in_range(length, 1, sizeof command - sizeof " 2>&1" - 4);

    /* braces: the redirection holds for every part of a compound command */
    char whole[8192 + 16];
    snprintf(whole, sizeof whole, "{ %s\n} 2>&1", command);
    FILE *pipe = popen(whole, "r");
    assert_non_null(pipe);
    size_t size = fread(last.output, 1, SHELL_OUTPUT_MAX - 1, pipe);
    last.output[size] = '\0';
    while (fgetc(pipe) != EOF) /* let it finish, however much it prints */
        continue;
    int status = pclose(pipe);
    last.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return &last;
}

void shell_assert_exits(int code, const shell_result *result, const char *file, int line)
{
    if (result->status == code)
        return;
    print_error("exit status %d, not %d:\n%s\n", result->status, code, result->output);
    _fail(file, line);
}

const char *shell_output(void)
{
    return last.output;
}

void shell_assert_printed(const char *text, const char *file, int line)
{
    if (strstr(last.output, text) != NULL)
        return;
    print_error("not printed: %s\nbut: %s\n", text, last.output);
    _fail(file, line);
}

int shell_make_folder(void **state)
{
    char *folder = strdup("/tmp/entcap-test-XXXXXX");

    *state = folder;
    return folder != NULL && mkdtemp(folder) != NULL ? 0 : -1;
}

int shell_remove_folder(void **state)
{
    char *folder = *state;

    shell("rm -rf '%s'", folder);
    free(folder);
    return 0;
}

void shell_write(const char *folder, const char *path, const char *text)
{
    char name[4096];

    snprintf(name, sizeof name, "%s/%s", folder, path);
    assert_exits(0, "mkdir -p \"$(dirname '%s')\"", name);
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}
