/* SPDX-License-Identifier: MIT */
/* Random snippets: the plain instructions and how they hang together; see snippet.h. */
#include "snippet.h"

#include <stdio.h>
#include <string.h>

#include "state.h"

uintptr_t code_start = CODE_NEAR;

static uintptr_t fs_base;
static uint16_t (*choose_mnemonic)(struct random *);

#define MAX_LABELS 200
#define MAX_FIXUPS 200
#define MAX_FUNCTIONS 6

struct fixup {
    uint16_t at;
    uint8_t size; /* 1, 4: relative to its end; 8: absolute; 5: four bytes relative to `base` */
    uint8_t label, base;
};

struct builder {
    struct snippet *s;
    struct random *r;
    struct roles roles;
    uint16_t protected;    /* registers that plain instructions must leave alone */
    uint32_t start, at;    /* offsets in the slot */
    bool full;
    uint16_t label[MAX_LABELS];
    unsigned labels, fixups;
    struct fixup fixup[MAX_FIXUPS];
    unsigned counters;
    uint8_t function[MAX_FUNCTIONS]; /* labels of functions that are still to be made */
    unsigned functions, functions_made;
    bool calls;            /* the stack holds return addresses: no other use of it */
};

/* --- bytes, labels ------------------------------------------------------------------------------------------------- */

static void put(struct builder *b, const void *bytes, size_t n)
{
    if (b->at + n > SLOT_SIZE) {
        b->full = true;
        return;
    }
    memcpy(b->s->code + b->at, bytes, n);
    b->at += (uint32_t)n;
}

static void put8(struct builder *b, unsigned value) { put(b, &(uint8_t){(uint8_t)value}, 1); }
static void put32(struct builder *b, uint32_t value) { put(b, &value, 4); }
#define PUT(b, ...) put(b, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static uint8_t new_label(struct builder *b)
{
    if (b->labels == MAX_LABELS) {
        b->full = true;
        return 0;
    }
    return (uint8_t)b->labels++;
}

static void set_label(struct builder *b, uint8_t label) { b->label[label] = (uint16_t)b->at; }

static void put_fixup(struct builder *b, uint8_t label, uint8_t size, uint8_t base)
{
    if (b->fixups == MAX_FIXUPS) {
        b->full = true;
        return;
    }
    b->fixup[b->fixups++] = (struct fixup){(uint16_t)b->at, size, label, base};
    put(b, &(uint64_t){0}, size == 5 ? 4 : size);
}

static void put_relative(struct builder *b, uint8_t label, bool small) { put_fixup(b, label, small ? 1 : 4, 0); }

static void apply_fixups(struct builder *b)
{
    for (unsigned i = 0; i < b->fixups; i++) {
        const struct fixup *f = &b->fixup[i];
        const size_t width = f->size == 5 ? 4 : f->size;
        int64_t value = b->label[f->label];
        if (f->size == 8)
            value += (int64_t)(CODE_START + b->s->slot * SLOT_SIZE);
        else
            value -= f->size == 5 ? b->label[f->base] : (int64_t)(f->at + width);
        if (f->size == 1 && value != (int8_t)value)
            b->full = true;
        memcpy(b->s->code + f->at, &value, width);
    }
}

static uintptr_t here(const struct builder *b) { return CODE_START + b->s->slot * SLOT_SIZE + b->at; }

/* --- plain instructions ---------------------------------------------------------------------------------------------- */

static const struct form *random_form(struct random *r)
{
    const uint16_t m = choose_mnemonic(r);
    const uint32_t first = forms.first[m], end = forms.first[m + 1];
    return &forms.form[first + random_below(r, end - first)];
}

/* Its own address becomes data: fine for one instruction, but not if others go on with that. */
static bool saves_x87(const struct instruction *i)
{
    switch (i->info.mnemonic) {
    case ZYDIS_MNEMONIC_FNSTENV: case ZYDIS_MNEMONIC_FNSAVE: case ZYDIS_MNEMONIC_FXSAVE:
    case ZYDIS_MNEMONIC_FXSAVE64: case ZYDIS_MNEMONIC_XSAVE: case ZYDIS_MNEMONIC_XSAVE64:
    case ZYDIS_MNEMONIC_XSAVEC: case ZYDIS_MNEMONIC_XSAVEC64: case ZYDIS_MNEMONIC_XSAVEOPT:
    case ZYDIS_MNEMONIC_XSAVEOPT64:
        return true;
    default:
        return false;
    }
}

