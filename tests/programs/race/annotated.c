/* SPDX-License-Identifier: MIT */
/* Annotations of the program's own say what orders, and which race is meant. */
/* EXPECT: race gives/takes on data */
/* TWIN */
#include "hidden.h"

/* There only when a tool offers them. */
__attribute__((weak)) void AnnotateHappensBefore(const char *file, int line, const volatile void *what);
__attribute__((weak)) void AnnotateHappensAfter(const char *file, int line, const volatile void *what);

static int object, data;

static NOINLINE void *gives(void *none)
{
    data = 1;
    if (IS_TWIN && AnnotateHappensBefore)
        AnnotateHappensBefore(__FILE__, __LINE__, &object);
    hidden_done(1);
    return NULL;
}

static NOINLINE void *takes(void *none)
{
    hidden_await(1);
    if (IS_TWIN && AnnotateHappensAfter)
        AnnotateHappensAfter(__FILE__, __LINE__, &object);
    USE(*(volatile int *)&data);
    return NULL;
}

int main(void) { return both(gives, takes); }
