/* SPDX-License-Identifier: MIT */
/* A library whose calls go to libc, whatever comes before it. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static sigjmp_buf back;
static void jump(int signo) { siglongjmp(back, signo); }
static int compare(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }

static void *sorts(void *arg)
{
    int numbers[] = {3, 1, 2};
    qsort(numbers, 3, sizeof(int), compare);
    sigset_t mask;
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    *(int *)arg = sigismember(&mask, SIGSEGV) * 10 + numbers[0];
    return NULL;
}

int plugin(void)
{
    struct sigaction act = {.sa_handler = jump}, old;
    sigset_t all, before;
    int result = 0;
    pthread_t thread;
    sigaction(SIGSEGV, &act, &old);
    result = old.sa_handler == SIG_DFL;
    stack_t stack = {.ss_sp = malloc(65536), .ss_size = 65536};
    sigaltstack(&stack, NULL);
    if (sigsetjmp(back, 1) == 0)
        *(volatile int *)8 = 1;
    else
        result += 10;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    int seen = 0;
    pthread_create(&thread, NULL, sorts, &seen);
    pthread_join(thread, NULL);
    result += seen * 100;
    sorts(&seen);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    signal(SIGSEGV, SIG_DFL);
    return result + seen * 10000;
}
