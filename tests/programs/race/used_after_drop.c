/* SPDX-License-Identifier: MIT */
/* A thread uses an object after it has given up its reference; the other one frees it. */
/* EXPECT: free-race uses/frees_last */
/* TWIN */
#include "hidden.h"

struct object {
    int references, payload;
};
static struct object *object;

static NOINLINE int drop(void) { return __atomic_sub_fetch(&object->references, 1, __ATOMIC_ACQ_REL) == 0; }

static NOINLINE void *uses(void *none)
{
    if (IS_TWIN)
        USE(*(volatile int *)&object->payload);
    if (drop())
        abort();
    if (!IS_TWIN)
        USE(*(volatile int *)&object->payload);
    hidden_done(1);
    return NULL;
}

static NOINLINE void *frees_last(void *none)
{
    hidden_await(1);
    if (drop())
        free(object);
    return NULL;
}

int main(void)
{
    object = calloc(1, sizeof *object);
    object->references = 2;
    return both(uses, frees_last);
}
