/* SPDX-License-Identifier: MIT */
/* Which calls a handler interrupts, and which are restarted. */
#include <poll.h>
#include <sys/epoll.h>
#include <sys/msg.h>

#include "show.h"

static int handled;
static void handler(int signo) { handled++; (void)signo; }

static pthread_t main_thread;
static volatile int stop;

/* Kicks the main thread until it says that it has come out. */
static void *kick(void *arg)
{
    while (!stop) {
        sleep_ms(20);
        pthread_kill(main_thread, SIGUSR1);
    }
    return arg;
}

#define INTERRUPTED(call)                                                                          \
    do {                                                                                           \
        pthread_t kicker;                                                                          \
        stop = 0;                                                                                  \
        pthread_create(&kicker, NULL, kick, NULL);                                                 \
        errno = 0;                                                                                 \
        long result = (long)(call);                                                                \
        int error = errno;                                                                         \
        stop = 1;                                                                                  \
        pthread_join(kicker, NULL);                                                                \
        show("%s = %ld, errno %d", #call, result, error);                                          \
    } while (0)

int main(void)
{
    main_thread = pthread_self();
    struct sigaction act = {.sa_handler = handler};
    sigaction(SIGUSR1, &act, NULL);
    int fds[2], epoll = epoll_create1(0);
    char c;
    sem_t sem;
    pipe(fds);
    sem_init(&sem, 0, 0);
    struct pollfd poller = {fds[0], POLLIN, 0};
    struct epoll_event event;
    struct timespec later = in_ms(CLOCK_REALTIME, 20000), hour = {3600, 0};
    sigset_t none, usr2;
    sigemptyset(&none);
    sigemptyset(&usr2);
    sigaddset(&usr2, SIGUSR2);
    INTERRUPTED(read(fds[0], &c, 1));
    INTERRUPTED(poll(&poller, 1, -1));
    INTERRUPTED(ppoll(&poller, 1, NULL, &none));
    INTERRUPTED(epoll_wait(epoll, &event, 1, -1));
    INTERRUPTED(epoll_pwait(epoll, &event, 1, -1, &none));
    INTERRUPTED(select(0, NULL, NULL, NULL, NULL));
    INTERRUPTED(sem_wait(&sem));
    INTERRUPTED(sem_timedwait(&sem, &later));
    INTERRUPTED(nanosleep(&hour, NULL));
    INTERRUPTED(pause());
    INTERRUPTED(sigsuspend(&none));
    INTERRUPTED(sigtimedwait(&usr2, NULL, &hour));
    INTERRUPTED(msgrcv(msgget(IPC_PRIVATE, 0600), &event, 1, 0, 0) == -1 && errno != ENOSYS);
    show("handled %d", handled > 10);
    return 0;
}
