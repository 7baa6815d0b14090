/* SPDX-License-Identifier: MIT */
/* A new thread gets the stack and the thread-local variables of one that has ended unseen: all of it is new. The wrong
 * program counts in a plain variable as well. */
/* EXPECT: race counts on ended */
/* TWIN */
#include "hidden.h"

static __thread volatile int own[50];
static int ended;

static void *counts(void *number)
{
    volatile int locals[200];
    for (int i = 0; i < 200; i++)
        locals[i] = own[i / 4] = i;
    USE(locals[100]);
    if (!IS_TWIN)
        ended++;
    hidden_done((int)(intptr_t)number);
    return NULL;
}

int main(void)
{
    for (intptr_t i = 0; i < 20; i++) {
        pthread_t thread = start(counts, (void *)(2 * i + 2));
        pthread_detach(thread);
        hidden_await((int)(2 * i + 2));
    }
    return 0;
}
