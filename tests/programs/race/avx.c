/* SPDX-License-Identifier: MIT */
/*  */
/* AVX: a store of 32 bytes, one with a mask, and a gather, against single elements; the twin's elements are the ones left out. */
/* EXPECT: race store_whole/read_whole */
/* EXPECT: race store_masked/read_masked */
/* EXPECT: race gather/write_gathered */
/* TWIN */
#include "hidden.h"
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2"), noinline))

static _Alignas(32) int whole[16], masked[8], table[64];

AVX2 static void store_whole(void) { _mm256_store_si256((__m256i *)whole, _mm256_set1_epi32(5)); }
AVX2 static void store_masked(void)
{
    _mm256_maskstore_epi32(masked, _mm256_set_epi32(0, 0, 0, 0, -1, 0, 0, -1), _mm256_set1_epi32(5));
}
AVX2 static void gather(void)
{
    __m256i got = _mm256_i32gather_epi32(table, _mm256_set_epi32(56, 48, 40, 32, 24, 16, 8, 0), 4);
    int first = _mm256_extract_epi32(got, 0);
    USE(first);
}
/* For processors without AVX2. */
static NOINLINE void plainly(void (*what)(void), volatile int *at, int element)
{
    if (__builtin_cpu_supports("avx2"))
        what();
    else
        at[element] = at[element] + 1;
}

static NOINLINE void read_whole(void) { USE(((volatile int *)whole)[IS_TWIN ? 8 : 7]); }
static NOINLINE void read_masked(void) { USE(((volatile int *)masked)[IS_TWIN ? 2 : 3]); }
static NOINLINE void write_gathered(void) { table[IS_TWIN ? 41 : 40] = 1; }

static void *first(void *none)
{
    plainly(store_whole, whole, 7);
    plainly(store_masked, masked, 3);
    plainly(gather, table, 40);
    hidden_done(1);
    return NULL;
}

static void *second(void *none)
{
    hidden_await(1);
    read_whole(), read_masked(), write_gathered();
    return NULL;
}

int main(void) { return both(first, second); }
