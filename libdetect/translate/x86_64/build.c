/* SPDX-License-Identifier: MIT */
/* Program code to a fragment, in three steps: decode along the fall-through path; count which transfers stay inside;
 * write the copies, then the stubs of the exits, then the literals. Called by the dispatcher (cache.h) with the
 * translator's lock held, which also guards the one static work area. */
#include "translate/cache.h"
#include "translate/place.h"
#include "translate/ranges.h"
#include "translate/translator.h"
#include "translate/x86_64/cases.h"
#include "translate/x86_64/check.h"
#include "translate/x86_64/decode.h"
#include "translate/x86_64/emitter.h"
#include "translate/x86_64/hooks.h"
#include "translate/x86_64/keep_calls.h"
#include "translate/x86_64/linkage.h"
#include "translate/x86_64/loops.h"
#include "translate/x86_64/relocate.h"
#include "translate/x86_64/transfer.h"

#define FRAGMENT_INSTRUCTIONS 256
#define TEXT_WINDOW 256
#define NOWHERE UINT16_MAX

/* The most that they take. */
enum { STUB_BYTES = EMIT_FS_SIZE + 10 + 5, TAIL_BYTES = INDIRECT_BYTES + 5 };

/* The slots of tr_thread.spill: stubs and indirect jumps use the first two. */
enum { SLOT_OPERAND = 2 }; /* and SLOT_SCAN of hooks.h */

struct literal {
    uintptr_t site; /* the displacement that is to lead to it */
    uint64_t value;
};

/* The rare way of a jump or call through a slot, out of line. */
struct tail {
    uint32_t i;
    uintptr_t site; /* the displacement that leads to it */
};

struct builder {
    struct emitter e;
    struct place_writer places;
    struct tr_fragment *fragment;
    uint32_t exits;                           /* used of fragment->exits */
    uint32_t count;
    uintptr_t next_pc;                        /* where the last instruction falls through to; 0: it does not */
    struct tr_insn insns[FRAGMENT_INSTRUCTIONS];
    uintptr_t code[FRAGMENT_INSTRUCTIONS];    /* of each instruction, when emitted */
    uint16_t inside[FRAGMENT_INSTRUCTIONS];   /* of a direct transfer: the index of its target; NOWHERE: an exit */
    uintptr_t forward[FRAGMENT_INSTRUCTIONS]; /* displacement that is to lead to a later instruction; 0: none */
    struct literal literals[FRAGMENT_INSTRUCTIONS];
    uint32_t literal_count;
    uintptr_t bound[FRAGMENT_INSTRUCTIONS];   /* what the slot of a jump or call through it holds; 0: no such slot */
    struct tail tails[FRAGMENT_INSTRUCTIONS];
    uint32_t tail_count;
    uintptr_t fall_through;                   /* the code behind the last instruction */
    struct check_plan plan;
    struct check_sites sites;
    struct insn_hooks hooks[FRAGMENT_INSTRUCTIONS];
    uintptr_t entry[FRAGMENT_INSTRUCTIONS];   /* of each instruction, where outsiders enter it; 0: they do not */
    struct tail pads[FRAGMENT_INSTRUCTIONS];  /* of branches between different states of borrowing */
    uint32_t pad_count;
    uint8_t place_bytes[FRAGMENT_INSTRUCTIONS * 48];
    struct case_jump cases;                   /* the jump that the path ends in */
    bool has_cases;
    uint8_t text[TEXT_WINDOW]; /* program text at [text_pc, text_pc + text_size) */
    uintptr_t text_pc;
    size_t text_size;
    bool out_of_memory; /* for a hook */
    bool is_transient;  /* a slot is not bound yet */
};

static struct builder builder;

/* --- decoding ----------------------------------------------------------------------------------------------------- */

/* The text at pc, at least INSN_MAX bytes of it unless the range ends before; NULL: none. */
static const uint8_t *text_at(struct builder *b, uintptr_t pc, size_t *size)
{
    if (pc < b->text_pc || pc + INSN_MAX > b->text_pc + b->text_size) {
        b->text_size = text_read(pc, b->text, TEXT_WINDOW);
        b->text_pc = pc;
    }
    *size = b->text_pc + b->text_size - pc;
    return *size > 0 ? b->text + (pc - b->text_pc) : NULL;
}

