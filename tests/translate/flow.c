/* SPDX-License-Identifier: MIT */
/* Control flow of snippets, and what uses the stack: each function puts one piece; see builder.h. */
#include "builder.h"

/* --- control flow ----------------------------------------------------------------------------------------------------- */

/* A register that nothing relies on; rax if there is none. */
static unsigned free_register(struct builder *b)
{
    const unsigned reg = random_of_set(b->r, (uint16_t)~(b->protected | 1u << RSP));
    return reg < 16 ? reg : RAX;
}

static void put_rex(struct builder *b, unsigned w, unsigned reg, unsigned rm)
{
    put8(b, 0x40 | w << 3 | (reg >> 3) << 2 | rm >> 3);
}

/* lea label(%rip), %reg */
static void put_lea(struct builder *b, unsigned reg, uint8_t label)
{
    put_rex(b, 1, reg, 0);
    PUT(b, 0x8d, (uint8_t)((reg & 7) << 3 | 5));
    put_relative(b, label, false);
}

void put_jump(struct builder *b, uint8_t label)
{
    put8(b, 0xe9);
    put_relative(b, label, false);
}

static void put_branch(struct builder *b, unsigned condition, uint8_t label, bool small)
{
    if (small) {
        put8(b, 0x70 | condition);
    } else {
        put8(b, 0x0f);
        put8(b, 0x80 | condition);
    }
    put_relative(b, label, small);
}

static void put_branch_over(struct builder *b)
{
    const uint8_t over = new_label(b);
    put_branch(b, random_below(b->r, 16), over, random_below(b->r, 2));
    put_plains(b, 3);
    set_label(b, over);
}

/* movl $n, counter; 1: …; subl $1, counter; jnz 1b */
static void put_counted_loop(struct builder *b)
{
    const uint32_t counter = COUNTERS + 4 * b->counters++;
    const uint8_t again = new_label(b);
    PUT(b, 0xc7, 0x04, 0x25);
    put32(b, counter);
    put32(b, 1 + random_below(b->r, 5));
    set_label(b, again);
    put_plains(b, 3);
    if (random_one_in(b->r, 2))
        put_branch_over(b);
    PUT(b, 0x83, 0x2c, 0x25);
    put32(b, counter);
    put8(b, 1);
    put_branch(b, 5, again, false);
}

static void put_constant(struct builder *b, unsigned reg, uint32_t value)
{
    if (reg >> 3)
        put8(b, 0x41);
    put8(b, 0xb8 | (reg & 7));
    put32(b, value);
}

/* mov $n, %ecx; 1: …; loop 1b, or loope or loopne */
static void put_loop(struct builder *b)
{
    const uint16_t before = b->protected;
    if (b->protected >> RCX & 1)
        return;
    const uint8_t again = new_label(b);
    put_constant(b, RCX, 1 + random_below(b->r, 5));
    b->protected |= 1u << RCX;
    set_label(b, again);
    put_plains(b, 3);
    if (random_one_in(b->r, 6))
        put8(b, 0x67);
    put8(b, 0xe0 + random_below(b->r, 3));
    put_relative(b, again, true);
    b->protected = before;
}

static void put_jrcxz(struct builder *b)
{
    const uint8_t over = new_label(b);
    if (!(b->protected >> RCX & 1) && random_one_in(b->r, 2))
        put_constant(b, RCX, random_below(b->r, 2));
    if (random_one_in(b->r, 3))
        put8(b, 0x67);
    put8(b, 0xe3);
    put_relative(b, over, true);
    put_plains(b, 3);
    set_label(b, over);
}

uint8_t some_function(struct builder *b)
{
    if (b->functions < MAX_FUNCTIONS && (b->functions == b->functions_made || random_one_in(b->r, 2))) {
        b->pops[b->functions] = random_one_in(b->r, 4) ? (uint8_t)(8 * random_below(b->r, 3)) : 0;
        b->function[b->functions++] = new_label(b);
    }
    if (b->functions == b->functions_made)
        return 255;
    return b->function[b->functions_made + random_below(b->r, b->functions - b->functions_made)];
}

