/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "paper.h"

#include <ctype.h>
#include <string.h>

/*
 * Markdown as GitHub reads it. What a name could do there: open a tag, a link, an emphasis, a cell
 * of a table (a backslash stops these); mention a person, an issue, an address (found in the
 * rendered text, where no backslash is left: an empty comment breaks the word).
 */
static const char broken[] = "<!-- -->";

const char *ec_markdown_before(ec_passage block)
{
    static const char *const before[] = {
        [EC_PARAGRAPH] = "",
        [EC_NOTE] = "",
        [EC_SIZE] = "",
        [EC_GOOD] = "> [!NOTE]\n> ",
        [EC_BAD] = "> [!CAUTION]\n> ",
        [EC_HEADING] = "### ",
        [EC_ITEM] = "- ",
        [EC_VALUE] = "",
        [EC_CAPTION] = "",
    };
    return before[block];
}

const char *ec_markdown_after(ec_passage block)
{
    return block == EC_ITEM || block == EC_VALUE ? "\n" : "\n\n";
}

/* Does an address or a mention begin at i, so that the word has to be broken after `i`? */
static bool is_reference(const char *text, size_t i, size_t n)
{
    const char *c = text + i;
    size_t left = n - i;

    return *c == '@' || (*c == '#' && left > 1 && isalnum((unsigned char)c[1])) ||
           (*c == ':' && left > 2 && c[1] == '/' && c[2] == '/') ||
           (*c == '.' && i >= 3 && strncasecmp(c - 3, "www", 3) == 0) ||
           (*c == '-' && i >= 2 && strncasecmp(c - 2, "gh", 2) == 0);
}

/* Does the character at i make a list of a line that begins so, "- " or "1. "? */
static bool begins_list(const char *text, size_t i, size_t n)
{
    size_t digits = strspn(text, "0123456789");
    bool ends = i + 1 >= n || text[i + 1] == ' ';

    return ends && (i == 0 ? strchr("+-", text[0]) != NULL
                           : i == digits && (text[i] == '.' || text[i] == ')'));
}

void ec_markdown_text(ec_text *out, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c < 0x20 || c == 0x7f) {
            ec_text_puts(out, "\xef\xbf\xbd");
            continue;
        }
        if (strchr("\\`*_{}[]<>|~&$#!", c) != NULL || begins_list(text, i, n))
            ec_text_puts(out, "\\");
        ec_text_add(out, text + i, 1);
        if (is_reference(text, i, n))
            ec_text_puts(out, broken);
    }
}

/* The longest row of backticks. */
static size_t longest_fence(const char *text, size_t n)
{
    size_t longest = 0, row = 0;

    for (size_t i = 0; i < n; i++) {
        row = text[i] == '`' ? row + 1 : 0;
        longest = row > longest ? row : longest;
    }
    return longest;
}

void ec_markdown_code(ec_text *out, const char *text, size_t n)
{
    size_t fence = longest_fence(text, n) + 1;
    bool ticks = n > 0 && (text[0] == '`' || text[n - 1] == '`');

    ec_text_repeat(out, "`", fence);
    ec_text_puts(out, ticks ? " " : "");
    for (size_t i = 0; i < n; i++) {
        bool control = (unsigned char)text[i] < 0x20 || text[i] == 0x7f;

        ec_text_add(out, control ? "?" : text + i, 1);
    }
    ec_text_puts(out, ticks ? " " : "");
    ec_text_repeat(out, "`", fence);
}

static void put_tagged(ec_text *out, const char *tag, const ec_run_of_text *run)
{
    ec_text_printf(out, "<%s>", tag);
    ec_markdown_text(out, run->text, run->n);
    ec_text_printf(out, "</%s>", tag);
}

static void put_emphasis(ec_text *out, const char *mark, const ec_run_of_text *run)
{
    ec_text_puts(out, mark);
    ec_markdown_text(out, run->text, run->n);
    ec_text_puts(out, mark);
}

void ec_markdown_line(ec_text *out, const char *line)
{
    ec_run_of_text run;

    while (ec_next_run(&run, &line)) {
        switch (run.mark) {
        case EC_CHAR_STRONG:
            put_emphasis(out, "**", &run);
            break;
        case EC_CHAR_LABEL:
            put_emphasis(out, "*", &run);
            break;
        case EC_CHAR_LOWERED:
            put_tagged(out, "sub", &run);
            break;
        case EC_CHAR_RAISED:
            put_tagged(out, "sup", &run);
            break;
        case ' ':
            ec_markdown_text(out, run.text, run.n);
            break;
        default:
            ec_markdown_code(out, run.text, run.n);
        }
    }
}
