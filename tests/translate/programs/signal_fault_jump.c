/* SPDX-License-Identifier: MIT */
/* CFLAGS: -O1 */
/* Faults of all kinds whose handler jumps out, goes on elsewhere, or changes a register. */
#include <setjmp.h>
#include <stdint.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "show.h"

static sigjmp_buf back;
static volatile int last_signal, last_code;
static void *volatile last_address;
static volatile int in_program;

static int is_program_text(uintptr_t pc)
{
    extern char __executable_start, etext;
    return pc >= (uintptr_t)&__executable_start && pc < (uintptr_t)&etext;
}

static void jump(int signo, siginfo_t *info, void *context)
{
    last_signal = signo;
    last_code = info->si_code;
    last_address = info->si_addr;
    in_program = is_program_text(((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP]);
    siglongjmp(back, signo);
}

static void use(int flags, void (*handler)(int, siginfo_t *, void *))
{
    static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE};
    struct sigaction act = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags};
    for (int i = 0; i < 5; i++)
        sigaction(signals[i], &act, NULL);
}

#define TRY(what, ...)                                                                                                 \
    do {                                                                                                               \
        if (sigsetjmp(back, 1) == 0) {                                                                                 \
            __VA_ARGS__;                                                                                               \
            show("%s: went on", what);                                                                                 \
        } else {                                                                                                       \
            show("%s: signal %d, code %d, in program %d", what, last_signal, last_code, in_program);                   \
        }                                                                                                              \
    } while (0)

static __attribute__((noinline)) long divide(long a, long b)
{
    __asm__ volatile("cqto; idiv %1" : "+a"(a) : "c"(b) : "rdx");
    return a;
}

static char *truncated(void)
{
    FILE *file = tmpfile();
    char *page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fileno(file), 0);
    fclose(file);
    return page;
}

static void all(const char *who)
{
    char *page = truncated();
    static char data[64];
    void (*volatile nothing)(void) = NULL;
    void (*volatile not_code)(void) = (void (*)(void))data;
    void (*volatile odd)(void) = (void (*)(void))0x1234567890abcdefull;
    show("%s", who);
    TRY("null", *(volatile int *)NULL);
    show("address %p", last_address);
    TRY("null store", *(volatile int *)16 = 1);
    show("address %p", last_address);
    TRY("not canonical", *(volatile char *)0xdead000000000000ull);
    TRY("read only", *(volatile char *)"text" = 1);
    TRY("bus", *(volatile char *)page);
    show("address right %d", last_address == page);
    TRY("ud2", __asm__ volatile("ud2"));
    TRY("int3", __asm__ volatile("int3"));
    TRY("hlt", __asm__ volatile("hlt"));
    TRY("division", divide(1, 0));
    TRY("division overflow", divide(-0x7fffffffffffffffl - 1, -1));
    TRY("call of nothing", nothing());
    show("address %p", last_address);
    TRY("call of data", not_code());
    show("address right %d", last_address == data);
    if (sigsetjmp(back, 1) == 0)
        odd();
    show("call of no address: signal %d, code %d", last_signal, last_code); /* where is seen differs between CPUs */
}

/* --- handlers that return elsewhere -------------------------------------------------------------------------------- */

static void skip(int signo, siginfo_t *info, void *context_)
{
    ucontext_t *context = context_;
    greg_t *gregs = context->uc_mcontext.gregs;
    last_signal = signo;
    if (signo == SIGFPE && info->si_addr != (void *)gregs[REG_RIP])
        show("address of the division is wrong");
    if (signo == SIGILL && info->si_addr != (void *)gregs[REG_RIP])
        show("address of the instruction is wrong");
    if (signo == SIGFPE)
        gregs[REG_RCX] = 7; /* the divisor: the same instruction again */
    else if (signo == SIGILL)
        gregs[REG_RIP] += 2; /* over ud2 */
    else if (signo == SIGSEGV && gregs[REG_RAX] == 0x10)
        gregs[REG_RIP] += 2, gregs[REG_RAX] = 99; /* over mov (%rax), %al */
    else if (signo != SIGTRAP)
        _exit(3);
}

static void returns(void)
{
    long result = 0;
    use(0, skip);
    for (int i = 0; i < 1000; i++)
        result += divide(i * 100, 0);
    show("divided %ld", result);
    for (int i = 0; i < 1000; i++)
        __asm__ volatile("mov $1, %%eax; ud2; add %%rax, %0" : "+r"(result)::"rax");
    show("stepped over %ld", result);
    for (int i = 0; i < 1000; i++)
        __asm__ volatile("mov $0x10, %%eax; .byte 0x8a, 0x00; add %%rax, %0" : "+r"(result)::"rax");
    show("loaded %ld", result);
    for (int i = 0; i < 100; i++)
        __asm__ volatile("int3; inc %0" : "+r"(result));
    show("trapped %ld", result);
}

static void many(void)
{
    int signals = 0;
    use(0, jump);
    for (int i = 0; i < 2000; i++) {
        if (sigsetjmp(back, i & 1) == 0)
            *(volatile int *)8 = 1;
        signals++;
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGSEGV);
        pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    }
    show("many: %d", signals);
    show_mask("after them");
}

static void *in_thread(void *arg)
{
    use(0, jump);
    all("thread");
    returns();
    many();
    use(SA_NODEFER, jump);
    all("without blocking");
    return arg;
}

int main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, in_thread, NULL);
    pthread_join(thread, NULL);
    use(0, jump);
    all("main thread");
    returns();
    many();
    return 0;
}
