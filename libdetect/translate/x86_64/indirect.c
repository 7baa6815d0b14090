/* SPDX-License-Identifier: MIT */
/* Indirect jumps and calls. Their code (transfer.h) ends in a jump through a table of 65536 words that is indexed by the
 * target's low 16 bits. Each word leads to the slot of a target that was learnt, which checks that it is meant:
 *
 *         mov    key(%rip), %rcx       1, less the target
 *         lea    (%target,%rcx), %rcx
 *         loop   1f
 *         mov    %fs:spill1, %rcx
 *         mov    %fs:spill0, %r11      only if the target was loaded into r11
 *         jmp    where                 an exit like a fragment's: patched, and unlinked when the fragment goes
 *         its stub
 *      1: jmp    *next(%rip)           the next slot with the same low bits; in the end, the table's miss
 *   key:  .quad
 *   next: .quad
 *
 * where `loop` (one less in rcx, and jump if that is not 0) is a fast instruction; elsewhere jrcxz over a jump, with one less in the
 * key.
 *
 * No flag is touched (who jumps may have put something into the carry for who is jumped to), and each table word is
 * exchanged in one store: no lock. Newest first. Slots stay when targets go: the exit then asks the dispatcher again.
 *
 * There is a table for each register that targets are jumped to by, and one for targets in memory. They lie in the lowest
 * 2 GiB if there is room, where an index reaches them without a base.
 *
 * A branch predictor tells indirect jumps apart by few low bits of where the last jumps came from and went to. With slots of 64,
 * 96 or 128 bytes and fragments that begin at multiples of 16 it took every tenth pair of targets for one (a
 * misprediction each time, measured on Zen 4); hence the odd size, and fragments that begin at any multiple of 4. */
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "base/sys.h"
#include "translate/arch.h"
#include "translate/place.h"
#include "translate/translator.h"
#include "translate/x86_64/cases.h"
#include "translate/x86_64/shared.h"
#include "translate/x86_64/slots.h"
#include "translate/x86_64/transfer.h"

enum {
    TABLE_WORDS = 65536,
    TABLES = TR_REGISTERS,
    TABLE_MEMORY = TR_RSP, /* targets that are loaded into r11: from memory, or from rcx or rsp */
    SLOT_BRANCH = 12,
    SLOT_MISSED = 64,
    SLOT_KEY = 72,
    SLOT_NEXT = 80,
    RELOAD = EMIT_FS_SIZE,
    MISS_STORED = 12,
    MISS_MOVED = 24,
    WORTH_A_TABLE = 12, /* jumps by a register; rax is the usual one */
};

#define TABLE_BYTES ((size_t)TABLE_WORDS * 8)
#define WORDS ((size_t)1 << 18) /* of low_words(), behind the tables */
#define TABLES_BYTES (TABLES * TABLE_BYTES + WORDS * 8)

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

static uintptr_t tables; /* TABLES of them; 0: not yet */
static uintptr_t miss[TABLES]; /* where a table's words lead at first; 0: the table is not in use */

static uintptr_t *table_of(unsigned id) { return (uintptr_t *)(tables + id * TABLE_BYTES); }

static bool has_fast_loop; /* AMD's; on Intel's CPUs it takes seven operations (Fog, instruction tables) */

static bool is_low(uintptr_t address) { return address <= INT32_MAX; }

static void forget(unsigned id)
{
    for (size_t i = 0; i < TABLE_WORDS; i++)
        store_release(&table_of(id)[i], miss[id]);
}

/* Below 2 GiB, as far up as there is room: the heap of a program at a fixed address grows from below. Aligned, so that a table's
 * address / 8 has zeros where the index goes. */
