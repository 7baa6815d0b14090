/* SPDX-License-Identifier: MIT */
/* Bytes, labels and plain instructions of a snippet; see builder.h. */
#include "builder.h"

#include <string.h>

uint16_t (*choose_mnemonic)(struct random *);

/* --- bytes, labels ------------------------------------------------------------------------------------------------- */

void put(struct builder *b, const void *bytes, size_t n)
{
    if (b->at + n > SLOT_SIZE) {
        b->full = true;
        return;
    }
    memcpy(b->s->code + b->at, bytes, n);
    b->at += (uint32_t)n;
}

void put8(struct builder *b, unsigned value) { put(b, &(uint8_t){(uint8_t)value}, 1); }
void put32(struct builder *b, uint32_t value) { put(b, &value, 4); }

uint8_t new_label(struct builder *b)
{
    if (b->labels == MAX_LABELS) {
        b->full = true;
        return 0;
    }
    return (uint8_t)b->labels++;
}

void set_label(struct builder *b, uint8_t label) { b->label[label] = (uint16_t)b->at; }

void put_fixup(struct builder *b, uint8_t label, uint8_t size, uint8_t base)
{
    if (b->fixups == MAX_FIXUPS) {
        b->full = true;
        return;
    }
    b->fixup[b->fixups++] = (struct fixup){(uint16_t)b->at, size, label, base};
    put(b, &(uint64_t){0}, size == 5 ? 4 : size);
}

void put_relative(struct builder *b, uint8_t label, bool small) { put_fixup(b, label, small ? 1 : 4, 0); }

void apply_fixups(struct builder *b)
{
    for (unsigned i = 0; i < b->fixups; i++) {
        const struct fixup *f = &b->fixup[i];
        const size_t width = f->size == 5 || f->size == 6 ? 4 : f->size;
        int64_t value = b->label[f->label];
        if (f->size == 8 || f->size == 6)
            value += (int64_t)(CODE_START + b->s->slot * SLOT_SIZE);
        else
            value -= f->size == 5 ? b->label[f->base] : (int64_t)(f->at + width);
        if (f->size == 1 && value != (int8_t)value)
            b->full = true;
        memcpy(b->s->code + f->at, &value, width);
    }
}

uintptr_t here(const struct builder *b) { return CODE_START + b->s->slot * SLOT_SIZE + b->at; }

/* --- plain instructions ---------------------------------------------------------------------------------------------- */

const struct form *random_form(struct random *r)
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

void note(struct snippet *s, const struct instruction *i)
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
bool has_wild_bit_offset(const struct instruction *i, uint16_t indices)
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

bool is_repeated(const struct instruction *i)
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

void put_plain(struct builder *b)
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

void put_plains(struct builder *b, unsigned max)
{
    for (unsigned n = random_below(b->r, max + 1); n; n--)
        put_plain(b);
}