static void note(struct snippet *s, const struct instruction *i)
{
    s->instructions++;
    if (instruction_is_unstable(i))
        s->unstable = s->no_steps = true;
    switch (i->info.mnemonic) {
    case ZYDIS_MNEMONIC_PUSHF: case ZYDIS_MNEMONIC_PUSHFQ: case ZYDIS_MNEMONIC_INT1: case ZYDIS_MNEMONIC_INT3:
    /* Linux emulates these, and does not trap behind them. */
    case ZYDIS_MNEMONIC_SGDT: case ZYDIS_MNEMONIC_SIDT: case ZYDIS_MNEMONIC_SLDT: case ZYDIS_MNEMONIC_STR:
    case ZYDIS_MNEMONIC_SMSW:
        s->no_steps = true;
        break;
    default:
        if (saves_x87(i)) /* and signals change which components are in use */
            s->saves_x87 = s->no_steps = true;
    }
}

/* A bit number in a register may lie anywhere in memory. */
static bool has_wild_bit_offset(const struct instruction *i, uint16_t indices)
{
    switch (i->info.mnemonic) {
    case ZYDIS_MNEMONIC_BT: case ZYDIS_MNEMONIC_BTC: case ZYDIS_MNEMONIC_BTR: case ZYDIS_MNEMONIC_BTS:
        return i->operand[0].type == ZYDIS_OPERAND_TYPE_MEMORY &&
               i->operand[1].type == ZYDIS_OPERAND_TYPE_REGISTER &&
               !(indices >> register_number(i->operand[1].reg.value) & 1);
    default:
        return false;
    }
}

static bool is_repeated(const struct instruction *i)
{
    return (i->info.attributes & (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE | ZYDIS_ATTRIB_HAS_REPNE)) != 0;
}

/* Whether it can run inside a block without leaving the arena or changing what later instructions rely on. */
static bool fits(const struct builder *b, const struct instruction *i)
{
    const uint16_t bases = (uint16_t)(b->roles.pointers | b->roles.fs_pointers);
    uint16_t writes = instruction_writes(i);
    if (i->info.meta.category == ZYDIS_CATEGORY_STRINGOP && !(writes >> RSP & 1))
        writes &= (uint16_t)~(1u << RSI | 1u << RDI);
    if (is_repeated(i)) {
        if (!(b->roles.indices >> RCX & 1) || b->protected != (b->roles.pointers | b->roles.indices |
                                                               b->roles.fs_pointers | 1u << RSP))
            return false;
        writes &= (uint16_t)~(1u << RCX);
    }
    return !(writes & b->protected) && !(instruction_bases(i) & ~bases) &&
           !has_wild_bit_offset(i, b->roles.indices) && !instruction_is_unstable(i) && !saves_x87(i) &&
           (!(i->info.attributes & ZYDIS_ATTRIB_IS_PRIVILEGED) || random_one_in(b->r, 50));
}

static void put_plain(struct builder *b)
{
    struct instruction i;
    b->roles.pc = here(b);
    for (int attempt = 0; attempt < 60; attempt++) {
        if (form_instance(random_form(b->r), &b->roles, b->r, &i) && !instruction_is_excluded(&i) && fits(b, &i)) {
            note(b->s, &i);
            put(b, i.bytes, i.info.length);
            return;
        }
    }
    PUT(b, 0x90);
}

static void put_plains(struct builder *b, unsigned max)
{
    for (unsigned n = random_below(b->r, max + 1); n; n--)
        put_plain(b);
}

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

static void put_jump(struct builder *b, uint8_t label)
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

