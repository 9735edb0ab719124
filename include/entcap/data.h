/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_DATA_H
#define ENTCAP_DATA_H

/**
 * data: labelled samples, brought to the sites of an architecture.
 *
 * A source is named by a SPEC:
 *   fashion-mnist    the Debian package dataset-fashion-mnist
 *   mnist            the same four files in EC_DATA_MNIST
 *   idx:IMAGES,LABELS[,TEST_IMAGES,TEST_LABELS]     idx files, gzip or not
 *   npy:X.npy,Y.npy                                 X: (samples, sites) or (samples, height, width)
 * File names hold no comma. Samples are uint8 (read as 0 .. 1 in steps of 1/255), bool, or floats
 * in [0, 1]; labels are integers below the number of outputs.
 */

#include "entcap/arch.h"
#include "entcap/io.h"

#define EC_DATA_FASHION_MNIST "/usr/share/datasets/fashion-mnist"
#define EC_DATA_MNIST         "/usr/share/datasets/mnist"

typedef enum ec_data_part { EC_DATA_TRAIN, EC_DATA_TEST } ec_data_part;

/** What to read. */
typedef struct ec_data_source {
    const char *spec;
    ec_data_part part;
    size_t limit; /* the first `limit` samples only; 0: all */
} ec_data_source;

/** Samples as stored, and how they are to be fitted to the sites. */
typedef struct ec_dataset {
    size_t n;        /* samples */
    uint32_t *label; /* n, each < outputs of the architecture */
    ec_array pixels; /* at least n x image[0] x image[1] */
    double scale;    /* a pixel is scale times the stored number */
    size_t image[2]; /* height (1 in 1-D), width */
    size_t grid[2];  /* of the sites */
    ec_image_fit fit;
} ec_dataset;

/**
 * Read one part of a source for an architecture. A source without a test part gives n = 0 for it.
 *
 * Owns:   *out, to be cleared, also after an error.
 * Errors: EC_EINVAL (the SPEC; a network description), EC_EIO, EC_EPARSE (a bad file; numbers of
 *         images and labels differ; a size that does not fit the description; a value or label out
 *         of range; no samples), EC_ELIMIT, EC_ENOMEM
 */
EC_NODISCARD ec_status ec_data_read(ec_dataset *out, const ec_data_source *source,
                                    const ec_arch *arch, const ec_run *run, ec_error *err);
void ec_dataset_clear(ec_dataset *data);

/**
 * The sites' values of sample i, grid[0] x grid[1] numbers in [0, 1]: the image itself, or
 *   EC_FIT_PAD     centred among zeros (rounded to the top left);
 *   EC_FIT_RESIZE  every site the mean of the image over the site's share of its area.
 * `room` is for image[0] image[1] numbers of work. Cost: O(image + grid) for EC_FIT_PAD.
 */
void ec_data_sites(double *out, const ec_dataset *data, size_t i, double *room);

#endif
