/* SPDX-License-Identifier: MIT */
/* setjmp and longjmp over many frames, out of handlers, over alternate stacks; saved registers and masks. */
/* CFLAGS: -O2 -fno-omit-frame-pointer */
#include <setjmp.h>

#include "show.h"

#define NOINLINE __attribute__((noinline))

static jmp_buf plain;
static sigjmp_buf with_mask;
static volatile int depth_reached;

NOINLINE static int down(int depth, jmp_buf to)
{
    volatile char frame[100];
    frame[depth % 100] = (char)depth;
    depth_reached = depth;
    if (depth == 0)
        longjmp(to, 7);
    return down(depth - 1, to) + frame[depth % 100];
}

NOINLINE static long registers_kept(long a, long b, long c, long d, long e)
{
    volatile long u = a * 3, v = b * 5;
    jmp_buf here;
    int value = setjmp(here);
    if (value == 0)
        down(20, here);
    return u + v + c + d + e + value;
}

static void out_of_handler(int signo)
{
    (void)signo;
    siglongjmp(with_mask, 3);
}

static void builtin_jump(void **to) { __builtin_longjmp(to, 1); }

NOINLINE static int builtin(int depth)
{
    static __thread void *buffer[5];
    static __thread volatile int count;
    count = 0;
    if (__builtin_setjmp(buffer) == 0) {
        count = depth;
        builtin_jump(buffer);
    }
    return count + 1;
}

static void handlers(int flags)
{
    struct sigaction action = {.sa_handler = out_of_handler, .sa_flags = flags};
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGSEGV, &action, NULL);
    for (int i = 0; i < 50; i++) {
        int value = sigsetjmp(with_mask, 1);
        if (value == 0)
            raise(SIGUSR1);
        if (value != 3)
            show("raise: %d", value);
        value = sigsetjmp(with_mask, 1);
        if (value == 0)
            *(volatile int *)8 = 1;
        if (value != 3)
            show("fault: %d", value);
    }
    sigset_t now;
    pthread_sigmask(SIG_BLOCK, NULL, &now);
    show("masked after: %d %d", sigismember(&now, SIGUSR1), sigismember(&now, SIGSEGV));
}

static void *everything(void *unused)
{
    (void)unused;
    for (int i = 0; i < 100; i++) {
        int value = setjmp(plain);
        if (value == 0)
            down(i, plain);
        if (value != 7 || depth_reached != 0)
            show("wrong");
    }
    show("registers %ld", registers_kept(1, 2, 3, 4, 5));
    show("builtin %d", builtin(41));
    handlers(0);
    handlers(SA_NODEFER);
    char *room = malloc(65536);
    stack_t stack = {.ss_sp = room, .ss_size = 65536}, none = {.ss_flags = SS_DISABLE};
    sigaltstack(&stack, NULL);
    handlers(SA_ONSTACK);
    sigaltstack(&none, NULL);
    free(room);
    return NULL;
}

int main(void)
{
    pthread_t thread;
    everything(NULL);
    pthread_create(&thread, NULL, everything, NULL);
    pthread_join(thread, NULL);
    everything(NULL);
    return 0;
}
