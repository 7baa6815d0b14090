/* SPDX-License-Identifier: MIT */
/* CFLAGS: -O1 */
/* WITH: with_show_mask.c:STATIC */
/* SIGSEGV blocked in all the ways there are: the program sees what it set, code goes on running (called back by libc, too),
 * a signal that somebody sends stays pending, and children inherit the mask. */
#include <poll.h>
#include <setjmp.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include "show.h"

extern char **environ;

static int compare(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }

/* Native code that calls translated code. */
static void call_back(void)
{
    int numbers[] = {5, 3, 4, 1, 2};
    typeof(compare) *volatile function = compare;
    typeof(qsort) *volatile sort = qsort;
    sort(numbers, 5, sizeof(int), function);
    if (numbers[0] != 1 || numbers[4] != 5)
        show("not sorted");
}

static sigset_t only(int signo)
{
    sigset_t set;
    sigemptyset(&set);
    if (signo)
        sigaddset(&set, signo);
    return set;
}

static void show_set(const char *what, const sigset_t *set)
{
    char line[200] = "";
    for (int signo = 1; signo < NSIG; signo++)
        if (sigismember(set, signo) == 1)
            sprintf(line + strlen(line), " %d", signo);
    show("%s:%s", what, line);
}

static void show_pending(const char *what)
{
    sigset_t set;
    sigpending(&set);
    show_set(what, &set);
}

static volatile int count;

static void on_signal(int signo, siginfo_t *info, void *context_)
{
    ucontext_t *context = context_;
    sigset_t frame = only(0), all = only(0);
    memcpy(&frame, &context->uc_sigmask, 8);
    count++;
    show("handler of %d, code %d, from us %d", signo, info->si_code, info->si_pid == getpid());
    show_set("  mask of the frame", &frame);
    pthread_sigmask(SIG_BLOCK, NULL, &all);
    show_set("  mask in the handler", &all);
    call_back();
}

static void handle(int signo, int flags, int masked)
{
    struct sigaction act = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | flags, .sa_mask = only(masked)}, old;
    sigaction(signo, &act, NULL);
    sigaction(signo, NULL, &old);
    show("flags %x, handler %d", old.sa_flags & ~0x4000000, old.sa_sigaction == on_signal);
    show_set("  sa_mask", &old.sa_mask);
}

/* --- the calls --------------------------------------------------------------------------------------------------------- */

static void plain(void)
{
    sigset_t segv = only(SIGSEGV), old = only(0), all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &segv, &old);
    show_set("before", &old);
    show_mask("blocked");
    call_back();
    raise(SIGSEGV);
    raise(SIGSEGV);
    show_pending("pending");
    show("handled %d", count);
    pthread_sigmask(SIG_UNBLOCK, &segv, &old);
    show_set("was", &old);
    show("handled %d", count);
    show_pending("pending no more");
    sigprocmask(SIG_SETMASK, &all, &old);
    show_mask("all");
    call_back();
    kill(getpid(), SIGSEGV);
    show_pending("sent to the process");
    sigset_t none = only(0);
    sigprocmask(SIG_SETMASK, &none, NULL);
    show_mask("none");
    show("handled %d", count);
}

static void by_number(void)
{
    unsigned long segv = 1ul << (SIGSEGV - 1), old = 7;
    syscall(SYS_rt_sigprocmask, SIG_BLOCK, &segv, &old, 8);
    show("by number: %lx", old);
    show_mask("by number");
    call_back();
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, NULL, &old, 8);
    show("by number: %lx", old);
    unsigned long mask = segv | 2;
    long result;
    register long r10 __asm__("r10") = 8;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"((long)SYS_rt_sigprocmask), "D"((long)SIG_SETMASK), "S"(&mask), "d"(&old), "r"(r10)
                     : "rcx", "r11", "memory");
    show("by instruction: %ld, %lx", result, old);
    show_mask("by instruction");
    call_back();
    mask = 0;
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, 8);
    show("wrong way: %ld", syscall(SYS_rt_sigprocmask, 77, &mask, NULL, 8));
}

static void in_handlers(void)
{
    handle(SIGUSR1, 0, SIGSEGV);
    raise(SIGUSR1);
    show_mask("after");
    handle(SIGSEGV, SA_NODEFER, SIGUSR1);
    raise(SIGSEGV);
    handle(SIGSEGV, 0, SIGUSR2);
    raise(SIGSEGV);
    show_mask("after");
}

static void block_in_frame(int signo, siginfo_t *info, void *context)
{
    (void)signo, (void)info;
    sigaddset(&((ucontext_t *)context)->uc_sigmask, SIGSEGV);
}

