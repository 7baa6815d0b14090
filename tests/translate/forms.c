/* SPDX-License-Identifier: MIT */
/* Finding all instruction forms, and making instructions of them; see forms.h. */
#include "forms.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct forms forms;
ZydisDecoder forms_decoder;

uint64_t random_next(struct random *r)
{
    uint64_t z = (r->state += 0x9e3779b97f4a7c15u);
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

unsigned random_of_set(struct random *r, uint16_t set)
{
    if (!set)
        return 255;
    for (uint32_t skip = random_below(r, (uint32_t)__builtin_popcount(set)); skip; skip--)
        set &= (uint16_t)(set - 1);
    return (unsigned)__builtin_ctz(set);
}

/* --- all forms ----------------------------------------------------------------------------------------------------- */

static size_t put_escape(uint8_t *at, unsigned map)
{
    static const uint8_t second[] = {0, 0, 0x38, 0x3a};
    if (!map)
        return 0;
    at[0] = 0x0f;
    if (map == 1)
        return 1;
    at[1] = second[map];
    return 2;
}

/* Extension bits as the prefixes want them; inverted ones are inverted by put_prefix. */
struct extension {
    unsigned r, x, b, r2, v2, vvvv, mask, zeroing;
    bool two_byte_vex; /* if it can be */
    bool plain_rex;
};

static size_t put_prefix(uint8_t *at, const struct form *f, const struct extension *e)
{
    size_t n = 0;
    switch (f->encoding) {
    case ZYDIS_INSTRUCTION_ENCODING_VEX:
        if (e->two_byte_vex && f->map == 1 && !f->w && !e->x && !e->b) {
            at[n++] = 0xc5;
            at[n++] = (uint8_t)(!e->r << 7 | (~e->vvvv & 15) << 3 | f->length << 2 | f->prefix);
            return n;
        }
        at[n++] = 0xc4;
        at[n++] = (uint8_t)(!e->r << 7 | !e->x << 6 | !e->b << 5 | f->map);
        at[n++] = (uint8_t)(f->w << 7 | (~e->vvvv & 15) << 3 | f->length << 2 | f->prefix);
        return n;
    case ZYDIS_INSTRUCTION_ENCODING_EVEX:
        at[n++] = 0x62;
        at[n++] = (uint8_t)(!e->r << 7 | !e->x << 6 | !e->b << 5 | !e->r2 << 4 | f->map);
        at[n++] = (uint8_t)(f->w << 7 | (~e->vvvv & 15) << 3 | 4 | f->prefix);
        at[n++] = (uint8_t)(e->zeroing << 7 | f->length << 5 | f->broadcast << 4 | !e->v2 << 3 | e->mask);
        return n;
    default:
        if (f->w || e->r || e->x || e->b || e->plain_rex)
            at[n++] = (uint8_t)(0x40 | f->w << 3 | e->r << 2 | e->x << 1 | e->b);
        return n + put_escape(at + n, f->map);
    }
}

static size_t put_mandatory(uint8_t *at, const struct form *f)
{
    static const uint8_t byte[] = {0, 0x66, 0xf3, 0xf2};
    if (f->encoding != ZYDIS_INSTRUCTION_ENCODING_LEGACY || !f->prefix)
        return 0;
    at[0] = byte[f->prefix];
    return 1;
}

/* Gathers want three different registers, or a mask that is not k0. */
static bool decode_form(struct form *f, struct instruction *i, bool gather)
{
    uint8_t bytes[32] = {0};
    const struct extension e = {.vvvv = gather && f->encoding == ZYDIS_INSTRUCTION_ENCODING_VEX ? 3 : 0,
                                .mask = gather};
    size_t n = put_mandatory(bytes, f);
    n += put_prefix(bytes + n, f, &e);
    bytes[n++] = f->opcode;
    bytes[n++] = (uint8_t)((f->memory ? 0 : 3) << 6 | f->reg << 3 | f->rm);
    bytes[n] = 0x31; /* SIB: index register 6 */
    if (!instruction_decode(i, bytes, sizeof bytes))
        return false;
    f->mnemonic = (uint16_t)i->info.mnemonic;
    f->has_modrm = (i->info.attributes & ZYDIS_ATTRIB_HAS_MODRM) != 0;
    return true;
}

static void operand_freedom(struct form *f, const struct instruction *i)
{
    f->reg_is_free = f->rm_is_free = false;
    for (unsigned o = 0; o < i->info.operand_count; o++) {
        f->reg_is_free |= i->operand[o].encoding == ZYDIS_OPERAND_ENCODING_MODRM_REG;
        f->rm_is_free |= i->operand[o].encoding == ZYDIS_OPERAND_ENCODING_MODRM_RM;
    }
}

static void add_form(const struct form *f)
{
    if (forms.count % 4096 == 0)
        forms.form = realloc(forms.form, (forms.count + 4096) * sizeof *forms.form);
    forms.form[forms.count++] = *f;
}

/* One form of the opcode for each ModRM that is a part of the opcode, or one for all where it is a register. */
static void add_opcode(struct form f)
{
    for (unsigned memory = 0; memory < 2; memory++)
        for (unsigned modrm = 0; modrm < 64; modrm++) {
            struct instruction i;
            f.memory = memory;
            f.reg = modrm >> 3;
            f.rm = modrm & 7;
            /* In memory forms rm is chosen later; 1 is a plain base. */
            if (memory && f.rm != 1)
                continue;
            if (!decode_form(&f, &i, false))
                continue;
            operand_freedom(&f, &i);
            /* A VSIB operand: rm must be 4. */
            if (f.has_modrm && ((f.reg_is_free && f.reg) || (f.rm_is_free && !memory && f.rm)))
                continue;
            if (!f.has_modrm && modrm + memory * 64)
                return;
            add_form(&f);
        }
    /* Operands with a vector index decode only with a SIB byte. */
    f.memory = true;
    f.rm = 4;
    for (f.reg = 0; f.reg < 8; f.reg++) {
        struct instruction i;
        if (!decode_form(&f, &i, true) || !f.has_modrm)
            continue;
        bool vsib = false;
        for (unsigned o = 0; o < i.info.operand_count; o++)
            vsib |= i.operand[o].type == ZYDIS_OPERAND_TYPE_MEMORY &&
                    i.operand[o].mem.type == ZYDIS_MEMOP_TYPE_VSIB;
        operand_freedom(&f, &i);
        if (vsib && !(f.reg_is_free && f.reg))
            add_form(&f);
    }
}

static bool is_prefix_byte(unsigned opcode)
{
    return (opcode & 0xf0) == 0x40 || (opcode & 0xfe) == 0x66 || (opcode & 0xfe) == 0x64 ||
           (opcode & 0xe7) == 0x26 || opcode == 0xf0 || (opcode & 0xfe) == 0xf2 || opcode == 0x0f ||
           opcode == 0x62 || (opcode & 0xfe) == 0xc4;
}

static void add_legacy(void)
{
    struct form f = {.encoding = ZYDIS_INSTRUCTION_ENCODING_LEGACY};
    for (f.map = 0; f.map < 4; f.map++)
        for (f.prefix = 0; f.prefix < 4; f.prefix++)
            for (f.w = 0; f.w < 2; f.w++)
                for (unsigned opcode = 0; opcode < 256; opcode++) {
                    f.opcode = (uint8_t)opcode;
                    if ((f.map == 0 && is_prefix_byte(opcode)) ||
                        (f.map == 1 && (opcode == 0x38 || opcode == 0x3a)))
                        continue;
                    add_opcode(f);
                }
}

static void add_vector(uint8_t encoding, unsigned maps, unsigned lengths, unsigned broadcasts)
{
    struct form f = {.encoding = encoding};
    for (f.map = 1; f.map <= maps; f.map++)
        for (f.prefix = 0; f.prefix < 4; f.prefix++)
            for (f.w = 0; f.w < 2; f.w++)
                for (f.length = 0; f.length < lengths; f.length++)
                    for (f.broadcast = 0; f.broadcast < broadcasts; f.broadcast++)
                        for (unsigned opcode = 0; opcode < 256; opcode++) {
                            f.opcode = (uint8_t)opcode;
                            add_opcode(f);
                        }
}

static int by_mnemonic(const void *left, const void *right)
{
    const struct form *a = left, *b = right;
    if (a->mnemonic != b->mnemonic)
        return a->mnemonic < b->mnemonic ? -1 : 1;
    return memcmp(a, b, sizeof *a);
}

void forms_init(void)
{
    ZydisDecoderInit(&forms_decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    ZydisDecoderEnableMode(&forms_decoder, ZYDIS_DECODER_MODE_MPX, ZYAN_FALSE);
    add_legacy();
    add_vector(ZYDIS_INSTRUCTION_ENCODING_VEX, 3, 2, 1);
    add_vector(ZYDIS_INSTRUCTION_ENCODING_EVEX, 3, 4, 2);
    qsort(forms.form, forms.count, sizeof *forms.form, by_mnemonic);
    size_t at = 0;
    for (unsigned m = 0; m <= ZYDIS_MNEMONIC_MAX_VALUE + 1; m++) {
        while (at < forms.count && forms.form[at].mnemonic < m)
            at++;
        forms.first[m] = (uint32_t)at;
    }
}

bool instruction_decode(struct instruction *out, const uint8_t *bytes, size_t size)
{
    if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&forms_decoder, bytes, size, &out->info, out->operand)))
        return false;
    memset(out->bytes, 0, sizeof out->bytes);
    memcpy(out->bytes, bytes, out->info.length);
    return true;
}

