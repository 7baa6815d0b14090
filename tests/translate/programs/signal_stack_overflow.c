/* SPDX-License-Identifier: MIT */
/* CFLAGS: -O0 */
/* Stacks that overflow: with a handler on an alternate stack, which jumps out, and without one, which is death. On small
 * stacks of threads, which are nearly used up when translated code is called for the first time, too. */
#include <setjmp.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "show.h"

static __thread sigjmp_buf back;
static __thread char *alternate;
static __thread int on_alternate;

static void overflowed(int signo, siginfo_t *info, void *context)
{
    char here;
    (void)context;
    on_alternate = &here > alternate && &here < alternate + 65536;
    siglongjmp(back, signo + (info->si_code > 0 ? 100 : 0));
}

static int __attribute__((noinline)) deeper(volatile int *level)
{
    volatile char frame[200];
    frame[0] = (char)*level;
    ++*level;
    return deeper(level) + frame[0];
}

static void use_alternate(void)
{
    alternate = malloc(65536);
    stack_t stack = {.ss_sp = alternate, .ss_size = 65536};
    sigaltstack(&stack, NULL);
    struct sigaction act = {.sa_sigaction = overflowed, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigaction(SIGSEGV, &act, NULL);
}

static void *recursing(void *name)
{
    use_alternate();
    for (int i = 0; i < 5; i++) {
        volatile int level = 0;
        int how = sigsetjmp(back, 1);
        if (how == 0)
            deeper(&level);
        show("%s: %d, deep %d, on the alternate stack %d", (char *)name, how, level > 20, on_alternate);
    }
    stack_t none = {.ss_flags = SS_DISABLE};
    sigaltstack(&none, NULL);
    free(alternate);
    return NULL;
}

static void run(const char *name, size_t size)
{
    pthread_t thread;
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, size);
    int error = pthread_create(&thread, &attr, recursing, (void *)name);
    pthread_join(thread, NULL);
    show("created %d", error);
}

/* --- deep before anything new is called ------------------------------------------------------------------------------- */

static long f0(long x) { return x * 3 + 1; }
static long f1(long x) { return x * 5 + 1; }
static int compare(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }

static char *stack_low;

static long __attribute__((noinline)) nearly_full(long x)
{
    char here;
    volatile long (*volatile functions[])(long) = {(void *)f0, (void *)f1};
    if (&here - stack_low > 4000)
        return nearly_full(x + 1) + 1;
    int numbers[] = {3, 1, 2};
    qsort(numbers, 3, sizeof(int), compare);
    return functions[0](x) + functions[1](x) + numbers[0];
}

static void *deep(void *arg)
{
    stack_low = arg;
    show("deep %d", nearly_full(0) > 0);
    return NULL;
}

static void run_deep(void)
{
    pthread_t thread;
    pthread_attr_t attr;
    char *stack = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pthread_attr_init(&attr);
    pthread_attr_setstack(&attr, stack, 16384);
    show("created %d", pthread_create(&thread, &attr, deep, stack));
    pthread_join(thread, NULL);
}

static void die_of_it(const char *what, int with_handler)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        struct rlimit limit = {0, 0};
        setrlimit(RLIMIT_CORE, &limit);
        volatile int level = 0;
        struct sigaction act = {.sa_sigaction = overflowed, .sa_flags = SA_SIGINFO};
        if (!with_handler)
            act = (struct sigaction){.sa_handler = SIG_DFL};
        sigaction(SIGSEGV, &act, NULL);
        deeper(&level);
    }
    waitpid(pid, &status, 0);
    show_status(what, status);
}

int main(void)
{
    struct rlimit limit = {1 << 20, 1 << 20};
    setrlimit(RLIMIT_STACK, &limit);
    run("default", 256 << 10);
    run("small", 32 << 10);
    run_deep();
    die_of_it("no handler", 0);
    die_of_it("handler on the same stack", 1);
    return 0;
}
