/* SPDX-License-Identifier: MIT */
/* Switches (cases.h). What compilers make of them, and what goes before its first instruction:
 *
 *   distances   movslq (%base,%index,4), %target      cmp  table(%rip), %base
 *               add    %base, %target                 jne  1f
 *               jmp    *%target                       cmp  $count, %index
 *                                                     jae  1f
 *                                                     jmp  *words(,%index,8)
 *                                                  1:
 *   addresses   mov    table(,%index,8), %target      jmp  *words(,%index,8)
 *               jmp    *%target
 *   operand     jmp    *table(,%index,8)              jmp  *words(,%index,8)
 *
 * Each word leads to a slot that does the rest:
 *
 *   distances   mov $distance, %target;  add %base, %target;  jmp where
 *   addresses   mov $address, %target;   jmp where
 *   operand     jmp where
 *
 * Registers and flags are as the program's instructions leave them: the addition is made, and without one nothing is compared
 * unless the index might be too large and all cases write the flags before they read any.
 *
 * A compiler may load the base long before, so that it is guessed (the last address loaded into that register nearby) and
 * compared. What is not told by a comparison before the jump is how many entries there are: for distances, as many as lead into the
 * code, which is right whatever they were made for, as the same index leads to the same place. */
#include "translate/x86_64/cases.h"

#include <elf.h>
#include <string.h>

#include "base/arena.h"
#include "translate/ranges.h"
#include "translate/translator.h"
#include "translate/x86_64/liveness.h"
#include "translate/x86_64/shared.h"
#include "translate/x86_64/slots.h"
#include "translate/x86_64/transfer.h"

enum { DISTANCES, ADDRESSES, OPERAND };
enum { MOST_CASES = 1024, UNBOUNDED_CASES = 64, BYTE_CASES = 256 };
/* Offsets in a slot: the target register is written; the jump. */
enum { DISTANCE_LOADED = 7, CASE_JUMP = 10 };

struct case_table {
    struct case_table *next;
    uintptr_t address, pc; /* of the table; of the first instruction, where only one place may use it, or 0 */
    uintptr_t add_pc;      /* of the addition */
    uint32_t count, capacity;
    uint8_t form, base, target;
    bool is_free;
    uintptr_t *words;
    uintptr_t *slots;      /* of each word; one word's may be another's */
};

static struct case_table *tables[256];

/* --- constants ------------------------------------------------------------------------------------------------------ */

static bool covers(uintptr_t start, uint64_t bytes, uintptr_t address, size_t size)
{
    return address >= start && size <= bytes && address - start <= bytes - size;
}

/* The end of the memory around the address that never changes, as far as the headers of the module's file tell: it is read-only, at
 * least once it is relocated. 0: it may change. */
static uintptr_t constant_by_headers(const struct tr_module *module, uintptr_t address)
{
    Elf64_Ehdr header;
    Elf64_Phdr segments[24];
    if (copy_guarded(&header, (void *)module->low, sizeof(header)) != 0 || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
        header.e_phnum > ARRAY_LEN(segments) || header.e_phentsize != sizeof(segments[0]) || header.e_phoff > 4096 ||
        copy_guarded(segments, (void *)(module->low + header.e_phoff), header.e_phnum * sizeof(segments[0])) != 0)
        return 0;
    uintptr_t lowest = UINTPTR_MAX;
    for (unsigned i = 0; i < header.e_phnum; i++) {
        if (segments[i].p_type == PT_LOAD && segments[i].p_vaddr < lowest)
            lowest = segments[i].p_vaddr & ~(uintptr_t)4095;
    }
    for (unsigned i = 0; i < header.e_phnum; i++) {
        const Elf64_Phdr *segment = &segments[i];
        uintptr_t start = module->low - lowest + segment->p_vaddr;
        bool constant = segment->p_type == PT_GNU_RELRO || (segment->p_type == PT_LOAD && !(segment->p_flags & PF_W));
        if (constant && covers(start, segment->p_filesz, address, 1))
            return start + segment->p_filesz;
    }
    return 0;
}

static uintptr_t constant_until(const struct tr_module *module, uintptr_t address)
{
    return covers(module->start, module->end - module->start, address, 1) ? module->end
                                                                          : constant_by_headers(module, address);
}

/* Lock held. The first `count` entries, as far as they can be read: how many. */
static uint64_t entries[MOST_CASES];

static size_t entry_size(const struct case_jump *jump) { return jump->form == DISTANCES ? 4 : 8; }

static uint32_t read_entries(const struct case_jump *jump, size_t count)
{
    size_t size = count * entry_size(jump);
    return (uint32_t)((size - copy_guarded(entries, (void *)jump->address, size)) / entry_size(jump));
}

