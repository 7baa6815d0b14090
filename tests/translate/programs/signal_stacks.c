/* SPDX-License-Identifier: MIT */
/* CFLAGS: -O1 */
/* Alternate stacks: what sigaltstack() says, and where handlers run, of signals that are sent and of faults. */
#include <setjmp.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include "show.h"

#define SIZE 65536
#define DISARM (1u << 31) /* SS_AUTODISARM */

static __thread char *stack;
static sigjmp_buf back;

static int on_stack(void)
{
    char here;
    return &here >= stack && &here < stack + SIZE;
}

static void show_stack(const char *what)
{
    stack_t now;
    int result = sigaltstack(NULL, &now);
    show("%s: %d, size %zu, flags %x, ours %d", what, result, now.ss_size, now.ss_flags, now.ss_sp == stack);
}

static long set(void *sp, size_t size, unsigned flags)
{
    stack_t wanted = {.ss_sp = sp, .ss_size = size, .ss_flags = (int)flags};
    return sigaltstack(&wanted, NULL);
}

static void show_handler(int signo, siginfo_t *info, void *context_)
{
    ucontext_t *context = context_;
    stack_t *shown = &context->uc_stack;
    (void)info;
    show("handler of %d, on the stack %d, frame: size %zu, flags %x, ours %d", signo, on_stack(), shown->ss_size,
         shown->ss_flags, shown->ss_sp == stack);
    show_stack("  in it");
    SHOW(set(stack, SIZE / 2, 0));
    show_stack("  changed");
    if (signo == SIGUSR1)
        raise(SIGUSR2);
    if (signo == SIGSEGV)
        siglongjmp(back, 1);
}

static void use(int flags)
{
    struct sigaction act = {.sa_sigaction = show_handler, .sa_flags = SA_SIGINFO | flags};
    sigaction(SIGUSR1, &act, NULL);
    sigaction(SIGSEGV, &act, NULL);
    act.sa_flags ^= SA_ONSTACK;
    sigaction(SIGUSR2, &act, NULL);
}

static void signals(const char *what)
{
    show("-- %s", what);
    show_stack("before");
    raise(SIGUSR1);
    show_stack("after");
    raise(SIGUSR2);
    show_stack("after");
    if (sigsetjmp(back, 1) == 0)
        *(volatile char *)8 = 1;
    show_stack("after the fault");
}

static void change_in_frame(int signo, siginfo_t *info, void *context_)
{
    ucontext_t *context = context_;
    (void)signo, (void)info;
    context->uc_stack.ss_size = SIZE / 4;
}

static void *all(void *arg)
{
    stack = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    show_stack("at first");
    use(SA_ONSTACK);
    signals("none");
    SHOW(set(stack, 100, 0));
    SHOW(set(stack, SIZE, 4));
    SHOW(set(stack, SIZE, SS_ONSTACK));
    signals("set");
    use(0);
    signals("not asked for");
    use(SA_ONSTACK);
    SHOW(set(stack, SIZE, DISARM));
    signals("disarmed while it is used");
    SHOW(set(stack, SIZE, 0));
    struct sigaction act = {.sa_sigaction = change_in_frame, .sa_flags = SA_SIGINFO};
    sigaction(SIGUSR1, &act, NULL);
    raise(SIGUSR1);
    show_stack("changed in the frame");
    stack_t now = {0};
    show("by number %ld", syscall(SYS_sigaltstack, NULL, &now));
    show("size %zu, flags %x", now.ss_size, now.ss_flags);
    long result;
    stack_t wanted = {.ss_sp = stack, .ss_size = SIZE};
    __asm__ volatile("syscall" : "=a"(result) : "a"((long)SYS_sigaltstack), "D"(&wanted), "S"(&now) : "rcx", "r11", "memory");
    show("by instruction %ld, size %zu", result, now.ss_size);
    show_stack("by instruction");
    pid_t pid = fork();
    if (pid == 0) {
        show_stack("child");
        use(SA_ONSTACK);
        signals("child");
        _exit(0);
    }
    waitpid(pid, NULL, 0);
    SHOW(set(NULL, 0, SS_DISABLE));
    show_stack("at last");
    return arg;
}

static void die_of_small_stack(void)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        char *low = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        mprotect(low, 4096, PROT_NONE);
        stack = low + 4096;
        use(SA_ONSTACK);
        signal(SIGUSR1, SIG_DFL);
        struct sigaction act = {.sa_handler = (void (*)(int))_exit, .sa_flags = SA_ONSTACK};
        sigaction(SIGUSR1, &act, NULL);
        stack_t tiny = {.ss_sp = stack + 4096 - 2048 - 2048, .ss_size = 2048};
        __asm__ volatile("vzeroupper");
        sigaltstack(&tiny, NULL);
        raise(SIGUSR1); /* the frame alone may or may not fit: what natively happens depends on the CPU */
        _exit(SIGUSR1);
    }
    waitpid(pid, &status, 0);
    show("small stack: %d", WIFEXITED(status) || WTERMSIG(status) == SIGSEGV);
}

int main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, all, NULL);
    pthread_join(thread, NULL);
    all(NULL);
    die_of_small_stack();
    return 0;
}
