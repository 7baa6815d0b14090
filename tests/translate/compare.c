/* SPDX-License-Identifier: MIT */
/* Comparing outcomes. Return addresses of the snippet's own calls are cache addresses on a translated stack, and in
 * registers that were popped from it: equal if tr_origin says so. Nothing else may differ. */
#include "compare.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static unsigned differences;
static bool printing;

static void differ(const char *format, ...)
{
    va_list arguments;
    differences++;
    if (!printing || differences > 40)
        return;
    printf("  ");
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
}

static bool same_address(uint64_t native, uint64_t cache)
{
    return native == cache || (tr_in_cache(cache) && tr_origin(cache) == native);
}

static void compare_word(const char *name, uint64_t native, uint64_t cache)
{
    if (!same_address(native, cache))
        differ("%s: native %#lx, translated %#lx", name, native, cache);
}

static void compare_registers(const struct outcome *native, const struct outcome *cache)
{
    static const char *const name[] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                       "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"};
    for (unsigned reg = 0; reg < REGISTERS; reg++)
        compare_word(name[reg], native->state.gpr[reg], cache->state.gpr[reg]);
    if ((native->state.flags ^ cache->state.flags) & (native->faulted ? run_shown_flags : ~0ull))
        differ("flags: native %#lx, translated %#lx", native->state.flags, cache->state.flags);
}

/* The last x87 instruction's opcode (bytes 6 and 7; its copy may have another ModRM byte), address (8 to 15) and operand
 * (16 to 23). This CPU forgets them when another thread or a signal handler runs in between. */
static bool is_last_x87(uint32_t at, uint64_t native, uint64_t cache)
{
    if (at == 0)
        return native << 16 == cache << 16;
    return !native || !cache || (at == 8 && same_address(native, cache));
}

static void compare_vectors(const struct outcome *native, const struct outcome *cache)
{
    static const char *const name[] = {"x87 and MXCSR", "xmm", "ymm high halves", "", "", "k", "zmm0..15 high halves",
                                       "zmm16..31"};
    const uint8_t *a = native->state.xsave, *b = cache->state.xsave;
    for (unsigned component = 0; component < 8; component++) {
        const struct xsave_area *area = &machine_area[component];
        for (uint32_t at = area->offset; at < area->offset + area->size; at += 8) {
            uint64_t left, right;
            memcpy(&left, a + at, 8);
            memcpy(&right, b + at, 8);
            if (at < 24 && is_last_x87(at, left, right))
                continue;
            if (left != right)
                differ("%s, byte %u: native %#018lx, translated %#018lx", name[component], at - area->offset, left,
                       right);
        }
    }
}

static void compare_fault(const struct outcome *native, const struct outcome *cache)
{
    if (native->faulted != cache->faulted) {
        const struct outcome *who = native->faulted ? native : cache;
        differ("only %s: signal %d code %d address %#lx pc %#lx", native->faulted ? "native" : "translated",
               who->signo, who->code, who->address, who->pc);
        return;
    }
    compare_word("signal", (uint64_t)native->signo, (uint64_t)cache->signo);
    compare_word("si_code", (uint64_t)native->code, (uint64_t)cache->code);
    compare_word("si_addr", native->address, cache->address);
    if (native->pc != cache->pc)
        differ("pc of the fault: native %#lx, translated %#lx", native->pc, cache->pc);
    compare_word("trap number", native->trap, cache->trap);
    compare_word("error code", native->error, cache->error);
}

/* Whether the bytes around `at` are a return address, or the low half of an x87 instruction pointer. */
static bool is_address(const uint8_t *native, const uint8_t *cache, size_t at, bool halves)
{
    for (size_t back = 0; back < 8 && back <= at; back++) {
        uint64_t left, right;
        if (at - back + 8 > ARENA_SIZE)
            continue;
        memcpy(&left, native + at - back, 8);
        memcpy(&right, cache + at - back, 8);
        if (left != right && same_address(left, right))
            return true;
        /* Or zero, if it was forgotten: see is_last_x87. */
        if (halves && back < 4 && (tr_in_cache((uint32_t)right) || !(uint16_t)left || !(uint16_t)right))
            return true;
    }
    return false;
}

static void compare_memory(const struct snippet *s, const struct outcome *native, const struct outcome *cache)
{
    if (memcmp(native->counters, cache->counters, sizeof native->counters))
        differ("loop counters");
    if (!memcmp(native->arena, cache->arena, ARENA_SIZE))
        return;
    for (size_t at = 0; at < ARENA_SIZE; at++)
        if (native->arena[at] != cache->arena[at] &&
            !is_address(native->arena, cache->arena, at, s->saves_x87))
            differ("memory at %#lx (rsp was %#lx): native %02x, translated %02x", ARENA + at, s->state.gpr[RSP],
                   native->arena[at], cache->arena[at]);
}

unsigned compare(const struct snippet *s, const struct outcome *native, const struct outcome *cache, bool print)
{
    differences = 0;
    printing = print;
    compare_fault(native, cache);
    if (!s->unstable) {
        compare_registers(native, cache);
        compare_vectors(native, cache);
        compare_memory(s, native, cache);
    }
    return differences;
}