/* Where the i-th that was read leads; 0: out of the range. */
static uintptr_t case_target(const struct case_jump *jump, const struct tr_module *module, uint32_t i)
{
    uintptr_t target = entries[i];
    if (jump->form == DISTANCES) {
        int32_t distance;
        memcpy(&distance, (const uint8_t *)entries + i * sizeof(distance), sizeof(distance));
        target = jump->address + (uintptr_t)(intptr_t)distance;
    }
    return covers(module->start, module->end - module->start, target, 1) ? target : 0;
}

/* --- what is known of base and index ------------------------------------------------------------------------------------ */

enum { NOTES = 16, NEARBY = 1 << 16 };

/* lea table(%rip), %reg: the last ones, by register. */
static struct {
    struct {
        uintptr_t pc, address;
    } notes[NOTES];
    unsigned next;
} loaded[TR_REGISTERS];

static unsigned high_bit(const struct tr_insn *insn, unsigned bit)
{
    return insn->encoding == ENCODING_REX && insn->bytes[insn->prefix_at] & bit ? 8 : 0;
}
static unsigned reg_field(const struct tr_insn *insn) { return (insn->bytes[insn->modrm_at] >> 3 & 7) | high_bit(insn, 4); }
static unsigned rm_field(const struct tr_insn *insn) { return (insn->bytes[insn->modrm_at] & 7) | high_bit(insn, 1); }

void cases_note(const struct tr_insn *insns, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (!insns[i].is_lea || !insns[i].rip_operand)
            continue;
        unsigned reg = reg_field(&insns[i]);
        unsigned at = loaded[reg].next++ % NOTES;
        loaded[reg].notes[at].pc = insns[i].pc;
        loaded[reg].notes[at].address = insns[i].rip_operand;
    }
}

/* The nearest before pc. */
static uintptr_t guess_base(unsigned reg, uintptr_t pc)
{
    uintptr_t found = 0, distance = NEARBY;
    for (unsigned i = 0; i < NOTES; i++) {
        uintptr_t from = loaded[reg].notes[i].pc;
        if (pc - from < distance) {
            distance = pc - from;
            found = loaded[reg].notes[i].address;
        }
    }
    return found;
}

/* cmp $immediate, …: of a byte, or of 32 bits. */
static bool take_immediate(const struct tr_insn *insn, uint32_t *immediate)
{
    unsigned rex = insn->encoding == ENCODING_REX, opcode_at = insn->modrm_at ? insn->modrm_at - 1u : rex;
    uint8_t opcode = insn->bytes[opcode_at];
    if (insn->encoding > ENCODING_REX || opcode_at != rex || (insn->modrm_at && (insn->bytes[insn->modrm_at] >> 3 & 7) != 7))
        return false;
    if (insn->modrm_at ? opcode == 0x80 || opcode == 0x83 : opcode == 0x3c) {
        *immediate = insn->bytes[insn->length - 1];
        return true;
    }
    if (opcode != (insn->modrm_at ? 0x81 : 0x3d))
        return false;
    memcpy(immediate, insn->bytes + insn->length - sizeof(*immediate), sizeof(*immediate));
    return true;
}

/* cmp $n, …; ja, or jbe, a few instructions before: entries 0 … n. 0: not told. */
static uint32_t told_count(const struct tr_insn *insns, uint32_t first)
{
    for (uint32_t i = first; i-- > 1 && first - i < 8;) {
        uint32_t immediate;
        if (insns[i].flow == FLOW_BRANCH && (insns[i].condition & ~1u) == 6)
            return take_immediate(&insns[i - 1], &immediate) ? immediate + 1 : 0;
    }
    return 0;
}

/* movzbl …, %index right before. */
static bool is_byte(const struct tr_insn *insns, uint32_t first, unsigned index)
{
    const struct tr_insn *insn = first > 0 ? &insns[first - 1] : NULL;
    return insn && insn->modrm_at >= 2 && insn->bytes[insn->modrm_at - 1] == 0xb6 &&
           insn->bytes[insn->modrm_at - 2] == 0x0f && reg_field(insn) == index;
}

/* --- recognition -------------------------------------------------------------------------------------------------------- */

/* The operand is (…,%index,2^scale) with a base or without; `after`: where the displacement begins. */
static bool take_indexed(struct case_jump *jump, const struct tr_insn *insn, unsigned scale, const uint8_t **after)
{
    const uint8_t *modrm = insn->bytes + insn->modrm_at;
    if (insn->modrm_at == 0 || (*modrm & 7) != 4 || modrm[1] >> 6 != scale)
        return false;
    jump->index = (uint8_t)((modrm[1] >> 3 & 7) | high_bit(insn, 2));
    jump->base = (uint8_t)((modrm[1] & 7) | high_bit(insn, 1));
    *after = modrm + 2;
    return jump->index != TR_RSP;
}

