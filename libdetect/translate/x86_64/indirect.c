/* SPDX-License-Identifier: MIT */
/* Indirect jumps and calls. Their code (transfer.h) ends in a jump through a table of 65536 words that is indexed by the
 * target's low 16 bits. Each word leads to the stub of a target that was learnt, which checks that it is meant:
 *
 *    0  mov    %rcx, %r10
 *    3  movabs $-target, %rcx
 *   13  lea    (%rcx,%r11), %rcx
 *   17  jrcxz  1f
 *   19  mov    %r10, %rcx
 *   22  jmp    *next(%rip)           the next stub with the same low bits; in the end, enter_indirect
 *   28  1: mov %r10, %rcx
 *   31  mov    %fs:spill1, %r10
 *   40  mov    %fs:spill0, %r11
 *   49  jmp    where                 an exit like a fragment's: patched, and unlinked when the fragment goes
 *   54  its stub
 *   80  next: .quad
 *
 * No flag is touched (who jumps may have put something into the carry for who is jumped to), and each table word is
 * exchanged in one store: no lock. Newest first. Slots stay when targets go: the exit then asks the dispatcher again.
 *
 * A branch predictor tells indirect jumps apart by few low bits of where the last jumps came from and went to. With slots of 64,
 * 96 or 128 bytes and fragments that begin at multiples of 16 it took every tenth pair of targets for one (a
 * misprediction each time, measured on Zen 4); hence the odd size, and fragments that begin at any multiple of 4. */
#include <string.h>
#include <sys/mman.h>

#include "base/sys.h"
#include "translate/arch.h"
#include "translate/place.h"
#include "translate/translator.h"
#include "translate/x86_64/transfer.h"
#include "translate/x86_64/shared.h"

enum {
    TABLE_WORDS = 65536,
    SLOT_SIZE = 88,
    SLOT_RCX_MOVED = 3,
    SLOT_MISSED = 22,
    SLOT_MEANT = 28,
    SLOT_RCX_BACK = 31,
    SLOT_R10_BACK = 40,
    SLOT_JUMP = 49,
    SLOT_STUB = 54,
    SLOT_NEXT = 80,
};

/* table / 8 in a register has zeros where the index goes. */
#define TABLE_ALIGNMENT ((size_t)TABLE_WORDS * 8)

static uintptr_t *table;
static uintptr_t miss;

bool indirect_init(uintptr_t enter_indirect)
{
    if (table)
        return true;
    uint8_t *space = sys_map(2 * TABLE_ALIGNMENT);
    if (!space)
        return false;
    uint8_t *start = (uint8_t *)(((uintptr_t)space + TABLE_ALIGNMENT - 1) & ~(TABLE_ALIGNMENT - 1));
    if (start > space)
        sys_unmap(space, (size_t)(start - space));
    size_t behind = TABLE_ALIGNMENT - (size_t)(start - space);
    if (behind)
        sys_unmap(start + TABLE_ALIGNMENT, behind);
    table = (uintptr_t *)(void *)start;
    miss = enter_indirect;
    indirect_forget_all();
    return true;
}

void indirect_forget_all(void)
{
    for (size_t i = 0; table && i < TABLE_WORDS; i++)
        store_release(&table[i], miss);
}

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

