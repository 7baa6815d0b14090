/* SPDX-License-Identifier: MIT */
/* Exceptions on stacks that the program switches by itself: ucontext, a switch by hand; and C++20's coroutines. */
/* CFLAGS: -std=c++20 */
#include "eh.h"

#include <coroutine>
#include <cstdint>
#include <cstring>
#include <exception>
#include <sys/mman.h>
#include <ucontext.h>
#include <vector>

NOINLINE static int deep(int depth, const char *text)
{
    Marked *none = nullptr;
    (void)none;
    if (depth == 0)
        throw std::runtime_error(text);
    return deep(depth - 1, text) + 1;
}

/* --- ucontext --- */

struct Fibre {
    ucontext_t context, caller;
    std::vector<char> stack;
    std::exception_ptr error;
    int steps = 0;
    bool done = false;
};

static thread_local Fibre *current;

static void yield() { swapcontext(&current->context, &current->caller); }

static void fibre_main()
{
    Fibre *self = current;
    for (int i = 0; i < 5; i++) {
        try {
            deep(i * 5, "in a fibre");
        } catch (const std::exception &error) {
            self->steps += std::strcmp(error.what(), "in a fibre") == 0;
        }
        yield();
    }
    try {
        Marked mark("fibre");
        deep(3, "out of a fibre");
    } catch (...) {
        self->error = std::current_exception();
    }
    self->done = true;
}

static void resume(Fibre &fibre)
{
    Fibre *outer = current;
    current = &fibre;
    swapcontext(&fibre.caller, &fibre.context);
    current = outer;
}

static void fibres()
{
    std::vector<Fibre> all(4);
    for (Fibre &fibre : all) {
        fibre.stack.resize(65536);
        getcontext(&fibre.context);
        fibre.context.uc_stack.ss_sp = fibre.stack.data();
        fibre.context.uc_stack.ss_size = fibre.stack.size();
        fibre.context.uc_link = &fibre.caller;
        makecontext(&fibre.context, fibre_main, 0);
    }
    for (int round = 0; round < 6; round++)
        for (Fibre &fibre : all) {
            resume(fibre);
            try {
                deep(2, "between");
            } catch (const std::exception &) {
                fibre.steps += 100;
            }
        }
    for (Fibre &fibre : all)
        try {
            say("  steps %d, done %d", fibre.steps, fibre.done);
            std::rethrow_exception(fibre.error);
        } catch (const std::exception &error) {
            say("  %s", error.what());
        }
}

/* --- by hand, on x86-64 --- */

#if defined(__x86_64__)
extern "C" void switch_stack(void **save, void *to);
__asm__(".text\n.globl switch_stack\n.type switch_stack, @function\n"
        "switch_stack:\n"
        "    .cfi_startproc\n"
        "    push %rbp\n    push %rbx\n    push %r12\n    push %r13\n    push %r14\n    push %r15\n"
        "    mov %rsp, (%rdi)\n"
        "    mov %rsi, %rsp\n"
        "    pop %r15\n    pop %r14\n    pop %r13\n    pop %r12\n    pop %rbx\n    pop %rbp\n"
        "    pop %rcx\n"
        "    jmp *%rcx\n"
        "    .cfi_endproc\n");

static thread_local void *main_stack, *other_stack;
static thread_local int hand_count;

static void by_hand_main()
{
    for (;;) {
        try {
            deep(hand_count % 7, "by hand");
        } catch (const std::exception &) {
            hand_count++;
        }
        switch_stack(&other_stack, main_stack);
    }
}

static void by_hand()
{
    const size_t size = 65536;
    auto *stack = static_cast<uintptr_t *>(
        mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    uintptr_t *top = stack + size / sizeof(uintptr_t) - 1; /* next to the end of the mapping */
    *--top = reinterpret_cast<uintptr_t>(by_hand_main);
    top -= 6;
    other_stack = top;
    hand_count = 0;
    for (int i = 0; i < 100; i++)
        switch_stack(&main_stack, other_stack);
    say("  by hand %d", hand_count);
    munmap(stack, size);
}
#else
static void by_hand() { say("  by hand 100"); }
#endif

/* --- C++20 --- */

struct Generator {
    struct promise_type {
        int value = 0;
        std::exception_ptr error;
        Generator get_return_object() { return Generator{std::coroutine_handle<promise_type>::from_promise(*this)}; }
        std::suspend_always initial_suspend() noexcept { return {}; }
        std::suspend_always final_suspend() noexcept { return {}; }
        std::suspend_always yield_value(int v) noexcept
        {
            value = v;
            return {};
        }
        void return_void() noexcept {}
        void unhandled_exception() { error = std::current_exception(); }
    };
    std::coroutine_handle<promise_type> handle;
    explicit Generator(std::coroutine_handle<promise_type> h) : handle(h) {}
    Generator(Generator &&other) noexcept : handle(other.handle) { other.handle = nullptr; }
    ~Generator()
    {
        if (handle)
            handle.destroy();
    }
    bool next()
    {
        handle.resume();
        if (handle.promise().error)
            std::rethrow_exception(handle.promise().error);
        return !handle.done();
    }
};

static Generator count(int limit)
{
    Marked mark("generator");
    for (int i = 0; i < limit; i++) {
        try {
            deep(i, "in a coroutine");
        } catch (const std::exception &) {
        }
        co_yield i * i;
    }
    deep(2, "out of a coroutine");
}

static void coroutines()
{
    Generator generator = count(5);
    int sum = 0;
    try {
        while (generator.next())
            sum += generator.handle.promise().value;
    } catch (const std::exception &error) {
        say("  %s after %d", error.what(), sum);
    }
    Generator left = count(5);
    left.next();
    left.next();
}

int main()
{
    everywhere("fibres", fibres);
    everywhere("by hand", by_hand);
    everywhere("coroutines", coroutines);
}
