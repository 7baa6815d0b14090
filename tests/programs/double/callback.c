/* SPDX-License-Identifier: MIT */
/* qsort's callback locks the mutex that the caller of qsort holds. */
/* STUCK */
/* EXPECT: double-lock compare/main on m */
#include "unseen.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;

static int compare(const void *one, const void *two)
{
    pthread_mutex_t *lock = &m;
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
