/* SPDX-License-Identifier: MIT */
/* Halves and lanes of vector registers in memory, and stores past the cache. */
/* EXPECT: race low_half/read_low */
/* EXPECT: race high_half/read_high */
/* EXPECT: race one_lane/read_lane */
/* EXPECT: race streamed/read_streamed */
/* TWIN */
#include "hidden.h"
#include <emmintrin.h>

static _Alignas(16) char low[16], high[16], lane[16], stream[16];

static NOINLINE void low_half(void) { _mm_storel_pd((double *)low, _mm_set1_pd(1)); }
static NOINLINE void high_half(void) { _mm_storeh_pd((double *)high, _mm_set1_pd(1)); }
static NOINLINE void one_lane(void) { _mm_store_ss((float *)lane, _mm_set1_ps(1)); }
static NOINLINE void streamed(void) { _mm_stream_si32((int *)stream, 1); }

static NOINLINE int byte(const volatile char *at, int offset) { return at[offset]; }
static NOINLINE void read_low(void) { USE(byte(low, 7 + IS_TWIN)); }
static NOINLINE void read_high(void) { USE(byte(high, 7 + IS_TWIN)); }
static NOINLINE void read_lane(void) { USE(byte(lane, 3 + IS_TWIN)); }
static NOINLINE void read_streamed(void) { USE(byte(stream, 3 + IS_TWIN)); }

static void *writer(void *none)
{
    low_half(), high_half(), one_lane(), streamed();
    hidden_done(1);
    return NULL;
}

static void *reader(void *none)
{
    hidden_await(1);
    read_low(), read_high(), read_lane(), read_streamed();
    return NULL;
}

int main(void) { return both(writer, reader); }
