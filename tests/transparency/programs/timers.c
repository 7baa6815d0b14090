/* SPDX-License-Identifier: MIT */
/* Timers of all kinds: by signal, by thread, alarm, interval; callbacks lock and post. */
#include <sys/time.h>
#include <sys/timerfd.h>

#include "show.h"

static sem_t sem;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int calls;

static void callback(union sigval value)
{
    pthread_mutex_lock(&mutex);
    calls += value.sival_int;
    pthread_mutex_unlock(&mutex);
    sem_post(&sem);
}
static void handler(int signo, siginfo_t *info, void *context)
{
    if (signo == SIGRTMIN)
        calls += info->si_value.sival_int;
    sem_post(&sem);
    (void)context;
}
static void wait_for(int n)
{
    while (n > 0)
        n -= sem_wait(&sem) == 0;
}

int main(void)
{
    sem_init(&sem, 0, 0);
    struct sigaction act = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    sigaction(SIGRTMIN, &act, NULL);
    sigaction(SIGALRM, &act, NULL);
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = callback, .sigev_value.sival_int = 5};
    struct itimerspec once = {{0, 0}, {0, 5000000}}, none = {{0, 0}, {0, 0}};
    SHOW(timer_create(CLOCK_MONOTONIC, &event, &timer));
    for (int i = 0; i < 5; i++) {
        timer_settime(timer, 0, &once, NULL);
        wait_for(1);
    }
    SHOW(timer_settime(timer, 0, &none, NULL));
    SHOW(timer_delete(timer));
    pthread_mutex_lock(&mutex);
    show("calls %d", calls);
    calls = 0;
    pthread_mutex_unlock(&mutex);
    struct sigevent by_signal = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN, .sigev_value.sival_int = 7};
    SHOW(timer_create(CLOCK_REALTIME, &by_signal, &timer));
    timer_settime(timer, 0, &once, NULL);
    wait_for(1);
    show("calls %d", calls);
    SHOW(timer_delete(timer));
    SHOW(timer_create(12345, &by_signal, &timer));
    struct itimerval interval = {{0, 0}, {0, 10000}};
    SHOW(setitimer(ITIMER_REAL, &interval, NULL));
    wait_for(1);
    SHOW(alarm(1));
    wait_for(1);
    int fd = timerfd_create(CLOCK_MONOTONIC, 0);
    unsigned long long expired;
    SHOW(timerfd_settime(fd, 0, &once, NULL));
    SHOW(read(fd, &expired, sizeof(expired)));
    show("expired %llu", expired);
    return 0;
}
