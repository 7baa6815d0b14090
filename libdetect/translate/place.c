/* SPDX-License-Identifier: MIT */
/* Where the program's state is at each cache address of a fragment: a stream of small records in order of code
 * addresses, written once by the builder (place.h) and scanned by whoever is interrupted (fragment.h). Readers may be
 * signal handlers: they allocate nothing and take no lock.
 *
 * A record is a byte and operands. `code`: distance from the record before; `pc`: from the instruction before.
 * Numbers are in base 128, least significant first; signed ones are folded (zigzag).
 *
 *   0000 nnnn                          instruction, pc and code n bytes on, enterable, started (n > 0)
 *   0001 nnnn  code<<2|started<<1|ent  instruction, pc n bytes on
 *   0010 0000  pc  code<<2|...         instruction, pc anywhere
 *   0011 0000  code  slot<<3|form      flags spilled
 *   0011 0001  code                    flags restored
 *   0011 0010  code                    started
 *   0011 0011  code  pc                return site
 *   0011 0100  code  pc                stub
 *   0011 0101  code  pc                call-out
 *   0100 rrrr  code  slot              register spilled
 *   0101 rrrr  code                    register restored
 */
#include "translate/place.h"

#include <string.h>

enum record {
    PLAIN = 0x00,
    NEAR = 0x10,
    FAR = 0x20,
    FLAGS_SPILLED = 0x30,
    FLAGS_RESTORED,
    STARTED,
    RETURN_SITE,
    STUB,
    CALL_OUT,
    SPILLED = 0x40,
    RESTORED = 0x50,
};

/* --- writing ------------------------------------------------------------------------------------------------------ */

static void put_byte(struct place_writer *w, uint8_t byte)
{
    if (w->used < w->capacity)
        w->bytes[w->used++] = byte;
    else
        w->full = true;
}

static void put_number(struct place_writer *w, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        put_byte(w, (uint8_t)(value | 0x80));
    put_byte(w, (uint8_t)value);
}

static void put_signed(struct place_writer *w, int64_t value)
{
    put_number(w, (uint64_t)value << 1 ^ (uint64_t)(value >> 63));
}

static void put_pending(struct place_writer *w)
{
    if (!w->pending)
        return;
    w->pending = false;
    uint64_t code = w->code - w->last_code;
    uint64_t pc = w->pc - w->last_pc;
    if (w->enterable && w->started && pc == code && pc > 0 && pc < 16) {
        put_byte(w, (uint8_t)(PLAIN | pc));
    } else {
        if (pc < 16) {
            put_byte(w, (uint8_t)(NEAR | pc));
        } else {
            put_byte(w, FAR);
            put_signed(w, (int64_t)pc);
        }
        put_number(w, code << 2 | (unsigned)w->started << 1 | w->enterable);
    }
    w->last_code = w->code;
    w->last_pc = w->pc;
}

static void put_record(struct place_writer *w, unsigned record, uintptr_t code)
{
    put_pending(w);
    put_byte(w, (uint8_t)record);
    put_number(w, code - w->last_code);
    w->last_code = code;
}

void place_begin(struct place_writer *w, uint8_t *bytes, uint32_t capacity, uintptr_t pc, uintptr_t code)
{
    *w = (struct place_writer){.bytes = bytes, .capacity = capacity, .last_pc = pc, .last_code = code};
}

void place_instruction(struct place_writer *w, uintptr_t pc, uintptr_t code, bool enterable)
{
    put_pending(w);
    w->pending = true;
    w->enterable = enterable;
    w->started = false;
    w->pc = pc;
    w->code = code;
}

void place_spilled(struct place_writer *w, uintptr_t code, unsigned reg, unsigned slot)
{
    put_record(w, SPILLED | reg, code);
    put_byte(w, (uint8_t)slot);
}

void place_restored(struct place_writer *w, uintptr_t code, unsigned reg)
{
    put_record(w, RESTORED | reg, code);
}

void place_flags_spilled(struct place_writer *w, uintptr_t code, unsigned slot, unsigned form)
{
    put_record(w, FLAGS_SPILLED, code);
    put_byte(w, (uint8_t)(slot << 3 | form));
}

void place_flags_restored(struct place_writer *w, uintptr_t code)
{
    put_record(w, FLAGS_RESTORED, code);
}

void place_started(struct place_writer *w, uintptr_t code)
{
    if (w->pending && w->code == code)
        w->started = true;
    else
        put_record(w, STARTED, code);
}

void place_return_site(struct place_writer *w, uintptr_t code, uintptr_t return_pc)
{
    put_record(w, RETURN_SITE, code);
    put_signed(w, (int64_t)(return_pc - w->last_pc));
}

void place_stub(struct place_writer *w, uintptr_t code, uintptr_t target)
{
    put_record(w, STUB, code);
    put_signed(w, (int64_t)(target - w->last_pc));
}

void place_call_out(struct place_writer *w, uintptr_t code, uintptr_t pc)
{
    put_record(w, CALL_OUT, code);
    put_signed(w, (int64_t)(pc - w->last_pc));
}

