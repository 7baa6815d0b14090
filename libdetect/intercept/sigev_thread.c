/* SPDX-License-Identifier: MIT */
/* See sigev_thread.h. The functions that stand for the program's are made ahead: one for each of the first few different
 * functions, since nobody says when one is no longer needed. */
#include "intercept/sigev_thread.h"

#include "base/atomic.h"
#include "runtime/runtime.h"
#include "runtime/self.h"

#if defined(__x86_64__)

#define COUNT 64
#define STUB_BYTES 16

__attribute__((visibility("hidden"), used)) void *sigev_functions[COUNT];
extern const char sigev_stubs[] __attribute__((visibility("hidden")));

/* Whatever order the request made (unseen_threads.c) is all that there is. */
__attribute__((used)) static void sigev_begins(void)
{
    signals_thread_adopt();
    self_adopt_on_request();
}

/* A stub: %eax = its number; jmp common. common: sigev_begins(), then the program's function with its argument. */
__asm__(".text\n"
        ".hidden sigev_stubs\n"
        ".globl sigev_stubs\n"
        ".balign 16\n"
        "sigev_stubs:\n"
        ".set number, 0\n"
        ".rept 64\n"
        "    .balign 16\n"
        "    mov $number, %eax\n"
        "    jmp sigev_common\n"
        "    .set number, number + 1\n"
        ".endr\n"
        ".type sigev_common, @function\n"
        "sigev_common:\n"
        ".cfi_startproc\n"
        "    push %rdi\n"
        "    .cfi_adjust_cfa_offset 8\n"
        "    push %rax\n"
        "    .cfi_adjust_cfa_offset 8\n"
        "    sub $8, %rsp\n"
        "    .cfi_adjust_cfa_offset 8\n"
        "    call sigev_begins\n"
        "    add $8, %rsp\n"
        "    .cfi_adjust_cfa_offset -8\n"
        "    pop %rax\n"
        "    .cfi_adjust_cfa_offset -8\n"
        "    pop %rdi\n"
        "    .cfi_adjust_cfa_offset -8\n"
        "    lea sigev_functions(%rip), %rdx\n"
        "    jmp *(%rdx,%rax,8)\n"
        ".cfi_endproc\n"
        ".size sigev_common, . - sigev_common\n");

static bool is_stub(const void *function)
{
    return (uintptr_t)function - (uintptr_t)sigev_stubs < COUNT * STUB_BYTES;
}

static void *stub_for(void *function)
{
    for (size_t i = 0; i < COUNT; i++) {
        void *nothing = NULL;
        void *found = load_acquire(&sigev_functions[i]); /* pairs with the exchange */
        if (!found && compare_exchange_acq_rel(&sigev_functions[i], &nothing, function))
            found = function;
        else if (!found)
            found = nothing; /* another thread was faster */
        if (found == function)
            return (void *)((uintptr_t)sigev_stubs + i * STUB_BYTES);
    }
    return function;
}

#else

static bool is_stub(const void *function) { return function != NULL; }
static void *stub_for(void *function) { return function; }

#endif

static bool is_wanted(const struct sigevent *event)
{
    return event && event->sigev_notify == SIGEV_THREAD && runtime.options.mode == MODE_FULL &&
           !is_stub((void *)(uintptr_t)event->sigev_notify_function);
}

void sigev_thread_in_place(struct sigevent *event)
{
    if (is_wanted(event))
        event->sigev_notify_function =
            (void (*)(union sigval))(uintptr_t)stub_for((void *)(uintptr_t)event->sigev_notify_function);
}

struct sigevent *sigev_thread(struct sigevent *event, struct sigevent *copy)
{
    if (!is_wanted(event))
        return event;
    *copy = *event;
    sigev_thread_in_place(copy);
    return copy;
}