/* --- one instruction of a form ---------------------------------------------------------------------------------------- */

/* A memory operand under construction. */
struct address {
    uint8_t mod, rm, sib;
    bool has_sib, rip_relative;
    uint8_t disp_size;
    int32_t disp;
};

static int32_t aligned_disp(const struct roles *roles, struct random *r, unsigned bits)
{
    const int32_t value = (int32_t)random_below(r, 1u << bits) - (1 << (bits - 1));
    return value & -roles->alignment;
}

static void choose_disp(struct address *a, const struct roles *roles, struct random *r, bool needed)
{
    switch (random_below(r, needed ? 2 : 3)) {
    case 0:
        a->mod = 1;
        a->disp_size = 1;
        a->disp = (int8_t)aligned_disp(roles, r, 8);
        break;
    case 1:
        a->mod = 2;
        a->disp_size = 4;
        a->disp = aligned_disp(roles, r, 11);
        break;
    default:
        a->mod = 0;
    }
}

static void choose_sib(struct address *a, struct extension *e, const struct roles *roles, struct random *r,
                       unsigned base, bool vsib)
{
    unsigned index = 4;
    if (vsib) {
        index = (unsigned)__builtin_ctz(roles->vector_indices) + random_below(r, 4);
        e->v2 = index >> 4;
    } else if (!random_one_in(r, 4) && random_of_set(r, roles->indices) < 16) {
        index = random_of_set(r, roles->indices);
    }
    e->x = index >> 3 & 1;
    a->has_sib = true;
    a->rm = 4;
    a->sib = (uint8_t)(random_below(r, 4) << 6 | (index & 7) << 3 | (base & 7));
}

