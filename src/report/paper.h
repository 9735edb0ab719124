/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_PAPER_H
#define ENTCAP_PAPER_H

/**
 * A document as its sections write it, in blocks, whatever it becomes: HTML or Markdown. Running
 * text is plain text in which single control characters mark what is strong, raised, a label, ...;
 * no name can hold them (ec_put_plain), and everything else is escaped when a block is closed.
 *
 *     ec_text *line = ec_paper_open(paper, EC_ITEM);
 *     ec_put_plain(line, partition->name);
 *     ec_text_puts(line, ": rank at most 2" EC_RAISED("512") ", " EC_LABEL("proved"));
 *     ec_paper_close(paper);
 *
 * A failed append is kept in out->status.
 */

#include "report_i.h"

/* Marks of running text; they do not nest. */
#define EC_MARK_STRONG  "\x0e"
#define EC_MARK_LOWERED "\x10"
#define EC_MARK_RAISED  "\x11"
#define EC_MARK_CODE    "\x12" /* as typed */
#define EC_MARK_FORMULA "\x13" /* as EC_MARK_CODE, with "^2" as an exponent where one can */
#define EC_MARK_LABEL   "\x14" /* "proved", "probable", "measured", "failed", ... */
#define EC_MARK_END     "\x0f"

/* The same as characters. */
enum {
    EC_CHAR_STRONG = 0x0e,
    EC_CHAR_LOWERED = 0x10,
    EC_CHAR_RAISED,
    EC_CHAR_CODE,
    EC_CHAR_FORMULA,
    EC_CHAR_LABEL
};

#define EC_STRONG(text)  EC_MARK_STRONG text EC_MARK_END
#define EC_LOWERED(text) EC_MARK_LOWERED text EC_MARK_END
#define EC_RAISED(text)  EC_MARK_RAISED text EC_MARK_END
#define EC_LABEL(text)   EC_MARK_LABEL text EC_MARK_END

typedef enum ec_passage {
    EC_PARAGRAPH,
    EC_NOTE,    /* small print */
    EC_SIZE,    /* the line below the title */
    EC_GOOD,    /* a verdict that stands out */
    EC_BAD,     /* the same, of something wrong */
    EC_HEADING, /* below that of a section */
    EC_ITEM,    /* of a list */
    EC_VALUE,   /* of a term, by ec_paper_term */
    EC_CAPTION, /* of a figure: ends it */
} ec_passage;

typedef struct ec_paper {
    ec_text *out;
    bool markdown; /* else HTML */
    bool charts;   /* figures are drawn */
    ec_text nav;   /* links to the sections so far, HTML alone */
    ec_text line;  /* private: the block that is open */
    ec_passage block;
} ec_paper;

void ec_paper_clear(ec_paper *paper);

/** Begin a block, to be filled; and end it. */
ec_text *ec_paper_open(ec_paper *paper, ec_passage block);
void ec_paper_close(ec_paper *paper);

/** A block of fixed text and numbers. */
#define ec_paper_say(paper, block, ...)                                                            \
    (ec_text_printf(ec_paper_open((paper), (block)), __VA_ARGS__), ec_paper_close(paper))

/** A section: anchor, heading, what the navigation calls it. Fixed texts. */
void ec_paper_section(ec_paper *paper, const char *id, const char *heading, const char *short_name);
void ec_paper_end_section(ec_paper *paper);

void ec_paper_list(ec_paper *paper);
void ec_paper_end_list(ec_paper *paper);

/** Terms and their values: open a value, fill it, close it. `term` is a fixed text. */
void ec_paper_terms(ec_paper *paper);
void ec_paper_end_terms(ec_paper *paper);
ec_text *ec_paper_term(ec_paper *paper, const char *term);

/** What follows is folded away below a line of fixed text. */
void ec_paper_details(ec_paper *paper, const char *summary);
void ec_paper_end_details(ec_paper *paper);

