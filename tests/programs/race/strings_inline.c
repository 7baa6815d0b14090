/* SPDX-License-Identifier: MIT */
/* String instructions: rep stos and rep movs against a byte at the end of what they touch; the twin's is the next. */
/* EXPECT: race stores/read_stored */
/* EXPECT: race moves/read_moved */
/* EXPECT: race moves/write_source */
/* EXPECT: race compares/write_compared */
/* TWIN */
#include "hidden.h"

static _Alignas(8) char stored[80], moved[80], source[80], compared[80];

static NOINLINE void stores(void)
{
    void *to = stored;
    size_t count = 61;
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(count) : "a"(7) : "memory");
}
static NOINLINE void moves(void)
{
    const void *from = source;
    void *to = moved;
    size_t count = 7;
    __asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(count)::"memory");
}
static NOINLINE void compares(void)
{
    const void *from = compared, *to = compared + 40;
    size_t count = 20;
    __asm__ volatile("repe cmpsb" : "+D"(to), "+S"(from), "+c"(count)::"memory", "cc");
}

static NOINLINE void read_stored(void) { USE((int)((volatile char *)stored)[60 + IS_TWIN]); }
static NOINLINE void read_moved(void) { USE((int)((volatile char *)moved)[55 + IS_TWIN]); }
static NOINLINE void write_source(void) { ((volatile char *)source)[55 + IS_TWIN] = 1; }
static NOINLINE void write_compared(void) { ((volatile char *)compared)[19 + IS_TWIN] = 1; }

static void *first(void *none)
{
    stores(), moves(), compares();
    hidden_done(1);
    return NULL;
}

static void *second(void *none)
{
    hidden_await(1);
    read_stored(), read_moved(), write_source(), write_compared();
    return NULL;
}

int main(void) { return both(first, second); }