static void put_indirect(struct builder *b, uint8_t target, bool call)
{
    const unsigned reg = free_register(b);
    if (random_one_in(b->r, 2)) {
        put_lea(b, reg, target);
        if (random_one_in(b->r, 6))
            put8(b, 0x3e); /* notrack */
        if (reg >> 3)
            put8(b, 0x41);
        PUT(b, 0xff, (uint8_t)((call ? 0xd0 : 0xe0) | (reg & 7)));
        return;
    }
    /* Through a word in the code: call *1f(%rip); jmp 2f; 1: .quad target; 2: */
    const uint8_t word = new_label(b), behind = new_label(b);
    PUT(b, 0xff, call ? 0x15 : 0x25);
    put_relative(b, word, false);
    put_jump(b, behind);
    set_label(b, word);
    put_fixup(b, target, 8, 0);
    set_label(b, behind);
}

uint8_t function_pops(const struct builder *b, uint8_t label)
{
    for (unsigned i = 0; i < b->functions; i++)
        if (b->function[i] == label)
            return b->pops[i];
    return 0;
}

static void put_call(struct builder *b)
{
    const uint8_t function = some_function(b);
    if (function == 255)
        return;
    if (function_pops(b, function))
        PUT(b, 0x48, 0x8d, 0x64, 0x24, (uint8_t)-function_pops(b, function)); /* lea -n(%rsp), %rsp */
    if (random_one_in(b->r, 2)) {
        put8(b, 0xe8);
        put_relative(b, function, false);
    } else {
        put_indirect(b, function, true);
    }
}

/* movslq (%base,%index,4), %index; add %base, %index; jmp *%index */
static void put_distance_jump(struct builder *b, unsigned index, unsigned base, uint8_t table)
{
    put_lea(b, base, table);
    put8(b, 0x48 | (index >> 3) << 2 | (index >> 3) << 1 | base >> 3);
    PUT(b, 0x63, (uint8_t)(0x44 | (index & 7) << 3), (uint8_t)(0x80 | (index & 7) << 3 | (base & 7)), 0);
    put_rex(b, 1, base, index);
    PUT(b, 0x01, (uint8_t)(0xc0 | (base & 7) << 3 | (index & 7)));
    put8(b, 0x40 | index >> 3);
    PUT(b, 0xff, (uint8_t)(0xe0 | (index & 7)));
}

/* jmp *0(%base,%index,8) */
static void put_based_jump(struct builder *b, unsigned index, unsigned base, uint8_t table)
{
    put_lea(b, base, table);
    put8(b, 0x40 | (index >> 3) << 1 | base >> 3);
    PUT(b, 0xff, 0x64, (uint8_t)(0xc0 | (index & 7) << 3 | (base & 7)), 0);
}

/* jmp *table(,%index,8); or mov table(,%index,8), %base; jmp *%base */
static void put_absolute_jump(struct builder *b, unsigned index, unsigned base, uint8_t table)
{
    const bool loads = random_one_in(b->r, 2);
    put8(b, (uint8_t)((loads ? 0x48 | (base >> 3) << 2 : 0x40) | (index >> 3) << 1));
    PUT(b, loads ? 0x8b : 0xff, (uint8_t)(0x04 | (loads ? base & 7 : 4) << 3), (uint8_t)(0xc5 | (index & 7) << 3));
    put_fixup(b, table, 6, 0);
    if (!loads)
        return;
    put8(b, 0x40 | base >> 3);
    PUT(b, 0xff, (uint8_t)(0xe0 | (base & 7)));
}

