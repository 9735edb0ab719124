/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "paper.h"

#include <stdio.h>
#include <string.h>

const char *ec_html_before(ec_passage block)
{
    static const char *const before[] = {
        [EC_PARAGRAPH] = "<p>",
        [EC_NOTE] = "<p class=\"note\">",
        [EC_SIZE] = "<p class=\"size\">",
        [EC_GOOD] = "<div class=\"verdict\"><p>",
        [EC_BAD] = "<div class=\"verdict no\"><p>",
        [EC_HEADING] = "<h3>",
        [EC_ITEM] = "<li>",
        [EC_VALUE] = "<dd>",
        [EC_CAPTION] = "<figcaption>",
    };
    return before[block];
}

const char *ec_html_after(ec_passage block)
{
    static const char *const after[] = {
        [EC_PARAGRAPH] = "</p>\n",
        [EC_NOTE] = "</p>\n",
        [EC_SIZE] = "</p>\n",
        [EC_GOOD] = "</p></div>\n",
        [EC_BAD] = "</p></div>\n",
        [EC_HEADING] = "</h3>\n",
        [EC_ITEM] = "</li>\n",
        [EC_VALUE] = "</dd>\n",
        [EC_CAPTION] = "</figcaption></figure>\n",
    };
    return after[block];
}

/* Characters as entities; `raise`: "^2" as an exponent. */
static void put_text(ec_text *out, const char *text, size_t n, bool raise)
{
    for (size_t i = 0; i < n; i++) {
        size_t digits = raise && text[i] == '^' ? strspn(text + i + 1, "0123456789") : 0;
        char one[2] = {text[i], '\0'};

        if (digits > 0)
            ec_text_printf(out, "<sup>%.*s</sup>", (int)digits, text + i + 1);
        else
            ec_text_xml(out, one);
        i += digits;
    }
}

void ec_html_number(ec_text *out, const char *text)
{
    put_text(out, text, strlen(text), true);
}

static const char *tag_of(char mark)
{
    switch (mark) {
    case EC_CHAR_STRONG:
        return "strong";
    case EC_CHAR_LOWERED:
        return "sub";
    case EC_CHAR_RAISED:
        return "sup";
    default:
        return "code";
    }
}

void ec_html_line(ec_text *out, const char *line)
{
    ec_run_of_text run;

    while (ec_next_run(&run, &line)) {
        if (run.mark == ' ') {
            put_text(out, run.text, run.n, false);
        } else if (run.mark == EC_CHAR_LABEL) {
            ec_text_printf(out, "<span class=\"label %.*s\">%.*s</span>", (int)run.n, run.text,
                           (int)run.n, run.text);
        } else {
            ec_text_printf(out, "<%s>", tag_of(run.mark));
            put_text(out, run.text, run.n, run.mark == EC_CHAR_FORMULA);
            ec_text_printf(out, "</%s>", tag_of(run.mark));
        }
    }
}
