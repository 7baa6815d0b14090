/* SPDX-License-Identifier: MIT */
/* zlib: each thread with a stream of its own, or both with one. */
/* PACKAGES: zlib */
/* EXPECT: race compresses */
/* TWIN */
#include "hidden.h"
#include <zlib.h>

static z_stream streams[2];

static NOINLINE void compresses(int number)
{
    static __thread unsigned char in[1000], out[2000];
    z_stream *stream = &streams[IS_TWIN ? number : 0];
    memset(in, 'a' + number, sizeof in);
    stream->next_in = in;
    stream->avail_in = sizeof in;
    stream->next_out = out;
    stream->avail_out = sizeof out;
    deflate(stream, Z_SYNC_FLUSH);
}

static void *first(void *none)
{
    compresses(0);
    hidden_done(1);
    return NULL;
}

static void *second(void *none)
{
    hidden_await(1);
    compresses(1);
    return NULL;
}

int main(void)
{
    if (deflateInit(&streams[0], 6) || deflateInit(&streams[1], 6))
        return 1;
    return both(first, second);
}
