/* SPDX-License-Identifier: MIT */
/* A mapping is removed with a locked mutex in it. */
/* EXPECT: free-locked main */
#include <sys/mman.h>

#include "unseen.h"

int main(void)
{
    pthread_mutex_t *m = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pthread_mutex_lock(m);
    munmap(m, 8192);
    return 0;
}
