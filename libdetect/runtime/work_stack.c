/* SPDX-License-Identifier: MIT */
/* The detector's own stacks; see work_stack.h. */
#include "runtime/work_stack.h"

#include "base/atomic.h"
#include "base/sys.h"

#if defined(__x86_64__)

/* push rbp; rbp = rsp; rsp = top; function(arg); rsp = rbp; pop rbp. A walk that starts inside follows rbp
 * back to the caller's stack. */
__asm__(".text\n"
        ".globl work_stack_switch\n"
        ".hidden work_stack_switch\n"
        ".type work_stack_switch, @function\n"
        "work_stack_switch:\n"
        ".cfi_startproc\n"
        "    push %rbp\n"
        ".cfi_def_cfa_offset 16\n"
        ".cfi_offset %rbp, -16\n"
        "    mov %rsp, %rbp\n"
        ".cfi_def_cfa_register %rbp\n"
        "    mov %rdi, %rsp\n"
        "    mov %rdx, %rdi\n"
        "    call *%rsi\n"
        "    mov %rbp, %rsp\n"
        "    pop %rbp\n"
        ".cfi_def_cfa %rsp, 8\n"
        "    ret\n"
        ".cfi_endproc\n"
        ".size work_stack_switch, . - work_stack_switch\n");

#elif defined(__aarch64__)

__asm__(".text\n"
        ".globl work_stack_switch\n"
        ".hidden work_stack_switch\n"
        ".type work_stack_switch, %function\n"
        "work_stack_switch:\n"
        ".cfi_startproc\n"
        "    stp x29, x30, [sp, #-16]!\n"
        ".cfi_def_cfa_offset 16\n"
        ".cfi_offset x29, -16\n"
        ".cfi_offset x30, -8\n"
        "    mov x29, sp\n"
        ".cfi_def_cfa_register x29\n"
        "    mov sp, x0\n"
        "    mov x0, x2\n"
        "    blr x1\n"
        "    mov sp, x29\n"
        ".cfi_def_cfa_register sp\n"
        "    ldp x29, x30, [sp], #16\n"
        ".cfi_def_cfa_offset 0\n"
        "    ret\n"
        ".cfi_endproc\n"
        ".size work_stack_switch, . - work_stack_switch\n");

#else

void work_stack_switch(void *top, void (*function)(void *), void *arg)
{
    (void)top;
    function(arg);
}

#endif

/* --- the pool ----------------------------------------------------------------------------------------------- */

static struct slot {
    uint32_t busy;
    char *stack; /* made at first use */
} slots[8];

static struct slot *claim(void)
{
    for (size_t i = 0; i < ARRAY_LEN(slots); i++) {
        uint32_t is_free = 0;
        /* Acquires what the last user's release in work_stack_run left: the stack's pages. */
        if (compare_exchange_acq_rel(&slots[i].busy, &is_free, 1)) {
            if (!slots[i].stack)
                slots[i].stack = sys_map(WORK_STACK_BYTES);
            if (slots[i].stack)
                return &slots[i];
            store_release(&slots[i].busy, 0);
            return NULL;
        }
    }
    return NULL;
}

void work_stack_run(void (*function)(void *), void *arg)
{
    struct slot *slot = claim();
    if (!slot) {
        function(arg);
        return;
    }
    work_stack_switch(slot->stack + WORK_STACK_BYTES, function, arg);
    store_release(&slot->busy, 0); /* to the compare_exchange in claim */
}

void work_stack_forked(void)
{
    for (size_t i = 0; i < ARRAY_LEN(slots); i++)
        store_relaxed(&slots[i].busy, 0);
}
