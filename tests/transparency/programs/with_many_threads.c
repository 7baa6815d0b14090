/* SPDX-License-Identifier: MIT */
/* Twenty threads with small stacks; then memory until there is none. */
#include "show.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int count;
static void *work(void *arg)
{
    pthread_mutex_lock(&mutex);
    count++;
    pthread_mutex_unlock(&mutex);
    return arg;
}

int main(void)
{
    pthread_t threads[20];
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 256 << 10);
    for (int i = 0; i < 20; i++)
        pthread_create(&threads[i], &attr, work, NULL);
    for (int i = 0; i < 20; i++)
        pthread_join(threads[i], NULL);
    size_t megabytes = 0;
    while (megabytes < 10000 && malloc(1 << 20))
        megabytes++;
    work(NULL);
    show("count %d, memory %s", count, megabytes > 150 && megabytes < 400 ? "as expected" : "not as expected");
    return 0;
}
