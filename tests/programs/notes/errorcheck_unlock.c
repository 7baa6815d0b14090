/* SPDX-License-Identifier: MIT */
/* An errorcheck mutex tells a thread that it is not its owner: a note. */
/* EXPECT-NOTE: error-returned give on m */
#include "unseen.h"

static pthread_mutex_t m = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;

static void *give(void *argument)
{
    return pthread_mutex_unlock(&m) ? argument : NULL;
}

int main(void)
{
    pthread_mutex_lock(&m);
    join(start(give, NULL));
    pthread_mutex_unlock(&m);
    return 0;
}
