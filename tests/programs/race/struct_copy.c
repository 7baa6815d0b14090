/* SPDX-License-Identifier: MIT */
/* A whole structure is copied while one member changes; the twin changes the copy's neighbour. */
/* EXPECT: race copies/changes */
/* TWIN */
#include "hidden.h"

struct record {
    long id, values[40];
    int last;
};
static struct record records[3];

static void *copies(void *none)
{
    records[1] = records[0];
    COMPILER_BARRIER();
    hidden_done(1);
    return NULL;
}

static void *changes(void *none)
{
    hidden_await(1);
    records[IS_TWIN ? 2 : 1].last = 1;
    return NULL;
}

int main(void) { return both(copies, changes); }
