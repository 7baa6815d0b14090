/* SPDX-License-Identifier: MIT */
/* An errorcheck mutex tells the caller that it holds it already: a note. */
/* EXPECT-NOTE: error-returned main on m */
#include "unseen.h"

static pthread_mutex_t m = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;

int main(void)
{
    pthread_mutex_lock(&m);
    int error = pthread_mutex_lock(&m);
    pthread_mutex_unlock(&m);
    return error != EDEADLK;
}