static void unblock_in_frame(int signo, siginfo_t *info, void *context)
{
    (void)signo, (void)info;
    sigdelset(&((ucontext_t *)context)->uc_sigmask, SIGSEGV);
}

static void by_frame(void)
{
    struct sigaction act = {.sa_sigaction = block_in_frame, .sa_flags = SA_SIGINFO};
    sigaction(SIGUSR2, &act, NULL);
    raise(SIGUSR2);
    show_mask("blocked by the frame");
    call_back();
    act.sa_sigaction = unblock_in_frame;
    sigaction(SIGUSR2, &act, NULL);
    raise(SIGUSR2);
    show_mask("unblocked by the frame");
}

static void by_jump(void)
{
    static sigjmp_buf with, without;
    sigset_t segv = only(SIGSEGV);
    volatile int stage = 0;
    if (sigsetjmp(without, 1) == 0) {
        pthread_sigmask(SIG_BLOCK, &segv, NULL);
        if (sigsetjmp(with, 1) == 0) {
            siglongjmp(without, 1);
        } else {
            show_mask("jumped to where it is blocked");
            call_back();
            if (stage++ == 0)
                siglongjmp(without, 2);
        }
    } else if (stage == 0) {
        show_mask("jumped to where it is not");
        siglongjmp(with, 1);
    }
    show_mask("at last");
    pthread_sigmask(SIG_UNBLOCK, &segv, NULL);
}

static ucontext_t here, there;

static void coroutine(void)
{
    sigset_t segv = only(SIGSEGV);
    show_mask("in the coroutine");
    pthread_sigmask(SIG_BLOCK, &segv, NULL);
    swapcontext(&there, &here);
    show_mask("again in the coroutine");
    call_back();
    swapcontext(&there, &here);
}

static void by_context(void)
{
    static char stack[65536];
    getcontext(&there);
    there.uc_stack.ss_sp = stack;
    there.uc_stack.ss_size = sizeof(stack);
    makecontext(&there, coroutine, 0);
    swapcontext(&here, &there);
    show_mask("back");
    swapcontext(&here, &there);
    show_mask("back again");
    sigaddset(&there.uc_sigmask, SIGSEGV);
    getcontext(&there);
    volatile static int times;
    show_mask("context");
    if (times++ == 0) {
        sigaddset(&there.uc_sigmask, SIGSEGV);
        setcontext(&there);
    }
    call_back();
    sigset_t none = only(0);
    pthread_sigmask(SIG_SETMASK, &none, NULL);
}

/* --- waiting -------------------------------------------------------------------------------------------------------------- */

static void waits(void)
{
    struct timespec soon = {0, 1000000};
    sigset_t segv = only(SIGSEGV), none = only(0), all;
    sigfillset(&all);
    handle(SIGSEGV, 0, 0);
    SHOW(ppoll(NULL, 0, &soon, &segv));
    show_mask("ppoll");
    call_back();
    SHOW(pselect(0, NULL, NULL, NULL, &soon, &all));
    show_mask("pselect");
    int epoll = epoll_create1(0);
    struct epoll_event event;
    SHOW(epoll_pwait(epoll, &event, 1, 1, &all));
    show_mask("epoll_pwait");
    close(epoll);
    pthread_sigmask(SIG_BLOCK, &segv, NULL);
    raise(SIGSEGV);
    SHOW(sigsuspend(&none));
    show_mask("sigsuspend");
    raise(SIGSEGV);
    SHOW(ppoll(NULL, 0, NULL, &none));
    raise(SIGSEGV);
    int signo = 0;
    SHOW(sigwait(&segv, &signo));
    show("waited for %d", signo);
    siginfo_t info;
    raise(SIGSEGV);
    SHOW(sigwaitinfo(&segv, &info));
    show("%d, code %d", info.si_signo, info.si_code);
    SHOW(sigtimedwait(&segv, &info, &soon));
    kill(getpid(), SIGSEGV);
    SHOW(sigtimedwait(&segv, &info, &soon));
    show("%d, code %d", info.si_signo, info.si_code);
    show_mask("waits");
    show_pending("nothing pending");
    pthread_sigmask(SIG_SETMASK, &none, NULL);
}

static void *waiter(void *ready)
{
    int signo = 0;
    sigset_t segv = only(SIGSEGV);
    sem_post(ready);
    show("sigwait %d", sigwait(&segv, &signo));
    show("waited for %d", signo);
    return NULL;
}

