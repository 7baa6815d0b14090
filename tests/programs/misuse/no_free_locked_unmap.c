/* SPDX-License-Identifier: MIT */
/* The mutex was unlocked before. */
/* EXPECT-NONE */
#include <sys/mman.h>

#include "unseen.h"

int main(void)
{
    pthread_mutex_t *m = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pthread_mutex_lock(m);
    pthread_mutex_unlock(m);
    munmap(m, 8192);
    return 0;
}
