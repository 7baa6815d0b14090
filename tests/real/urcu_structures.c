/* SPDX-License-Identifier: MIT */
/* Userspace RCU's own data structures, used as its manual says: an RCU hash table with look-ups while it is resized, nodes freed by
 * call_rcu(), a wait-free queue, a lock-free stack. Four threads; prints sums that do not depend on who was first.
 * Run natively and under detect by tests/real/run. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <urcu.h>
#include <urcu/lfstack.h>
#include <urcu/rculfhash.h>
#include <urcu/uatomic.h>
#include <urcu/wfcqueue.h>

#define THREADS 4
#define KEYS 300

struct entry {
    unsigned long key, value;
    struct cds_lfht_node node;
    struct rcu_head head;
};

struct job {
    struct cds_wfcq_node queued;
    struct cds_lfs_node stacked;
    unsigned long value;
};

static struct cds_lfht *table;
static struct cds_wfcq_head queue_head;
static struct cds_wfcq_tail queue_tail;
static struct cds_lfs_stack stack;
static unsigned long found, queued, stacked;

static int matches(struct cds_lfht_node *node, const void *key)
{
    return caa_container_of(node, struct entry, node)->key == *(const unsigned long *)key;
}

static void free_entry(struct rcu_head *head) { free(caa_container_of(head, struct entry, head)); }

static void add(unsigned long key)
{
    struct entry *entry = calloc(1, sizeof(*entry));
    entry->key = key;
    entry->value = key * key;
    cds_lfht_node_init(&entry->node);
    rcu_read_lock();
    if (cds_lfht_add_unique(table, key * 2654435761u, matches, &key, &entry->node) != &entry->node)
        abort();
    rcu_read_unlock();
}

static unsigned long look_up(unsigned long key)
{
    struct cds_lfht_iter iter;
    rcu_read_lock();
    cds_lfht_lookup(table, key * 2654435761u, matches, &key, &iter);
    struct cds_lfht_node *node = cds_lfht_iter_get_node(&iter);
    unsigned long value = node ? caa_container_of(node, struct entry, node)->value : 0;
    rcu_read_unlock();
    return value;
}

static void delete(unsigned long key)
{
    struct cds_lfht_iter iter;
    rcu_read_lock();
    cds_lfht_lookup(table, key * 2654435761u, matches, &key, &iter);
    struct cds_lfht_node *node = cds_lfht_iter_get_node(&iter);
    if (!node || cds_lfht_del(table, node) != 0)
        abort();
    call_rcu(&caa_container_of(node, struct entry, node)->head, free_entry);
    rcu_read_unlock();
}

static void put(unsigned long value)
{
    struct job *job = calloc(1, sizeof(*job)), *other = calloc(1, sizeof(*other));
    job->value = other->value = value;
    cds_wfcq_node_init(&job->queued);
    cds_wfcq_enqueue(&queue_head, &queue_tail, &job->queued);
    cds_lfs_node_init(&other->stacked);
    cds_lfs_push(&stack, &other->stacked);
}

static void take(void)
{
    struct cds_wfcq_node *first = cds_wfcq_dequeue_blocking(&queue_head, &queue_tail);
    if (first) {
        struct job *job = caa_container_of(first, struct job, queued);
        uatomic_add(&queued, job->value);
        free(job);
    }
    struct cds_lfs_node *top = cds_lfs_pop_blocking(&stack);
    if (top) {
        struct job *job = caa_container_of(top, struct job, stacked);
        uatomic_add(&stacked, job->value);
        free(job);
    }
}

static void *work(void *number)
{
    unsigned long first = (unsigned long)(size_t)number * KEYS + 1, sum = 0;
    rcu_register_thread();
    for (unsigned long key = first; key < first + KEYS; key++) {
        add(key);
        put(key);
        sum += look_up(key);
        (void)look_up(key + KEYS);
        if (key % 3 == 0)
            delete(key);
        take();
    }
    uatomic_add(&found, sum);
    rcu_unregister_thread();
    return NULL;
}

int main(void)
{
    pthread_t threads[THREADS];
    rcu_register_thread();
    table = cds_lfht_new(16, 16, 0, CDS_LFHT_AUTO_RESIZE | CDS_LFHT_ACCOUNTING, NULL);
    cds_wfcq_init(&queue_head, &queue_tail);
    cds_lfs_init(&stack);
    rcu_thread_offline();
    for (size_t i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, work, (void *)i);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    rcu_thread_online();
    unsigned long left = 0;
    for (unsigned long key = 1; key <= THREADS * KEYS; key++)
        left += look_up(key) != 0;
    rcu_unregister_thread();
    rcu_barrier();
    printf("found %lu, left %lu, queued %lu, stacked %lu\n", found, left, queued, stacked);
    return 0;
}
