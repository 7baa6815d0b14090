/* SPDX-License-Identifier: MIT */
/* main calls exit with a mutex held. */
/* STATUS: 3 */
/* EXPECT: exit-holding-lock main on m */
#include "unseen.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;

int main(void)
{
    pthread_mutex_lock(&m);
    exit(3);
}
