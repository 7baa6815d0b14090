/* SPDX-License-Identifier: MIT */
/* Who gives up the last reference frees; the wrong count is a plain integer. */
/* EXPECT: race drops on counted.references|object.body */
/* TWIN */
#include "hidden.h"

struct counted {
    int references, payload;
};
static struct counted *object;

static NOINLINE void drops(void)
{
    USE(object->payload);
    if (IS_TWIN) {
        if (__atomic_sub_fetch(&object->references, 1, __ATOMIC_ACQ_REL) == 0)
            free(object);
    } else {
        object->references--;
    }
}

static void *first(void *none)
{
    drops();
    hidden_done(1);
    return NULL;
}

static void *second(void *none)
{
    hidden_await(1);
    drops();
    return NULL;
}

int main(void)
{
    object = calloc(1, sizeof *object);
    object->references = 2;
    return both(first, second);
}
