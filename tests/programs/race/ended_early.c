/* SPDX-License-Identifier: MIT */
/* A lock is destroyed by who does not know that its last user is out; the twin takes it once more, and so comes after that user. */
/* EXPECT: race uses/ends on mutex */
/* TWIN */
#include "hidden.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int uses_left = 1;

static NOINLINE void *uses(void *none)
{
    pthread_mutex_lock(&mutex);
    uses_left--;
    pthread_mutex_unlock(&mutex);
    hidden_done(1);
    return NULL;
}

static NOINLINE void *ends(void *none)
{
    hidden_await(1);
    if (IS_TWIN) {
        pthread_mutex_lock(&mutex);
        uses_left = 0;
        pthread_mutex_unlock(&mutex);
    }
    pthread_mutex_destroy(&mutex);
    return NULL;
}

int main(void) { return both(uses, ends); }
