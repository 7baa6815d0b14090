/* SPDX-License-Identifier: MIT */
/* CFLAGS: -O2 */
/* What a handler sees of the code that a timer interrupts: an address of the program, registers that fit, and an
 * instruction boundary. What it changes counts. */
#include <sys/time.h>
#include <ucontext.h>

#include "show.h"

static volatile int seen_in_loop, wrong;
extern const char loop_start[], loop_end[], step_a[], step_b[], step_c[], step_d[];
static volatile int changes;

/* In the loop rdx runs ahead of rcx by one, from step_b to step_d; there the carry is set. */
static void look(int signo, siginfo_t *info, void *context_)
{
    ucontext_t *context = context_;
    greg_t *gregs = context->uc_mcontext.gregs;
    const char *pc = (const char *)gregs[REG_RIP];
    (void)signo, (void)info;
    if (pc < loop_start || pc >= loop_end)
        return;
    seen_in_loop++;
    long ahead = gregs[REG_RDX] - gregs[REG_RCX];
    wrong += gregs[REG_R12] != 0x1212 || gregs[REG_R13] != 0x1313 || gregs[REG_RBX] != 0x0b0b || ahead < 0 || ahead > 1;
    if (pc == step_a || pc == step_d)
        wrong += ahead != 0;
    if (pc == step_b || pc == step_c)
        wrong += ahead != 1 || !(gregs[REG_EFL] & 1);
    if (changes)
        gregs[REG_R15]++;
}

static long __attribute__((noinline)) loop(long count)
{
    long noticed = 0;
    __asm__ volatile("mov $0x1212, %%r12d; mov $0x1313, %%r13d; mov $0x0b0b, %%ebx; xor %%ecx, %%ecx; xor %%edx, %%edx\n\t"
                     "xor %%r15d, %%r15d\n\t"
                     "clc\n"
                     "loop_start:\n"
                     "step_a: stc; \n"
                     "        lea 1(%%rdx), %%rdx\n"
                     "step_b: mov %%rdx, %%rsi\n"
                     "step_c: mov %%rsi, %%rcx\n"
                     "        clc\n"
                     "step_d: dec %1\n"
                     "        jnz step_a\n"
                     "loop_end:\n\t"
                     "mov %%r15, %0"
                     : "=r"(noticed), "+r"(count)::"rbx", "rcx", "rdx", "rsi", "r12", "r13", "r15", "cc");
    return noticed;
}

static void with_timer(void)
{
    struct sigaction act = {.sa_sigaction = look, .sa_flags = SA_SIGINFO | SA_RESTART};
    struct itimerval interval = {{0, 1000}, {0, 1000}}, none = {{0}};
    sigaction(SIGALRM, &act, NULL);
    setitimer(ITIMER_REAL, &interval, NULL);
    for (int round = 0; round < 1000 && seen_in_loop < 50; round++)
        loop(1000000);
    show("seen %d, wrong %d", seen_in_loop >= 50, wrong);
    changes = 1;
    seen_in_loop = 0;
    long noticed = 0;
    for (int round = 0; round < 1000 && seen_in_loop < 50; round++)
        noticed += loop(1000000);
    setitimer(ITIMER_REAL, &none, NULL);
    show("changed %d, wrong %d", noticed == seen_in_loop, wrong);
}

/* --- the way out of a loop is the handler's ---------------------------------------------------------------------------- */

extern const char spin_start[], spin_end[], spin_out[];

static void leave(int signo, siginfo_t *info, void *context_)
{
    ucontext_t *context = context_;
    greg_t *gregs = context->uc_mcontext.gregs;
    const char *pc = (const char *)gregs[REG_RIP];
    (void)signo, (void)info;
    if (pc >= spin_start && pc < spin_end) {
        gregs[REG_RIP] = (greg_t)spin_out;
        gregs[REG_RAX] = 4711;
    }
}

static long __attribute__((noinline)) spin(void)
{
    long result;
    __asm__ volatile("xor %%eax, %%eax\n"
                     "spin_start: add $1, %%rcx; jmp spin_start\n"
                     "spin_end: ud2\n"
                     "spin_out: mov %%rax, %0"
                     : "=r"(result)::"rax", "rcx", "cc");
    return result;
}

static void with_jumps(void)
{
    struct sigaction act = {.sa_sigaction = leave, .sa_flags = SA_SIGINFO};
    struct itimerval interval = {{0, 1000}, {0, 1000}}, none = {{0}};
    long sum = 0;
    sigaction(SIGALRM, &act, NULL);
    setitimer(ITIMER_REAL, &interval, NULL);
    for (int i = 0; i < 100; i++)
        sum += spin();
    setitimer(ITIMER_REAL, &none, NULL);
    show("left %ld", sum);
}

static void *in_thread(void *arg)
{
    with_timer();
    with_jumps();
    return arg;
}

int main(void)
{
    pthread_t thread;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    pthread_attr_t attr;
    sigset_t none;
    sigemptyset(&none);
    pthread_attr_init(&attr);
    pthread_attr_setsigmask_np(&attr, &none);
    pthread_create(&thread, &attr, in_thread, NULL);
    pthread_join(thread, NULL);
    changes = seen_in_loop = 0;
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    in_thread(NULL);
    return 0;
}