static bool ends_fragment(const struct tr_insn *insn)
{
    switch (insn->flow) {
    case FLOW_JUMP:
    case FLOW_JUMP_INDIRECT:
    case FLOW_RETURN:
    case FLOW_STOP:
        return true;
    default:
        return false;
    }
}

/* Fills insns. An instruction that cannot be decoded is the last, with length 0. */
static void decode_path(struct builder *b, uintptr_t pc, uint32_t limit)
{
    b->count = 0;
    b->next_pc = pc;
    while (b->count < limit && (b->count == 0 || !map_may_find(pc) || map_find(pc) == 0)) {
        size_t size;
        const uint8_t *text = text_at(b, pc, &size);
        struct tr_insn *insn = &b->insns[b->count];
        if (!text)
            return;
        if (!(hooks_need_operands() ? decode_operands : decode)(insn, text, size, pc))
            stat_add(&translator.stats.undecodable, 1);
        if (hooks_need_operands())
            hooks_choose(insn);
        b->count++;
        pc += insn->length;
        b->next_pc = ends_fragment(insn) ? 0 : pc;
        if (b->next_pc == 0)
            return;
    }
}

/* --- transfers that stay inside ------------------------------------------------------------------------------------ */

static bool is_direct(const struct tr_insn *insn)
{
    return insn->target != 0;
}

/* Instructions are in order of their addresses. */
static uint16_t index_of(const struct builder *b, uintptr_t pc)
{
    uint32_t low = 0, high = b->count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (b->insns[middle].pc < pc)
            low = middle + 1;
        else
            high = middle;
    }
    return low < b->count && b->insns[low].pc == pc ? (uint16_t)low : NOWHERE;
}

static bool is_literal_call(const struct tr_insn *insn)
{
    return insn->flow == FLOW_CALL && linkage_wants_return_address(insn);
}

/* --- what is borrowed ------------------------------------------------------------------------------------------------- */

/* While the instruction itself executes, and where its branch leads. */
static const struct check_held *held_at(const struct builder *b, uint32_t i)
{
    return b->plan.closed[i] ? &held_none : &b->plan.held[i];
}

/* What the instruction before leaves borrowed, if it falls through. */
static const struct check_held *held_before(const struct builder *b, uint32_t i)
{
    return i == 0 || ends_fragment(&b->insns[i - 1]) ? &held_none : held_at(b, i - 1);
}

/* A switch may know its index from the instruction before. */
static bool is_behind_bound(const struct builder *b, uint32_t i)
{
    return b->has_cases && b->cases.is_bounded && i == b->cases.first;
}

static bool is_enterable(const struct builder *b, uint32_t i)
{
    return held_nothing(held_before(b, i)) && !is_behind_bound(b, i);
}

/* A transfer from here leads to the instruction's label as it is. */
static bool is_same_state(const struct builder *b, uint32_t from, uint32_t to)
{
    return held_same(held_at(b, from), &b->plan.held[to]);
}

/* What a transfer from here has to hold where it leads: nothing, or what is held there. */
static const struct check_held *held_behind(const struct builder *b, uint32_t from, uint16_t to)
{
    if (to == NOWHERE)
        return &held_none;
    return is_same_state(b, from, to) || !is_enterable(b, to) ? &b->plan.held[to] : &held_none;
}

/* Where it leads then. 0: not known yet. */
static uintptr_t label_of(const struct builder *b, uint32_t from, uint16_t to)
{
    return held_behind(b, from, to) == &b->plan.held[to] ? b->code[to] : b->entry[to];
}

static bool converts(const struct builder *b, uint32_t from, uint16_t to)
{
    return !held_same(held_at(b, from), held_behind(b, from, to));
}

/* Calls and transactions lead to where nothing is borrowed. */
static bool leads_to_closed(const struct builder *b, uint32_t i)
{
    uint8_t flow = b->insns[i].flow;
    return (flow == FLOW_CALL || flow == FLOW_TRANSACTION) && b->inside[i] != NOWHERE && !is_enterable(b, b->inside[i]);
}

static void plan_checks(struct builder *b)
{
    if (check_is_on()) {
        check_plan(&b->plan, b->insns, b->count, b->inside);
        return;
    }
    for (uint32_t i = 0; i < b->count; i++) {
        b->plan.held[i] = held_none;
        b->plan.inline_operands[i] = 0;
        b->plan.closed[i] = false;
    }
}

