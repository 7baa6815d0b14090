/* SPDX-License-Identifier: MIT */
/* A thread gives the address of its thread-local variable away; the twin's other thread uses its own. */
/* EXPECT: race owner/stranger */
/* TWIN */
#include "hidden.h"

static __thread volatile int own;
static volatile int *given;
static sem_t ready;

static void *owner(void *none)
{
    given = &own;
    sem_post(&ready);
    own = 1;
    hidden_done(1);
    hidden_await(2);
    return NULL;
}

static void *stranger(void *none)
{
    sem_wait(&ready);
    hidden_await(1);
    USE(IS_TWIN ? own : *given);
    hidden_done(2);
    return NULL;
}

int main(void)
{
    sem_init(&ready, 0, 0);
    return both(owner, stranger);
}
