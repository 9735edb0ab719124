/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "entcap/data.h"

#include <string.h>

static void pad(double *out, const ec_dataset *data, const double *image)
{
    size_t height = data->image[0], width = data->image[1];
    size_t top = (data->grid[0] - height) / 2, left = (data->grid[1] - width) / 2;

    memset(out, 0, data->grid[0] * data->grid[1] * sizeof *out);
    for (size_t r = 0; r < height; r++)
        memcpy(out + (top + r) * data->grid[1] + left, image + r * width, width * sizeof *out);
}

/* Length of [a n, (a+1) n] within [b m, (b+1) m]: both axes cut into n m equal parts, exactly. */
static size_t overlap(size_t a, size_t n, size_t b, size_t m)
{
    size_t begin = a * n > b * m ? a * n : b * m;
    size_t end = (a + 1) * n < (b + 1) * m ? (a + 1) * n : (b + 1) * m;
    return end > begin ? end - begin : 0;
}

/* Mean of the image over the share of site (r, c). */
static double mean_over_site(const ec_dataset *data, const double *image, size_t r, size_t c)
{
    size_t height = data->image[0], width = data->image[1];
    size_t rows = data->grid[0], cols = data->grid[1];
    double sum = 0;

    for (size_t i = r * height / rows; i * rows < (r + 1) * height; i++)
        for (size_t j = c * width / cols; j * cols < (c + 1) * width; j++)
            sum += (double)overlap(r, height, i, rows) * (double)overlap(c, width, j, cols) *
                   image[i * width + j];
    return sum / ((double)height * (double)width);
}

void ec_data_sites(double *out, const ec_dataset *data, size_t i, double *room)
{
    size_t n = data->image[0] * data->image[1];

    ec_array_get(room, &data->pixels, i * n, n);
    for (size_t k = 0; k < n; k++)
        room[k] *= data->scale;
    if (data->fit == EC_FIT_PAD) {
        pad(out, data, room);
        return;
    }
    for (size_t r = 0; r < data->grid[0]; r++)
        for (size_t c = 0; c < data->grid[1]; c++)
            out[r * data->grid[1] + c] = mean_over_site(data, room, r, c);
}
