/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "entcap/draw.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/*
 * Any bytes are a drawing or a report of the line that is wrong. There is one way to write a
 * drawing, so that what is accepted is written back byte for byte, and it can be laid out.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Not an assert: it must hold in every build. */
static void require(bool promise)
{
    if (!promise)
        abort();
}

static void check_kept(const ec_drawing *drawing, const uint8_t *data, size_t size)
{
    char *text = NULL;
    size_t n = 0;

    if (ec_drawing_write(&text, &n, drawing, NULL) == EC_OK)
        require(n == size && memcmp(text, data, size) == 0);
    ec_free(text);
}

static void check_layout(ec_drawing *drawing)
{
    if (ec_drawing_layout(drawing, NULL) != EC_OK)
        return;
    for (size_t v = 0; v < drawing->n_nodes; v++) {
        const ec_draw_node *node = &drawing->nodes[v];
        require(isfinite(node->at.x) && isfinite(node->at.y));
        require(isfinite(node->width) && node->width > 0 && node->height > 0);
    }
    for (size_t i = 0; i < drawing->n_bonds; i++)
        require(isfinite(drawing->bonds[i].width) && drawing->bonds[i].width > 0);
    for (size_t i = 0; i < drawing->n_texts; i++)
        require(isfinite(drawing->texts[i].at.x) && isfinite(drawing->texts[i].at.y));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ec_drawing *drawing = NULL;
    ec_error err = {0};

    if (ec_drawing_parse(&drawing, (const char *)data, size, &err) == EC_OK) {
        check_kept(drawing, data, size);
        check_layout(drawing);
    } else {
        require(err.status == EC_EPARSE || err.status == EC_ELIMIT || err.status == EC_ENOMEM);
        require(err.msg[0] != '\0' && (err.status != EC_EPARSE || err.line >= 1));
    }
    ec_drawing_free(drawing);
    return 0;
}
