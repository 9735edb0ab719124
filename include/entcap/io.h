/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_IO_H
#define ENTCAP_IO_H

/**
 * io: files and formats, with the libraries behind them fenced in. Whole files, files replaced
 * atomically, gzip, idx, npy, safetensors, hashes, and JSON documents.
 */

#include "entcap/core.h"

/* ------------------------------------------------------------------- files */

/* -------------------------------------------------------------------- data */

/* ------------------------------------------------------------- safetensors */

/* -------------------------------------------------------------------- JSON */

#endif
