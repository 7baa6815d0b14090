/* SPDX-License-Identifier: MIT */
/* The callback locks another mutex. */
/* EXPECT-NONE */
#include "unseen.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t n = PTHREAD_MUTEX_INITIALIZER;

static int compare(const void *one, const void *two)
{
    pthread_mutex_t *lock = &n;
    pthread_mutex_lock(lock);
    int result = *(const int *)one - *(const int *)two;
    pthread_mutex_unlock(lock);
    return result;
}

int main(void)
{
    int numbers[] = {3, 1, 2};
    pthread_mutex_lock(&m);
    qsort(numbers, 3, sizeof *numbers, compare);
    pthread_mutex_unlock(&m);
    return numbers[0] != 1;
}
