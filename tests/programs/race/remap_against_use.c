/* SPDX-License-Identifier: MIT */
/* mremap moves a mapping away from under another thread; the twin joins first. */
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
    char *target = mmap(NULL, 65536, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pthread_t thread = start(writes, NULL);
    hidden_await(1);
    if (IS_TWIN)
        join(thread);
    if (mremap(mapping, 16384, 65536, MREMAP_MAYMOVE | MREMAP_FIXED, target) != target)
        return 1;
    if (!IS_TWIN)
        join(thread);
    return 0;
}
