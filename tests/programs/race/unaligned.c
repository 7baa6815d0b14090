/* SPDX-License-Identifier: MIT */
/* A word that lies across two granules, and one across two pages, against a byte at its end; the twin's byte is the next. */
/* EXPECT: race write_granules/read_granules */
/* EXPECT: race write_pages/read_pages */
/* TWIN */
#include "hidden.h"

struct __attribute__((packed)) odd {
    char before[5];
    volatile long word;
    char after[3];
};
static _Alignas(16) struct odd odd;
static _Alignas(4096) char pages[8192];

static NOINLINE void write_granules(void) { odd.word = 1; }
static NOINLINE void read_granules(void) { USE((int)((volatile char *)&odd)[12 + IS_TWIN]); }

static NOINLINE void write_pages(void) { ((volatile struct odd *)(pages + 4088))->word = 1; }
static NOINLINE void read_pages(void) { USE((int)((volatile char *)pages)[4088 + 12 + IS_TWIN]); }

static void *writer(void *none)
{
    write_granules(), write_pages();
    hidden_done(1);
    return NULL;
}

static void *reader(void *none)
{
    hidden_await(1);
    read_granules(), read_pages();
    return NULL;
}

int main(void) { return both(writer, reader); }
