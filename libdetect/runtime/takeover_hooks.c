/* SPDX-License-Identifier: MIT */
/* A client of the translator that wants everything and does nothing, but as badly as it may: it destroys every register that
 * the calling convention allows. For stress (option translation-stress=hooks).
 *
 * Compiled with -mgeneral-regs-only, as all code that the cache calls. */
#include "runtime/takeover.h"

#include "runtime/races_inner.h"

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

/* --- inline tests alone ----------------------------------------------------------------------------------------------- */

static struct race_shadow shadow;
static struct tr_check check;

static uint32_t *word_of(uintptr_t address)
{
    for (uint32_t i = 0; i < shadow.range_count; i++)
        if (address - shadow.ranges[i].start < shadow.ranges[i].end - shadow.ranges[i].start)
            return (uint32_t *)((address & ~(uintptr_t)7) + (uintptr_t)shadow.ranges[i].tags);
    return NULL;
}

static void store_tag(uintptr_t address, size_t size, uint32_t kind, uintptr_t pc)
{
    (void)pc;
    for (uintptr_t at = address & ~(uintptr_t)7; at < address + size; at += 8) {
        uint32_t *word = word_of(at);
        if (word)
            word[kind & TR_WRITE ? 0 : 1] = tr_check_tags()[TR_TAG];
    }
}

/* What the inline tests cost together with the way to a function of the client's. */
static bool store_tag_quickly(uintptr_t address, struct tr_access *access)
{
    store_tag(address, access->size, access->kind, access->pc);
    return true;
}

static bool wants_explicit(struct tr_access *access) { return !(access->kind & TR_STACK) && access->segment == 0; }

const struct tr_client *takeover_tags_client(void)
{
    static struct tr_client client = {.wants_access = wants_explicit, .on_access = store_tag, .keeps_calls = true};
    if (races_shadow_reserve(&shadow, &check))
        client.check = &check;
    check.quick = store_tag_quickly;
    return &client;
}
