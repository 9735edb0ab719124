/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "explain.h"

#include <string.h>

/*
 * For tools/completion.bash: arrays of bash. What is in a table is quoted, as bash quotes: whatever
 * it holds, nothing of it is carried out.
 */

/* What stands between single quotes. */
static void put_quoted(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            fputs("'\\''", stdout);
        else
            putchar(*text);
    }
}

/* Names up to what the user fills in: "scale:" of "scale:K". */
static void put_builtin(const ec_builtin_type *builtin)
{
    printf(" %.*s", (int)strcspn(builtin->name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"), builtin->name);
}

void explain_bash_names(void)
{
    const ec_builtin_type *builtin;

    puts("# made from the tables that parse, by entcap help --format bash\n"
         "declare -gA _entcap_verbs=() _entcap_files=() _entcap_options=()\n"
         "_entcap_verbs['.']='");
    for (const tool_verb *verb = tool_verbs; verb->name != NULL; verb++)
        puts(verb->name);
    fputs("'\n_entcap_partitions='", stdout);
    for (size_t i = 0; (builtin = ec_arch_builtin_type(i)) != NULL; i++)
        put_builtin(builtin);
    fputs("'\n_entcap_codes='", stdout);
    for (size_t k = 0; k < EC_N_RULES; k++)
        printf(" EC%03zu", k);
    puts("'");
}

/* A line of a verb's options: "-o FILE", "--exact ". */
static void put_option(const char *dashes, const char *name, const char *argument)
{
    printf("%s%s ", dashes, name);
    put_quoted(argument != NULL ? argument : "");
    putchar('\n');
}

/* Of a verb: the verbs below it, what its arguments are, and a line "--option ARGUMENT" each. */
void explain_bash(const tool *t, const tool_usage *usage, const tool_option *rows, size_t n_own,
                  size_t n)
{
    const tool_verb *below = t->verb->below;

    (void)n_own;
    if (below != NULL) {
        printf("_entcap_verbs['%s']='\n", t->verb->name);
        for (; below->name != NULL; below++)
            puts(strchr(below->name, ' ') + 1);
        puts("'");
        return;
    }
    printf("_entcap_files['%s']='", t->verb->name);
    put_quoted(usage->arguments);
    printf("'\n_entcap_options['%s']='\n", t->verb->name);
    for (size_t i = 0; i < n; i++) {
        if (rows[i].letter != 0)
            put_option("-", (char[]){rows[i].letter, '\0'}, rows[i].argument);
        put_option("--", rows[i].name, rows[i].argument);
    }
    puts("'");
}
