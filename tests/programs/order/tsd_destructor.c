/* SPDX-License-Identifier: MIT */
/* A destructor of thread-specific data takes the locks in the opposite order. */
/* EXPECT: lock-order take_ab/destroy_value on a,b */
#include "unseen.h"

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static pthread_key_t key;

static void destroy_value(void *value)
{
    pthread_mutex_t *first = &b, *second = &a;
    await_step(1);
    pthread_mutex_lock(first);
    pthread_mutex_lock(second);
    pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
}

static void *take_ab(void *argument)
{
    pthread_mutex_lock(&a);
    pthread_mutex_lock(&b);
    pthread_mutex_unlock(&b);
    pthread_mutex_unlock(&a);
    step_done(1);
    return NULL;
}

static void *with_value(void *argument)
{
    pthread_setspecific(key, &key);
    return NULL;
}

int main(void)
{
    pthread_key_create(&key, destroy_value);
    pthread_t one = start(take_ab, NULL), two = start(with_value, NULL);
    join(one);
    join(two);
    return 0;
}
