/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "libraries.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_LIBRARIES = 128, MAX_NAME = 128 };

/* Of the C library, loaded with every program. */
static bool is_system(const char *name)
{
    return strncmp(name, "ld-", 3) == 0 || strncmp(name, "libdl.", 6) == 0 ||
           strncmp(name, "libpthread.", 11) == 0 || strncmp(name, "libgcc_s.", 9) == 0;
}

/* The file name in a line of the map, without its folder; NULL if it is no library. */
static char *library_of(char *line)
{
    char *name = strrchr(line, '/');

    line[strcspn(line, "\n")] = '\0';
    return name != NULL && strstr(name, ".so") != NULL && !is_system(name + 1) ? name + 1 : NULL;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

void list_libraries(ec_text *out)
{
    FILE *map = fopen("/proc/self/maps", "r");
    char(*names)[MAX_NAME] = ec_calloc(MAX_LIBRARIES, sizeof *names, NULL);
    char line[4096];
    size_t n = 0;

    while (map != NULL && names != NULL && n < MAX_LIBRARIES &&
           fgets(line, sizeof line, map) != NULL) {
        const char *name = library_of(line);

        /* a library is mapped in several pieces, one after another */
        if (name != NULL && strlen(name) < MAX_NAME && (n == 0 || strcmp(names[n - 1], name) != 0))
            memcpy(names[n++], name, strlen(name) + 1);
    }
    if (n > 0)
        qsort(names, n, sizeof *names, by_name);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || strcmp(names[i - 1], names[i]) != 0)
            ec_text_printf(out, "%s%s", i > 0 ? ", " : "", names[i]);
    ec_free(names);
    if (map != NULL)
        fclose(map);
}
