/* SPDX-License-Identifier: MIT */
/* Fragments for people, for --debug-translation and debuggers: each instruction of the program with what is live before
 * it, and below it what it became. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "translate/ranges.h"
#include "translate/translator.h"
#include "translate/x86_64/decode.h"
#include "translate/x86_64/disassemble.h"
#include "translate/x86_64/liveness.h"

#define DUMP_INSTRUCTIONS 512

struct dump {
    void (*line)(void *ctx, const char *text);
    void *ctx;
    uint32_t count;
    struct tr_insn insns[DUMP_INSTRUCTIONS];
    struct tr_live live[DUMP_INSTRUCTIONS];
};

static struct dump dump; /* the translator's lock is held */

static void PRINTF_LIKE(1, 2) print(const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    dump.line(dump.ctx, text);
}

static void decode_program(const struct tr_fragment *fragment)
{
    uint8_t bytes[INSN_MAX];
    dump.count = 0;
    for (uintptr_t pc = fragment->pc; pc < fragment->pc_end && dump.count < DUMP_INSTRUCTIONS;) {
        struct tr_insn *insn = &dump.insns[dump.count];
        if (!decode_operands(insn, bytes, text_read(pc, bytes, sizeof(bytes)), pc))
            break;
        dump.count++;
        pc += insn->length;
    }
    liveness(dump.insns, dump.count, dump.live);
}

static const char *const register_names[TR_REGISTERS] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                                         "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};

/* "dead: rax rcx flags CZ": what is not live is the shorter list. */
static void describe_live(const struct tr_live *live, char *text, size_t size)
{
    static const char flag_names[] = "C P A ZS  DO";
    size_t used = 0;
    text[0] = '\0';
    for (unsigned reg = 0; reg < TR_REGISTERS && used < size; reg++) {
        if (!(live->registers >> reg & 1))
            used += (size_t)snprintf(text + used, size - used, " %s", register_names[reg]);
    }
    if ((live->flags & LIVE_FLAGS) == LIVE_FLAGS || used + 16 > size)
        return;
    used += (size_t)snprintf(text + used, size - used, " flags ");
    for (unsigned bit = 0; bit < sizeof(flag_names) - 1; bit++) {
        if (LIVE_FLAGS >> bit & ~live->flags >> bit & 1)
            text[used++] = flag_names[bit];
    }
    text[used] = '\0';
}

static void print_program(uint32_t i)
{
    const struct tr_insn *insn = &dump.insns[i];
    char text[128], dead[128];
    disassemble(insn->bytes, insn->length, insn->pc, text, sizeof(text));
    describe_live(&dump.live[i], dead, sizeof(dead));
    print("%12lx  %-48s%s%s", (unsigned long)insn->pc, text, dead[0] ? "  # dead:" : "", dead);
}

/* [code, end) of the cache; the next address. */
static uintptr_t print_code(uintptr_t code, uintptr_t end)
{
    while (code < end) {
        char text[128], bytes[3 * INSN_MAX + 1];
        const uint8_t *at = (const uint8_t *)code;
        size_t size = disassemble(at, end - code, code, text, sizeof(text));
        size = size > 0 ? size : 1;
        for (size_t i = 0; i < size; i++)
            snprintf(bytes + 3 * i, 4, "%02x ", at[i]);
        print("                  %12lx  %-30s %s", (unsigned long)code, bytes, text);
        code += size;
    }
    return code;
}

/* Of the parts out of line, the stubs and what comes behind are left out. */
static uintptr_t cold_body_end(const struct tr_fragment *fragment)
{
    return fragment->exit_count > 0 ? fragment->exits[0].stub : fragment->cold_end;
}

static void print_exits(const struct tr_fragment *fragment)
{
    static const char *const kinds[] = {"jump", "branch", "call", "fall-through", "indirect", "trampoline"};
    for (unsigned i = 0; i < fragment->exit_count; i++) {
        const struct tr_exit *exit = &fragment->exits[i];
        print("    exit %u: %s to %lx at %lx, stub %lx%s", i, kinds[exit->kind], (unsigned long)exit->target,
              (unsigned long)exit->site, (unsigned long)exit->stub,
              !exit->linked ? "" : exit->to ? ", linked" : ", linked natively");
    }
}

static void dump_fragment(const struct tr_fragment *fragment)
{
    print("fragment %lx-%lx, code %lx-%lx and %lx-%lx%s", (unsigned long)fragment->pc, (unsigned long)fragment->pc_end,
          (unsigned long)fragment->code, (unsigned long)fragment->code_end, (unsigned long)fragment->cold,
          (unsigned long)fragment->cold_end, fragment->evicted ? ", evicted" : "");
    decode_program(fragment);
    uintptr_t code = fragment->code;
    for (uint32_t i = 0; i < dump.count; i++) {
        print_program(i);
        uintptr_t next = i + 1 < dump.count ? fragment_code_at(fragment, dump.insns[i + 1].pc) : fragment->code_end;
        if (!fragment->evicted)
            code = print_code(code, next);
    }
    if (!fragment->evicted)
        print_code(fragment->cold, cold_body_end(fragment));
    print_exits(fragment);
}

static void begin(void (*line)(void *ctx, const char *text), void *ctx)
{
    spin_lock(&translator.lock);
    dump.line = line;
    dump.ctx = ctx;
}

void tr_dump(uintptr_t pc, void (*line)(void *ctx, const char *text), void *ctx)
{
    begin(line, ctx);
    struct tr_fragment *fragment = cache_fragment(pc);
    if (fragment || cache_inside(pc, &fragment))
        dump_fragment(fragment);
    spin_unlock(&translator.lock);
}

void tr_dump_all(void (*line)(void *ctx, const char *text), void *ctx)
{
    begin(line, ctx);
    for (struct tr_region *region = cache_regions; region; region = region->older) {
        for (uint32_t i = 0; i < region->chunks_used; i++) {
            for (uint32_t k = 0; k < region->chunks[i].count; k++)
                dump_fragment(region->chunks[i].fragments[k]);
        }
    }
    spin_unlock(&translator.lock);
}
