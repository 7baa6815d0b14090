/* SPDX-License-Identifier: MIT */
/* A reference count that is compared without the lock under which it changes, as strings of an old library were shared. */
/* EXPECT: race releases/is_shared */
/* TWIN */
#include "hidden.h"

struct string {
    pthread_mutex_t lock;
    int references;
};
static struct string *string;

static NOINLINE void *releases(void *none)
{
    pthread_mutex_lock(&string->lock);
    string->references--;
    pthread_mutex_unlock(&string->lock);
    hidden_done(1);
    return NULL;
}

static NOINLINE void *is_shared(void *none)
{
    hidden_await(1);
    if (IS_TWIN)
        pthread_mutex_lock(&string->lock);
    if (string->references > 1)
        abort();
    if (IS_TWIN)
        pthread_mutex_unlock(&string->lock);
    return NULL;
}

int main(void)
{
    string = calloc(1, sizeof *string);
    pthread_mutex_init(&string->lock, NULL);
    string->references = 2;
    return both(releases, is_shared);
}
