/* SPDX-License-Identifier: MIT */
/* Jumps that restore a signal mask. That a handler was left by one is noticed by the stack pointer of the next event
 * (runtime/signals.c). setjmp itself cannot be wrapped (it returns twice) and need not be: what it saved can be
 * read. */
#include "intercept/export.h"
#include "intercept/signal_mask.h"
#include "intercept/signal_saved.h"
#include "runtime/real.h"

static void before_jump(struct __jmp_buf_tag *to, const struct call_site *site)
{
    if (!to->__mask_was_saved)
        return;
    uint64_t mask = *(const uint64_t *)(const void *)&to->__saved_mask;
    if (UNLIKELY(signals_translated)) {
        mask |= saved_in_jump(to);
        signals_block_kept(mask);
    }
    if (mask != mask_now())
        mask_changed(mask, site);
}

INTERCEPT(_Noreturn void, siglongjmp, (struct __jmp_buf_tag to[1], int value))
{
    struct call_site site = CALL_SITE();
    before_jump(to, &site);
    REAL(siglongjmp)(to, value);
    __builtin_unreachable();
}

/* What was saved decides, not which of the three names is called. */
EXPORT _Noreturn void intercepted_longjmp(struct __jmp_buf_tag to[1], int value)
    __asm__("longjmp") __attribute__((alias("siglongjmp")));
EXPORT _Noreturn void intercepted__longjmp(struct __jmp_buf_tag to[1], int value)
    __asm__("_longjmp") __attribute__((alias("siglongjmp")));

INTERCEPT(_Noreturn void, __longjmp_chk, (struct __jmp_buf_tag to[1], int value))
{
    struct call_site site = CALL_SITE();
    before_jump(to, &site);
    REAL(__longjmp_chk)(to, value);
    __builtin_unreachable();
}