bool indirect_place(const struct tr_chunk *chunk, uintptr_t code, struct tr_place *place)
{
    uintptr_t slot = slot_of(chunk, code);
    if (!slot)
        return shared_place(region_of(chunk), code, place);
    const struct tr_exit *exit = exit_at(chunk, slot);
    uintptr_t offset = code - slot;
    *place = (struct tr_place){.pc = exit->target};
    if (exit->kind == EXIT_TRAMPOLINE)
        return !cache_contains(exit->target) || cache_place(exit->target, place);
    if (offset < SLOT_MEANT)
        place->pc_from = PC_IN_R11;
    if ((offset >= SLOT_RCX_MOVED && offset < SLOT_MISSED) || offset == SLOT_MEANT)
        place_put(place, TR_RCX, PLACE_IN_REGISTER + TR_R10);
    if (offset < SLOT_R10_BACK)
        place_put(place, TR_R10, 1);
    if (offset < SLOT_JUMP)
        place_put(place, TR_R11, 0);
    if (offset > SLOT_STUB)
        place_put(place, TR_RAX, 0);
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

/* Space for a slot; its exit is zeroed. 0: none. */
static uintptr_t take_slot(struct tr_region *region, struct tr_exit **exit)
{
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

/* The slot is complete: signal handlers may find it. */
static void keep_slot(uintptr_t slot)
{
    struct tr_chunk *chunk = cache_chunk_of(slot);
    store_release(&chunk->next, slot + SLOT_SIZE);
}

static void write_slot(struct tr_region *region, uintptr_t slot, struct tr_exit *exit, uintptr_t next)
{
    struct emitter e = {.at = slot, .end = slot + SLOT_SIZE, .delta = region->write_delta, .region = region};
    _Static_assert(SLOT_JUMP % 8 + 1 <= 4 && SLOT_SIZE % 8 == 0, "the displacement lies within an aligned word");
    emit_bytes(&e, (uint8_t[]){0x49, 0x89, 0xca, 0x48, 0xb9}, 5);
    emit64(&e, -exit->target);
    emit_bytes(&e, (uint8_t[]){0x4a, 0x8d, 0x0c, 0x19, 0xe3, SLOT_MEANT - 19, 0x4c, 0x89, 0xd1, 0xff, 0x25}, 11);
    emit32(&e, SLOT_NEXT - SLOT_MEANT);
    emit_bytes(&e, (uint8_t[]){0x4c, 0x89, 0xd1}, 3);
    emit_load_fs(&e, TR_R10, TR_FS(spill[1]));
    emit_load_fs(&e, TR_R11, TR_FS(spill[0]));
    exit->site = emit_jump(&e, slot + SLOT_STUB, false);
    stub_emit(&e, exit, NULL);
    emit_nops(&e, slot + SLOT_NEXT - e.at);
    emit64(&e, next);
}

static uintptr_t find_slot(uintptr_t pc)
{
    for (uintptr_t slot = table[pc % TABLE_WORDS]; slot != miss; slot = *literal_of(slot)) {
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
    uintptr_t slot = find_slot(pc);
    struct tr_exit *exit;
    if (slot) {
        exit = exit_at(cache_chunk_of(slot), slot);
    } else {
        struct tr_region *region = region_near(code);
        slot = take_slot(region, &exit);
        if (!slot)
            return false;
        *exit = (struct tr_exit){.target = pc, .kind = EXIT_INDIRECT};
        uintptr_t *word = &table[pc % TABLE_WORDS];
        write_slot(cache_region_of(slot), slot, exit, *word);
        keep_slot(slot);
        exit_link(exit, code, fragment);
        store_release(word, slot);
        return true;
    }
    exit_link(exit, code, fragment);
    return true;
}

uintptr_t indirect_trampoline(struct tr_region *region, uintptr_t to)
{
    struct tr_exit *exit;
    uintptr_t slot = take_slot(region, &exit);
    if (!slot)
        return 0;
    *exit = (struct tr_exit){.target = to, .kind = EXIT_TRAMPOLINE};
    struct emitter e = {.at = slot, .end = slot + SLOT_SIZE, .delta = cache_region_of(slot)->write_delta};
    emit_bytes(&e, (uint8_t[]){0xff, 0x25}, 2);
    emit32(&e, SLOT_NEXT - 6);
    *literal_of(slot) = to;
    keep_slot(slot);
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

void indirect_emit(struct emitter *e, const struct tr_insn *insn, uint16_t dead, bool flags_dead,
                   struct place_writer *places)
{
    (void)flags_dead;
    bool call = insn->flow == FLOW_CALL_INDIRECT;
    if (!(dead >> TR_R11 & 1))
        emit_store_fs(e, TR_R11, TR_FS(spill[0]));
    place_spilled(places, e->at, TR_R11, 0);
    place_started(places, e->at);
    if (insn->rip_operand)
        emit_rip_relative(e, insn->rip_operand);
    else
        emit_operand(e, insn);
    if (!(dead >> TR_R10 & 1))
        emit_store_fs(e, TR_R10, TR_FS(spill[1]));
    place_spilled(places, e->at, TR_R10, 1);
    emit_bytes(e, (uint8_t[]){0x49, 0xba}, 2);
    emit64(e, (uintptr_t)table / 8);
    emit_bytes(e, (uint8_t[]){0x66, 0x45, 0x89, 0xda}, 4);
    emit_bytes(e, (uint8_t[]){0x42, 0xff, call ? 0x14 : 0x24, 0xd5, 0, 0, 0, 0}, 8);
    if (call) {
        place_restored(places, e->at, TR_R11);
        place_restored(places, e->at, TR_R10);
        place_return_site(places, e->at, insn->pc + insn->length);
    }
}