static void choose_address(struct address *a, struct extension *e, const struct roles *roles, struct random *r,
                           bool vsib, bool fs)
{
    *a = (struct address){0};
    const unsigned base = random_of_set(r, fs ? roles->fs_pointers : roles->pointers);
    const unsigned kind = fs ? 2 + random_below(r, 6) : random_below(r, 8);
    if (kind == 0 && !vsib) {
        a->rip_relative = true;
        a->rm = 5;
        a->disp_size = 4;
        a->disp = aligned_disp(roles, r, 12);
    } else if (kind == 1) {
        /* No base: an absolute address, perhaps with an index. */
        choose_sib(a, e, roles, r, 5, vsib);
        a->disp_size = 4;
        a->disp = (int32_t)roles->arena + aligned_disp(roles, r, 12);
    } else {
        e->b = base >> 3;
        choose_disp(a, roles, r, (base & 7) == 5);
        if (vsib || (base & 7) == 4 || random_one_in(r, 2))
            choose_sib(a, e, roles, r, base, vsib);
        else
            a->rm = base & 7;
    }
}

static size_t put_legacy_prefixes(uint8_t *at, const struct form *f, struct random *r, bool fs)
{
    size_t n = 0;
    const bool legacy = f->encoding == ZYDIS_INSTRUCTION_ENCODING_LEGACY;
    if (fs)
        at[n++] = 0x64;
    else if (random_one_in(r, 60))
        at[n++] = random_one_in(r, 2) ? 0x3e : 0x2e;
    if (!fs && random_one_in(r, 12))
        at[n++] = 0x67;
    if (legacy && f->memory && random_one_in(r, 8))
        at[n++] = 0xf0;
    n += put_mandatory(at + n, f);
    if (legacy && f->prefix > 1 && random_one_in(r, 4))
        at[n++] = 0x66;
    return n;
}

