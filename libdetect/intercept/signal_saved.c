/* SPDX-License-Identifier: MIT */
/* See signal_saved.h. */
#include "intercept/signal_saved.h"

#include <dlfcn.h>
#include <string.h>

#include "intercept/signal_mask.h"
#include "runtime/signals_inner.h"

#define MARK 0x4465746563742000 /* plus 1: SIGSEGV is blocked */

static uint64_t *words(const sigset_t *set) { return (uint64_t *)(uintptr_t)set->__val; }

static uint64_t marked(const sigset_t *set)
{
    return words(set)[1] == MARK + 1 ? 1ull << (SIGSEGV - 1) : 0;
}

static uint64_t mark_now(void) { return MARK + (signals_blocked_kept() != 0); }

/* One that was saved before the takeover may contain it. */
uint64_t saved_in_jump(struct __jmp_buf_tag *to)
{
    uint64_t *mask = words((const sigset_t *)(const void *)&to->__saved_mask);
    if (mask[0] & signals_kept()) {
        mask[0] &= ~signals_kept();
        mask[1] = MARK + 1;
    }
    return marked((const sigset_t *)(const void *)&to->__saved_mask);
}

uint64_t saved_in_context(const ucontext_t *to)
{
    return (words(&to->uc_sigmask)[0] & signals_kept()) | marked(&to->uc_sigmask);
}

void save_in_context(ucontext_t *from)
{
    if (UNLIKELY(signals_translated))
        words(&from->uc_sigmask)[1] = mark_now();
}

const ucontext_t *context_for_kernel(const ucontext_t *to)
{
    struct signal_thread *thread = signals_local.thread;
    if (LIKELY(!(words(&to->uc_sigmask)[0] & signals_kept())) || !thread)
        return to;
    memcpy(&thread->to, to, offsetof(ucontext_t, uc_sigmask) + sizeof(uint64_t));
    words(&thread->to.uc_sigmask)[0] &= ~signals_kept();
    return &thread->to;
}

/* --- where they are saved ----------------------------------------------------------------------------------------------- */

#if defined(__x86_64__)

#define MASK_OF_JUMP 72     /* __saved_mask in struct __jmp_buf_tag */
#define MASK_OF_CONTEXT 296 /* uc_sigmask in ucontext_t */
_Static_assert(offsetof(struct __jmp_buf_tag, __saved_mask) == MASK_OF_JUMP, "for the code below");
_Static_assert(offsetof(ucontext_t, uc_sigmask) == MASK_OF_CONTEXT, "for the code below");
_Static_assert(offsetof(struct signals_local, blocks) == 8, "for the code below");

#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)

/* These return twice, so all that can be done is to mark the place and go on to libc's, with the same stack:
 *     test %esi, %esi; je 1f          (only sigsetjmp has that argument)
 *     MARK + signals_local.blocks -> second word of the mask at rdi + offset
 *  1: jmp *real */
#define MARKED(name, test, offset)                                                                                     \
    __attribute__((visibility("hidden"))) void *real_##name;                                                           \
    void marked_##name(void) __attribute__((visibility("hidden")));                                                    \
    __asm__(".text\n"                                                                                                  \
            ".globl marked_" #name "\n"                                                                                \
            ".hidden marked_" #name "\n"                                                                               \
            ".type marked_" #name ", @function\n"                                                                      \
            "marked_" #name ":\n"                                                                                      \
            "    endbr64\n" test                                                                                       \
            "    mov signals_local@gottpoff(%rip), %rax\n"                                                             \
            "    movzbl %fs:8(%rax), %eax\n"                                                                           \
            "    movabs $" TEXT(MARK) ", %rcx\n"                                                                       \
            "    add %rax, %rcx\n"                                                                                     \
            "    mov %rcx, 8+" TEXT(offset) "(%rdi)\n"                                                                 \
            "1:  jmp *real_" #name "(%rip)\n"                                                                          \
            ".size marked_" #name ", . - marked_" #name "\n")

MARKED(__sigsetjmp, "    test %esi, %esi\n    je 1f\n", MASK_OF_JUMP);
MARKED(setjmp, "", MASK_OF_JUMP);
MARKED(getcontext, "", MASK_OF_CONTEXT);

static void *redirect(const char *name, void (*instead)(void))
{
    void *found = dlsym(RTLD_NEXT, name);
    if (found)
        tr_redirect((uintptr_t)found, (uintptr_t)instead);
    return found;
}

void saved_take_over(void)
{
    real___sigsetjmp = redirect("__sigsetjmp", marked___sigsetjmp);
    real_setjmp = redirect("setjmp", marked_setjmp);
    real_getcontext = redirect("getcontext", marked_getcontext);
}

#else

void saved_take_over(void) {}

#endif
