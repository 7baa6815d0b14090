/* SPDX-License-Identifier: MIT */
/* A once routine that calls pthread_once on another control. */
/* EXPECT-NONE */
#include "unseen.h"

static pthread_once_t once = PTHREAD_ONCE_INIT, other = PTHREAD_ONCE_INIT;

static void inner(void) {}

static void outer(void)
{
    pthread_once(&other, inner);
}

int main(void)
{
    pthread_once(&once, outer);
    pthread_once(&other, inner);
    return 0;
}
