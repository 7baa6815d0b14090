/* SPDX-License-Identifier: MIT */
/* The allocator gives one thread's old block to another: a new object, with no history. What is wrong here is another
 * variable, written through both. */
/* EXPECT: race works on total */
/* TWIN */
#include "hidden.h"

static long total;

static void *works(void *argument)
{
    if (argument)
        hidden_await(1);
    for (int i = 0; i < 50; i++) {
        char *block = malloc(700);
        memset(block, i, 700);
        block[i] = (char)(block[i + 1] + 1);
        COMPILER_BARRIER();
        free(block);
    }
    if (!IS_TWIN)
        total++;
    hidden_done(1);
    return NULL;
}

int main(void)
{
    pthread_t one = start(works, NULL), two = start(works, &total);
    join(one);
    join(two);
    return total > 2;
}