/** The same in Markdown alone, where a page is a comment among others. */
void ec_paper_aside(ec_paper *paper, const char *summary);
void ec_paper_end_aside(ec_paper *paper);

/** Columns of figures, as many as fit; `beside`: a narrow figure and a wide table. */
void ec_paper_columns(ec_paper *paper, const char *classes);
void ec_paper_end_columns(ec_paper *paper);

/** A table with its caption, plain text. */
void ec_paper_table(ec_paper *paper, const ec_table *table, const char *caption);

/** A figure that gnuplot draws; to be followed by its EC_CAPTION. Errors: as ec_plot_svg */
EC_NODISCARD ec_status ec_paper_plot(ec_paper *paper, const ec_text *script, const char *id,
                                     const char *label, ec_error *err);

/** The same of lines over common axes. */
EC_NODISCARD ec_status ec_paper_chart(ec_paper *paper, const ec_chart *chart, ec_error *err);

/** A figure from a whole SVG document, of further classes; to be followed by its EC_CAPTION.
 * `label` is for those who cannot see it. */
void ec_paper_svg(ec_paper *paper, const char *svg, const char *classes, const char *label);

/** Append a number to running text: "16^256" with a raised exponent. */
void ec_put_number(ec_text *line, const char *text);

/** Lines of plain text as paragraphs of small print. */
void ec_paper_notes(ec_paper *paper, const ec_text *notes);

/* ----------------------------------------------------------------- writers */

/** A part of running text under one mark; plain text has ' '. */
typedef struct ec_run_of_text {
    char mark;
    const char *text;
    size_t n;
} ec_run_of_text;

/** The next part of a line; false at its end. */
bool ec_next_run(ec_run_of_text *run, const char **line);

/** Append running text with its marks. */
void ec_html_line(ec_text *out, const char *line);
void ec_markdown_line(ec_text *out, const char *line);

/** What stands before and after a block. */
const char *ec_html_before(ec_passage block);
const char *ec_html_after(ec_passage block);
const char *ec_markdown_before(ec_passage block);
const char *ec_markdown_after(ec_passage block);

/** Append n bytes of plain text so that nothing in them acts: no tag, link, mention, table. */
void ec_markdown_text(ec_text *out, const char *text, size_t n);

/** The same as a code span. */
void ec_markdown_code(ec_text *out, const char *text, size_t n);

/** Append a table, as ec_table_html does. */
void ec_table_markdown(ec_text *out, const ec_table *table, const char *caption);

/* ---------------------------------------------------------------- sections */

/** The sections of a page; each leaves itself out if it has nothing to show. */
EC_NODISCARD ec_status ec_section_summary(ec_paper *paper, const ec_report_page *page,
                                          ec_error *err);
void ec_summary_findings(ec_paper *paper, const ec_report_page *page);
void ec_section_findings(ec_paper *paper, const ec_report_page *page);
void ec_section_requirements(ec_paper *paper, const ec_report_page *page);
void ec_section_bounds(ec_paper *paper, const ec_report_page *page);
void ec_section_diagrams(ec_paper *paper, const ec_report_page *page);
EC_NODISCARD ec_status ec_section_widths(ec_paper *paper, const ec_report_page *page,
                                         ec_error *err);
EC_NODISCARD ec_status ec_section_fit(ec_paper *paper, const ec_report_page *page, ec_error *err);
EC_NODISCARD ec_status ec_section_formulas(ec_paper *paper, const ec_report_page *page,
                                           ec_error *err);
void ec_section_architecture(ec_paper *paper, const ec_report_page *page);
EC_NODISCARD ec_status ec_section_verification(ec_paper *paper, const ec_report_page *page,
                                               ec_error *err);
EC_NODISCARD ec_status ec_section_profile(ec_paper *paper, const ec_report_page *page,
                                          ec_error *err);
EC_NODISCARD ec_status ec_section_training(ec_paper *paper, const ec_report_page *page,
                                           ec_error *err);
void ec_section_provenance(ec_paper *paper, const ec_report_page *page);

#endif
