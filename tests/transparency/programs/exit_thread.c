/* SPDX-License-Identifier: MIT */
/* STATUS: 7 */
/* exit by another thread than the first. */
#include "show.h"

static void handler(void) { show("atexit in thread"); }
static void *leave(void *arg)
{
    printf("buffered\n");
    exit(7);
    return arg;
}

int main(void)
{
    pthread_t t;
    atexit(handler);
    setvbuf(stdout, NULL, _IOFBF, 4096);
    pthread_create(&t, NULL, leave, NULL);
    pthread_join(t, NULL);
    return 1;
}
