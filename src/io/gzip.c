/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "io_i.h"

#include "core/flow.h"

#include <limits.h>

#define ZLIB_CONST /* the input is not written to */
#include <zlib.h>

#define GZIP_ONLY (15 + 16) /* inflateInit2: largest window, gzip header required */

static bool is_gzip(const unsigned char *data, size_t size)
{
    return size >= 2 && data[0] == 0x1f && data[1] == 0x8b;
}

/* Room for more output: twice as much, within the limit of the run. */
static ec_status grow(ec_bytes *out, size_t *room, const char *file, const ec_run *run,
                      ec_error *err)
{
    size_t larger = *room * 2;
    ec_status status = io_reserve(run, file, (double)larger, err);

    if (status != EC_OK)
        return status;
    unsigned char *data = ec_realloc(out->data, larger + 1, 1, err);
    if (data == NULL)
        return EC_ENOMEM;
    out->data = data;
    *room = larger;
    return EC_OK;
}

/* Inflate one member; the stream's input moves behind it. */
static ec_status inflate_member(ec_bytes *out, size_t *room, z_stream *stream, const char *file,
                                const ec_run *run, ec_error *err)
{
    int code = Z_OK;

    while (code != Z_STREAM_END) {
        ec_status status = out->size < *room ? EC_OK : grow(out, room, file, run, err);
        if (status != EC_OK)
            return status;
        size_t space = *room - out->size < UINT_MAX ? *room - out->size : UINT_MAX;
        stream->next_out = out->data + out->size;
        stream->avail_out = (uInt)space;
        code = inflate(stream, Z_NO_FLUSH);
        out->size += space - stream->avail_out;
        if (code == Z_MEM_ERROR)
            return ec_fail(err, EC_ENOMEM, "out of memory in zlib");
        if (code == Z_BUF_ERROR || (code == Z_OK && stream->avail_out > 0))
            return ec_fail_file(err, EC_EPARSE, file, "gzip data is cut short");
        if (code != Z_OK && code != Z_STREAM_END)
            return ec_fail_file(err, EC_EPARSE, file, "gzip data is damaged: %s",
                                stream->msg != NULL ? stream->msg : "unknown fault");
    }
    return EC_OK;
}

ec_status ec_gunzip(ec_bytes *out, const unsigned char *data, size_t size, const char *file,
                    const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    z_stream stream = {.next_in = data};
    size_t room = size < 1024 ? 4096 : size * 4;

    *out = (ec_bytes){.data = NULL};
    if (size > UINT_MAX)
        return ec_fail_file(err, EC_ELIMIT, file, "gzip data of more than 4 GiB");
    if (inflateInit2(&stream, GZIP_ONLY) != Z_OK)
        return ec_fail(err, EC_ENOMEM, "out of memory in zlib");
    stream.avail_in = (uInt)size;
    EC_TRY(io_reserve(run, file, (double)room, err));
    EC_NEW(out->data, room + 1);
    do {
        EC_TRY(inflate_member(out, &room, &stream, file, run, err));
        if (stream.avail_in > 0 && !is_gzip(stream.next_in, stream.avail_in)) {
            status = ec_fail_file(err, EC_EPARSE, file, "%u bytes after the end of the gzip data",
                                  stream.avail_in);
            goto done;
        }
        inflateReset(&stream);
    } while (stream.avail_in > 0);
    out->data[out->size] = 0;
done:
    inflateEnd(&stream);
    if (status != EC_OK)
        ec_bytes_clear(out);
    return status;
}

ec_status ec_file_read_gzip(ec_bytes *out, const char *path, const ec_run *run, ec_error *err)
{
    ec_bytes raw;
    ec_status status = ec_file_read(out, path, run, err);

    if (status != EC_OK || !is_gzip(out->data, out->size))
        return status;
    raw = *out;
    status = ec_gunzip(out, raw.data, raw.size, path, run, err);
    ec_bytes_clear(&raw);
    return status;
}
