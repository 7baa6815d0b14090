/* SPDX-License-Identifier: MIT */
/* Stacks: the same as libgcc's backtrace() sees (the slow, obvious model), from every kind of place; no walk in
 * the steady state; no descriptor opened. */
#include <dirent.h>
#include <execinfo.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <cmocka.h>

#include "in_process.h"

static unsigned checked; /* places where the two were compared */
static stack_id last_stack;
static const char *difference;

/* Our frame is the exact place in the code that a signal interrupted, which the model has as `after`. */
static bool is_interrupted(frame_t ours, void *model, void *after)
{
    return ours != modules_frame((uintptr_t)model - 1) && ours == modules_frame((uintptr_t)after);
}

/* Where both stacks pass through the caller of the stand-in, all outer frames must be equal. Ours ends at
 * STACK_MAX_FRAMES, both may end early where there is no unwind information. */
static void compare(stack_id stack, void *const *model, int model_count)
{
    struct stack_view view = depot_get(runtime.depot, stack);
    if (view.count < 2)
        difference = "a stack of less than two frames";
    int at = 0; /* the model begins with our own frames */
    while (at < model_count && modules_frame((uintptr_t)model[at] - 1) != view.frames[0])
        at++;
    if (at == model_count)
        difference = "the caller is not in the model";
    for (uint32_t i = 0; i < view.count && at < model_count; i++, at++) {
        if (is_interrupted(view.frames[i], model[at], at + 1 < model_count ? model[at + 1] : NULL))
            at++; /* the model shows the kernel's return from a handler as a frame, ours does not */
        uintptr_t pc = (uintptr_t)model[at];
        if (view.frames[i] != modules_frame(pc - 1) && view.frames[i] != modules_frame(pc))
            difference = "another frame than the model's";
    }
    if (at < model_count - 1 && view.count < STACK_MAX_FRAMES)
        difference = "fewer frames than the model";
    last_stack = stack;
    checked++;
}

/* Stands for an interceptor. */
static NOINLINE void intercepted(void)
{
    void *model[256];
    struct call_site site = CALL_SITE();
    struct self *self = self_enter();
    int count = backtrace(model, 256);
    compare(unwind_stack(self, &site), model, count);
    self_leave(self);
}

static NOINLINE int recursive(int depth)
{
    if (depth == 0) {
        intercepted();
        return 0;
    }
    return recursive(depth - 1) + 1;
}

static void check(unsigned expected)
{
    if (difference)
        fail_msg("%s", difference);
    assert_int_equal(checked, expected);
}

static int prepare(void **state)
{
    (void)state;
    checked = 0;
    difference = NULL;
    return 0;
}

static void plain_calls(void **state)
{
    (void)state;
    for (int depth = 0; depth < 100; depth += 7)
        recursive(depth);
    check(15);
}

static void deeper_than_a_stack_holds(void **state)
{
    (void)state;
    recursive(200);
    check(1);
    assert_int_equal(depot_get(runtime.depot, last_stack).count, STACK_MAX_FRAMES);
}

static int by_callback(const void *a, const void *b)
{
    intercepted();
    return *(const int *)a - *(const int *)b;
}

/* libc is built without frame pointers. */
static void through_a_library(void **state)
{
    (void)state;
    int numbers[2] = {2, 1};
    qsort(numbers, 2, sizeof(int), by_callback);
    check(1);
}

static NOINLINE void with_alloca(size_t size)
{
    volatile char *block = __builtin_alloca(size);
    block[0] = 1;
    intercepted();
    block[size - 1] = 2;
}

static void frames_of_variable_size(void **state)
{
    (void)state;
    for (size_t size = 16; size <= 1600; size += 16)
        with_alloca(size);
    check(100);
}

__attribute__((noinline, target("sse2"))) static void realigned(void)
{
    volatile char _Alignas(256) block[256];
    block[0] = 1;
    intercepted();
    block[255] = block[0];
    (void)block[255];
}

static void frames_that_align_the_stack(void **state)
{
    (void)state;
    realigned();
    with_alloca(24);
    realigned();
    check(3);
}

static void on_signal(int signo)
{
    (void)signo;
    recursive(2);
}

static void from_a_signal_handler(void **state)
{
    (void)state;
    signal(SIGUSR1, on_signal);
    raise(SIGUSR1);
    signal(SIGUSR1, SIG_DFL);
    check(1);
}

static void from_a_handler_on_another_stack(void **state)
{
    (void)state;
    stack_t alternate = {.ss_sp = malloc(65536), .ss_size = 65536}, off = {.ss_flags = SS_DISABLE};
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK};
    assert_int_equal(sigaltstack(&alternate, NULL), 0);
    sigaction(SIGUSR2, &action, NULL);
    raise(SIGUSR2);
    raise(SIGUSR2);
    signal(SIGUSR2, SIG_DFL);
    sigaltstack(&off, NULL);
    free(alternate.ss_sp);
    check(2);
}

static ucontext_t caller, coroutine;

static void in_coroutine(void)
{
    recursive(3);
    swapcontext(&coroutine, &caller);
    recursive(4);
}