/* (%base,%index,4) */
static bool take_distance(struct case_jump *jump, const struct tr_insn *insn)
{
    const uint8_t *after;
    if (insn->encoding != ENCODING_REX || !(insn->bytes[insn->prefix_at] & 8) || insn->modrm_at != insn->prefix_at + 2 ||
        insn->prefix_at > 0 || insn->bytes[insn->modrm_at - 1] != 0x63 || !take_indexed(jump, insn, 2, &after))
        return false;
    unsigned mod = insn->bytes[insn->modrm_at] >> 6;
    return mod == 0 ? (jump->base & 7) != 5 : mod == 1 && *after == 0;
}

/* table(,%index,8) */
static bool take_absolute(struct case_jump *jump, const struct tr_insn *insn, unsigned modrm_at)
{
    const uint8_t *after;
    int32_t displacement;
    if (insn->modrm_at != modrm_at || insn->bytes[modrm_at] >> 6 != 0 || !take_indexed(jump, insn, 3, &after) ||
        (after[-1] & 7) != 5)
        return false;
    memcpy(&displacement, after, 4);
    jump->address = (uintptr_t)(intptr_t)displacement;
    return true;
}

static bool is_addition(const struct tr_insn *insn, unsigned base, unsigned target)
{
    if (insn->length != 3 || insn->encoding != ENCODING_REX || !(insn->bytes[0] & 8) || insn->bytes[2] < 0xc0)
        return false;
    return insn->bytes[1] == 0x01   ? reg_field(insn) == base && rm_field(insn) == target
           : insn->bytes[1] == 0x03 ? reg_field(insn) == target && rm_field(insn) == base
                                    : false;
}

/* [notrack] [rex] jmp *… */
static bool is_plain_jump(const struct tr_insn *insn)
{
    unsigned opcode_at = insn->modrm_at - 1u, rex = insn->encoding == ENCODING_REX;
    return insn->modrm_at > 0 && insn->bytes[opcode_at] == 0xff &&
           (opcode_at == rex || (opcode_at == rex + 1 && insn->bytes[0] == 0x3e));
}

static bool take_addresses(struct case_jump *jump, const struct tr_insn *load)
{
    jump->form = ADDRESSES;
    return load->encoding == ENCODING_REX && load->prefix_at == 0 && load->bytes[0] & 8 && load->bytes[1] == 0x8b &&
           reg_field(load) == jump->target && take_absolute(jump, load, 2);
}

static bool take_distances(struct case_jump *jump, const struct tr_insn *load, const struct tr_insn *add)
{
    jump->form = DISTANCES;
    return take_distance(jump, load) && reg_field(load) == jump->target && jump->base != jump->target &&
           is_addition(add, jump->base, jump->target);
}

static bool take_form(struct case_jump *jump, const struct tr_insn *insns, uint32_t count)
{
    const struct tr_insn *last = &insns[count - 1];
    if (!is_plain_jump(last))
        return false;
    jump->form = OPERAND;
    jump->first = count - 1;
    if (last->bytes[last->modrm_at] < 0xc0)
        return take_absolute(jump, last, last->modrm_at);
    jump->target = (uint8_t)rm_field(last);
    if (count < 2 || jump->target == TR_RSP)
        return false;
    jump->first = count - 2;
    if (take_addresses(jump, last - 1))
        return true;
    jump->first = count - 3;
    return count >= 3 && take_distances(jump, last - 2, last - 1);
}

static bool is_led_to(uint32_t i, const uint16_t *inside, uint32_t count)
{
    for (uint32_t k = 0; k < count; k++) {
        if (inside[k] == i)
            return true;
    }
    return false;
}

/* Entries that lead into the code, `most` at most. `die`: until one whose code may read the flags. */
static uint32_t count_cases(const struct case_jump *jump, const struct tr_module *module, uint32_t most, bool die)
{
    uintptr_t end = jump->address ? constant_until(module, jump->address) : 0;
    size_t fit = end > jump->address ? (end - jump->address) / entry_size(jump) : 0;
    uint32_t count = 0, read = fit > 0 ? read_entries(jump, fit < most ? fit : most) : 0;
    for (uintptr_t target = 1; target && count < read; count += target != 0) {
        target = case_target(jump, module, count);
        if (target && die && !flags_die_at(target))
            return 0;
    }
    return count;
}

