/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "paper.h"

#include <inttypes.h>
#include <stdio.h>

enum { MAX_TENSORS = 64 }; /* rows of a network's table */

/* "8 x 8", or "64" for a row of positions */
static const char *format_grid(char out[EC_CELL], size_t height, size_t width, bool flat)
{
    if (flat)
        snprintf(out, EC_CELL, "%zu", width);
    else
        snprintf(out, EC_CELL, "%zu x %zu", height, width);
    return out;
}

static const ec_level *level_of(const ec_arch *arch, size_t layer)
{
    for (size_t l = 0; l < arch->n_levels; l++)
        if (arch->levels[l].layer == layer)
            return &arch->levels[l];
    return NULL;
}

/* A matrix at every position: its sizes, and what it costs. */
static void matrix_row(ec_table *table, const ec_arch *arch, size_t layer, const ec_level *level)
{
    bool dense = arch->layers[layer].kind == EC_LAYER_DENSE;
    size_t positions = ec_level_positions(level);
    char text[EC_CELL];
    ec_int size = {0}, all = {0};

    ec_int_set_u64(&size, level->dim);
    ec_int_mul_u64(&size, &size, level->out);
    ec_int_mul_u64(&all, &size, positions);
    ec_table_cell(table, dense ? "dense" : "conv");
    ec_table_cell(table, "layers.%zu", (size_t)(level - arch->levels));
    ec_table_cell(table, "%s",
                  format_grid(text, level->grid[0], level->grid[1], arch->input.n_dims == 1));
    ec_table_cell(table, "%" PRIu32 " x %" PRIu32, level->out, level->dim);
    ec_table_cell(table, "%s", positions == 1 ? "" : level->shared ? "shared" : "one per position");
    ec_table_cell(table, "%s", ec_format_int(text, level->shared ? &size : &all));
    ec_table_cell(table, "%s", ec_format_int(text, &all));
    ec_int_clear(&size);
    ec_int_clear(&all);
}

static void pool_row(ec_table *table, const ec_arch *arch, const ec_layer *layer, size_t grid[2])
{
    bool flat = arch->input.n_dims == 1;
    char window[EC_CELL], text[EC_CELL];

    grid[0] /= layer->window[0];
    grid[1] /= layer->window[1];
    format_grid(window, layer->window[0], layer->window[1], flat);
    ec_table_cell(table, "product pool %s", window);
    ec_table_cell(table, "%s", "");
    ec_table_cell(table, "%s", format_grid(text, grid[0], grid[1], flat));
    for (int i = 0; i < 4; i++)
        ec_table_cell(table, "%s", "");
}

static void put_input(ec_paper *paper, const ec_input *input)
{
    static const char *const formulas[] = {
        [EC_FEATURES_AFFINE_RELU] = "max(0, a" EC_LOWERED("d") " x + b" EC_LOWERED("d") ")",
        [EC_FEATURES_COS_SIN] = "cos and sin of 2 π w" EC_LOWERED("n") " x",
        [EC_FEATURES_POLYNOMIAL] = "the orthonormal Legendre polynomials on [0, 1]",
    };
    ec_text *line = ec_paper_open(paper, EC_PARAGRAPH);
    char grid[EC_CELL], image[EC_CELL];
    bool flat = input->n_dims == 1;

    ec_text_printf(line, "Input: %s sites of %" PRIu32 " features each",
                   format_grid(grid, input->grid[0], input->grid[1], flat), input->channels);
    if (input->has_image)
        ec_text_printf(line, ", from images of %s pixels (%s)",
                       format_grid(image, input->image[0], input->image[1], flat),
                       input->fit == EC_FIT_PAD ? "padded with zeros" : "resized");
    if (input->features.kind != EC_FEATURES_NONE)
        ec_text_printf(line, "; feature map f" EC_LOWERED("d") "(x) = %s%s",
                       formulas[input->features.kind],
                       input->features.learned ? ", trained with the rest" : "");
    if (input->features.kind != EC_FEATURES_NONE && input->features.scale != 1)
        ec_text_printf(line, ", x the pixel times %g", input->features.scale);
    ec_text_puts(line, ".");
    ec_paper_close(paper);
}

static void put_layers(ec_paper *paper, const ec_arch *arch)
{
    size_t grid[2] = {arch->input.grid[0], arch->input.grid[1]};
    ec_table table = {0};

    put_input(paper, &arch->input);
    ec_table_init(&table, "<layer|<weights|>positions|>out x in|<sharing|>parameters|"
                          ">multiply-adds");
    for (size_t i = 0; i < arch->n_layers; i++) {
        const ec_level *level = level_of(arch, i);

        if (level != NULL)
            matrix_row(&table, arch, i, level);
        else
            pool_row(&table, arch, &arch->layers[i], grid);
    }
    ec_paper_table(paper, &table, "From the sites to the outputs");
    ec_table_clear(&table);
}

static void tensor_row(ec_table *table, const ec_arch *arch, const ec_named_tensor *tensor)
{
    ec_text legs = {0};
    ec_int size = {0};
    char text[EC_CELL];

    ec_int_set_u64(&size, 1);
    for (size_t i = 0; i < tensor->n_indices; i++) {
        const ec_named_index *index = &arch->indices[tensor->index[i]];

        ec_text_printf(&legs, "%s%.64s (%" PRIu32 ")", i > 0 ? ", " : "", index->name, index->dim);
        ec_int_mul_u64(&size, &size, index->dim);
    }
    ec_table_cell(table, "%s", tensor->name);
    ec_table_cell(table, "%s", ec_text_get(&legs));
    ec_table_cell(table, "%s", ec_format_int(text, &size));
    ec_int_clear(&size);
    ec_text_clear(&legs);
}

static void put_tensors(ec_paper *paper, const ec_arch *arch)
{
    ec_table table = {0};

    ec_table_init(&table, "<tensor|<indices (dimension)|>parameters");
    for (size_t i = 0; i < arch->n_tensors && i < MAX_TENSORS; i++)
        tensor_row(&table, arch, &arch->tensors[i]);
    ec_paper_table(paper, &table, "Tensors; an index that several of them name joins them");
    ec_table_clear(&table);
    if (arch->n_tensors > MAX_TENSORS)
        ec_paper_say(paper, EC_NOTE, "%zu more tensors", arch->n_tensors - MAX_TENSORS);
}

void ec_section_architecture(ec_paper *paper, const ec_report_page *page)
{
    ec_paper_section(paper, "architecture", "Architecture", "Architecture");
    if (ec_arch_is_network(page->bounds.arch))
        put_tensors(paper, page->bounds.arch);
    else
        put_layers(paper, page->bounds.arch);
    ec_paper_end_section(paper);
}