/* Four ways that meet again: a table of addresses, or of distances. */
static void put_switch(struct builder *b)
{
    uint8_t way[4];
    const uint8_t table = new_label(b), end = new_label(b);
    unsigned index = free_register(b), base = free_register(b), shape = random_below(b->r, 4);
    if (index == base)
        return;
    put_rex(b, 1, 0, index);
    PUT(b, 0x83, (uint8_t)(0xe0 | (index & 7)), 3); /* and $3, %index */
    const bool distances = shape < 2;
    (distances ? put_distance_jump : shape == 2 ? put_based_jump : put_absolute_jump)(b, index, base, table);
    for (unsigned i = 0; i < 4; i++) {
        way[i] = new_label(b);
        set_label(b, way[i]);
        put_plains(b, 2);
        put_jump(b, end);
    }
    set_label(b, table);
    for (unsigned i = 0; i < 4; i++)
        put_fixup(b, way[i], distances ? 5 : 8, table);
    set_label(b, end);
}

void put_push(struct builder *b, unsigned reg)
{
    if (reg >> 3)
        put8(b, 0x41);
    put8(b, 0x50 | (reg & 7));
}

void put_pop(struct builder *b, unsigned reg)
{
    if (reg >> 3)
        put8(b, 0x41);
    put8(b, 0x58 | (reg & 7));
}

/* lea 1f(%rip), %reg; push %reg; ret; 1: */
static void put_push_return(struct builder *b)
{
    const unsigned reg = free_register(b);
    const uint8_t target = new_label(b);
    put_lea(b, reg, target);
    put_push(b, reg);
    put8(b, 0xc3);
    set_label(b, target);
}

/* lea 3f(%rip), %reg; call 1f; 2: pause; lfence; jmp 2b; 1: mov %reg, (%rsp); ret; 3: */
static void put_retpoline(struct builder *b)
{
    const unsigned reg = free_register(b);
    const uint8_t trap = new_label(b), set = new_label(b), target = new_label(b);
    put_lea(b, reg, target);
    put8(b, 0xe8);
    put_relative(b, set, false);
    set_label(b, trap);
    PUT(b, 0xf3, 0x90, 0x0f, 0xae, 0xe8);
    put_jump(b, trap);
    set_label(b, set);
    put_rex(b, 1, reg, 0);
    PUT(b, 0x89, (uint8_t)((reg & 7) << 3 | 4), 0x24, 0xc3);
    set_label(b, target);
}

/* call 1f; 1: pop %reg, or a thunk that reads its return address: call 1f; jmp 2f; 1: mov (%rsp), %reg; ret; 2: */
static void put_get_pc(struct builder *b)
{
    const unsigned reg = free_register(b);
    const uint8_t thunk = new_label(b), behind = new_label(b);
    put8(b, 0xe8);
    put_relative(b, thunk, false);
    if (random_one_in(b->r, 2)) {
        set_label(b, thunk);
        put_pop(b, reg);
        return;
    }
    put_jump(b, behind);
    set_label(b, thunk);
    put_rex(b, 1, reg, 0);
    PUT(b, 0x8b, (uint8_t)((reg & 7) << 3 | 4), 0x24, 0xc3);
    set_label(b, behind);
}

static void put_push_pop(struct builder *b)
{
    const unsigned pushed = random_below(b->r, 16), popped = free_register(b);
    const uint16_t pointers = b->roles.pointers;
    put_push(b, pushed);
    b->roles.pointers &= (uint16_t)~(1u << RSP);
    put_plains(b, 2);
    b->roles.pointers = pointers;
    put_pop(b, popped);
}

static void put_flags(struct builder *b)
{
    static const uint16_t arithmetic = 0x8d5;
    b->s->no_steps = true;
    if (random_one_in(b->r, 2)) {
        PUT(b, 0x9c);
        put_plains(b, 2);
    } else {
        put8(b, 0x68);
        put32(b, ((uint32_t)random_next(b->r) & arithmetic) | 0x202);
    }
    put8(b, 0x9d);
}

