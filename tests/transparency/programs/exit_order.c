/* SPDX-License-Identifier: MIT */
/* STATUS: 3 */
/* Handlers, destructors and buffered output in their order; threads that still run. */
#include "show.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static void *spin(void *arg)
{
    for (;;) {
        pthread_mutex_lock(&mutex);
        pthread_mutex_unlock(&mutex);
    }
    return arg;
}
static void first(void) { show("atexit 1"); }
static void second(void)
{
    show("atexit 2");
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
}
static void with_status(int status, void *arg) { show("on_exit %d %s", status, (char *)arg); }
__attribute__((constructor)) static void begin(void) { show("constructor"); }
__attribute__((destructor)) static void end(void) { show("destructor"); }

int main(void)
{
    pthread_t t;
    setvbuf(stdout, NULL, _IOFBF, 4096);
    atexit(first);
    on_exit(with_status, "argument");
    atexit(second);
    for (int i = 0; i < 2; i++)
        pthread_create(&t, NULL, spin, NULL);
    printf("buffered\n");
    return 3;
}
