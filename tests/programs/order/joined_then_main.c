/* SPDX-License-Identifier: MIT */
/* The main thread takes the opposite order before it joins the thread. */
/* EXPECT: lock-order take_ab/take_ba on a,b */
#include "unseen.h"

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;

static void *take_ab(void *argument)
{
    pthread_mutex_lock(&a);
    pthread_mutex_lock(&b);
    pthread_mutex_unlock(&b);
    pthread_mutex_unlock(&a);
    step_done(1);
    return NULL;
}

static void take_ba(void)
{
    pthread_mutex_lock(&b);
    pthread_mutex_lock(&a);
    pthread_mutex_unlock(&a);
    pthread_mutex_unlock(&b);
}

int main(void)
{
    pthread_t thread = start(take_ab, NULL);
    await_step(1);
    take_ba();
    join(thread);
    return 0;
}