static void on_a_coroutine(void **state)
{
    (void)state;
    size_t size = 256 << 10;
    void *stack = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    getcontext(&coroutine);
    coroutine.uc_stack = (stack_t){.ss_sp = stack, .ss_size = size};
    coroutine.uc_link = &caller;
    makecontext(&coroutine, in_coroutine, 0);
    swapcontext(&caller, &coroutine);
    recursive(1);
    swapcontext(&caller, &coroutine);
    munmap(stack, size);
    check(3);
}

static void *small_thread(void *arg)
{
    struct call_site site = CALL_SITE();
    struct self *self = self_enter();
    *(uint32_t *)arg = depot_get(runtime.depot, unwind_stack(self, &site)).count;
    self_leave(self);
    return NULL;
}

static void in_a_thread_with_the_smallest_stack(void **state)
{
    (void)state;
    pthread_attr_t attr;
    pthread_t thread;
    uint32_t frames = 0;
    pthread_attr_init(&attr);
    assert_int_equal(pthread_attr_setstacksize(&attr, 16384), 0);
    assert_int_equal(pthread_create(&thread, &attr, small_thread, &frames), 0);
    pthread_join(thread, NULL);
    assert_true(frames >= 1);
}

static void *thread_main(void *arg)
{
    recursive(*(int *)arg);
    return NULL;
}

static void in_a_thread(void **state)
{
    (void)state;
    pthread_t thread;
    int depth = 5;
    assert_int_equal(pthread_create(&thread, NULL, thread_main, &depth), 0);
    pthread_join(thread, NULL);
    check(1);
}

/* Only the stand-in: no model, no change of depth between the calls. */
static NOINLINE stack_id quick(void)
{
    struct call_site site = CALL_SITE();
    struct self *self = self_enter();
    stack_id stack = unwind_stack(self, &site);
    self_leave(self);
    return stack;
}

static NOINLINE stack_id left(void)
{
    stack_id stack = quick();
    compiler_barrier();
    return stack;
}

static NOINLINE stack_id right(void)
{
    stack_id stack = quick();
    compiler_barrier();
    return stack;
}

static void the_steady_state_takes_no_walk(void **state)
{
    (void)state;
    stack_id first = STACK_NONE;
    uint64_t walks = 0;
    for (int i = 0; i < 1000; i++) {
        stack_id stack = left();
        if (i == 0) {
            first = stack;
            walks = unwind_walks();
        }
        assert_int_equal(stack, first);
    }
    assert_int_equal(unwind_walks(), walks);
    assert_int_not_equal(first, STACK_NONE);
}

/* The same depth and the same function below, another caller. */
static void another_caller_is_another_stack(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) {
        stack_id by[2];
        for (int side = 0; side < 2; side++)
            by[side] = (side ? left : right)();
        assert_int_not_equal(by[0], by[1]);
    }
}

static int count_descriptors(void)
{
    int count = 0;
    DIR *directory = opendir("/proc/self/fd");
    while (readdir(directory))
        count++;
    closedir(directory);
    return count;
}

static void no_descriptor_is_opened(void **state)
{
    (void)state;
    int before = count_descriptors();
    for (int depth = 0; depth < 50; depth++)
        recursive(depth);
    checked = 0;
    on_a_coroutine(state);
    assert_int_equal(count_descriptors(), before);
}

/* A frame pointer that leads nowhere, in code without unwind information. */
static void code_without_unwind_information(void **state)
{
    (void)state;
#if defined(__x86_64__)
    /* push rbp; mov ebp, 0x10; call rdi; pop rbp; ret */
    static const unsigned char code[] = {0x55, 0xbd, 0x10, 0, 0, 0, 0xff, 0xd7, 0x5d, 0xc3};
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy(page, code, sizeof(code));
    ((void (*)(stack_id (*)(void)))page)(left);
    ((void (*)(stack_id (*)(void)))page)(left);
    munmap(page, 4096);
#endif
}

int main(void)
{
    in_process_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(plain_calls, prepare),
        cmocka_unit_test_setup(deeper_than_a_stack_holds, prepare),
        cmocka_unit_test_setup(through_a_library, prepare),
        cmocka_unit_test_setup(frames_of_variable_size, prepare),
        cmocka_unit_test_setup(frames_that_align_the_stack, prepare),
        cmocka_unit_test_setup(from_a_signal_handler, prepare),
        cmocka_unit_test_setup(from_a_handler_on_another_stack, prepare),
        cmocka_unit_test_setup(on_a_coroutine, prepare),
        cmocka_unit_test_setup(in_a_thread, prepare),
        cmocka_unit_test_setup(in_a_thread_with_the_smallest_stack, prepare),
        cmocka_unit_test_setup(the_steady_state_takes_no_walk, prepare),
        cmocka_unit_test_setup(another_caller_is_another_stack, prepare),
        cmocka_unit_test_setup(no_descriptor_is_opened, prepare),
        cmocka_unit_test_setup(code_without_unwind_information, prepare),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    in_process_end();
    return failed;
}
