/* SPDX-License-Identifier: MIT */
/* What is tested inline on a path, and which registers are borrowed where; see check.h. Called by the builder, under its
 * lock.
 *
 * A register can be borrowed over a stretch of instructions that do not use it. First whole loops are tried, the longest
 * first, so that nothing is stored or loaded inside; then, from the first instruction on that needs a register, the one that
 * stays unused for longest. */
#include "translate/x86_64/check.h"
#include "translate/x86_64/linear.h"

#include "translate/translator.h"

/* rax is for flags; rbp's addresses fault differently. */
#define NEVER_BORROWED (1u << TR_RSP | 1u << TR_RBP | 1u << TR_RAX)
#define ARITHMETIC_FLAGS (LIVE_FLAGS & ~0x400u)
#define WIDEST 64u
#define NONE UINT16_MAX

const struct check_held held_none = {{TR_NO_REGISTER, TR_NO_REGISTER}, {0, 0}};

bool check_is_on(void) { return translator.client && translator.client->check && translator.client->wants_access; }

/* --- operands ------------------------------------------------------------------------------------------------------- */

static bool is_testable(const struct tr_access *access, const struct tr_form *form)
{
    bool fits = access->size == 1 || access->size == 2 || access->size == 4 || access->size == 8 ||
                (access->size > 8 && access->size <= WIDEST);
    return fits && form->kind == FORM_PLAIN && form->address_width == 64 && access->segment != TR_GS &&
           !(access->kind & (TR_ATOMIC | TR_STRING | TR_STACK | TR_MASKED | TR_ALWAYS));
}

/* All operands inline, or none. */
static uint8_t testable_operands(const struct tr_insn *insn)
{
    for (unsigned i = 0; i < insn->access_count; i++)
        if (!is_testable(&insn->access[i], &insn->form[i]))
            return 0;
    return (uint8_t)((1u << insn->access_count) - 1);
}

/* --- what is tested already ----------------------------------------------------------------------------------------- */

#define TESTED_MAX 16

struct tested {
    struct tr_access access[TESTED_MAX];
    unsigned count, next;
};

static bool same_start(const struct tr_access *a, const struct tr_access *b)
{
    if (a->base == TR_RIP || b->base == TR_RIP)
        return a->address == b->address && a->base == b->base && a->segment == b->segment;
    return a->base == b->base && a->index == b->index && a->scale == b->scale && a->displacement == b->displacement &&
           a->segment == b->segment;
}

static bool covers(const struct tr_access *a, const struct tr_access *b)
{
    return same_start(a, b) && a->size >= b->size && ((a->kind & TR_WRITE) || !(b->kind & TR_WRITE));
}

static bool is_tested(const struct tested *tested, const struct tr_access *access)
{
    for (unsigned i = 0; i < tested->count; i++)
        if (covers(&tested->access[i], access))
            return true;
    return false;
}

static void note_tested(struct tested *tested, const struct tr_access *access)
{
    tested->access[tested->next++ % TESTED_MAX] = *access;
    if (tested->count < TESTED_MAX)
        tested->count++;
}

static bool uses_register(const struct tr_access *access, uint16_t set)
{
    return (access->base < TR_REGISTERS && set >> access->base & 1) ||
           (access->index < TR_REGISTERS && set >> access->index & 1);
}

static void forget_tested(struct tested *tested, uint16_t written)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < tested->count; i++)
        if (!uses_register(&tested->access[i], written))
            tested->access[kept++] = tested->access[i];
    tested->count = tested->next = kept;
}

static void remove_tested(struct tr_insn *insn, struct tested *tested)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < insn->access_count; i++) {
        if (is_tested(tested, &insn->access[i]))
            continue;
        note_tested(tested, &insn->access[i]);
        insn->access[kept] = insn->access[i];
        insn->form[kept++] = insn->form[i];
    }
    insn->access_count = (uint8_t)kept;
}