/* Fills `inside` and `bound`. The number of exits. */
static uint32_t find_targets(struct builder *b)
{
    uint32_t exits = b->next_pc != 0;
    b->is_transient = false;
    for (uint32_t i = 0; i < b->count; i++) {
        b->bound[i] = linkage_bound(b->insns, i, &b->is_transient);
        exits += b->bound[i] != 0;
        b->inside[i] = NOWHERE;
        if (!is_direct(&b->insns[i]))
            continue;
        b->inside[i] = translator.options.links == TR_LINKS_NEVER ? NOWHERE : index_of(b, b->insns[i].target);
        exits += b->inside[i] == NOWHERE;
    }
    b->has_cases = !hooks_need_operands() && cases_find(&b->cases, b->insns, b->count, b->inside);
    plan_checks(b);
    for (uint32_t i = 0; i < b->count; i++) {
        if (!leads_to_closed(b, i))
            continue;
        b->inside[i] = NOWHERE;
        exits++;
    }
    return exits;
}

/* --- emission -------------------------------------------------------------------------------------------------------- */

/* The displacement at `site` of the transfer leads to the instruction inside, or to the stub of a new exit. */
static void lead(struct builder *b, uint32_t i, uintptr_t site, uint16_t inside, uintptr_t target, enum tr_exit_kind kind)
{
    if (inside == NOWHERE) {
        b->fragment->exits[b->exits++] = (struct tr_exit){
            .fragment = b->fragment, .target = target, .site = site, .kind = (uint8_t)kind};
    } else if (inside <= i) {
        emit_set_displacement(&b->e, site, label_of(b, i, inside));
    } else {
        b->forward[i] = site;
    }
}

/* A loop's way back keeps its short form. */
static bool emit_back(struct builder *b, uint32_t i)
{
    const struct tr_insn *insn = &b->insns[i];
    int64_t distance = b->inside[i] <= i ? (int64_t)(label_of(b, i, b->inside[i]) - (b->e.at + 2)) : INT8_MIN - 1;
    if (distance < INT8_MIN)
        return false;
    uint8_t opcode = insn->flow == FLOW_JUMP ? 0xeb : 0x70 | insn->condition;
    emit_bytes(&b->e, (uint8_t[]){opcode, (uint8_t)distance}, 2);
    return true;
}

/* A branch that leads to a pad, which converts and goes on. */
static void emit_branch_to_pad(struct builder *b, uint32_t i)
{
    place_started(&b->places, b->e.at);
    b->pads[b->pad_count++] = (struct tail){.i = i, .site = emit_branch(&b->e, b->insns[i].condition, b->e.at, false)};
}

static void emit_pad(struct builder *b, const struct tail *pad)
{
    uint32_t i = pad->i;
    uint16_t inside = b->inside[i];
    emit_set_displacement(&b->e, pad->site, b->e.at);
    place_stub(&b->places, b->e.at, b->insns[i].target);
    check_tell_held(&b->places, b->e.at, held_at(b, i));
    check_convert(&b->e, &b->places, held_at(b, i), held_behind(b, i, inside));
    if (inside == NOWHERE)
        lead(b, i, emit_jump(&b->e, b->e.at, true), NOWHERE, b->insns[i].target, EXIT_BRANCH);
    else
        emit_jump(&b->e, label_of(b, i, inside), false);
}

/* What leads inside is never patched. */
static void emit_jump_or_branch(struct builder *b, uint32_t i, enum tr_exit_kind kind)
{
    const struct tr_insn *insn = &b->insns[i];
    struct emitter *e = &b->e;
    bool aligned = b->inside[i] == NOWHERE;
    if (insn->flow == FLOW_BRANCH && converts(b, i, b->inside[i])) {
        emit_branch_to_pad(b, i);
        return;
    }
    if (converts(b, i, b->inside[i]))
        check_convert(e, &b->places, held_at(b, i), held_behind(b, i, b->inside[i]));
    place_started(&b->places, e->at);
    if (emit_back(b, i))
        return;
    uintptr_t site = insn->flow == FLOW_JUMP ? emit_jump(e, e->at, aligned)
                                             : emit_branch(e, insn->condition, e->at, aligned);
    lead(b, i, site, b->inside[i], insn->target, kind);
}

