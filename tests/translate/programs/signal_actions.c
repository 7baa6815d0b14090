/* SPDX-License-Identifier: MIT */
/* CFLAGS: -O1 */
/* What sigaction() says of each signal, whatever is installed in its place; by number and by instruction, too. */
#include <sys/syscall.h>

#include "show.h"

static void handler(int signo) { show("handler of %d", signo); }
static void detailed(int signo, siginfo_t *info, void *context)
{
    (void)context;
    show("handler of %d, code %d, value %d", signo, info->si_code, info->si_value.sival_int);
}

static void show_actions(const char *what)
{
    show("%s", what);
    for (int signo = 1; signo < NSIG; signo++) {
        struct sigaction act;
        memset(&act, 0x55, sizeof(act));
        if (sigaction(signo, NULL, &act) != 0) {
            show("  %d: errno %d", signo, errno);
            continue;
        }
        const char *name = act.sa_handler == SIG_DFL ? "default" : act.sa_handler == SIG_IGN ? "ignored" : "handler";
        if (act.sa_handler == SIG_DFL && (act.sa_flags & ~0x4000000) == 0)
            continue;
        show("  %d: %s, right %d, flags %x, mask %lx", signo, name,
             act.sa_handler == handler || act.sa_sigaction == detailed, act.sa_flags & ~0x4000000,
             *(unsigned long *)&act.sa_mask);
    }
}

struct kernel_action {
    void (*handler)(int);
    unsigned long flags;
    void (*restorer)(void);
    unsigned long mask;
};

static void by_number(void)
{
    struct kernel_action act, old;
    show("%ld", syscall(SYS_rt_sigaction, SIGSEGV, NULL, &old, 8));
    show("handler %d, flags %lx, mask %lx", old.handler == (void *)detailed, old.flags & ~0x4000000ul, old.mask);
    act = old;
    act.handler = SIG_IGN;
    long result;
    register long r10 __asm__("r10") = 8;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"((long)SYS_rt_sigaction), "D"((long)SIGSEGV), "S"(&act), "d"(&old), "r"(r10)
                     : "rcx", "r11", "memory");
    show("by instruction %ld, handler %d", result, old.handler == (void *)detailed);
    raise(SIGSEGV);
    show("ignored");
}

static void *all(void *arg)
{
    show_actions("at first");
    struct sigaction act = {.sa_sigaction = detailed, .sa_flags = SA_SIGINFO | SA_RESETHAND | SA_NODEFER};
    sigfillset(&act.sa_mask);
    for (int signo = 1; signo < NSIG; signo++)
        sigaction(signo, &act, NULL);
    show_actions("all handled");
    union sigval value = {.sival_int = 42};
    pthread_sigqueue(pthread_self(), SIGSEGV, value);
    pthread_sigqueue(pthread_self(), SIGRTMIN, value);
    raise(SIGBUS);
    show_actions("some used up");
    signal(SIGBUS, handler);
    signal(SIGILL, SIG_IGN);
    raise(SIGBUS);
    raise(SIGBUS);
    raise(SIGILL);
    act.sa_flags = SA_SIGINFO | SA_RESTART;
    sigemptyset(&act.sa_mask);
    sigaction(SIGSEGV, &act, NULL);
    by_number();
    for (int signo = 1; signo < NSIG; signo++)
        signal(signo, SIG_DFL);
    show_actions("at last");
    return arg;
}

int main(void)
{
    pthread_t thread;
    signal(SIGTRAP, handler);
    signal(SIGFPE, SIG_IGN);
    pthread_create(&thread, NULL, all, NULL);
    pthread_join(thread, NULL);
    all(NULL);
    return 0;
}
