/* SPDX-License-Identifier: MIT */
/* Concurrency Kit's locks and data structures, used as its manual says: ticket, MCS and read-write locks, a ring, a stack, a FIFO, a
 * sequence lock, a barrier, epochs. Four threads; prints sums that do not depend on who was first.
 * Run natively and under detect by tests/real/run. */
#include <ck_barrier.h>
#include <ck_epoch.h>
#include <ck_fifo.h>
#include <ck_pr.h>
#include <ck_ring.h>
#include <ck_rwlock.h>
#include <ck_sequence.h>
#include <ck_spinlock.h>
#include <ck_stack.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#define THREADS 4
#define ROUNDS 150
#define RING 64

struct item {
    ck_stack_entry_t entry;
    ck_epoch_entry_t epoch;
    unsigned long value;
};

static ck_spinlock_ticket_t ticket = CK_SPINLOCK_TICKET_INITIALIZER;
static ck_spinlock_mcs_t mcs = CK_SPINLOCK_MCS_INITIALIZER;
static ck_rwlock_t rwlock = CK_RWLOCK_INITIALIZER;
static ck_sequence_t sequence = CK_SEQUENCE_INITIALIZER;
static ck_barrier_centralized_t barrier = CK_BARRIER_CENTRALIZED_INITIALIZER;
static ck_stack_t stack = CK_STACK_INITIALIZER;
static ck_ring_t ring;
static ck_ring_buffer_t ring_buffer[RING];
static ck_fifo_spsc_t fifo;
static ck_epoch_t epoch;
static struct item *shared;

static unsigned long by_ticket, by_mcs, by_rwlock, seen[2] = {0, ~0ul}, from_ring, from_fifo, from_stack, read_in_epochs;

static void locks(unsigned long value)
{
    ck_spinlock_mcs_context_t node;
    ck_spinlock_ticket_lock(&ticket);
    by_ticket += value;
    ck_spinlock_ticket_unlock(&ticket);
    ck_spinlock_mcs_lock(&mcs, &node);
    by_mcs += value;
    ck_spinlock_mcs_unlock(&mcs, &node);
    ck_rwlock_write_lock(&rwlock);
    by_rwlock += value;
    ck_rwlock_write_unlock(&rwlock);
    ck_rwlock_read_lock(&rwlock);
    if (by_rwlock < value)
        abort();
    ck_rwlock_read_unlock(&rwlock);
}

static void pairs(size_t number, unsigned long value)
{
    if (number == 0) {
        ck_sequence_write_begin(&sequence);
        ck_pr_store_64((uint64_t *)&seen[0], value);
        ck_pr_store_64((uint64_t *)&seen[1], ~value);
        ck_sequence_write_end(&sequence);
        return;
    }
    unsigned long copy[2];
    unsigned version;
    do {
        version = ck_sequence_read_begin(&sequence);
        copy[0] = ck_pr_load_64((uint64_t *)&seen[0]);
        copy[1] = ck_pr_load_64((uint64_t *)&seen[1]);
    } while (ck_sequence_read_retry(&sequence, version));
    if (copy[0] != ~copy[1])
        abort();
}

static void free_item(ck_epoch_entry_t *entry)
{
    free((char *)entry - offsetof(struct item, epoch));
}

static void publishes(ck_epoch_record_t *record, size_t number, unsigned long value)
{
    ck_epoch_begin(record, NULL);
    if (number == 1) {
        struct item *fresh = calloc(1, sizeof(*fresh));
        fresh->value = value;
        ck_pr_fence_store();
        struct item *old = ck_pr_fas_ptr(&shared, fresh);
        if (old)
            ck_epoch_call(record, &old->epoch, free_item);
    } else {
        struct item *item = ck_pr_load_ptr(&shared);
        if (item)
            ck_pr_add_64((uint64_t *)&read_in_epochs, item->value ? 1 : 1000000);
    }
    ck_epoch_end(record, NULL);
    ck_epoch_poll(record);
}

/* Thread 2 hands to thread 3 through the ring and the FIFO. */
static void hand_over(size_t number, unsigned long value)
{
    struct item *item;
    void *out;
    if (number == 2) {
        item = calloc(1, sizeof(*item));
        item->value = value;
        while (!ck_ring_enqueue_spsc(&ring, ring_buffer, item))
            sched_yield();
        ck_fifo_spsc_entry_t *entry = malloc(sizeof(*entry));
        ck_fifo_spsc_enqueue(&fifo, entry, (void *)(uintptr_t)value);
    } else if (number == 3) {
        while (!ck_ring_dequeue_spsc(&ring, ring_buffer, &item))
            sched_yield();
        from_ring += item->value;
        free(item);
        while (!ck_fifo_spsc_dequeue(&fifo, &out))
            sched_yield();
        from_fifo += (uintptr_t)out;
    }
}

static void *work(void *number)
{
    ck_epoch_record_t *record = aligned_alloc(64, 1024);
    ck_barrier_centralized_state_t state = CK_BARRIER_CENTRALIZED_STATE_INITIALIZER;
    ck_epoch_register(&epoch, record, NULL);
    for (unsigned long i = 1; i <= ROUNDS; i++) {
        struct item *item = calloc(1, sizeof(*item));
        item->value = i;
        locks(i);
        pairs((size_t)number, i);
        publishes(record, (size_t)number, i);
        hand_over((size_t)number, i);
        ck_stack_push_upmc(&stack, &item->entry);
        if (i % 50 == 0)
            ck_barrier_centralized(&barrier, &state, THREADS);
    }
    ck_epoch_barrier(record);
    return NULL;
}

int main(void)
{
    pthread_t threads[THREADS];
    ck_epoch_init(&epoch);
    ck_ring_init(&ring, RING);
    ck_fifo_spsc_init(&fifo, malloc(sizeof(ck_fifo_spsc_entry_t)));
    for (size_t i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, work, (void *)i);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (ck_stack_entry_t *entry; (entry = ck_stack_pop_upmc(&stack)) != NULL;)
        from_stack += ((struct item *)entry)->value;
    printf("%lu %lu %lu, ring %lu, fifo %lu, stack %lu, %s\n", by_ticket, by_mcs, by_rwlock, from_ring, from_fifo, from_stack,
           read_in_epochs < 1000000 ? "published whole" : "published too early");
    return 0;
}
