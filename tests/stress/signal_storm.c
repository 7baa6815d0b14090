/* SPDX-License-Identifier: MIT */
/* A timer sends a signal every millisecond, and each thread signals another one, while locks, condition
 * variables and semaphores are used. No signal may be lost or come twice, no call may fail or hang. */
/* EXPECT-NONE */
/* SHORT: 3000 */
/* LONG: 200000 */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/time.h>

#include "stress.h"

#define THREADS 3
#define SIGNAL_EVERY 16

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t inner = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static sem_t slots;
static uint64_t turns, counter;
static atomic_ulong ticks, sent, received;
static pthread_t threads[THREADS];
static pthread_barrier_t started;

static void on_tick(int signo)
{
    (void)signo;
    atomic_fetch_add(&ticks, 1);
}

/* sem_post is what a handler may do with a thread's objects. */
static void on_poke(int signo)
{
    (void)signo;
    atomic_fetch_add(&received, 1);
    sem_post(&slots);
}

/* Realtime signals queue: each one sent arrives once. */
static void poke(unsigned target)
{
    int error = pthread_kill(threads[target], SIGRTMIN + 1);
    CHECK(error == 0 || error == EAGAIN);
    if (error == 0)
        atomic_fetch_add(&sent, 1);
}

static void one_turn(void)
{
    CHECK(pthread_mutex_lock(&lock) == 0);
    CHECK(pthread_mutex_lock(&inner) == 0);
    counter++;
    CHECK(pthread_mutex_unlock(&inner) == 0);
    CHECK(pthread_cond_broadcast(&changed) == 0);
    CHECK(pthread_mutex_unlock(&lock) == 0);
}

static void timed_wait(void)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 200000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    CHECK(pthread_mutex_lock(&lock) == 0);
    int error = pthread_cond_timedwait(&changed, &lock, &until);
    CHECK(error == 0 || error == ETIMEDOUT);
    CHECK(pthread_mutex_unlock(&lock) == 0);
}

static void *work(void *arg)
{
    unsigned me = (unsigned)(uintptr_t)arg;
    pthread_barrier_wait(&started);
    for (uint64_t i = 0; i < turns; i++) {
        one_turn();
        if (i % SIGNAL_EVERY == 0)
            poke((me + 1) % THREADS);
        if (i % 512 == 0)
            timed_wait();
        if (i % SIGNAL_EVERY == SIGNAL_EVERY / 2)
            CHECK(sem_trywait(&slots) == 0 || errno == EAGAIN || errno == EINTR);
    }
    pthread_barrier_wait(&started); /* nobody ends while another may still signal it */
    return NULL;
}

int main(int argc, char **argv)
{
    turns = stress_argument(argc, argv, 1, 20000);
    struct sigaction tick = {.sa_handler = on_tick, .sa_flags = SA_RESTART};
    struct sigaction poked = {.sa_handler = on_poke, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &tick, NULL);
    sigaction(SIGRTMIN + 1, &poked, NULL);
    sem_init(&slots, 0, 0);
    pthread_barrier_init(&started, NULL, THREADS);
    struct itimerval each_ms = {{0, 1000}, {0, 1000}};
    setitimer(ITIMER_REAL, &each_ms, NULL);
    for (uintptr_t i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, work, (void *)i) == 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 0}}, NULL);
    CHECK(atomic_load(&received) == atomic_load(&sent));
    printf("%llu turns, every signal once\n", (unsigned long long)counter);
    return 0;
}
