/* SPDX-License-Identifier: MIT */
/* A cache server's increment: the value is read, changed and stored without the item's lock. */
/* EXPECT: race increments on item.value */
/* TWIN */
#include "hidden.h"

static struct item {
    pthread_mutex_t lock;
    char key[8], value[24];
} item = {PTHREAD_MUTEX_INITIALIZER, "hits", "0"};

static NOINLINE void increments(void)
{
    if (IS_TWIN)
        pthread_mutex_lock(&item.lock);
    long number = 0;
    char *at = item.value;
    while (*at)
        number = number * 10 + *at++ - '0';
    number++;
    at = item.value + (number > 9);
    at[1] = 0;
    for (; number; number /= 10)
        *at-- = (char)('0' + number % 10);
    COMPILER_BARRIER();
    if (IS_TWIN)
        pthread_mutex_unlock(&item.lock);
}

static void *client(void *none)
{
    for (int i = 0; i < 5; i++)
        increments();
    hidden_meet(2);
    return NULL;
}

int main(void) { return both(client, client); }