static void choose_extension(struct extension *e, const struct form *f, struct random *r)
{
    *e = (struct extension){
        .r = random_below(r, 2), .x = random_below(r, 2), .b = random_below(r, 2), .r2 = random_below(r, 2),
        .v2 = random_below(r, 2), .vvvv = random_below(r, 16), .two_byte_vex = random_below(r, 2),
        .plain_rex = random_one_in(r, 4)};
    if (f->encoding == ZYDIS_INSTRUCTION_ENCODING_EVEX && !random_one_in(r, 3)) {
        e->mask = random_below(r, 8);
        e->zeroing = e->mask && random_one_in(r, 2);
    }
    if (f->encoding == ZYDIS_INSTRUCTION_ENCODING_LEGACY && random_one_in(r, 2))
        e->r = e->x = e->b = 0;
    if (random_one_in(r, 3))
        e->vvvv = 0, e->v2 = 0; /* where there is no such operand it must be so */
    if (random_one_in(r, 2))
        e->r2 = 0;
}

bool form_instance(const struct form *form, const struct roles *roles, struct random *r, struct instruction *out)
{
    uint8_t bytes[40] = {0};
    struct extension e;
    struct address a = {.mod = 3};
    const bool fs = form->memory && roles->fs_pointers && random_one_in(r, 12);
    choose_extension(&e, form, r);
    unsigned rm = form->rm_is_free ? random_below(r, 8) : form->rm;
    if (form->memory) {
        choose_address(&a, &e, roles, r, form->rm == 4, fs);
        rm = a.rm;
    }
    size_t n = put_legacy_prefixes(bytes, form, r, fs);
    n += put_prefix(bytes + n, form, &e);
    bytes[n++] = form->opcode;
    if (form->has_modrm) {
        const unsigned reg = form->reg_is_free ? random_below(r, 8) : form->reg;
        bytes[n++] = (uint8_t)(a.mod << 6 | reg << 3 | rm);
        if (a.has_sib)
            bytes[n++] = a.sib;
    }
    const size_t disp_at = n;
    n += a.disp_size;
    const uint64_t immediate = random_one_in(r, 2) ? random_next(r) : random_below(r, 64);
    memcpy(bytes + n, &immediate, 8);
    memcpy(bytes + disp_at, &a.disp, a.disp_size);
    if (!instruction_decode(out, bytes, 15))
        return false;
    if (a.rip_relative) {
        const int32_t disp = (int32_t)(roles->arena + (uintptr_t)a.disp - (roles->pc + out->info.length));
        memcpy(bytes + disp_at, &disp, 4);
        return instruction_decode(out, bytes, 15);
    }
    return true;
}

/* --- what an instruction does ----------------------------------------------------------------------------------------- */

int register_number(ZydisRegister reg)
{
    const ZydisRegister whole = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, reg);
    return whole >= ZYDIS_REGISTER_RAX && whole <= ZYDIS_REGISTER_R15 ? (int)whole - (int)ZYDIS_REGISTER_RAX : -1;
}

static bool writes_segment(const struct instruction *i)
{
    for (unsigned o = 0; o < i->info.operand_count; o++)
        if (i->operand[o].type == ZYDIS_OPERAND_TYPE_REGISTER &&
            (i->operand[o].actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) &&
            ZydisRegisterGetClass(i->operand[o].reg.value) == ZYDIS_REGCLASS_SEGMENT)
            return true;
    return false;
}