bool cases_find(struct case_jump *jump, const struct tr_insn *insns, uint32_t count, const uint16_t *inside)
{
    const struct tr_insn *last = &insns[count - 1];
    const struct tr_range *range = range_find(last->pc);
    *jump = (struct case_jump){0};
    if (last->flow != FLOW_JUMP_INDIRECT || last->rip_operand || !range || !take_form(jump, insns, count))
        return false;
    uint32_t told = told_count(insns, jump->first);
    if (jump->form == DISTANCES) {
        jump->address = guess_base(jump->base, insns[jump->first].pc);
        jump->count = told <= MOST_CASES ? count_cases(jump, &range->module, told ? told : UNBOUNDED_CASES, false) : 0;
        return jump->count > 0;
    }
    if (is_byte(insns, jump->first, jump->index) && !is_led_to(jump->first, inside, count))
        jump->count = count_cases(jump, &range->module, BYTE_CASES, false);
    jump->is_bounded = jump->count == BYTE_CASES;
    if (!jump->is_bounded)
        jump->count = count_cases(jump, &range->module, told && told < BYTE_CASES ? told : BYTE_CASES, true);
    return jump->count > 0;
}

/* --- tables --------------------------------------------------------------------------------------------------------------- */

static struct case_table **bucket(uintptr_t address) { return &tables[address / 4 % ARRAY_LEN(tables)]; }

static bool is_same(const struct case_table *table, const struct case_jump *jump, uintptr_t pc)
{
    return !table->is_free && table->address == jump->address && table->form == jump->form && table->target == jump->target &&
           table->base == jump->base && table->count >= jump->count && table->pc == pc;
}

/* One that is not used any more and is large enough, or a new one. */
static struct case_table *empty_table(uint32_t count)
{
    for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
        for (struct case_table **at = &tables[i]; *at; at = &(*at)->next) {
            struct case_table *table = *at;
            if (!table->is_free || table->capacity < count)
                continue;
            *at = table->next;
            return table;
        }
    }
    struct case_table *table = arena_alloc(translator.host->arena, sizeof(*table));
    uintptr_t *slots = arena_alloc(translator.host->arena, count * sizeof(*slots));
    uintptr_t *words = table && slots ? low_words(count) : NULL;
    if (!words) {
        arena_free(translator.host->arena, table, sizeof(*table));
        arena_free(translator.host->arena, slots, count * sizeof(*slots));
        return NULL;
    }
    stat_add(&translator.stats.metadata_bytes, sizeof(*table) + count * (sizeof(*slots) + sizeof(*words)));
    table->capacity = count;
    table->slots = slots;
    table->words = words;
    return table;
}

static void emit_case(struct emitter *e, const struct case_table *table, uintptr_t target)
{
    unsigned reg = table->target;
    if (table->form == DISTANCES) {
        emit_bytes(e, (uint8_t[]){(uint8_t)(0x48 | reg >> 3), 0xc7, (uint8_t)(0xc0 | (reg & 7))}, 3);
        emit32(e, (uint32_t)(target - table->address));
        emit_bytes(e, (uint8_t[]){(uint8_t)(0x48 | (table->base >> 3) << 2 | reg >> 3), 0x01,
                                  (uint8_t)(0xc0 | (table->base & 7) << 3 | (reg & 7))}, 3);
    } else if (table->form == ADDRESSES) {
        emit_bytes(e, (uint8_t[]){(uint8_t)(0x48 | reg >> 3), (uint8_t)(0xb8 | (reg & 7))}, 2);
        emit64(e, target);
    }
}

static unsigned jump_offset(const struct case_table *table) { return table->form == OPERAND ? 0 : CASE_JUMP; }

/* The exit leads to its stub until somebody comes. */
static uintptr_t make_slot(struct case_table *table, struct tr_region *region, uintptr_t target)
{
    _Static_assert(SLOT_SIZE % 8 == 0 && (CASE_JUMP + 1) % 8 <= 4, "the displacement lies within an aligned word");
    struct tr_exit *exit;
    uintptr_t slot = slot_take(region, &exit);
    if (!slot)
        return 0;
    *exit = (struct tr_exit){.cases = table, .target = target, .kind = EXIT_CASE};
    struct emitter e = slot_emitter(slot);
    emit_case(&e, table, target);
    exit->site = emit_jump(&e, slot + jump_offset(table) + 5, false);
    stub_emit(&e, exit, NULL);
    slot_keep(slot);
    return slot;
}

static uintptr_t earlier_slot(const struct case_table *table, const uintptr_t *targets, uint32_t i)
{
    for (uint32_t k = 0; k < i; k++) {
        if (targets[k] == targets[i])
            return table->slots[k];
    }
    return 0;
}

