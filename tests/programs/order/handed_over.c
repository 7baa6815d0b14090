/* SPDX-License-Identifier: MIT */
/* The producers use the items after they have handed them over. */
/* EXPECT: lock-order take_ab/take_ba */
#include "unseen.h"

#define ITEMS 12

struct item {
    pthread_mutex_t a, b;
    struct item *next;
};

static struct item items[2 * ITEMS], *head;
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t filled = PTHREAD_COND_INITIALIZER;
static int consumed;

static void take_ab(struct item *item)
{
    pthread_mutex_lock(&item->a);
    pthread_mutex_lock(&item->b);
    pthread_mutex_unlock(&item->b);
    pthread_mutex_unlock(&item->a);
}

static void take_ba(struct item *item)
{
    pthread_mutex_lock(&item->b);
    pthread_mutex_lock(&item->a);
    pthread_mutex_unlock(&item->a);
    pthread_mutex_unlock(&item->b);
}

static void put(struct item *item)
{
    pthread_mutex_lock(&m);
    item->next = head;
    head = item;
    pthread_cond_signal(&filled);
    pthread_mutex_unlock(&m);
}

static struct item *get(void)
{
    pthread_mutex_lock(&m);
    while (!head)
        pthread_cond_wait(&filled, &m);
    struct item *item = head;
    head = item->next;
    pthread_mutex_unlock(&m);
    return item;
}

static void *produce(void *argument)
{
    struct item *mine = argument;
    for (int i = 0; i < ITEMS; i++) {
        put(&mine[i]);
    }
    SPIN_UNTIL(__atomic_load_n(&consumed, __ATOMIC_SEQ_CST) == 2 * ITEMS);
    for (int i = 0; i < ITEMS; i++)
        take_ab(&mine[i]);
    return NULL;
}

static void *consume(void *argument)
{
    for (int i = 0; i < ITEMS; i++)
        take_ba(get());
    __atomic_add_fetch(&consumed, ITEMS, __ATOMIC_SEQ_CST);
    return NULL;
}

int main(void)
{
    for (int i = 0; i < 2 * ITEMS; i++) {
        pthread_mutex_init(&items[i].a, NULL);
        pthread_mutex_init(&items[i].b, NULL);
    }
    pthread_t threads[] = {start(produce, items), start(produce, items + ITEMS),
                           start(consume, NULL), start(consume, NULL)};
    for (int i = 0; i < 4; i++)
        join(threads[i]);
    return 0;
}
