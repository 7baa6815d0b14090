/* SPDX-License-Identifier: MIT */
/* The first thread leaves by pthread_exit; the process ends with the last one, with handlers. */
#include "show.h"

static pthread_t main_thread;
static void handler(void) { show("atexit"); }
static void *last(void *arg)
{
    SHOW(pthread_join(main_thread, NULL));
    show("last thread");
    return arg;
}

int main(void)
{
    pthread_t t;
    main_thread = pthread_self();
    atexit(handler);
    pthread_create(&t, NULL, last, NULL);
    pthread_detach(t);
    pthread_exit(NULL);
}
