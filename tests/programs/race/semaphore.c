/* SPDX-License-Identifier: MIT */
/* A semaphore that begins at 2 lets two threads in; at 1 it is a lock. */
/* EXPECT: race enters on inside */
/* TWIN */
#include "hidden.h"

static sem_t gate;
static int inside;

static void *enters(void *none)
{
    sem_wait(&gate);
    inside++;
    COMPILER_BARRIER();
    if (!IS_TWIN)
        hidden_meet(2);
    sem_post(&gate);
    return NULL;
}

int main(void)
{
    sem_init(&gate, 0, IS_TWIN ? 1 : 2);
    return both(enters, enters);
}
