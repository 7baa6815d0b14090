/* SPDX-License-Identifier: MIT */
/* A list is walked hand over hand; the wrong walker reads the way to the next node after it has let go. */
/* EXPECT: race walks/inserts */
/* TWIN */
#include "hidden.h"

struct node {
    pthread_mutex_t lock;
    struct node *next;
};
static struct node nodes[4];

static NOINLINE void *walks(void *none)
{
    struct node *node = &nodes[0];
    pthread_mutex_lock(&node->lock);
    for (;;) {
        if (!IS_TWIN)
            pthread_mutex_unlock(&node->lock);
        struct node *next = node->next;
        if (next)
            pthread_mutex_lock(&next->lock);
        if (IS_TWIN)
            pthread_mutex_unlock(&node->lock);
        if (!next)
            break;
        node = next;
    }
    hidden_done(1);
    return NULL;
}

static NOINLINE void *inserts(void *none)
{
    hidden_await(1);
    pthread_mutex_lock(&nodes[2].lock);
    nodes[2].next = &nodes[3];
    pthread_mutex_unlock(&nodes[2].lock);
    return NULL;
}

int main(void)
{
    for (int i = 0; i < 4; i++)
        pthread_mutex_init(&nodes[i].lock, NULL);
    nodes[0].next = &nodes[1];
    nodes[1].next = &nodes[2];
    return both(walks, inserts);
}
