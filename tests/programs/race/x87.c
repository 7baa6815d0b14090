/* SPDX-License-Identifier: MIT */
/* A long double has ten bytes; the twin reads the eleventh, which is padding. */
/* EXPECT: race writer/reader on value */
/* TWIN */
#include "hidden.h"

static volatile long double value;

static void *writer(void *none)
{
    value = 1.5L;
    hidden_done(1);
    return NULL;
}

static void *reader(void *none)
{
    hidden_await(1);
    USE((int)((volatile char *)&value)[9 + IS_TWIN]);
    return NULL;
}

int main(void) { return both(writer, reader); }