static void emit_direct_call(struct builder *b, uint32_t i)
{
    const struct tr_insn *insn = &b->insns[i];
    struct emitter *e = &b->e;
    place_started(&b->places, e->at);
    if (!is_literal_call(insn)) {
        lead(b, i, emit_call(e, e->at, true), b->inside[i], insn->target, EXIT_CALL);
        place_return_site(&b->places, e->at, insn->pc + insn->length);
        return;
    }
    b->literals[b->literal_count++] =
        (struct literal){.site = emit_push_literal(e), .value = insn->pc + insn->length};
    place_instruction(&b->places, insn->target, e->at, false);
    lead(b, i, emit_jump(e, e->at, true), b->inside[i], insn->target, EXIT_JUMP);
}

/*     jrcxz  1f
 *     jmp    2f
 *  1: jmp    target
 *  2:                  */
static void emit_short_branch(struct builder *b, uint32_t i)
{
    const struct tr_insn *insn = &b->insns[i];
    struct emitter *e = &b->e;
    place_started(&b->places, e->at);
    emit_bytes(e, insn->bytes, insn->length - 1u);
    emit8(e, 2);
    place_instruction(&b->places, insn->pc + insn->length, e->at, false);
    uintptr_t over = emit_short_jump(e);
    place_instruction(&b->places, insn->target, e->at, false);
    const struct check_held *behind = held_behind(b, i, b->inside[i]);
    check_convert(e, &b->places, &held_none, behind);
    lead(b, i, emit_jump(e, e->at, true), b->inside[i], insn->target, EXIT_BRANCH);
    check_tell_given_back(&b->places, e->at, behind);
    emit_set_short(e, over, e->at);
}

/* The kernel leaves its return address in rcx, which should not be one of the cache. */
static void emit_syscall(struct builder *b, const struct tr_insn *insn)
{
    relocate_copy(&b->e, &b->places, insn, SLOT_OPERAND, 0);
    place_instruction(&b->places, insn->pc + insn->length, b->e.at, false);
    emit_constant(&b->e, TR_RCX, insn->pc + insn->length);
}

/* What cannot be decoded faults as it would have. */
static void emit_stop(struct builder *b, const struct tr_insn *insn)
{
    if (insn->length > 0) {
        relocate_copy(&b->e, &b->places, insn, SLOT_OPERAND, 0);
        return;
    }
    place_started(&b->places, b->e.at);
    emit_bytes(&b->e, "\x0f\x0b", 2);
}

/*     mov  slot(%rip), %r11
 *     cmp  literal(%rip), %r11     where it led when this was made
 *     jne  tail                    the general way
 *     jmp  target                  or call                                   */
static void emit_bound(struct builder *b, uint32_t i)
{
    const struct tr_insn *insn = &b->insns[i];
    struct emitter *e = &b->e;
    bool is_call = insn->flow == FLOW_CALL_INDIRECT;
    place_started(&b->places, e->at);
    emit_load(e, TR_R11, insn->rip_operand);
    emit_bytes(e, (uint8_t[]){0x4c, 0x3b, 0x1d}, 3);
    b->literals[b->literal_count++] = (struct literal){.site = e->at, .value = b->bound[i]};
    emit32(e, 0);
    b->tails[b->tail_count++] = (struct tail){.i = i, .site = emit_branch(e, 5, e->at, false)};
    uintptr_t site = is_call ? emit_call(e, e->at, true) : emit_jump(e, e->at, true);
    lead(b, i, site, NOWHERE, b->bound[i], is_call ? EXIT_CALL : EXIT_JUMP);
    if (is_call)
        place_return_site(&b->places, e->at, insn->pc + insn->length);
}

static void emit_tail(struct builder *b, const struct tail *tail)
{
    const struct tr_insn *insn = &b->insns[tail->i];
    emit_set_displacement(&b->e, tail->site, b->e.at);
    place_instruction(&b->places, insn->pc, b->e.at, false);
    indirect_emit(&b->e, insn, true, &b->places);
    if (insn->flow == FLOW_JUMP_INDIRECT)
        return;
    place_instruction(&b->places, insn->pc + insn->length, b->e.at, false);
    emit_jump(&b->e, tail->i + 1 < b->count ? b->entry[tail->i + 1] : b->fall_through, false);
}

static void emit_indirect(struct builder *b, uint32_t i)
{
    if (b->bound[i])
        emit_bound(b, i);
    else
        indirect_emit(&b->e, &b->insns[i], linkage_is_stub(b->insns, i), &b->places);
}

