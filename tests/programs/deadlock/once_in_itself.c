/* SPDX-License-Identifier: MIT */
/* A once routine that calls pthread_once on its own control. */
/* STUCK */
/* EXPECT: deadlock|double-lock outer/main */
#include "unseen.h"

static pthread_once_t once = PTHREAD_ONCE_INIT, other = PTHREAD_ONCE_INIT;

static void inner(void) {}

static void outer(void)
{
    pthread_once(&once, inner);
}

int main(void)
{
    pthread_once(&once, outer);
    pthread_once(&other, inner);
    return 0;
}
