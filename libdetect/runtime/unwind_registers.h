/* SPDX-License-Identifier: MIT */
/* What differs per CPU in a walk: the registers that it starts from, and where a signal frame keeps them. Only
 * for runtime/unwind.c, which includes libunwind.h before. On a CPU without these lines a stack is the call site's single frame. */
#ifndef DETECT_RUNTIME_UNWIND_REGISTERS_H
#define DETECT_RUNTIME_UNWIND_REGISTERS_H

#include <string.h>
#include <ucontext.h>

#include "base/compiler.h"

#if defined(__x86_64__)

#define REGISTER_COUNT 17 /* numbered as libunwind does: DWARF's 0 to 15, then rip */

struct registers {
    uintptr_t sp;
    uintptr_t value[REGISTER_COUNT];
    uint32_t known; /* bit per register */
};

/* The frame of __restore_rt: its stack pointer points at the ucontext (rt_sigframe without pretcode). */
#define SIGNAL_FRAME_PC offsetof(ucontext_t, uc_mcontext.gregs[REG_RIP])
#define SIGNAL_FRAME_SP offsetof(ucontext_t, uc_mcontext.gregs[REG_RSP])

#define CALLEE_SAVED                                                                               \
    (1u << UNW_X86_64_RBX | 1u << UNW_X86_64_RBP | 1u << UNW_X86_64_RSP | 1u << UNW_X86_64_R12 |  \
     1u << UNW_X86_64_R13 | 1u << UNW_X86_64_R14 | 1u << UNW_X86_64_R15 | 1u << UNW_X86_64_RIP)

/* Of this very place; the function that it is inlined in must not return before the walk. */
static inline __attribute__((always_inline)) void registers_capture(struct registers *registers)
{
    uintptr_t *v = registers->value;
    __asm__ __volatile__("movq %%rbx, 24(%0)\n\t"
                         "movq %%rbp, 48(%0)\n\t"
                         "movq %%rsp, 56(%0)\n\t"
                         "movq %%r12, 96(%0)\n\t"
                         "movq %%r13, 104(%0)\n\t"
                         "movq %%r14, 112(%0)\n\t"
                         "movq %%r15, 120(%0)\n\t"
                         "leaq 0(%%rip), %%rax\n\t"
                         "movq %%rax, 128(%0)"
                         :
                         : "r"(v)
                         : "rax", "memory");
    registers->sp = v[UNW_X86_64_RSP];
    registers->known = CALLEE_SAVED;
}

_Static_assert(UNW_X86_64_RBX == 3 && UNW_X86_64_RBP == 6 && UNW_X86_64_RSP == 7 &&
                   UNW_X86_64_R12 == 12 && UNW_X86_64_RIP == 16,
               "the offsets in registers_capture");

static inline void registers_from(struct registers *registers, const ucontext_t *context)
{
    static const uint8_t number[REGISTER_COUNT] = {
        REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI, REG_RBP, REG_RSP, REG_R8,
        REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP};
    for (int i = 0; i < REGISTER_COUNT; i++)
        registers->value[i] = (uintptr_t)context->uc_mcontext.gregs[number[i]];
    registers->sp = registers->value[UNW_X86_64_RSP];
    registers->known = (1u << REGISTER_COUNT) - 1;
}

static inline bool registers_get(const struct registers *registers, int number, uintptr_t *value)
{
    if (number < 0 || number >= REGISTER_COUNT || !(registers->known >> number & 1))
        return false;
    *value = registers->value[number];
    return true;
}

#elif defined(__aarch64__)

#define REGISTER_COUNT 33 /* x0 to x30, sp, pc */
#define RETURN_ADDRESS_REGISTER UNW_AARCH64_X30

struct registers {
    uintptr_t sp;
    uintptr_t value[REGISTER_COUNT];
    uint64_t known;
};

/* The frame of the vdso's sigreturn: its stack pointer points at siginfo, ucontext follows. */
#define SIGNAL_FRAME_CONTEXT 128
#define SIGNAL_FRAME_PC (SIGNAL_FRAME_CONTEXT + offsetof(ucontext_t, uc_mcontext.pc))
#define SIGNAL_FRAME_SP (SIGNAL_FRAME_CONTEXT + offsetof(ucontext_t, uc_mcontext.sp))

static inline __attribute__((always_inline)) void registers_capture(struct registers *registers)
{
    uintptr_t *v = registers->value;
    __asm__ __volatile__("stp x19, x20, [%0, #152]\n\t"
                         "stp x21, x22, [%0, #168]\n\t"
                         "stp x23, x24, [%0, #184]\n\t"
                         "stp x25, x26, [%0, #200]\n\t"
                         "stp x27, x28, [%0, #216]\n\t"
                         "stp x29, x30, [%0, #232]\n\t"
                         "mov x9, sp\n\t"
                         "adr x10, .\n\t"
                         "stp x9, x10, [%0, #248]"
                         :
                         : "r"(v)
                         : "x9", "x10", "memory");
    registers->sp = v[31];
    registers->known = 0x1fff80000u; /* x19 to x30, sp, pc */
}

static inline void registers_from(struct registers *registers, const ucontext_t *context)
{
    memcpy(registers->value, context->uc_mcontext.regs, 31 * sizeof(uintptr_t));
    registers->sp = registers->value[31] = context->uc_mcontext.sp;
    registers->value[32] = context->uc_mcontext.pc;
    registers->known = 0x1ffffffffu;
}

static inline bool registers_get(const struct registers *registers, int number, uintptr_t *value)
{
    if (number < 0 || number >= REGISTER_COUNT || !(registers->known >> number & 1))
        return false;
    *value = registers->value[number];
    return true;
}

#else

#define SIGNAL_FRAME_PC 0
#define SIGNAL_FRAME_SP 0

struct registers {
    uintptr_t sp;
};

static inline void registers_capture(struct registers *registers) { registers->sp = 0; }
static inline void registers_from(struct registers *registers, const ucontext_t *context)
{
    (void)context;
    registers->sp = 0;
}
static inline bool registers_get(const struct registers *registers, int number, uintptr_t *value)
{
    (void)registers, (void)number, (void)value;
    return false;
}

#endif

#endif
