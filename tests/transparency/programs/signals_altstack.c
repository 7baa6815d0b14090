/* SPDX-License-Identifier: MIT */
/* Handlers on an alternate stack, of a thread too, and out of a stack overflow by siglongjmp. */
#include <setjmp.h>
#include <sys/resource.h>

#include "show.h"

static char alternate[16384], of_thread[16384];
static sigjmp_buf out;

static void handler(int signo, siginfo_t *info, void *context)
{
    char here;
    stack_t now;
    (void)context;
    sigaltstack(NULL, &now);
    show("signal %d code %d: on stack %d, flags %d", signo, signo == SIGSEGV ? info->si_code : 0,
         &here >= (char *)now.ss_sp && &here < (char *)now.ss_sp + now.ss_size, now.ss_flags);
    if (signo == SIGSEGV)
        siglongjmp(out, 1);
}

static volatile int sink;
static int overflow(int n)
{
    volatile char big[4096];
    big[0] = (char)n;
    return overflow(n + 1) + big[0];
}

static void use(char *stack)
{
    stack_t set = {.ss_sp = stack, .ss_size = sizeof(alternate)};
    SHOW(sigaltstack(&set, NULL));
    raise(SIGUSR1);
}

static void *thread(void *arg)
{
    (void)arg;
    use(of_thread);
    return NULL;
}

int main(void)
{
    struct sigaction act = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigaction(SIGUSR1, &act, NULL);
    sigaction(SIGSEGV, &act, NULL);
    use(alternate);
    pthread_t t;
    pthread_create(&t, NULL, thread, NULL);
    pthread_join(t, NULL);
    struct rlimit limit = {1 << 20, 1 << 20};
    setrlimit(RLIMIT_STACK, &limit);
    for (int i = 0; i < 3; i++)
        if (sigsetjmp(out, 1) == 0)
            sink = overflow(0);
    show_mask("end");
    pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
    SHOW(pthread_mutex_lock(&m));
    SHOW(pthread_mutex_unlock(&m));
    return 0;
}
