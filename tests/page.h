/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_TESTS_PAGE_H
#define ENTCAP_TESTS_PAGE_H

/** What every HTML page must be, whatever is on it. */

#include <stddef.h>

/** Everything that could end a string, a tag or a line somewhere, and what a page makes of it. */
#define PAGE_HOSTILE "</title><script>alert(\"1\")</script>'`&amp;\x01\n\x7f$(x)\\"
#define PAGE_HARMLESS                                                                              \
    "&lt;/title&gt;&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39;&#96;&amp;amp;"

/** Every element is closed, in order, and none of those that could do something occurs. */
void assert_well_formed(const char *html);

/** Nothing on the page leads out of it: the only addresses are the names of XML vocabularies. */
void assert_self_contained(const char *html);

/** No two elements have the same id; there are at least `at_least`. */
void assert_ids_differ(const char *html, size_t at_least);

/** How often `what` occurs in a text. */
size_t page_count(const char *text, const char *what);

#endif
