/* SPDX-License-Identifier: MIT */
/* main calls exit while another thread holds a mutex. */
/* STATUS: 3 */
/* EXPECT-NONE */
#include "unseen.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;

static void *hold(void *argument)
{
    pthread_mutex_lock(&m);
    step_done(1);
    await_step(2);
    return NULL;
}

int main(void)
{
    start(hold, NULL);
    await_step(1);
    exit(3);
}