static uint8_t some_function(struct builder *b)
{
    if (b->functions < MAX_FUNCTIONS && (b->functions == b->functions_made || random_one_in(b->r, 2)))
        b->function[b->functions++] = new_label(b);
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

static void put_call(struct builder *b)
{
    const uint8_t function = some_function(b);
    if (function == 255)
        return;
    if (random_one_in(b->r, 2)) {
        put8(b, 0xe8);
        put_relative(b, function, false);
    } else {
        put_indirect(b, function, true);
    }
}

/* Four ways that meet again: a table of addresses, or of distances. */
static void put_switch(struct builder *b)
{
    uint8_t way[4];
    const uint8_t table = new_label(b), end = new_label(b);
    unsigned index = free_register(b), base = free_register(b);
    if (index == base)
        return;
    const bool distances = random_one_in(b->r, 2);
    put_rex(b, 1, 0, index);
    PUT(b, 0x83, (uint8_t)(0xe0 | (index & 7)), 3); /* and $3, %index */
    put_lea(b, base, table);
    const uint8_t sib = (uint8_t)((distances ? 2 : 3) << 6 | (index & 7) << 3 | (base & 7));
    if (distances) {
        /* movslq (%base,%index,4), %index; add %base, %index; jmp *%index */
        put8(b, 0x48 | (index >> 3) << 2 | (index >> 3) << 1 | base >> 3);
        PUT(b, 0x63, (uint8_t)(0x44 | (index & 7) << 3), sib, 0);
        put_rex(b, 1, base, index);
        PUT(b, 0x01, (uint8_t)(0xc0 | (base & 7) << 3 | (index & 7)));
        put8(b, 0x40 | index >> 3);
        PUT(b, 0xff, (uint8_t)(0xe0 | (index & 7)));
    } else {
        /* jmp *0(%base,%index,8) */
        put8(b, 0x40 | (index >> 3) << 1 | base >> 3);
        PUT(b, 0xff, 0x64, sib, 0);
    }
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

static void put_push(struct builder *b, unsigned reg)
{
    if (reg >> 3)
        put8(b, 0x41);
    put8(b, 0x50 | (reg & 7));
}

static void put_pop(struct builder *b, unsigned reg)
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

static void put_item(struct builder *b)
{
    const unsigned kind = random_below(b->r, 40);
    if (kind < 18 || (kind >= 30 && !b->calls)) {
        put_plain(b);
        return;
    }
    static void (*const always[])(struct builder *) = {
        put_branch_over, put_branch_over, put_branch_over, put_counted_loop, put_counted_loop, put_loop,
        put_jrcxz, put_switch, put_string, put_overlap, put_lock_skip, put_frame};
    static void (*const with_stack[])(struct builder *) = {
        put_call, put_call, put_call, put_push_return, put_retpoline, put_get_pc, put_push_pop, put_flags,
        put_syscall, put_call};
    if (kind < 30) {
        always[kind - 18](b);
    } else {
        with_stack[kind - 30](b);
    }
}

/* --- a whole snippet --------------------------------------------------------------------------------------------------- */

static void put_end(struct builder *b)
{
    switch (random_below(b->r, 8)) {
    case 0: {
        const uint32_t slot = 0xf4cc0b0f; /* ud2, int3, hlt */
        const unsigned which = random_below(b->r, 3);
        put(b, (const uint8_t *)&slot + (which ? which + 1 : 0), which ? 1 : 2);
        b->s->no_steps |= which == 1;
        return;
    }
    case 1: case 2:
        PUT(b, 0xff, 0x24, 0x25); /* jmp *EXIT_WORD */
        put32(b, EXIT_WORD);
        return;
    case 3: case 4:
        put8(b, 0xc3);
        b->s->stack_word = b->s->state.gpr[RSP];
        return;
    default:
        put8(b, 0xe9);
        put32(b, (uint32_t)(EXIT_PAGE - (here(b) + 4)));
    }
}

static void put_function(struct builder *b)
{
    const unsigned pushed = random_one_in(b->r, 3) ? random_below(b->r, 16) : 255;
    set_label(b, b->function[b->functions_made++]);
    if (random_one_in(b->r, 3))
        PUT(b, 0xf3, 0x0f, 0x1e, 0xfa);
    if (pushed < 16 && pushed != RSP)
        put_push(b, pushed);
    for (unsigned n = random_below(b->r, 4); n; n--)
        put_item(b);
    if (pushed < 16 && pushed != RSP)
        put_pop(b, pushed);
    const uint8_t tail = random_one_in(b->r, 5) ? some_function(b) : 255;
    if (tail != 255)
        put_jump(b, tail);
    else if (random_one_in(b->r, 6))
        PUT(b, 0xc2, (uint8_t)(8 * random_below(b->r, 3)), 0);
    else if (random_one_in(b->r, 6))
        PUT(b, 0xf3, 0xc3);
    else
        put8(b, 0xc3);
}

static void choose_roles(struct builder *b)
{
    struct random *r = b->r;
    uint16_t pool = (uint16_t)~(1u << RSP);
    b->roles = (struct roles){.pointers = 1u << RSP, .vector_indices = 1u << (random_one_in(r, 2) ? 4 : 20),
                              .arena = ARENA_MIDDLE, .alignment = random_one_in(r, 3) ? 1 : 64};
    if (random_one_in(r, 2))
        b->roles.pointers |= 1u << RSI | 1u << RDI;
    for (unsigned n = 1 + random_below(r, 4); n; n--)
        b->roles.pointers |= (uint16_t)(1u << random_of_set(r, pool));
    pool &= (uint16_t)~b->roles.pointers;
    for (unsigned n = random_below(r, 3); n; n--)
        b->roles.indices |= (uint16_t)(1u << random_of_set(r, pool));
    pool &= (uint16_t)~b->roles.indices;
    if (random_one_in(r, 2))
        b->roles.fs_pointers = (uint16_t)(1u << random_of_set(r, pool));
    b->protected = (uint16_t)(b->roles.pointers | b->roles.indices | b->roles.fs_pointers);
}

static void make_block(struct builder *b)
{
    b->calls = random_one_in(b->r, 2);
    if (b->calls)
        b->roles.pointers &= (uint16_t)~(1u << RSP);
    if (!b->roles.pointers)
        b->roles.pointers = 1u << RBX, b->protected |= 1u << RBX;
    for (unsigned n = 1 + random_below(b->r, 20); n; n--)
        put_item(b);
    put_end(b);
    while (b->functions_made < b->functions)
        put_function(b);
}

/* Its registers need not survive it. */
static void make_one(struct builder *b)
{
    struct instruction i;
    b->roles.pc = here(b);
    while (!form_instance(random_form(b->r), &b->roles, b->r, &i) || instruction_is_excluded(&i))
        ;
    uint16_t more = (uint16_t)(instruction_bases(&i) & ~(b->roles.pointers | b->roles.fs_pointers));
    b->roles.pointers |= more;
    if (is_repeated(&i) || has_wild_bit_offset(&i, b->roles.indices))
        more |= b->roles.indices |= random_one_in(b->r, 20) ? 0 : 1u << RCX;
    state_registers(&b->s->state, &b->roles, more, fs_base, b->r);
    note(b->s, &i);
    put(b, i.bytes, i.info.length);
    put_end(b);
}

/* A register that an address needs gets a value that is likely to fault. */
static void make_wild(struct builder *b)
{
    static const uint64_t edge[] = {0, 8, 0x7fffffffffff, 0x800000000000, 0xdeadbeef00000000, 0xffffffffffffff00,
                                    ARENA, ARENA + ARENA_SIZE, CONSTANT_PAGE, CONSTANT_PAGE + 4096};
    const unsigned reg = random_of_set(b->r, b->roles.pointers);
    b->s->state.gpr[reg] = edge[random_below(b->r, ARRAY_SIZE(edge))] - random_below(b->r, 40);
}

static bool try_make(struct snippet *s, unsigned offset)
{
    struct random r = {s->seed};
    struct builder b = {.s = s, .r = &r, .start = offset, .at = offset};
    s->unstable = s->no_steps = s->saves_x87 = false;
    s->stack_word = 0;
    s->instructions = 0;
    s->pc = CODE_START + s->slot * SLOT_SIZE + offset;
    memset(s->code, 0xcc, sizeof s->code);
    choose_roles(&b);
    state_random(&s->state, &b.roles, fs_base, &r);
    if (s->kind == SNIPPET_ONE)
        make_one(&b);
    else
        make_block(&b);
    apply_fixups(&b);
    if (random_one_in(&r, s->kind == SNIPPET_ONE ? 12 : 30))
        make_wild(&b);
    s->size = b.at - b.start;
    return !b.full;
}

void snippet_make(struct snippet *s, uint64_t seed, unsigned slot, enum snippet_kind kind)
{
    s->slot = slot;
    s->kind = kind;
    struct random r = {seed ^ 0x5eed};
    unsigned offset = random_below(&r, 64);
    for (s->seed = seed; !try_make(s, offset); s->seed += 0x1000000)
        ;
    /* Some end at the end of their page; the last slot's page is the end of the module. */
    if (slot == SLOTS - 1 || random_one_in(&r, 10))
        try_make(s, SLOT_SIZE - s->size);
}

void snippet_init(uintptr_t base, uint16_t (*choose)(struct random *))
{
    fs_base = base;
    choose_mnemonic = choose;
}

void snippet_fill_arena(const struct snippet *s, void *arena)
{
    state_fill(s->seed, arena);
    const uint64_t leave = EXIT_PAGE;
    if (s->stack_word >= ARENA && s->stack_word <= ARENA + ARENA_SIZE - 8)
        memcpy((char *)arena + (s->stack_word - ARENA), &leave, sizeof leave);
}

void snippet_print(const struct snippet *s)
{
    ZydisFormatter formatter;
    ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_ATT);
    const uint32_t start = (uint32_t)(s->pc % SLOT_SIZE);
    for (uint32_t at = start; at < start + s->size;) {
        struct instruction i;
        char text[128] = "(bad)";
        const uintptr_t pc = CODE_START + s->slot * SLOT_SIZE + at;
        unsigned length = 1;
        if (instruction_decode(&i, s->code + at, SLOT_SIZE - at)) {
            length = i.info.length;
            ZydisFormatterFormatInstruction(&formatter, &i.info, i.operand, i.info.operand_count_visible, text,
                                            sizeof text, pc, NULL);
        }
        printf("  %lx:", pc);
        for (unsigned n = 0; n < 15; n++)
            printf(n < length ? " %02x" : "   ", n < length ? s->code[at + n] : 0);
        printf(" %s\n", text);
        at += length;
    }
}