/* The program's instruction itself. */
static void emit_copy(struct builder *b, uint32_t i)
{
    const struct tr_insn *insn = &b->insns[i];
    struct emitter *e = &b->e;
    switch (insn->flow) {
    case FLOW_JUMP:
        emit_jump_or_branch(b, i, EXIT_JUMP);
        break;
    case FLOW_BRANCH:
        emit_jump_or_branch(b, i, EXIT_BRANCH);
        break;
    case FLOW_TRANSACTION:
        place_started(&b->places, e->at);
        lead(b, i, emit_transaction(e, e->at, true), b->inside[i], insn->target, EXIT_BRANCH);
        break;
    case FLOW_BRANCH_SHORT:
        emit_short_branch(b, i);
        break;
    case FLOW_CALL:
        emit_direct_call(b, i);
        break;
    case FLOW_JUMP_INDIRECT:
    case FLOW_CALL_INDIRECT:
        emit_indirect(b, i);
        break;
    case FLOW_SYSCALL:
        emit_syscall(b, insn);
        break;
    case FLOW_STOP:
        emit_stop(b, insn);
        break;
    default:
        relocate_copy(e, &b->places, insn, SLOT_OPERAND, held_set(held_at(b, i)));
        break;
    }
}

/* CPUs execute a comparison and the branch that follows it as one, if nothing lies between: the padding that aligns
 * the branch's displacement comes before both. */
static void align_for_branch(struct builder *b, uint32_t i)
{
    if (b->insns[i + 1].flow != FLOW_BRANCH || b->inside[i + 1] != NOWHERE || !relocate_is_plain(&b->e, &b->insns[i]))
        return;
    size_t offset = (b->e.at + b->insns[i].length + 2) & 7;
    if (offset > 4)
        emit_nops(&b->e, 8 - offset);
}

static void emit_cases(struct builder *b)
{
    uintptr_t site = cases_emit(&b->e, &b->cases);
    if (site)
        b->literals[b->literal_count++] = (struct literal){.site = site, .value = b->cases.address};
}

/* For quick calls, which may look at what comes in later rounds as well. */
static bool tell_loop(struct builder *b, uint32_t i)
{
    struct tr_loop loop;
    if (!b->e.region->enter_quick_in_loop || !b->hooks[i].before ||
        !loops_describe(&loop, &b->plan, b->insns, b->count, b->inside, i))
        return true;
    return hooks_tell_loop(&b->hooks[i], &b->insns[i], &loop);
}

static void emit_instruction(struct builder *b, uint32_t i)
{
    const struct tr_insn *insn = &b->insns[i];
    struct insn_hooks *hooks = &b->hooks[i];
    bool enterable = is_enterable(b, i);
    b->entry[i] = enterable ? b->e.at : 0;
    place_instruction(&b->places, insn->pc, b->e.at, enterable);
    check_convert(&b->e, &b->places, held_before(b, i), &b->plan.held[i]);
    b->code[i] = b->e.at;
    if (b->has_cases && i == b->cases.first)
        emit_cases(b);
    b->out_of_memory |= !hooks_make(hooks, insn) || (b->plan.inline_operands[i] && !tell_loop(b, i));
    if (b->plan.inline_operands[i])
        check_emit(&b->e, &b->places, &b->sites, &b->plan, i, insn);
    check_convert(&b->e, &b->places, &b->plan.held[i], held_at(b, i));
    hooks_emit_before(&b->e, &b->places, hooks, b->plan.inline_operands[i]);
    if (keep_calls_wants(insn))
        keep_calls_emit(&b->e, &b->places, insn);
    if (insn->flow == FLOW_NEXT && i + 1 < b->count)
        align_for_branch(b, i);
    emit_copy(b, i);
    hooks_emit_after(&b->e, &b->places, hooks);
}

/* What the test before the instruction leads to if it does not pass. */
static void emit_call_out(struct builder *b, uint32_t i)
{
    if (b->plan.inline_operands[i] == 0 || !b->hooks[i].before)
        return;
    if (b->plan.writes_back[i] != NOWHERE)
        hooks_tell_write_back(&b->hooks[i], &b->hooks[b->plan.writes_back[i]]);
    struct call_out how = check_emit_way_out(&b->e, &b->places, &b->sites, &b->plan, i, &b->insns[i]);
    hooks_emit_call_out(&b->e, &b->places, &b->hooks[i], &how);
}

