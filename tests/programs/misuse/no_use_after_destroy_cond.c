/* SPDX-License-Identifier: MIT */
/* A condition variable is signalled before it is destroyed. */
/* EXPECT-NONE */
#include "unseen.h"

static pthread_cond_t c = PTHREAD_COND_INITIALIZER;

int main(void)
{
    pthread_cond_signal(&c);
    pthread_cond_destroy(&c);
    return 0;
}
