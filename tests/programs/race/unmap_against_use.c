/* SPDX-License-Identifier: MIT */
/* A mapping is taken away while another thread may use it; the twin joins first. */
/* EXPECT: free-race writes/main */
/* TWIN */
#include "hidden.h"

static char *mapping;

static NOINLINE void *writes(void *none)
{
    mapping[5000] = 1;
    hidden_done(1);
    return NULL;
}

int main(void)
{
    mapping = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pthread_t thread = start(writes, NULL);
    hidden_await(1);
    if (IS_TWIN)
        join(thread);
    munmap(mapping, 16384);
    if (!IS_TWIN)
        join(thread);
    return 0;
}
