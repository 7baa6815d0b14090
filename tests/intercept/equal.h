/* SPDX-License-Identifier: MIT */
/* For programs that print what each function returns in each state: run natively and under detect, both
 * must print the same. */
#ifndef EQUAL_H
#define EQUAL_H

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

/* errno before each call: whoever changes it shows. */
#define ERRNO_BEFORE 777

#define SHOW(name, call)                                                                           \
    do {                                                                                           \
        errno = ERRNO_BEFORE;                                                                      \
        int result_ = (call);                                                                      \
        int errno_ = errno;                                                                        \
        printf("%s: %d errno %d\n", (name), result_, errno_);                                      \
    } while (0)

static inline struct timespec after_ms(clockid_t clock, long ms)
{
    struct timespec time;
    clock_gettime(clock, &time);
    time.tv_nsec += ms * 1000000;
    time.tv_sec += time.tv_nsec / 1000000000;
    time.tv_nsec %= 1000000000;
    return time;
}

/* The kinds of time that a timed call can be given. */
enum when { PAST, SOON, NEGATIVE, NSEC_NEGATIVE, NSEC_TOO_LARGE, WHENS };

static const char *const when_names[WHENS] = {"past", "soon", "negative", "nsec -1", "nsec 1e9"};

static inline struct timespec when_time(enum when when, clockid_t clock)
{
    struct timespec time = after_ms(clock, 2);
    switch (when) {
    case PAST:
        return (struct timespec){1, 0};
    case NEGATIVE:
        return (struct timespec){-1, 0};
    case NSEC_NEGATIVE:
        time.tv_nsec = -1;
        return time;
    case NSEC_TOO_LARGE:
        time.tv_nsec = 1000000000;
        return time;
    default:
        return time;
    }
}

/* A thread that does something, says so, and stays until it is let go; through pipes, of which the
 * detector thinks nothing. */
struct helper {
    pthread_t thread;
    int ready[2], go[2];
    void (*action)(void *);
    void *arg;
};

static inline void wait_byte(int fd)
{
    char byte;
    while (read(fd, &byte, 1) != 1)
        ;
}

static inline void send_byte(int fd)
{
    while (write(fd, "x", 1) != 1)
        ;
}

static inline void *helper_main(void *arg)
{
    struct helper *helper = arg;
    helper->action(helper->arg);
    send_byte(helper->ready[1]);
    wait_byte(helper->go[0]);
    return NULL;
}

static inline void helper_start(struct helper *helper, void (*action)(void *), void *arg)
{
    helper->action = action;
    helper->arg = arg;
    if (pipe(helper->ready) || pipe(helper->go) ||
        pthread_create(&helper->thread, NULL, helper_main, helper))
        abort();
    wait_byte(helper->ready[0]);
}

static inline void helper_end(struct helper *helper)
{
    send_byte(helper->go[1]);
    pthread_join(helper->thread, NULL);
    close(helper->ready[0]);
    close(helper->ready[1]);
    close(helper->go[0]);
    close(helper->go[1]);
}

#endif
