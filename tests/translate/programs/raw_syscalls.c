/* SPDX-License-Identifier: MIT */
/* System calls by instructions of the program's own: copies of the process, code that it maps and changes, signals, a
 * thread-less exit. */
/* LIMITS: jit */
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "show.h"

static long call(long number, long a, long b, long c, long d, long e, long f)
{
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

static int twice(int value) { return 2 * value; }

static void *computes(void *arg)
{
    long sum = (long)arg;
    for (int i = 0; i < 100000; i++)
        sum = sum * 7 % 1000003 + twice(i % 10);
    return (void *)sum;
}

static void work(const char *who)
{
    pthread_t thread;
    void *result;
    pthread_create(&thread, NULL, computes, (void *)1);
    pthread_join(thread, &result);
    show("%s: %ld", who, (long)result);
}

static void copied(const char *how, long pid)
{
    int status;
    if (pid == 0) {
        work(how);
        call(SYS_exit_group, 7, 0, 0, 0, 0, 0);
    }
    waitpid((pid_t)pid, &status, 0);
    show_status(how, status);
}

static void *copies(void *arg)
{
    copied("fork", call(SYS_fork, 0, 0, 0, 0, 0, 0));
    copied("clone", call(SYS_clone, SIGCHLD, 0, 0, 0, 0, 0));
    struct {
        unsigned long flags, words[10];
    } clone3 = {0, {[3] = SIGCHLD}};
    copied("clone3", call(SYS_clone3, (long)&clone3, 88, 0, 0, 0, 0));
    copied("by syscall()", syscall(SYS_fork));
    return arg;
}

static void run_code(void)
{
    unsigned char code[] = {0x8d, 0x04, 0x3f, 0xc3}; /* lea (%rdi,%rdi), %eax; ret */
    long at = call(SYS_mmap, 0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy((void *)at, code, sizeof(code));
    call(SYS_mprotect, at, 4096, PROT_READ | PROT_EXEC, 0, 0, 0);
    show("made at run time: %d", ((int (*)(int))at)(21));
    call(SYS_munmap, at, 4096, 0, 0, 0, 0);
}

static volatile sig_atomic_t handled;
static void on_signal(int signo) { handled = signo; }

int main(void)
{
    pthread_t thread;
    unsigned long usr1 = 1ul << (SIGUSR1 - 1), old = 1;
    become_threaded();
    work("parent");
    pthread_create(&thread, NULL, copies, NULL);
    pthread_join(thread, NULL);
    run_code();
    signal(SIGUSR1, on_signal);
    call(SYS_rt_sigprocmask, SIG_BLOCK, (long)&usr1, (long)&old, 8, 0, 0);
    call(SYS_tgkill, getpid(), call(SYS_gettid, 0, 0, 0, 0, 0, 0), SIGUSR1, 0, 0, 0);
    show("blocked %d, before %lx", (int)handled, old);
    call(SYS_rt_sigprocmask, SIG_UNBLOCK, (long)&usr1, 0, 8, 0, 0);
    show("unblocked %d", handled == SIGUSR1);
    show("%ld %ld", call(SYS_clone3, 0, 0, 0, 0, 0, 0), call(-1, 0, 0, 0, 0, 0, 0));
    SHOW(syscall(SYS_clone3, 0, 0));
    work("parent");
    return 0;
}
