/* SPDX-License-Identifier: MIT */
/* A client of the translator that wants everything and does nothing, but as badly as it may: it destroys every register that
 * the calling convention allows. For stress (option translation-stress=hooks).
 *
 * Compiled with -mgeneral-regs-only, as all code that the cache calls. */
#include "runtime/takeover.h"

static bool wants(struct tr_access *access)
{
    (void)access;
    return true;
}

static inline void destroy_registers(void)
{
#if defined(__x86_64__)
    __asm__ __volatile__("mov $0x5a5a5a5a5a5a5a5a, %%rax; mov %%rax, %%rcx; mov %%rax, %%rdx; mov %%rax, %%rsi;"
                         "mov %%rax, %%rdi; mov %%rax, %%r8; mov %%rax, %%r9; mov %%rax, %%r10; mov %%rax, %%r11;"
                         "add %%rax, %%rax"
                         ::: "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "cc");
#endif
}

static void on_access(uintptr_t address, size_t size, uint32_t kind, uintptr_t pc)
{
    (void)address, (void)size, (void)kind, (void)pc;
    destroy_registers();
}

static void on_transfer(uintptr_t pc, uintptr_t sp)
{
    (void)pc, (void)sp;
    destroy_registers();
}

const struct tr_client takeover_stress_client = {
    .wants_access = wants, .on_access = on_access, .on_call = on_transfer, .on_return = on_transfer};
