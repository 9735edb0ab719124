/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "entcap/io.h"

#include <stdio.h>
#include <sys/types.h>

#include <sha256.h>

void ec_sha256(char out[65], const void *data, size_t size)
{
    SHA2_CTX context;
    uint8_t digest[SHA256_DIGEST_LENGTH];

    SHA256Init(&context);
    SHA256Update(&context, data, size);
    SHA256Final(digest, &context);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(out + 2 * i, 3, "%02x", digest[i]);
}