static void release_slots(struct case_table *table)
{
    for (uint32_t i = 0; i < table->count; i++) {
        bool again = false;
        for (uint32_t k = 0; k < i && !again; k++)
            again = table->slots[k] == table->slots[i];
        if (!again)
            slot_give_back(table->slots[i]);
    }
    table->count = 0;
    table->is_free = true;
}

static bool fill(struct case_table *table, const struct case_jump *jump, const struct tr_module *module,
                 struct tr_region *region)
{
    static uintptr_t targets[MOST_CASES];
    if (read_entries(jump, jump->count) < jump->count)
        return false;
    for (table->count = 0; table->count < jump->count; table->count++) {
        uint32_t i = table->count;
        targets[i] = case_target(jump, module, i);
        uintptr_t slot = targets[i] ? earlier_slot(table, targets, i) : 0;
        slot = slot || !targets[i] ? slot : make_slot(table, region, targets[i]);
        if (!slot)
            return false;
        table->slots[i] = slot;
        store_relaxed(&table->words[i], slot);
    }
    return true;
}

bool cases_make(struct case_jump *jump, const struct tr_insn *insns, struct tr_region *region)
{
    /* Between the instructions that make up a distance, the state hangs on where they are. */
    const struct tr_insn *first = &insns[jump->first];
    uintptr_t pc = jump->form == DISTANCES ? first->pc : 0;
    const struct tr_range *range = range_find(first->pc);
    struct case_table *table = *bucket(jump->address);
    while (table && !is_same(table, jump, pc))
        table = table->next;
    if (!table) {
        table = range ? empty_table(jump->count) : NULL;
        if (!table)
            return false;
        table->is_free = false;
        table->address = jump->address;
        table->form = jump->form;
        table->base = jump->base;
        table->target = jump->target;
        table->pc = pc;
        table->add_pc = pc + first->length;
        table->next = *bucket(jump->address);
        *bucket(jump->address) = table;
        if (!fill(table, jump, &range->module, region))
            release_slots(table);
    }
    jump->words = table->words;
    return !table->is_free;
}

void cases_forget(uintptr_t low, uintptr_t high)
{
    for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
        for (struct case_table *table = tables[i]; table; table = table->next) {
            if (!table->is_free && table->address - low < high - low)
                release_slots(table);
        }
    }
}

/* --- code ------------------------------------------------------------------------------------------------------------------ */

/* cmp $count, %index */
static void emit_bound(struct emitter *e, const struct case_jump *jump)
{
    emit_bytes(e, (uint8_t[]){(uint8_t)(0x48 | jump->index >> 3), 0x81, (uint8_t)(0xf8 | (jump->index & 7))}, 3);
    emit32(e, jump->count);
}

uintptr_t cases_emit(struct emitter *e, const struct case_jump *jump)
{
    enum { NOT_EQUAL = 0x75, ABOVE_OR_EQUAL = 0x73 };
    uintptr_t literal = 0;
    unsigned jump_size = 7 + (jump->index >= 8), bound_size = 7;
    if (jump->form == DISTANCES) {
        emit_bytes(e, (uint8_t[]){(uint8_t)(0x48 | (jump->base >> 3) << 2), 0x3b, (uint8_t)((jump->base & 7) << 3 | 5)}, 3);
        literal = e->at;
        emit32(e, 0);
        emit_bytes(e, (uint8_t[]){NOT_EQUAL, (uint8_t)(bound_size + 2 + jump_size)}, 2);
    }
    if (!jump->is_bounded) {
        emit_bound(e, jump);
        emit_bytes(e, (uint8_t[]){ABOVE_OR_EQUAL, (uint8_t)jump_size}, 2);
    }
    if (jump->index >= 8)
        emit8(e, 0x42);
    emit_bytes(e, (uint8_t[]){0xff, 0x24, (uint8_t)(0xc5 | (jump->index & 7) << 3)}, 3);
    emit32(e, (uint32_t)(uintptr_t)jump->words);
    return literal;
}

void cases_place(const struct tr_exit *exit, uintptr_t offset, struct tr_place *place)
{
    const struct case_table *table = exit->cases;
    unsigned jump = jump_offset(table);
    place->pc = exit->target;
    if (table->form == DISTANCES && offset < CASE_JUMP)
        place->pc = offset < DISTANCE_LOADED ? table->pc : table->add_pc;
    if (table->form == ADDRESSES && offset < CASE_JUMP)
        place_put(place, table->target, PLACE_OF_PC);
    if (offset > jump + 5)
        place_put(place, TR_RAX, 0);
}