/* lea data, %rdi; lea data, %rsi; mov $n, %ecx; std or cld; rep … */
static void put_string(struct builder *b)
{
    static const uint8_t operation[] = {0xa4, 0xa5, 0xa6, 0xa7, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf};
    if (b->protected & (1u << RSI | 1u << RDI | 1u << RCX))
        return;
    put_constant(b, RSI, ARENA_MIDDLE + random_below(b->r, 2048));
    put_constant(b, RDI, ARENA_MIDDLE + random_below(b->r, 2048));
    put_constant(b, RCX, random_below(b->r, 9));
    if (random_one_in(b->r, 2))
        put8(b, random_one_in(b->r, 2) ? 0xfd : 0xfc);
    if (!random_one_in(b->r, 4))
        put8(b, random_one_in(b->r, 2) ? 0xf3 : 0xf2);
    switch (random_below(b->r, 4)) {
    case 0:
        put8(b, 0x66);
        break;
    case 1:
        put8(b, 0x48);
        break;
    default:
        break;
    }
    put8(b, operation[random_below(b->r, sizeof operation)]);
    b->s->instructions++;
}

/* jmp into its own last byte, which begins another instruction: eb ff c0 is jmp .+1; inc %eax */
static void put_overlap(struct builder *b)
{
    if (!(b->protected >> RAX & 1))
        PUT(b, 0xeb, 0xff, 0xc0);
}

/* jcc 1f + 1; 1: lock xadd %reg, data: the branch skips the prefix */
static void put_lock_skip(struct builder *b)
{
    const unsigned reg = free_register(b);
    PUT(b, (uint8_t)(0x70 | random_below(b->r, 16)), 1, 0xf0);
    put_rex(b, 1, reg, 0);
    PUT(b, 0x0f, 0xc1, (uint8_t)((reg & 7) << 3 | 4), 0x25);
    put32(b, ARENA_MIDDLE + random_below(b->r, 512) * 8);
}

static void put_syscall(struct builder *b)
{
    if (b->protected & (1u << RAX | 1u << RCX | 1u << R11))
        return;
    b->s->no_steps = true;
    put_constant(b, RAX, 39); /* getpid */
    PUT(b, 0x0f, 0x05);
}

static void put_frame(struct builder *b)
{
    const uint8_t bytes = (uint8_t)(8 * random_below(b->r, 12));
    PUT(b, 0x48, 0x8d, 0x64, 0x24, (uint8_t)-bytes);
    put_plains(b, 2);
    PUT(b, 0x48, 0x8d, 0x64, 0x24, bytes);
}

/* mov disp(%pointer), %reg; something; mov %reg, disp(%pointer), of 4 or 8 bytes */
static void put_load_and_store(struct builder *b)
{
    const unsigned base = random_of_set(b->r, b->roles.pointers), reg = free_register(b);
    const unsigned rex = 0x40 | random_below(b->r, 2) << 3 | (reg >> 3) << 2 | base >> 3;
    const uint8_t displacement = (uint8_t)(random_below(b->r, 32) * 4 - 64), modrm = (uint8_t)(0x40 | (reg & 7) << 3 | (base & 7));
    PUT(b, (uint8_t)rex, 0x8b, modrm);
    if ((base & 7) == RSP)
        put8(b, 0x24);
    put8(b, displacement);
    put_plains(b, 3);
    PUT(b, (uint8_t)rex, 0x89, modrm);
    if ((base & 7) == RSP)
        put8(b, 0x24);
    put8(b, displacement);
}

void put_item(struct builder *b)
{
    const unsigned kind = random_below(b->r, 41);
    if (kind < 18 || (kind >= 31 && !b->calls)) {
        put_plain(b);
        return;
    }
    static void (*const always[])(struct builder *) = {
        put_branch_over, put_branch_over, put_branch_over, put_counted_loop, put_counted_loop, put_loop,
        put_jrcxz, put_switch, put_string, put_overlap, put_lock_skip, put_frame, put_load_and_store};
    static void (*const with_stack[])(struct builder *) = {
        put_call, put_call, put_call, put_push_return, put_retpoline, put_get_pc, put_push_pop, put_flags,
        put_syscall, put_call};
    if (kind < 31) {
        always[kind - 18](b);
    } else {
        with_stack[kind - 31](b);
    }
}
