/* SPDX-License-Identifier: MIT */
/* Each transfer locks the account with the lower address first. */
/* EXPECT-NONE */
#include "unseen.h"

struct account {
    pthread_mutex_t lock;
    long balance;
};
static struct account *accounts[2];

static __attribute__((noinline)) void transfer(struct account *from, struct account *to)
{
    struct account *first = from < to ? from : to, *second = from < to ? to : from;
    pthread_mutex_lock(&first->lock);
    pthread_mutex_lock(&second->lock);
    from->balance--;
    to->balance++;
    pthread_mutex_unlock(&second->lock);
    pthread_mutex_unlock(&first->lock);
}

static void *first_mover(void *argument)
{
    transfer(accounts[0], accounts[1]);
    step_done(1);
    return NULL;
}

static void *second_mover(void *argument)
{
    await_step(1);
    transfer(accounts[1], accounts[0]);
    return NULL;
}

int main(void)
{
    for (int i = 0; i < 2; i++) {
        accounts[i] = calloc(1, sizeof *accounts[i]);
        pthread_mutex_init(&accounts[i]->lock, NULL);
    }
    pthread_t one = start(first_mover, NULL), two = start(second_mover, NULL);
    join(one);
    join(two);
    for (int i = 0; i < 2; i++) {
        pthread_mutex_destroy(&accounts[i]->lock);
        free(accounts[i]);
    }
    return 0;
}
