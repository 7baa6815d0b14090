/* SPDX-License-Identifier: MIT */
/* A store of 16 bytes against the last of them; the twin reads the next. */
/* EXPECT: race writer/reader on bytes */
/* TWIN */
#include "hidden.h"
#include <emmintrin.h>

static _Alignas(16) char bytes[32];

static void *writer(void *none)
{
    _mm_store_si128((__m128i *)bytes, _mm_set1_epi8(3));
    hidden_done(1);
    return NULL;
}

static void *reader(void *none)
{
    hidden_await(1);
    USE((int)((volatile char *)bytes)[15 + IS_TWIN]);
    return NULL;
}

int main(void) { return both(writer, reader); }
