/* SPDX-License-Identifier: MIT */
/* C++ exceptions, pthread_exit, cancellation, backtrace(): libgcc's unwinder, whoever has called it and wherever it is
 * linked, finds cache addresses as return addresses on the stack of translated code. For each frame it asks libc which
 * object an address belongs to; what it then knows of the address is in its callee-saved registers and just above on the
 * stack. There the program's address is put in place of it (tr_unwind_lookup), and it sees the program's own frames.
 *
 *   _dl_find_object   libgcc since version 12
 *   dl_iterate_phdr   older ones, which statically linked programs have brought along; the argument of their callback
 *                     begins with the address
 *
 * Both are what libc's own use of libgcc (dlopen'ed) comes to as well. An address that is not in the cache costs a test. */
#include <dlfcn.h>
#include <link.h>

#include "base/sys.h"
#include "intercept/export.h"
#include "intercept/order.h"
#include "intercept/personality.h"
#include "intercept/redirect.h"
#include "intercept/unwinding.h"
#include "runtime/real.h"
#include "runtime/runtime.h"
#include "translate/translate.h"

bool unwinding_has_cancels;

#if defined(__x86_64__)

/* Which unwinding is a cancellation's is not asked: that of an exception meanwhile comes after pthread_cancel as well. */
static NOINLINE void cancelled(void)
{
    const struct self *self = self_current;
    struct call_site site = {0};
    if (self && !self->gone && self->depth == 0)
        order_acquire(OBJECT_FD, order_carrier(CARRIERS_CANCELS, (int)detector_thread_id(self->thread)), &site);
}

/* An unwinder's frames from the look-up on, up to the context that it walks with. */
#define WINDOW_BYTES 3072
#define PAGE_BYTES 4096
#define WORDS_OF_ARGUMENT 4

/* Callee-saved registers and the arguments, as the entries below push them. */
struct pushed {
    uintptr_t second, first, r15, r14, r13, r12, rbx, rbp, return_address;
};

/* As far as the stack can be read. */
static uintptr_t window_end(uintptr_t low)
{
    uintptr_t end = low + WINDOW_BYTES, page = (end - 1) & ~(uintptr_t)(PAGE_BYTES - 1);
    const struct self *self = self_current;
    if (self && low >= self->stack_low && low < self->stack_high)
        return end < self->stack_high ? end : self->stack_high;
    return page > low && !sys_can_read(page) ? page : end;
}

static void show_program(struct pushed *pushed, uintptr_t pc)
{
    uintptr_t low = (uintptr_t)pushed;
    bool is_new;
    uintptr_t origin = tr_unwind_lookup(pc, (uintptr_t *)low, (uintptr_t *)window_end(low), &is_new);
    if (UNLIKELY(is_new))
        personality_prepare(origin);
}

#if defined(DLFO_STRUCT_HAS_EH_DBASE)
__attribute__((used)) static uintptr_t before_find_object(struct pushed *pushed)
{
    if (UNLIKELY(load_relaxed(&unwinding_has_cancels)))
        cancelled();
    if (UNLIKELY(tr_in_cache(pushed->first)))
        show_program(pushed, pushed->first);
    return (uintptr_t)REAL(_dl_find_object);
}
#endif

static NOINLINE void look_for_question(struct pushed *pushed)
{
    const uintptr_t *argument = (const uintptr_t *)pushed->second;
    uintptr_t low = (uintptr_t)pushed;
    if (pushed->second % sizeof(uintptr_t) != 0 || pushed->second < low ||
        pushed->second + WORDS_OF_ARGUMENT * sizeof(uintptr_t) > window_end(low))
        return;
    for (int i = 0; i < WORDS_OF_ARGUMENT; i++)
        if (tr_in_cache(argument[i])) {
            show_program(pushed, argument[i]);
            return;
        }
}

/* The callback is called for each object: not by a fault each time. */
__attribute__((used)) static uintptr_t before_iterate(struct pushed *pushed)
{
    pushed->first = translated_entry(pushed->first);
    if (UNLIKELY(runtime.options.mode == MODE_FULL))
        look_for_question(pushed);
    return (uintptr_t)REAL(dl_iterate_phdr);
}

/* Pushes a struct pushed, calls before(it), pops what that has changed, and jumps to what it returns. */
#define ENTRY(name, before)                                                                                            \
    __asm__(".text\n"                                                                                                  \
            ".globl " #name "\n"                                                                                       \
            ".type " #name ", @function\n"                                                                             \
            #name ":\n"                                                                                                \
            ".cfi_startproc\n"                                                                                         \
            "    endbr64\n"                                                                                            \
            "    push %rbp\n    .cfi_adjust_cfa_offset 8\n"                                                            \
            "    push %rbx\n    .cfi_adjust_cfa_offset 8\n"                                                            \
            "    push %r12\n    .cfi_adjust_cfa_offset 8\n"                                                            \
            "    push %r13\n    .cfi_adjust_cfa_offset 8\n"                                                            \
            "    push %r14\n    .cfi_adjust_cfa_offset 8\n"                                                            \
            "    push %r15\n    .cfi_adjust_cfa_offset 8\n"                                                            \
            "    push %rdi\n    .cfi_adjust_cfa_offset 8\n"                                                            \
            "    push %rsi\n    .cfi_adjust_cfa_offset 8\n"                                                            \
            "    mov %rsp, %rdi\n"                                                                                     \
            "    sub $8, %rsp\n    .cfi_adjust_cfa_offset 8\n"                                                         \
            "    call " #before "\n"                                                                                   \
            "    add $8, %rsp\n    .cfi_adjust_cfa_offset -8\n"                                                        \
            "    pop %rsi\n    .cfi_adjust_cfa_offset -8\n"                                                            \
            "    pop %rdi\n    .cfi_adjust_cfa_offset -8\n"                                                            \
            "    pop %r15\n    .cfi_adjust_cfa_offset -8\n"                                                            \
            "    pop %r14\n    .cfi_adjust_cfa_offset -8\n"                                                            \
            "    pop %r13\n    .cfi_adjust_cfa_offset -8\n"                                                            \
            "    pop %r12\n    .cfi_adjust_cfa_offset -8\n"                                                            \
            "    pop %rbx\n    .cfi_adjust_cfa_offset -8\n"                                                            \
            "    pop %rbp\n    .cfi_adjust_cfa_offset -8\n"                                                            \
            "    jmp *%rax\n"                                                                                          \
            ".cfi_endproc\n"                                                                                           \
            ".size " #name ", . - " #name "\n")

#if defined(DLFO_STRUCT_HAS_EH_DBASE)
ENTRY(_dl_find_object, before_find_object);
#endif
ENTRY(dl_iterate_phdr, before_iterate);

#endif
