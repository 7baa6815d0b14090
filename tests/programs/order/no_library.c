/* SPDX-License-Identifier: MIT */
/* A library locks the objects that it is given in the order given: always the same. */
/* LIBRARY: lib/account.c */
/* EXPECT-NONE */
#include "unseen.h"

struct account;
struct account *account_open(long balance);
void account_move(struct account *from, struct account *to, long amount);

static struct account *ann, *bob;

static void *pay(void *argument)
{
    account_move(ann, bob, 10);
    step_done(1);
    return NULL;
}

static void *refund(void *argument)
{
    await_step(1);
    account_move(ann, bob, -10);
    return NULL;
}

int main(void)
{
    ann = account_open(100);
    bob = account_open(100);
    pthread_t one = start(pay, NULL), two = start(refund, NULL);
    join(one);
    join(two);
    return 0;
}