static uintptr_t place_tables(void)
{
    for (uintptr_t at = ((uintptr_t)1 << 31) - 2 * TABLES_BYTES; at >= (uintptr_t)1 << 28; at -= 2 * TABLES_BYTES) {
        long got = sys_call(SYS_mmap, (long)at, (long)TABLES_BYTES, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
        if ((uintptr_t)got == at)
            return at;
        if (got > 0)
            sys_unmap((void *)got, TABLES_BYTES); /* a kernel that does not know the flag */
    }
    uintptr_t space = (uintptr_t)sys_map(TABLES_BYTES + TABLE_BYTES);
    return space ? (space + TABLE_BYTES - 1) & ~(TABLE_BYTES - 1) : 0;
}

uintptr_t *low_words(size_t count)
{
    static size_t used;
    uintptr_t *words = table_of(TABLES) + used;
    if (!is_low(tables) || count > WORDS - used)
        return NULL;
    used += count;
    return words;
}

bool indirect_init(uintptr_t enter_indirect)
{
    if (tables)
        return true;
    tables = place_tables();
    if (!tables)
        return false;
    has_fast_loop = cpu_is_amd() && !translator.prefer_jrcxz;
    miss[TABLE_MEMORY] = enter_indirect;
    forget(TABLE_MEMORY);
    return true;
}

void indirect_forget_all(void)
{
    for (unsigned id = 0; id < TABLES; id++) {
        if (miss[id])
            forget(id);
    }
}

void indirect_forget(uintptr_t low, uintptr_t high) { cases_forget(low, high); }

/* --- slots -------------------------------------------------------------------------------------------------------- */

static const struct tr_region *region_of(const struct tr_chunk *chunk) { return cache_region_of(chunk->start); }

static uintptr_t first_slot(const struct tr_chunk *chunk)
{
    const struct tr_region *region = region_of(chunk);
    return chunk == region->chunks ? region->shared_end : chunk->start;
}

static uint64_t *literal_of(uintptr_t slot)
{
    return (uint64_t *)(slot + SLOT_NEXT + (uintptr_t)cache_region_of(slot)->write_delta);
}

static unsigned slot_meant(void) { return has_fast_loop ? 14 : 16; }
static unsigned slot_jump(unsigned id) { return slot_meant() + (id == TABLE_MEMORY ? 2 : 1) * RELOAD; }
static unsigned slot_stub(unsigned id) { return slot_jump(id) + 5; }

/* The slot that contains the address; 0. */
static uintptr_t slot_of(const struct tr_chunk *chunk, uintptr_t code)
{
    uintptr_t first = first_slot(chunk);
    if (code < first || code >= load_acquire(&chunk->next)) /* pairs with take_slot's store_release */
        return 0;
    return first + (code - first) / SLOT_SIZE * SLOT_SIZE;
}

static struct tr_exit *exit_at(const struct tr_chunk *chunk, uintptr_t slot)
{
    return &chunk->slots[(slot - first_slot(chunk)) / SLOT_SIZE];
}

struct tr_exit *indirect_exit(const struct tr_chunk *chunk, uintptr_t stub)
{
    uintptr_t slot = slot_of(chunk, stub);
    return slot ? exit_at(chunk, slot) : NULL;
}

static void pc_in(struct tr_place *place, unsigned reg)
{
    place->pc_from = PC_IN_REGISTER;
    place->pc_register = (uint8_t)reg;
}

static void miss_place(const struct tr_exit *exit, uintptr_t offset, struct tr_place *place)
{
    pc_in(place, exit->table);
    place_put(place, TR_RCX, 1);
    if (offset >= MISS_MOVED)
        place_put(place, TR_R11, 0);
}

static void target_place(const struct tr_exit *exit, uintptr_t offset, struct tr_place *place)
{
    bool is_loaded = exit->table == TABLE_MEMORY;
    bool is_meant = offset >= slot_meant() && offset < SLOT_MISSED;
    place->pc = exit->target;
    if (!is_meant)
        pc_in(place, is_loaded ? TR_R11 : exit->table);
    if (!is_meant || offset < slot_meant() + RELOAD)
        place_put(place, TR_RCX, 1);
    if (is_loaded && (!is_meant || offset < slot_jump(exit->table)))
        place_put(place, TR_R11, 0);
    if (is_meant && offset > slot_stub(exit->table))
        place_put(place, TR_RAX, 0);
}

bool indirect_place(const struct tr_chunk *chunk, uintptr_t code, struct tr_place *place)
{
    uintptr_t slot = slot_of(chunk, code);
    if (!slot)
        return shared_place(region_of(chunk), code, place);
    const struct tr_exit *exit = exit_at(chunk, slot);
    *place = (struct tr_place){.pc = exit->target};
    if (exit->kind == EXIT_TRAMPOLINE)
        return !cache_contains(exit->target) || cache_place(exit->target, place);
    (exit->kind == EXIT_CASE   ? cases_place
     : exit->kind == EXIT_MISS ? miss_place
                               : target_place)(exit, code - slot, place);
    return true;
}

static bool next_stubs(struct tr_region *region)
{
    struct tr_chunk *chunk = cache_chunk_in(region);
    if (!chunk)
        return false;
    chunk->state = CHUNK_STUBS;
    translator.live_bytes -= CHUNK_SIZE;
    region->stubs = chunk;
    return true;
}

static uint64_t free_slots; /* the next in the last word */

/* One of the region's, among the first few. */
static uintptr_t take_free_slot(const struct tr_region *region)
{
    uint64_t *link = &free_slots;
    for (unsigned i = 0; i < 8 && *link; i++) {
        uintptr_t slot = *link;
        if (cache_region_of(slot) == region) {
            *link = *literal_of(slot);
            return slot;
        }
        link = literal_of(slot);
    }
    return 0;
}

void slot_give_back(uintptr_t slot)
{
    exit_unlink(exit_at(cache_chunk_of(slot), slot));
    *literal_of(slot) = free_slots;
    free_slots = slot;
}

uintptr_t slot_take(struct tr_region *region, struct tr_exit **exit)
{
    uintptr_t again = take_free_slot(region);
    if (again) {
        *exit = exit_at(cache_chunk_of(again), again);
        return again;
    }
    if (region->stubs->next + SLOT_SIZE > region->stubs->end && !next_stubs(region))
        return 0;
    struct tr_chunk *chunk = region->stubs;
    if (!chunk->slots)
        chunk->slots = sys_map(CHUNK_SIZE / SLOT_SIZE * sizeof(*chunk->slots));
    if (!chunk->slots)
        return 0;
    uintptr_t slot = chunk->next;
    *exit = exit_at(chunk, slot);
    return slot;
}

void slot_keep(uintptr_t slot)
{
    struct tr_chunk *chunk = cache_chunk_of(slot);
    if (slot >= chunk->next)
        store_release(&chunk->next, slot + SLOT_SIZE);
}

static void emit_slot(struct emitter *e, uintptr_t slot, struct tr_exit *exit)
{
    unsigned id = exit->table, target = id == TABLE_MEMORY ? TR_R11 : id;
    emit_bytes(e, (uint8_t[]){0x48, 0x8b, 0x0d, SLOT_KEY - 7, 0, 0, 0}, 7);
    emit_bytes(e, (uint8_t[]){(uint8_t)(0x48 | target >> 3), 0x8d, 0x4c, (uint8_t)(TR_RCX << 3 | (target & 7)), 0}, 5);
    if (has_fast_loop)
        emit_bytes(e, (uint8_t[]){0xe2, SLOT_MISSED - (SLOT_BRANCH + 2)}, 2);
    else
        emit_bytes(e, (uint8_t[]){0xe3, 2, 0xeb, SLOT_MISSED - (SLOT_BRANCH + 4)}, 4);
    emit_load_fs(e, TR_RCX, TR_FS(spill[1]));
    if (id == TABLE_MEMORY)
        emit_load_fs(e, TR_R11, TR_FS(spill[0]));
    exit->site = emit_jump(e, slot + slot_stub(id), false);
    stub_emit(e, exit, NULL);
    emit_nops(e, slot + SLOT_MISSED - e->at);
    emit_bytes(e, (uint8_t[]){0xff, 0x25}, 2);
    emit32(e, SLOT_NEXT - (SLOT_MISSED + 6));
}

struct emitter slot_emitter(uintptr_t slot)
{
    struct tr_region *region = cache_region_of(slot);
    return (struct emitter){.at = slot, .end = slot + SLOT_SIZE, .delta = region->write_delta, .region = region};
}

static void write_slot(uintptr_t slot, struct tr_exit *exit, uintptr_t next)
{
    struct emitter e = slot_emitter(slot);
    emit_slot(&e, slot, exit);
    emit_nops(&e, slot + SLOT_KEY - e.at);
    emit64(&e, has_fast_loop - exit->target);
    emit64(&e, next);
}

/* A table's miss: says which table, and puts the target and r11 where the table for memory has them.
 *     movl   $id + 1, %fs:table
 *     mov    %r11, %fs:spill0
 *     mov    %target, %r11
 *     jmp    enter_indirect             */
static void write_miss(uintptr_t slot, unsigned id)
{
    struct emitter e = slot_emitter(slot);
    emit_bytes(&e, (uint8_t[]){0x64, 0xc7, 0x04, 0x25}, 4);
    emit32(&e, (uint32_t)TR_FS(table));
    emit32(&e, id + 1);
    emit_store_fs(&e, TR_R11, TR_FS(spill[0]));
    emit_bytes(&e, (uint8_t[]){(uint8_t)(0x49 | (id >> 3) << 2), 0x89, (uint8_t)(0xc0 | (id & 7) << 3 | (TR_R11 & 7))}, 3);
    emit_jump(&e, e.region->enter_indirect, false);
}

/* The table for targets in this register; or for those in memory if too few jumps have asked for it, as it takes half a megabyte, or
 * there is no room. */
static unsigned use_table(struct tr_region *region, unsigned id)
{
    static uint8_t asked[TABLES];
    struct tr_exit *exit;
    if (miss[id])
        return id;
    if (id != TR_RAX && ++asked[id] < WORTH_A_TABLE)
        return TABLE_MEMORY;
    uintptr_t slot = slot_take(region, &exit);
    if (!slot)
        return TABLE_MEMORY;
    *exit = (struct tr_exit){.kind = EXIT_MISS, .table = (uint8_t)id};
    write_miss(slot, id);
    slot_keep(slot);
    miss[id] = slot;
    forget(id);
    return id;
}

static uintptr_t find_slot(uintptr_t pc, unsigned id)
{
    for (uintptr_t slot = table_of(id)[pc % TABLE_WORDS]; slot != miss[id]; slot = *literal_of(slot)) {
        if (exit_at(cache_chunk_of(slot), slot)->target == pc)
            return slot;
    }
    return 0;
}

static struct tr_region *region_near(uintptr_t code)
{
    struct tr_region *region = cache_region_of(code);
    for (region = region ? region : cache_regions; region && region->older; region = region->older) {
        if (tr_arch.reaches(region->start, code))
            break;
    }
    return region;
}

bool indirect_learn(uintptr_t pc, uintptr_t code, struct tr_fragment *fragment)
{
    unsigned id = tr_thread.table ? tr_thread.table - 1 : TABLE_MEMORY;
    tr_thread.table = 0;
    uintptr_t slot = find_slot(pc, id);
    struct tr_exit *exit;
    if (slot) {
        exit_link(exit_at(cache_chunk_of(slot), slot), code, fragment);
        return true;
    }
    slot = slot_take(region_near(code), &exit);
    if (!slot)
        return false;
    *exit = (struct tr_exit){.target = pc, .kind = EXIT_INDIRECT, .table = (uint8_t)id};
    uintptr_t *word = &table_of(id)[pc % TABLE_WORDS];
    write_slot(slot, exit, *word);
    slot_keep(slot);
    exit_link(exit, code, fragment);
    store_release(word, slot);
    return true;
}

uintptr_t indirect_trampoline(struct tr_region *region, uintptr_t to)
{
    struct tr_exit *exit;
    uintptr_t slot = slot_take(region, &exit);
    if (!slot)
        return 0;
    *exit = (struct tr_exit){.target = to, .kind = EXIT_TRAMPOLINE};
    struct emitter e = slot_emitter(slot);
    emit_bytes(&e, (uint8_t[]){0xff, 0x25}, 2);
    emit32(&e, SLOT_NEXT - 6);
    *literal_of(slot) = to;
    slot_keep(slot);
    return slot;
}

/* --- sites -------------------------------------------------------------------------------------------------------- */

/* mov operand, %r11, with the operand of `jmp r/m64` or `call r/m64`: other opcode, same addressing. */
static void emit_operand(struct emitter *e, const struct tr_insn *insn)
{
    unsigned modrm_at = insn->modrm_at, rex = 0;
    for (unsigned i = 0; i + 1 < modrm_at; i++) {
        uint8_t byte = insn->bytes[i];
        if (byte == 0x64 || byte == 0x65 || byte == 0x67)
            emit8(e, byte);
        else if ((byte & 0xf0) == 0x40)
            rex = byte & 3; /* X and B */
    }
    emit8(e, (uint8_t)(0x4c | rex));
    emit8(e, 0x8b);
    emit8(e, (uint8_t)((insn->bytes[modrm_at] & 0xc7) | (TR_R11 & 7) << 3));
    emit_bytes(e, insn->bytes + modrm_at + 1, insn->length - modrm_at - 1u);
}

static void emit_rip_relative(struct emitter *e, uintptr_t address)
{
    if (tr_arch.reaches(e->at + 3, address)) {
        emit_bytes(e, (uint8_t[]){0x4c, 0x8b, 0x1d}, 3);
        emit32(e, (uint32_t)(address - (e->at + 4)));
    } else {
        emit_constant(e, TR_R11, address);
        emit_bytes(e, (uint8_t[]){0x4d, 0x8b, 0x1b}, 3);
    }
}

/* The register that the operand is, if its targets have a table; else TABLE_MEMORY. */
static unsigned table_for(struct emitter *e, const struct tr_insn *insn)
{
    uint8_t modrm = insn->bytes[insn->modrm_at];
    if (modrm < 0xc0)
        return TABLE_MEMORY;
    bool high = insn->encoding == ENCODING_REX && insn->bytes[insn->prefix_at] & 1;
    unsigned reg = (modrm & 7u) | (unsigned)high << 3;
    return reg == TR_RCX || reg == TABLE_MEMORY ? TABLE_MEMORY : use_table(e->region, reg);
}

/* rcx = the target's low 16 bits; and the jump or call through the table. */
static void emit_through_table(struct emitter *e, unsigned id, bool call)
{
    unsigned target = id == TABLE_MEMORY ? TR_R11 : id;
    uintptr_t table = (uintptr_t)table_of(id);
    if (is_low(table)) { /* movzwl %target, %ecx */
        emit_bytes(e, (uint8_t[]){(uint8_t)(0x40 | target >> 3), 0x0f, 0xb7, (uint8_t)(0xc0 | TR_RCX << 3 | (target & 7))}, 4);
    } else { /* movabs $table / 8, %rcx; mov %target, %cx */
        emit_bytes(e, (uint8_t[]){0x48, 0xb9}, 2);
        emit64(e, table / 8);
        emit_bytes(e, (uint8_t[]){0x66, (uint8_t)(0x40 | (target >> 3) << 2), 0x89,
                                  (uint8_t)(0xc0 | (target & 7) << 3 | TR_RCX)}, 4);
    }
    emit_bytes(e, (uint8_t[]){0xff, call ? 0x14 : 0x24, 0xcd}, 3);
    emit32(e, is_low(table) ? (uint32_t)table : 0);
}

void indirect_emit(struct emitter *e, const struct tr_insn *insn, bool r11_dead, struct place_writer *places)
{
    bool call = insn->flow == FLOW_CALL_INDIRECT;
    unsigned id = table_for(e, insn);
    if (id == TABLE_MEMORY) {
        if (!r11_dead)
            emit_store_fs(e, TR_R11, TR_FS(spill[0]));
        place_spilled(places, e->at, TR_R11, 0);
        place_started(places, e->at);
        if (insn->rip_operand)
            emit_rip_relative(e, insn->rip_operand);
        else
            emit_operand(e, insn);
    } else {
        place_started(places, e->at);
    }
    emit_store_fs(e, TR_RCX, TR_FS(spill[1]));
    place_spilled(places, e->at, TR_RCX, 1);
    emit_through_table(e, id, call);
    if (id == TABLE_MEMORY)
        place_restored(places, e->at, TR_R11);
    place_restored(places, e->at, TR_RCX);
    if (call)
        place_return_site(places, e->at, insn->pc + insn->length);
}
