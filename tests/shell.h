/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_TESTS_SHELL_H
#define ENTCAP_TESTS_SHELL_H

/** Running programs in tests: what they print, how they end, and folders to run them in. */

#include "check.h"

#define SHELL_OUTPUT_MAX 65536

/** What a command left behind: standard output and error together, cut at SHELL_OUTPUT_MAX. */
typedef struct shell_result {
    int status; /* exit status; 128 + number of the signal that ended it */
    char output[SHELL_OUTPUT_MAX];
} shell_result;

/** Run a command by /bin/sh and wait for it. The result is good until the next call. */
const shell_result *shell(const char *fmt, ...) EC_PRINTF(1, 2);

/** The command ends with this status; prints its output otherwise. */
#define assert_exits(code, ...) shell_assert_exits((code), shell(__VA_ARGS__), __FILE__, __LINE__)
void shell_assert_exits(int code, const shell_result *result, const char *file, int line);

/** What the last command printed; good until the next one. */
const char *shell_output(void);

/** The last command printed this text. */
#define assert_printed(text) shell_assert_printed((text), __FILE__, __LINE__)
void shell_assert_printed(const char *text, const char *file, int line);

/** For cmocka: a fresh folder for one test in *state, a string; and its removal. */
int shell_make_folder(void **state);
int shell_remove_folder(void **state);

/** Write `text` to FOLDER/PATH, making the folders on the way. */
void shell_write(const char *folder, const char *path, const char *text);

#endif
