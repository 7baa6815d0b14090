/* SPDX-License-Identifier: MIT */
/* Accounts with a lock each, as a shared library. */
#include <pthread.h>
#include <stdlib.h>

struct account {
    pthread_mutex_t lock;
    long balance;
};

struct account *account_open(long balance);
void account_move(struct account *from, struct account *to, long amount);

struct account *account_open(long balance)
{
    struct account *account = malloc(sizeof *account);
    if (!account)
        abort();
    pthread_mutex_init(&account->lock, NULL);
    account->balance = balance;
    return account;
}

void account_move(struct account *from, struct account *to, long amount)
{
    pthread_mutex_lock(&from->lock);
    pthread_mutex_lock(&to->lock);
    from->balance -= amount;
    to->balance += amount;
    pthread_mutex_unlock(&to->lock);
    pthread_mutex_unlock(&from->lock);
}
