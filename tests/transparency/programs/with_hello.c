/* SPDX-License-Identifier: MIT */
/* Says hello; built statically, with a sanitizer … */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *nothing(void *arg) { return arg; }

int main(int argc, char **argv)
{
    pthread_t t;
    pthread_create(&t, NULL, nothing, NULL);
    pthread_join(t, NULL);
    const char *preload = getenv("LD_PRELOAD");
    printf("hello %d %d\n", argc, argc > 1 && preload && strstr(preload, argv[1]) != NULL);
    return 7;
}
