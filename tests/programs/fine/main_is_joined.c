/* SPDX-License-Identifier: MIT */
/* A thread joins the main thread, which has left by pthread_exit, and ends the process. */
/* EXPECT-NONE */
/* STATUS: 4 */
#include "unseen.h"

static pthread_t main_thread;

static void *join_main(void *argument)
{
    if (pthread_join(main_thread, NULL))
        abort();
    exit(4);
}

int main(void)
{
    main_thread = pthread_self();
    pthread_detach(start(join_main, NULL));
    pthread_exit(NULL);
}