static void choose_operands(struct check_plan *plan, struct tr_insn *insns, uint32_t count)
{
    struct tested tested = {.count = 0};
    for (uint32_t i = 0; i < count; i++) {
        if (plan->is_target[i])
            tested.count = tested.next = 0;
        bool testable = testable_operands(&insns[i]) != 0;
        if (testable)
            remove_tested(&insns[i], &tested);
        plan->inline_operands[i] = testable ? testable_operands(&insns[i]) : 0;
        if (plan->closed[i] || (!testable && insns[i].access_count > 0))
            tested.count = tested.next = 0;
        else
            forget_tested(&tested, insns[i].writes);
    }
}

/* --- what is written back -------------------------------------------------------------------------------------------- */

#define WRITE_BACK_DISTANCE 64u

static bool is_same(const struct tr_access *a, const struct tr_access *b) { return same_start(a, b) && a->size == b->size; }

static bool is_one(const struct check_plan *plan, const struct tr_insn *insns, uint32_t i, uint32_t kind)
{
    return plan->inline_operands[i] && insns[i].access_count == 1 &&
           (insns[i].access[0].kind & (TR_READ | TR_WRITE)) == kind;
}

/* Where a read was, after its registers have changed. */
struct moved {
    bool is_so;
    struct linear values[TR_REGISTERS], address;
};

static bool step(struct moved *moved, const struct tr_access *read, const struct tr_insn *insn)
{
    if (!moved->is_so && uses_register(read, insn->writes)) {
        if (read->base == TR_RIP || read->segment != 0)
            return false;
        moved->is_so = true;
        for (unsigned reg = 0; reg < TR_REGISTERS; reg++)
            moved->values[reg] = linear_register(reg);
        moved->address = linear_address(moved->values, read);
    }
    if (moved->is_so)
        linear_step(moved->values, insn);
    return true;
}

static bool is_there(const struct moved *moved, const struct tr_access *read, const struct tr_access *write)
{
    if (!moved->is_so || write->base == TR_RIP || write->segment != 0)
        return !moved->is_so && is_same(write, read);
    struct linear address = linear_address(moved->values, write);
    return write->size == read->size && linear_is_same(&address, &moved->address);
}

/* Straight on from a read to a write of the same bytes: no branch, no label, nothing that is told each time. */
static uint16_t find_write_back(const struct check_plan *plan, const struct tr_insn *insns, uint32_t count, uint32_t i)
{
    const struct tr_access *read = &insns[i].access[0];
    struct moved moved = {.is_so = false};
    for (uint32_t j = i + 1; j < count && j <= i + WRITE_BACK_DISTANCE; j++) {
        bool told_each_time = insns[j].access_count > 0 && !plan->inline_operands[j];
        if (insns[j - 1].flow != FLOW_NEXT || plan->is_target[j] || plan->closed[j] || told_each_time ||
            !step(&moved, read, &insns[j - 1]))
            return NONE;
        if (is_one(plan, insns, j, TR_WRITE) && is_there(&moved, read, &insns[j].access[0]))
            return (uint16_t)j;
    }
    return NONE;
}

static void find_write_backs(struct check_plan *plan, const struct tr_insn *insns, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        plan->writes_back[i] = is_one(plan, insns, i, TR_READ) ? find_write_back(plan, insns, count, i) : NONE;
}

/* --- registers -------------------------------------------------------------------------------------------------------- */

static unsigned count_bits(uint32_t set)
{
    unsigned count = 0;
    for (; set; set &= set - 1)
        count++;
    return count;
}

/* What relocate.c may have to borrow for itself is left to it. */
static bool needs_many(const struct tr_insn *insn)
{
    const uint16_t candidates = 1u << TR_RCX | 1u << TR_RDX | 1u << TR_RBX | 1u << TR_RSI | 1u << TR_RDI | 1u << TR_RAX;
    return insn->displacement_at != 0 && count_bits((insn->reads | insn->writes) & candidates) > 3;
}

static bool is_closed(const struct tr_insn *insn)
{
    bool goes_on = insn->flow == FLOW_NEXT || insn->flow == FLOW_JUMP || insn->flow == FLOW_BRANCH;
    return !goes_on || needs_many(insn);
}

