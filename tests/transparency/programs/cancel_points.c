/* SPDX-License-Identifier: MIT */
/* Cancellation in every blocking call: its handlers run, locks are as they should be. */
#include <mqueue.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/msg.h>
#include <sys/socket.h>

#include "show.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static sem_t sem;
static int fds[2], listener, epoll;
static pthread_t sleeper;

static void unlock(void *arg)
{
    show("clean-up unlocks: %d", pthread_mutex_unlock(&mutex));
}
static void clean(void *arg) { show("clean-up of %ld", (long)arg); }
static void *sleep_long(void *arg) { sleep(100); return arg; }

static void block(long how)
{
    char c;
    struct pollfd poller = {fds[0], POLLIN, 0};
    struct epoll_event event;
    struct timespec later = in_ms(CLOCK_REALTIME, 50000), monotonic = in_ms(CLOCK_MONOTONIC, 50000);
    struct timespec hour = {3600, 0};
    struct iovec part = {&c, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    sigset_t none, usr2;
    int signo;
    sigemptyset(&none);
    sigemptyset(&usr2);
    sigaddset(&usr2, SIGUSR2);
    switch (how) {
    case 0: read(fds[0], &c, 1); break;
    case 1: readv(fds[0], &part, 1); break;
    case 2: recv(fds[0], &c, 1, 0); break;
    case 3: recvmsg(fds[0], &message, 0); break;
    case 4: recvfrom(fds[0], &c, 1, 0, NULL, NULL); break;
    case 5: accept(listener, NULL, NULL); break;
    case 6: poll(&poller, 1, -1); break;
    case 7: ppoll(&poller, 1, &hour, &none); break;
    case 8: select(0, NULL, NULL, NULL, NULL); break;
    case 9: pselect(0, NULL, NULL, NULL, NULL, &none); break;
    case 10: epoll_wait(epoll, &event, 1, -1); break;
    case 11: epoll_pwait(epoll, &event, 1, -1, &none); break;
    case 12: sem_wait(&sem); break;
    case 13: sem_timedwait(&sem, &later); break;
    case 14: sem_clockwait(&sem, CLOCK_MONOTONIC, &monotonic); break;
    case 15: case 16: case 17:
        pthread_mutex_lock(&mutex);
        pthread_cleanup_push(unlock, NULL);
        if (how == 15)
            pthread_cond_wait(&cond, &mutex);
        else if (how == 16)
            pthread_cond_timedwait(&cond, &mutex, &later);
        else
            pthread_cond_clockwait(&cond, &mutex, CLOCK_MONOTONIC, &monotonic);
        pthread_cleanup_pop(1);
        break;
    case 18: pthread_join(sleeper, NULL); break;
    case 19: pause(); break;
    case 20: sigsuspend(&none); break;
    case 21: sigwait(&usr2, &signo); break;
    case 22: sigwaitinfo(&usr2, NULL); break;
    case 23: sigtimedwait(&usr2, NULL, &hour); break;
    case 24: nanosleep(&hour, NULL); break;
    case 25: msgrcv(msgget(IPC_PRIVATE, 0600 | IPC_CREAT), &event, 1, 0, 0); break;
    case 26: for (;;) pthread_testcancel();
    case 27: for (;;) close(-1);
    case 28: for (;;) write(fds[1], "", 0);
    default: pause();
    }
}

static void *thread(void *arg)
{
    pthread_cleanup_push(clean, arg);
    block((long)arg);
    show("%ld was not cancelled", (long)arg);
    pthread_cleanup_pop(0);
    return arg;
}

int main(void)
{
    sem_init(&sem, 0, 0);
    socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
    epoll = epoll_create1(0);
    listener = socket(AF_INET, SOCK_STREAM, 0);
    listen(listener, 1);
    pthread_create(&sleeper, NULL, sleep_long, NULL);
    for (long how = 0; how <= 28; how++) {
        pthread_t t;
        void *result;
        pthread_create(&t, NULL, thread, (void *)how);
        sleep_ms(15);
        pthread_cancel(t);
        pthread_join(t, &result);
        show("%ld: cancelled %d, mutex free %d", how, result == PTHREAD_CANCELED, pthread_mutex_trylock(&mutex));
        pthread_mutex_unlock(&mutex);
    }
    return 0;
}
