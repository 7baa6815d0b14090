/* SPDX-License-Identifier: MIT */
/* Double-checked locking with a plain pointer; the twin's pointer is atomic. */
/* EXPECT: race get on instance */
/* TWIN */
#include "hidden.h"

struct config {
    int limit;
};
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
#ifdef TWIN
static _Atomic(struct config *) instance;
#else
static struct config *volatile instance;
#endif

static NOINLINE struct config *get(void)
{
    struct config *found = instance;
    if (!found) {
        pthread_mutex_lock(&lock);
        found = instance;
        if (!found) {
            found = calloc(1, sizeof *found);
            found->limit = 10;
            instance = found;
        }
        pthread_mutex_unlock(&lock);
    }
    return found;
}

static void *first(void *none)
{
    USE(get());
    hidden_done(1);
    return NULL;
}

static void *second(void *none)
{
    hidden_await(1);
    USE(get());
    return NULL;
}

int main(void) { return both(first, second); }