static void find_needs(struct check_plan *plan, const struct tr_insn *insns, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct tr_insn *insn = &insns[i];
        plan->uses[i] = insn->reads | insn->writes;
        plan->needs[i] = plan->inline_operands[i] ? 1 : 0;
        for (unsigned k = 0; k < insn->access_count; k++)
            if (plan->inline_operands[i] && insn->access[k].size > 8)
                plan->needs[i] |= 2;
        plan->closed[i] |= insn->access_count > 0 && !plan->inline_operands[i];
        plan->flags_live[i] = plan->live[i].flags & ARITHMETIC_FLAGS;
        plan->held[i] = held_none;
    }
}

static uint16_t free_at(const struct check_plan *plan, uint32_t i, unsigned k)
{
    uint16_t taken = NEVER_BORROWED | plan->uses[i];
    if (k > 0)
        taken |= held_set(&plan->held[i]);
    return (uint16_t)~taken;
}

/* The high ones first: an operand that is out of reach needs a low one. */
static uint8_t pick(uint16_t set)
{
    return (uint8_t)(31 - __builtin_clz(set));
}

static void borrow(struct check_plan *plan, unsigned k, uint32_t from, uint32_t to, uint8_t reg)
{
    for (uint32_t i = from; i < to; i++) {
        plan->held[i].reg[k] = reg;
        plan->held[i].stretch[k] = (uint16_t)from;
    }
}

/* [from, to] as one stretch, if a register is unused in all of it. */
static void borrow_loop(struct check_plan *plan, unsigned k, uint32_t from, uint32_t to)
{
    uint16_t free = UINT16_MAX;
    bool needed = false;
    for (uint32_t i = from; i <= to && free; i++) {
        bool taken = plan->closed[i] || plan->held[i].reg[k] != TR_NO_REGISTER;
        free = taken ? 0 : free & free_at(plan, i, k);
        needed |= plan->needs[i] >> k & 1;
    }
    if (free && needed)
        borrow(plan, k, from, to + 1, pick(free));
}

/* Loops by length, longest first; there are few. */
static void borrow_loops(struct check_plan *plan, unsigned k, uint32_t count, const uint16_t *inside)
{
    for (uint32_t limit = count + 1;;) {
        uint32_t longest = 0;
        for (uint32_t i = 0; i < count; i++) {
            uint32_t length = inside[i] <= i && !plan->closed[i] ? i + 1 - inside[i] : 0;
            if (length < limit && length > longest)
                longest = length;
        }
        if (longest == 0)
            return;
        for (uint32_t i = 0; i < count; i++)
            if (inside[i] <= i && !plan->closed[i] && i + 1 - inside[i] == longest)
                borrow_loop(plan, k, inside[i], i);
        limit = longest;
    }
}

static void borrow_rest(struct check_plan *plan, unsigned k, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (!(plan->needs[i] >> k & 1) || plan->held[i].reg[k] != TR_NO_REGISTER)
            continue;
        uint16_t free = free_at(plan, i, k);
        uint32_t end = i + 1;
        for (uint32_t j = i + 1; j < count && !plan->closed[j] && plan->held[j].reg[k] == TR_NO_REGISTER; j++) {
            if (!(free & free_at(plan, j, k)))
                break;
            free &= free_at(plan, j, k);
            if (plan->needs[j] >> k & 1)
                end = j + 1;
        }
        borrow(plan, k, i, end, pick(free));
    }
}

/* --- all together ----------------------------------------------------------------------------------------------------- */

void check_plan(struct check_plan *plan, struct tr_insn *insns, uint32_t count, const uint16_t *inside)
{
    memset(plan->is_target, 0, sizeof(plan->is_target));
    liveness(insns, count, plan->live);
    for (uint32_t i = 0; i < count; i++) {
        plan->closed[i] = is_closed(&insns[i]);
        if (insns[i].target != 0 && inside[i] != NONE)
            plan->is_target[inside[i]] = true;
    }
    choose_operands(plan, insns, count);
    find_write_backs(plan, insns, count);
    find_needs(plan, insns, count);
    for (unsigned k = 0; k < CHECK_REGISTERS; k++) {
        borrow_loops(plan, k, count, inside);
        borrow_rest(plan, k, count);
    }
}
