/* SPDX-License-Identifier: MIT */
/* Each way to take a semaphore orders: trywait, timedwait, a named one; what is written after the post is not ordered. */
/* EXPECT: race posts/takes on late */
/* TWIN */
#include "hidden.h"
#include <fcntl.h>

static sem_t tried, timed, *named;
static int one, two, three, late;

static void *posts(void *none)
{
    one = 1;
    sem_post(&tried);
    two = 2;
    sem_post(&timed);
    three = 3;
    if (IS_TWIN)
        late = 4;
    sem_post(named);
    if (!IS_TWIN)
        late = 4;
    hidden_done(1);
    return NULL;
}

static void *takes(void *none)
{
    hidden_await(1);
    struct timespec limit = in_milliseconds(100000);
    if (sem_trywait(&tried) != 0)
        abort();
    one++;
    if (sem_timedwait(&timed, &limit) != 0)
        abort();
    two++;
    sem_wait(named);
    three++;
    late++;
    return NULL;
}

int main(void)
{
    char name[64];
    snprintf(name, sizeof name, "/twin-%d", (int)getpid());
    sem_init(&tried, 0, 0);
    sem_init(&timed, 0, 0);
    named = sem_open(name, O_CREAT | O_EXCL, 0600, 0);
    sem_unlink(name);
    return both(posts, takes);
}
