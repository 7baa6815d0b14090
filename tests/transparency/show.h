/* SPDX-License-Identifier: MIT */
/* For the transparency programs: print what is seen, line by line and unbuffered, so that output
 * survives whatever comes. */
#ifndef SHOW_H
#define SHOW_H

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void show(const char *format, ...)
{
    char line[1024];
    int saved = errno;
    va_list list;
    va_start(list, format);
    int length = vsnprintf(line, sizeof(line) - 1, format, list);
    va_end(list);
    line[length++] = '\n';
    (void)!write(1, line, (size_t)length);
    errno = saved;
}

/* The result of a call and its errno, which is 0 beforehand. */
#define SHOW(call)                                                                                 \
    do {                                                                                           \
        errno = 0;                                                                                 \
        long result_ = (long)(call);                                                               \
        show("%s = %ld, errno %d", #call, result_, errno);                                         \
    } while (0)

static void show_status(const char *what, int status)
{
    if (WIFEXITED(status))
        show("%s: exited %d", what, WEXITSTATUS(status));
    else if (WIFSIGNALED(status))
        show("%s: signal %d", what, WTERMSIG(status));
    else
        show("%s: status %x", what, status);
}

static void show_mask(const char *what)
{
    sigset_t mask;
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    char line[256] = "";
    for (int signo = 1; signo < NSIG; signo++)
        if (sigismember(&mask, signo) == 1)
            sprintf(line + strlen(line), " %d", signo);
    show("%s: mask%s", what, line);
}

static struct timespec in_ms(clockid_t clock, long ms)
{
    struct timespec time;
    clock_gettime(clock, &time);
    time.tv_nsec += ms % 1000 * 1000000;
    time.tv_sec += ms / 1000 + time.tv_nsec / 1000000000;
    time.tv_nsec %= 1000000000;
    return time;
}

static void sleep_ms(long ms)
{
    struct timespec time = {ms / 1000, ms % 1000 * 1000000};
    while (nanosleep(&time, &time) != 0) {
    }
}

/* A second thread that does nothing, so that everything that waits for one is on. */
static void *idle(void *arg)
{
    (void)arg;
    pause();
    return NULL;
}

static void become_threaded(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, idle, NULL);
    pthread_detach(thread);
}

#endif
