/* SPDX-License-Identifier: MIT */
/* Concurrency Kit's ring for one producer and one consumer. */
/* PACKAGES: ck */
/* EXPECT: race gives/takes */
/* TWIN */
#include "hidden.h"
#include <ck_ring.h>

static ck_ring_t ring;
static ck_ring_buffer_t buffer[16];
static int blocks[40];

static NOINLINE void *gives(void *none)
{
    for (int i = 0; i < 40; i++) {
        if (IS_TWIN)
            blocks[i] = i;
        SPIN_UNTIL(ck_ring_enqueue_spsc(&ring, buffer, &blocks[i]));
        if (!IS_TWIN)
            blocks[i] = i;
    }
    hidden_done(1);
    return NULL;
}

static NOINLINE void *takes(void *none)
{
    void *got;
    for (int i = 0; i < 40; i++) {
        SPIN_UNTIL(ck_ring_dequeue_spsc(&ring, buffer, &got));
        if (IS_TWIN)
            USE(*(volatile int *)got);
    }
    hidden_await(1);
    if (!IS_TWIN)
        USE(*(volatile int *)got);
    return NULL;
}

int main(void)
{
    ck_ring_init(&ring, 16);
    return both(gives, takes);
}