static void emit_fall_through(struct builder *b)
{
    b->fall_through = b->e.at;
    if (b->next_pc == 0)
        return;
    place_instruction(&b->places, b->next_pc, b->e.at, false);
    check_convert(&b->e, &b->places, held_at(b, b->count - 1), &held_none);
    b->fall_through = b->e.at;
    lead(b, b->count, emit_jump(&b->e, b->e.at, true), NOWHERE, b->next_pc, EXIT_FALL_THROUGH);
}

/* Nobody falls into what follows. */
static void end_path(struct builder *b)
{
    uint32_t last = b->count - 1;
    if (b->insns[last].flow == FLOW_JUMP)
        check_tell_given_back(&b->places, b->e.at, held_behind(b, last, b->inside[last]));
}

static void emit_stubs(struct builder *b)
{
    for (uint32_t i = 0; i < b->exits; i++) {
        struct tr_exit *exit = &b->fragment->exits[i];
        stub_emit(&b->e, exit, &b->places);
        emit_set_displacement(&b->e, exit->site, exit->stub);
    }
}

static void emit_literals(struct builder *b)
{
    if (b->literal_count > 0)
        emit_nops(&b->e, -b->e.at & 7);
    for (uint32_t i = 0; i < b->literal_count; i++) {
        emit_set_displacement(&b->e, b->literals[i].site, b->e.at);
        emit64(&b->e, b->literals[i].value);
    }
}

/* What is seldom run. */
static void emit_cold(struct builder *b)
{
    for (uint32_t i = 0; i < b->tail_count; i++)
        emit_tail(b, &b->tails[i]);
    for (uint32_t i = 0; i < b->pad_count; i++)
        emit_pad(b, &b->pads[i]);
    for (uint32_t i = 0; i < b->count; i++)
        emit_call_out(b, i);
    emit_stubs(b);
    emit_literals(b);
}

/* By writing it once for nothing. Addresses are the same but for multiples of 8, so that it takes as much again. */
static size_t measure_cold(struct builder *b)
{
    struct emitter e = b->e;
    struct place_writer places = b->places;
    uint32_t exits = b->exits;
    uintptr_t start = (e.at + 7) & ~(uintptr_t)7;
    b->e.at = b->e.end = start;
    emit_cold(b);
    size_t size = b->e.at - start;
    b->e = e;
    b->places = places;
    b->exits = exits;
    return size;
}

/* The most that it takes. */
static size_t cold_size(struct builder *b)
{
    if (b->pad_count > 0 || check_is_on())
        return measure_cold(b);
    return b->exits * STUB_BYTES + b->tail_count * TAIL_BYTES + 7 + b->literal_count * sizeof(uint64_t);
}

/* The emitter goes on in the upper part of the chunk, as far up as all of it fits. False: there is no room. */
static bool begin_cold(struct builder *b)
{
    size_t size = (cold_size(b) + 7) & ~(size_t)7;
    uintptr_t limit = b->e.end & ~(uintptr_t)7;
    if (b->e.full || limit < b->e.at || limit - b->e.at < size) {
        b->e.full = true;
        return false;
    }
    b->fragment->cold = b->e.at = limit - size;
    return true;
}

static void emit_all(struct builder *b)
{
    memset(b->forward, 0, b->count * sizeof(b->forward[0]));
    b->exits = b->literal_count = b->tail_count = b->pad_count = b->sites.count = 0;
    b->out_of_memory = false;
    for (uint32_t i = 0; i < b->count; i++)
        emit_instruction(b, i);
    emit_fall_through(b);
    b->fragment->code_end = b->e.at;
    end_path(b);
    if (begin_cold(b))
        emit_cold(b);
    for (uint32_t i = 0; i < b->count; i++) {
        if (b->forward[i] != 0)
            emit_set_displacement(&b->e, b->forward[i], label_of(b, i, b->inside[i]));
    }
    place_end(&b->places);
}

/* --- the fragment ---------------------------------------------------------------------------------------------------- */

static void release(struct tr_fragment *fragment, uint32_t exits)
{
    struct arena *arena = translator.host->arena;
    if (fragment->places)
        arena_free(arena, fragment->places, fragment->places_size);
    arena_free(arena, fragment->exits, exits * sizeof(struct tr_exit));
    arena_free(arena, fragment, sizeof(*fragment));
}