static void wait_in_thread(void)
{
    sem_t ready;
    pthread_t thread;
    sigset_t segv = only(SIGSEGV);
    sem_init(&ready, 0, 0);
    pthread_sigmask(SIG_BLOCK, &segv, NULL);
    for (int i = 0; i < 2; i++) {
        pthread_create(&thread, NULL, waiter, &ready);
        sem_wait(&ready);
        if (i == 0)
            sleep_ms(20);
        kill(getpid(), SIGSEGV);
        pthread_join(thread, NULL);
        pthread_create(&thread, NULL, waiter, &ready);
        sem_wait(&ready);
        if (i == 0)
            sleep_ms(20);
        pthread_kill(thread, SIGSEGV);
        pthread_join(thread, NULL);
    }
    pthread_sigmask(SIG_UNBLOCK, &segv, NULL);
}

/* --- who inherits --------------------------------------------------------------------------------------------------------- */

static void *mask_of_thread(void *name)
{
    show_mask(name);
    call_back();
    return NULL;
}

static void threads(void)
{
    pthread_t thread;
    pthread_attr_t attr;
    sigset_t segv = only(SIGSEGV), none = only(0);
    pthread_attr_init(&attr);
    pthread_attr_setsigmask_np(&attr, &segv);
    pthread_create(&thread, &attr, mask_of_thread, "by attribute");
    pthread_join(thread, NULL);
    pthread_sigmask(SIG_BLOCK, &segv, NULL);
    pthread_create(&thread, NULL, mask_of_thread, "inherited");
    pthread_join(thread, NULL);
    pthread_attr_setsigmask_np(&attr, &none);
    pthread_create(&thread, &attr, mask_of_thread, "not inherited");
    pthread_join(thread, NULL);
    pthread_sigmask(SIG_UNBLOCK, &segv, NULL);
}

static char *look[] = {"look", NULL};
static char look_path[4096];

static void run(const char *what)
{
    int status;
    pid_t pid;
    show("%s", what);
    if ((pid = fork()) == 0) {
        show_mask("child");
        execv("no such program", look);
        call_back();
        show_mask("child");
        execv(look_path, look);
        _exit(1);
    }
    waitpid(pid, &status, 0);
    if ((pid = vfork()) == 0) {
        execv(look_path, look);
        _exit(1);
    }
    waitpid(pid, &status, 0);
    if ((pid = vfork()) == 0) {
        sigset_t none = only(0);
        sigprocmask(SIG_SETMASK, &none, NULL);
        execv(look_path, look);
        _exit(1);
    }
    waitpid(pid, &status, 0);
    show_mask("parent of a vfork");
    posix_spawn(&pid, look_path, NULL, NULL, look, environ);
    waitpid(pid, &status, 0);
    posix_spawnattr_t attr;
    sigset_t segv = only(SIGSEGV);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setsigmask(&attr, &segv);
    posix_spawn(&pid, look_path, NULL, &attr, look, environ);
    waitpid(pid, &status, 0);
    system(look_path);
    call_back();
}

static void children(void)
{
    sigset_t segv = only(SIGSEGV);
    run("not blocked");
    pthread_sigmask(SIG_BLOCK, &segv, NULL);
    run("blocked");
    show_mask("after children");
    if (fork() == 0) {
        raise(SIGSEGV);
        show_pending("child");
        execv("no such program", look);
        show_pending("child");
        execv(look_path, look);
    }
    wait(NULL);
    if (fork() == 0) {
        struct sigaction ignore = {.sa_handler = SIG_IGN};
        sigaction(SIGSEGV, &ignore, NULL);
        execv(look_path, look);
    }
    wait(NULL);
    pthread_sigmask(SIG_UNBLOCK, &segv, NULL);
}

static void *all(void *arg)
{
    handle(SIGSEGV, 0, 0);
    plain();
    by_number();
    in_handlers();
    by_frame();
    by_jump();
    by_context();
    waits();
    wait_in_thread();
    threads();
    children();
    return arg;
}

int main(int argc, char **argv)
{
    pthread_t thread;
    sigset_t segv = only(SIGSEGV);
    sigset_t none = only(0);
    pthread_sigmask(SIG_BLOCK, &segv, NULL); /* before there are threads */
    snprintf(look_path, sizeof(look_path), "%s-with_show_mask", argv[0]);
    pthread_create(&thread, NULL, mask_of_thread, "first thread");
    pthread_join(thread, NULL);
    show_mask("main");
    call_back();
    pthread_sigmask(SIG_SETMASK, &none, NULL);
    all(NULL);
    return 0;
}