void place_end(struct place_writer *w)
{
    put_pending(w);
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

struct place_reader {
    const uint8_t *at, *end;
    uintptr_t code, pc;  /* of the record just read; of the last instruction */
    struct tr_place place;
    bool instruction, enterable; /* the record just read */
};

static uint64_t take_number(struct place_reader *r)
{
    uint64_t value = 0;
    for (unsigned shift = 0; r->at < r->end; shift += 7) {
        uint8_t byte = *r->at++;
        value |= (uint64_t)(byte & 0x7f) << (shift & 63);
        if (byte < 0x80)
            break;
    }
    return value;
}

static int64_t take_signed(struct place_reader *r)
{
    uint64_t value = take_number(r);
    return (int64_t)(value >> 1 ^ -(value & 1));
}

static uint8_t take_byte(struct place_reader *r)
{
    return r->at < r->end ? *r->at++ : 0;
}

static void open_reader(struct place_reader *r, const struct tr_fragment *fragment)
{
    memset(r, 0, sizeof(*r));
    r->at = fragment->places;
    r->end = fragment->places + fragment->places_size;
    r->code = fragment->code;
    r->pc = fragment->pc;
    r->place.pc = fragment->pc;
}

static void take_instruction(struct place_reader *r, uint8_t record)
{
    bool started = true, enterable = true;
    if (record < NEAR) {
        r->pc += record;
        r->code += record;
    } else {
        r->pc += record == FAR ? (uint64_t)take_signed(r) : record & 15u;
        uint64_t code = take_number(r);
        r->code += code >> 2;
        started = code >> 1 & 1;
        enterable = code & 1;
    }
    r->instruction = true;
    r->enterable = enterable;
    r->place.pc = r->pc;
    r->place.started = started;
    r->place.at_return_site = false;
}

static void take_state(struct place_reader *r, uint8_t record)
{
    struct tr_place *place = &r->place;
    unsigned reg = record & 15;
    r->code += take_number(r);
    if (record >= RESTORED) {
        place->spilled &= (uint16_t)~(1u << reg);
    } else if (record >= SPILLED) {
        place->spilled |= (uint16_t)(1u << reg);
        place->spill_of[reg] = take_byte(r);
    } else if (record == FLAGS_SPILLED) {
        uint8_t where = take_byte(r);
        place->flags_spilled = true;
        place->spill_of_flags = where >> 3;
        place->flags_form = where & 7;
    } else if (record == FLAGS_RESTORED) {
        place->flags_spilled = false;
    } else if (record == STARTED) {
        place->started = true;
    } else {
        place->pc = r->pc + (uint64_t)take_signed(r);
        place->started = false;
        if (record == STUB || record == CALL_OUT) {
            place->spilled = 0;
            place->flags_spilled = false;
        }
    }
}

static bool take_record(struct place_reader *r)
{
    if (r->at >= r->end)
        return false;
    uint8_t record = *r->at++;
    r->instruction = false;
    if (record < FLAGS_SPILLED)
        take_instruction(r, record);
    else
        take_state(r, record);
    return true;
}

bool fragment_place(const struct tr_fragment *fragment, uintptr_t code, struct tr_place *place)
{
    if (code - fragment->code >= fragment->code_end - fragment->code && code - fragment->cold >= fragment->cold_end - fragment->cold)
        return false;
    struct place_reader r;
    open_reader(&r, fragment);
    bool at_return_site = false;
    struct tr_place last = r.place;
    for (uint8_t record = 0;; last = r.place) {
        record = r.at < r.end ? *r.at : 0;
        if (!take_record(&r) || r.code > code)
            break;
        at_return_site |= record == RETURN_SITE && r.code == code;
    }
    *place = last;
    place->at_return_site = at_return_site;
    return true;
}

uintptr_t fragment_code_at(const struct tr_fragment *fragment, uintptr_t pc)
{
    if (pc < fragment->pc || pc >= fragment->pc_end)
        return 0;
    struct place_reader r;
    open_reader(&r, fragment);
    while (take_record(&r)) {
        if (r.instruction && r.enterable && r.pc == pc)
            return r.code;
    }
    return 0;
}

uintptr_t fragment_call_out(const struct tr_fragment *fragment, uintptr_t pc)
{
    struct place_reader r;
    open_reader(&r, fragment);
    for (;;) {
        bool is_call_out = r.at < r.end && *r.at == CALL_OUT;
        if (!take_record(&r))
            return 0;
        if (is_call_out && r.place.pc == pc)
            return r.code;
    }
}

bool fragment_is_valid(const struct tr_fragment *fragment)
{
    uintptr_t end = fragment->cold < fragment->cold_end ? fragment->cold_end : fragment->code_end;
    if (fragment->pc >= fragment->pc_end || fragment->code >= fragment->code_end)
        return false;
    struct place_reader r;
    open_reader(&r, fragment);
    while (take_record(&r)) {
        if (r.code > end || (r.instruction && r.enterable && r.place.spilled != 0))
            return false;
    }
    for (unsigned i = 0; i < fragment->exit_count; i++) {
        const struct tr_exit *exit = &fragment->exits[i];
        if (exit->site < fragment->code || exit->site + 4 > end || exit->fragment != fragment || (exit->site & 7) > 4 ||
            exit->stub < fragment->cold || exit->stub >= fragment->cold_end)
            return false;
    }
    return r.at == r.end;
}
