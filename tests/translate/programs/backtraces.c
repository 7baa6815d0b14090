/* SPDX-License-Identifier: MIT */
/* The program's own stack as it sees it: backtrace(), _Unwind_Backtrace, in handlers, through libc, on other stacks. */
/* CFLAGS: -O1 -rdynamic -fno-optimize-sibling-calls -fasynchronous-unwind-tables */
#include <dlfcn.h>
#include <execinfo.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unwind.h>

#include "show.h"

#define NOINLINE __attribute__((noinline))

static const char *name_of(void *address)
{
    Dl_info info;
    if (!dladdr(address, &info) || !info.dli_sname)
        return NULL;
    return info.dli_sname;
}

/* The names of the program's own functions; libc's depend on its version. */
static void print(void **frames, int count, const char *title)
{
    char line[2000] = "";
    for (int i = 0; i < count; i++) {
        const char *name = name_of((char *)frames[i] - 1);
        if (!name || strncmp(name, "f_", 2) != 0)
            continue;
        strcat(line, " ");
        strcat(line, name);
    }
    show("%s:%s", title, line);
}

NOINLINE void f_backtrace(const char *title)
{
    void *frames[200];
    print(frames, backtrace(frames, 200), title);
}

struct trace {
    void *frames[200];
    int count;
};

static _Unwind_Reason_Code add(struct _Unwind_Context *context, void *arg)
{
    struct trace *trace = arg;
    int before;
    trace->frames[trace->count++] = (void *)(_Unwind_GetIPInfo(context, &before) + (before ? 1 : 0));
    return trace->count == 200 ? _URC_END_OF_STACK : _URC_NO_REASON;
}

NOINLINE void f_unwind(const char *title)
{
    struct trace trace = {.count = 0};
    _Unwind_Backtrace(add, &trace);
    print(trace.frames, trace.count, title);
}

NOINLINE int f_deep(int depth)
{
    if (depth == 0) {
        f_backtrace("deep");
        f_unwind("deep, again");
        return 0;
    }
    return f_deep(depth - 1) + 1;
}

NOINLINE int f_compare(const void *a, const void *b)
{
    static __thread int calls;
    if (calls++ % 3 == 0)
        f_backtrace("comparison");
    return *(const int *)a - *(const int *)b;
}

NOINLINE void f_sort(void)
{
    int numbers[3] = {3, 1, 2};
    qsort(numbers, 3, sizeof(int), f_compare);
    show("%d %d %d", numbers[0], numbers[1], numbers[2]);
}

static volatile int handled;

NOINLINE void f_handler(int signo)
{
    (void)signo;
    f_backtrace("handler");
    f_unwind("handler, again");
    handled = 1;
}

NOINLINE void f_raises(void)
{
    handled = 0;
    raise(SIGUSR1);
    show("handled %d", handled);
}

NOINLINE int f_faults(volatile int *nowhere)
{
    return *nowhere + 1;
}

static void *page;

NOINLINE void f_fault_handler(int signo, siginfo_t *info, void *context)
{
    (void)context;
    f_backtrace("fault");
    show("signal %d at the page %d", signo, info->si_addr == page);
    mprotect(page, 4096, PROT_READ | PROT_WRITE);
}

NOINLINE void f_walks_itself(void)
{
    /* Frame by frame through what the compiler knows of the callers. */
    void *frames[1] = {__builtin_return_address(0)};
    print(frames, 1, "return address");
}

static ucontext_t home, other;
NOINLINE void f_on_other_stack(void)
{
    f_backtrace("other stack");
    f_unwind("other stack, again");
}

NOINLINE void f_other_stack(void)
{
    static char stack[65536];
    getcontext(&other);
    other.uc_stack.ss_sp = stack;
    other.uc_stack.ss_size = sizeof(stack);
    other.uc_link = &home;
    makecontext(&other, f_on_other_stack, 0);
    swapcontext(&home, &other);
}

NOINLINE void *f_everything(void *unused)
{
    struct sigaction action = {.sa_handler = f_handler};
    (void)unused;
    f_deep(5);
    f_sort();
    sigaction(SIGUSR1, &action, NULL);
    f_raises();
    action.sa_flags = SA_SIGINFO;
    action.sa_sigaction = f_fault_handler;
    sigaction(SIGSEGV, &action, NULL);
    page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    show("read %d", f_faults(page));
    char *room = malloc(65536);
    stack_t stack = {.ss_sp = room, .ss_size = 65536}, none = {.ss_flags = SS_DISABLE};
    sigaltstack(&stack, NULL);
    action.sa_flags = SA_ONSTACK;
    action.sa_handler = f_handler;
    sigaction(SIGUSR1, &action, NULL);
    f_raises();
    sigaltstack(&none, NULL);
    free(room);
    f_walks_itself();
    f_other_stack();
    return NULL;
}

NOINLINE int main(void)
{
    pthread_t thread;
    f_everything(NULL);
    pthread_create(&thread, NULL, f_everything, NULL);
    pthread_join(thread, NULL);
    f_everything(NULL);
    return 0;
}