bool instruction_is_excluded(const struct instruction *i)
{
    switch (i->info.meta.category) {
    case ZYDIS_CATEGORY_CALL: case ZYDIS_CATEGORY_RET: case ZYDIS_CATEGORY_COND_BR:
    case ZYDIS_CATEGORY_UNCOND_BR: case ZYDIS_CATEGORY_SYSCALL: case ZYDIS_CATEGORY_SYSRET:
    case ZYDIS_CATEGORY_VTX: case ZYDIS_CATEGORY_INTERRUPT: case ZYDIS_CATEGORY_RDPRU:
    case ZYDIS_CATEGORY_RDWRFSGS: case ZYDIS_CATEGORY_UINTR: case ZYDIS_CATEGORY_WAITPKG:
        return true;
    default:
        break;
    }
    switch (i->info.mnemonic) {
    case ZYDIS_MNEMONIC_POPF: case ZYDIS_MNEMONIC_POPFQ: case ZYDIS_MNEMONIC_VMMCALL: case ZYDIS_MNEMONIC_VMCALL:
    case ZYDIS_MNEMONIC_VMRUN: case ZYDIS_MNEMONIC_MONITOR: case ZYDIS_MNEMONIC_MWAIT:
    case ZYDIS_MNEMONIC_MONITORX: case ZYDIS_MNEMONIC_MWAITX: case ZYDIS_MNEMONIC_LFS:
    case ZYDIS_MNEMONIC_LGS: case ZYDIS_MNEMONIC_LSS: case ZYDIS_MNEMONIC_XRSTOR: case ZYDIS_MNEMONIC_XRSTOR64:
    case ZYDIS_MNEMONIC_XRSTORS: case ZYDIS_MNEMONIC_XRSTORS64: case ZYDIS_MNEMONIC_XBEGIN:
        return true;
    default:
        return i->info.meta.branch_type != ZYDIS_BRANCH_TYPE_NONE || writes_segment(i);
    }
}

/* Measured on a Zen 4: behind a call or a push, vpbroadcast and vpinsr in their EVEX form read another value than rsp
 * has. */
static bool reads_stale_rsp(const struct instruction *i)
{
    if (i->info.encoding != ZYDIS_INSTRUCTION_ENCODING_EVEX)
        return false;
    for (unsigned o = 0; o < i->info.operand_count; o++)
        if (i->operand[o].type == ZYDIS_OPERAND_TYPE_REGISTER && register_number(i->operand[o].reg.value) == 4)
            return true;
    return false;
}

bool instruction_is_unstable(const struct instruction *i)
{
    if (reads_stale_rsp(i))
        return true;
    switch (i->info.mnemonic) {
    case ZYDIS_MNEMONIC_RDTSC: case ZYDIS_MNEMONIC_RDTSCP: case ZYDIS_MNEMONIC_RDRAND: case ZYDIS_MNEMONIC_RDSEED:
    case ZYDIS_MNEMONIC_XGETBV:
        return true;
    default:
        return false;
    }
}

uint16_t instruction_writes(const struct instruction *i)
{
    uint16_t set = 0;
    for (unsigned o = 0; o < i->info.operand_count; o++)
        if (i->operand[o].type == ZYDIS_OPERAND_TYPE_REGISTER &&
            (i->operand[o].actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) &&
            register_number(i->operand[o].reg.value) >= 0)
            set |= (uint16_t)(1u << register_number(i->operand[o].reg.value));
    return set;
}

uint16_t instruction_bases(const struct instruction *i)
{
    uint16_t set = 0;
    for (unsigned o = 0; o < i->info.operand_count; o++)
        if (i->operand[o].type == ZYDIS_OPERAND_TYPE_MEMORY && i->operand[o].mem.type != ZYDIS_MEMOP_TYPE_AGEN &&
            register_number(i->operand[o].mem.base) >= 0)
            set |= (uint16_t)(1u << register_number(i->operand[o].mem.base));
    return set;
}
