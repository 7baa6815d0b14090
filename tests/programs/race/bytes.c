/* SPDX-License-Identifier: MIT */
/* A byte is written inside a word that another thread reads; the twin's byte is the word's neighbour. */
/* EXPECT: race writer/reader on bytes */
/* TWIN */
#include "hidden.h"

static _Alignas(8) char bytes[8];

static void *writer(void *none)
{
    bytes[IS_TWIN ? 4 : 3] = 1;
    hidden_done(1);
    return NULL;
}

static void *reader(void *none)
{
    hidden_await(1);
    USE(*(volatile int *)bytes);
    return NULL;
}

int main(void) { return both(writer, reader); }
