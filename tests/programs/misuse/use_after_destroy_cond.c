/* SPDX-License-Identifier: MIT */
/* A condition variable is signalled after it was destroyed. */
/* EXPECT: use-after-destroy main on c */
#include "unseen.h"

static pthread_cond_t c = PTHREAD_COND_INITIALIZER;

int main(void)
{
    pthread_cond_destroy(&c);
    pthread_cond_signal(&c);
    return 0;
}