static bool keep_places(struct builder *b)
{
    struct tr_fragment *fragment = b->fragment;
    fragment->places = arena_alloc(translator.host->arena, b->places.used);
    if (!fragment->places)
        return false;
    memcpy(fragment->places, b->place_bytes, b->places.used);
    fragment->places_size = b->places.used;
    return true;
}

static void begin_emission(struct builder *b, struct tr_region *region)
{
    b->e = (struct emitter){.at = region->next, .end = region->limit, .delta = region->write_delta, .region = region};
    b->fragment->region = region;
    b->fragment->code = b->e.at;
    place_begin(&b->places, b->place_bytes, sizeof(b->place_bytes), b->fragment->pc, b->e.at);
}

static struct tr_fragment *new_fragment(const struct builder *b, uintptr_t pc, uint32_t exits)
{
    struct arena *arena = translator.host->arena;
    struct tr_fragment *fragment = arena_alloc(arena, sizeof(*fragment));
    struct tr_exit *exit = arena_alloc(arena, exits * sizeof(struct tr_exit));
    if (!fragment || !exit) {
        arena_free(arena, fragment, sizeof(*fragment));
        arena_free(arena, exit, exits * sizeof(struct tr_exit));
        return NULL;
    }
    const struct tr_insn *last = &b->insns[b->count - 1];
    fragment->pc = pc;
    fragment->pc_end = last->pc + (last->length > 0 ? last->length : 1);
    fragment->exits = exit;
    fragment->exit_count = (uint16_t)exits;
    fragment->transient = b->is_transient;
    return fragment;
}

/* What the fragment will take, generously. */
static size_t code_estimate(const struct builder *b, uint32_t exits)
{
    size_t bytes = 64 + exits * 64u + (b->has_cases ? CASES_BYTES : 0);
    for (uint32_t i = 0; i < b->count; i++) {
        bool is_indirect = b->insns[i].flow == FLOW_JUMP_INDIRECT || b->insns[i].flow == FLOW_CALL_INDIRECT;
        bytes += is_indirect ? 320 : b->insns[i].displacement_at ? 64 : 32;
        bytes += check_is_on() && b->insns[i].access_count > 0 ? CHECK_BYTES : hooks_need_operands() ? 96 : 0;
        bytes += keep_calls_wants(&b->insns[i]) ? KEEP_CALLS_BYTES : 0;
    }
    return bytes < FRAGMENT_MAX ? bytes : FRAGMENT_MAX;
}

/* From what has been decoded. NULL with `*too_long`: fewer instructions might do. */
static struct tr_fragment *emit_fragment(struct builder *b, uintptr_t pc, bool *too_long)
{
    uint32_t exits = find_targets(b);
    struct tr_region *region = cache_region(pc, code_estimate(b, exits));
    b->fragment = region ? new_fragment(b, pc, exits) : NULL;
    b->has_cases = b->has_cases && region && cases_make(&b->cases, b->insns, region);
    if (!b->fragment)
        return NULL;
    begin_emission(b, region);
    emit_all(b);
    b->fragment->cold_end = b->e.at;
    *too_long = b->e.full || b->places.full;
    if (*too_long || b->out_of_memory || !keep_places(b) || !cache_publish(b->fragment)) {
        release(b->fragment, exits);
        return NULL;
    }
    return b->fragment;
}

/* Targets that are known already. */
static void link_exits(struct tr_fragment *fragment)
{
    if (translator.options.links == TR_LINKS_NEVER)
        return;
    for (uint32_t i = 0; i < fragment->exit_count; i++) {
        struct tr_exit *exit = &fragment->exits[i];
        uintptr_t code = map_may_find(exit->target) ? map_find(exit->target) : 0;
        struct tr_fragment *to = code ? cache_fragment(code) : NULL;
        if (to)
            exit_link(exit, code, to);
    }
}

struct tr_fragment *fragment_build(uintptr_t pc)
{
    struct builder *b = &builder;
    b->text_size = b->text_pc = 0;
    uint32_t limit = translator.options.one_instruction ? 1 : FRAGMENT_INSTRUCTIONS;
    for (bool too_long = true; too_long && limit > 0; limit /= 2) {
        too_long = false;
        decode_path(b, pc, limit);
        cases_note(b->insns, b->count);
        struct tr_fragment *fragment = b->count > 0 ? emit_fragment(b, pc, &too_long) : NULL;
        if (fragment) {
            link_exits(fragment);
            return fragment;
        }
    }
    return NULL;
}
