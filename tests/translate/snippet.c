/* SPDX-License-Identifier: MIT */
/* Whole snippets: roles of registers, one instruction or a block, its end and its functions; see snippet.h. */
#include "snippet.h"

#include <stdio.h>
#include <string.h>

#include "builder.h"
#include "state.h"

uintptr_t code_start = CODE_NEAR;

static uintptr_t fs_base;

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
    const uint8_t pops = b->pops[b->functions_made];
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
    if (tail != 255 && function_pops(b, tail) == pops)
        put_jump(b, tail);
    else if (pops || random_one_in(b->r, 12))
        PUT(b, 0xc2, pops, 0);
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
