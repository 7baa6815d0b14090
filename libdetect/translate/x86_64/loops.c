/* SPDX-License-Identifier: MIT */
/* See loops.h. From the access the path is followed once round the loop, with each register's value in terms of those at the
 * access; that tells by how much each is stepped in a round, what is compared at the loop's end, and the next address. Called by
 * the builder, under its lock. */
#include "translate/x86_64/loops.h"

#include "translate/thread.h"

#define NOWHERE UINT16_MAX
#define LONGEST 160 /* instructions */

struct round {
    const struct tr_insn *insns;
    const uint16_t *inside;
    uint32_t head, end; /* the loop's first instruction, and the branch back */
    struct linear values[TR_REGISTERS];
};

/* --- loops ------------------------------------------------------------------------------------------------------------- */

/* The innermost loop around i. */
static bool find_loop(struct round *round, uint32_t count, uint32_t i)
{
    for (uint32_t j = i; j < count && j < i + LONGEST; j++) {
        if (round->insns[j].flow == FLOW_BRANCH && round->inside[j] <= i) {
            round->head = round->inside[j];
            round->end = j;
            return j - round->head < LONGEST;
        }
        if (round->insns[j].flow > FLOW_BRANCH)
            return false;
    }
    return false;
}

/* It may be left out in a round. */
static bool is_skipped(const struct round *round, uint32_t i)
{
    for (uint32_t b = round->head; b < i; b++)
        if (round->insns[b].flow != FLOW_NEXT && round->inside[b] > i)
            return true;
    return false;
}

/* Where the last branch's flags come from; the end: not known. */
static uint32_t find_compare(const struct round *round)
{
    for (uint32_t f = round->end; f-- > round->head;) {
        if (round->insns[f].flow != FLOW_NEXT)
            break;
        if (!linear_keeps_flags(&round->insns[f]))
            return is_skipped(round, f) ? round->end : f;
    }
    return round->end;
}

/* Of a loop within it. */
static bool is_back(const struct round *round, uint32_t b)
{
    return b != round->end && round->insns[b].flow == FLOW_BRANCH && round->inside[b] <= b && round->inside[b] >= round->head;
}

static bool is_in_inner(const struct round *round, uint32_t i)
{
    for (uint32_t b = i; b < round->end; b++)
        if (is_back(round, b) && round->inside[b] <= i)
            return true;
    return false;
}

/* --- one round ------------------------------------------------------------------------------------------------------------ */

static void walk(struct round *round, uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i < to; i++) {
        if (is_skipped(round, i) || is_in_inner(round, i))
            linear_forget(round->values, &round->insns[i]);
        else
            linear_step(round->values, &round->insns[i]);
    }
}

static bool find_step(const struct linear *value, uint8_t reg, int64_t *step)
{
    bool is_stepped = linear_is_simple(value) && value->term[0].reg == reg && value->term[0].kind == LINEAR_WHOLE;
    *step = (int64_t)value->constant;
    return is_stepped;
}

/* Of the low 32 bits. */
static bool find_narrow_step(const struct linear *value, uint8_t reg, int64_t *step)
{
    struct linear low = linear_narrow(value);
    if (!linear_is_simple(&low) || low.term[0].reg != reg)
        return false;
    *step = (int32_t)low.term[0].offset;
    return true;
}

static bool find_term_step(const struct round *round, const struct linear_term *term, int64_t *step)
{
    const struct linear *value = &round->values[term->reg];
    return term->kind == LINEAR_WHOLE ? find_step(value, term->reg, step) : find_narrow_step(value, term->reg, step);
}

static bool stays(const struct round *round, uint8_t reg)
{
    int64_t step;
    return reg == TR_NO_REGISTER || (find_step(&round->values[reg], reg, &step) && step == 0);
}

/* --- the address ---------------------------------------------------------------------------------------------------------- */

/* A counter of 32 bits that is used as 64: the high half has to be 0 all the time. */
static bool make_narrow(const struct round *round, struct linear_term *term, int64_t *step)
{
    const struct linear *value = &round->values[term->reg];
    if (!linear_is_simple(value) || value->term[0].kind != LINEAR_ZERO_EXTENDED || value->constant != 0)
        return false;
    term->kind = LINEAR_ZERO_EXTENDED;
    term->offset = 0;
    return find_narrow_step(value, term->reg, step);
}

static bool describe_address(struct tr_loop *loop, const struct round *round, const struct tr_access *access)
{
    loop->next = linear_address(round->values, access);
    loop->high_half_is_0 = 0;
    for (unsigned i = 0; i < loop->next.count; i++) {
        struct linear_term *term = &loop->next.term[i];
        if (!stays(round, term->factor))
            return false;
        if (find_term_step(round, term, &loop->step[i]))
            continue;
        if (term->kind != LINEAR_WHOLE || !make_narrow(round, term, &loop->step[i]))
            return false;
        loop->high_half_is_0 |= (uint8_t)(1u << i);
    }
    return loop->next.is_known;
}

/* --- the condition ---------------------------------------------------------------------------------------------------------- */

static bool is_known_condition(unsigned condition)
{
    return condition == LOOP_BELOW || condition == LOOP_NOT_BELOW || (condition >= LOOP_NOT_EQUAL && condition <= LOOP_ABOVE) ||
           condition >= LOOP_LESS;
}

static uint8_t exchange_sides(uint8_t condition)
{
    switch (condition) {
    case LOOP_BELOW: return LOOP_ABOVE;
    case LOOP_ABOVE: return LOOP_BELOW;
    case LOOP_NOT_BELOW: return LOOP_NOT_ABOVE;
    case LOOP_NOT_ABOVE: return LOOP_NOT_BELOW;
    case LOOP_LESS: return LOOP_GREATER;
    case LOOP_GREATER: return LOOP_LESS;
    case LOOP_NOT_LESS: return LOOP_NOT_GREATER;
    case LOOP_NOT_GREATER: return LOOP_NOT_LESS;
    default: return condition;
    }
}

/* The sign and the zero flag are the result's, whatever was compared. */
static bool choose_sides(struct linear_compare *compare, uint8_t *condition)
{
    enum { IF_SIGN = 8, IF_NO_SIGN = 9 };
    bool by_sign = *condition == IF_SIGN || *condition == IF_NO_SIGN;
    if (!by_sign && compare->has_operands)
        return is_known_condition(*condition);
    if (!by_sign && *condition != LOOP_NOT_EQUAL)
        return false;
    if (by_sign)
        *condition = *condition == IF_SIGN ? LOOP_LESS : LOOP_NOT_LESS;
    compare->left = compare->result;
    compare->right = linear_constant(0);
    return true;
}

static bool take_counter(struct tr_loop *loop, const struct round *round, const struct linear *value)
{
    if (!linear_is_simple(value))
        return false;
    loop->counter = value->term[0];
    loop->counter_constant = value->constant;
    return find_term_step(round, &loop->counter, &loop->counter_step);
}

static bool take_bound(struct tr_loop *loop, const struct round *round, const struct linear *value)
{
    int64_t step;
    if (!value->is_known || value->count > 1 || (value->count == 1 && !linear_is_simple(value)))
        return false;
    loop->bound = value->constant;
    loop->bound_register = TR_NO_REGISTER;
    if (value->count == 0)
        return true;
    const struct linear_term *term = &value->term[0];
    loop->bound_register = term->reg;
    if (term->kind == LINEAR_WHOLE)
        return stays(round, term->reg);
    loop->bound += term->offset; /* it is cut to 32 bits */
    return !loop->is_wide && find_narrow_step(&round->values[term->reg], term->reg, &step) && step == 0;
}

static bool describe_condition(struct tr_loop *loop, const struct round *round, struct linear_compare *compare)
{
    loop->condition = round->insns[round->end].condition;
    if (!choose_sides(compare, &loop->condition))
        return false;
    loop->is_wide = compare->is_wide;
    struct linear left = loop->is_wide ? compare->left : linear_narrow(&compare->left);
    struct linear right = loop->is_wide ? compare->right : linear_narrow(&compare->right);
    if (take_bound(loop, round, &right))
        return take_counter(loop, round, &left) && loop->counter_step != 0;
    loop->condition = exchange_sides(loop->condition);
    return take_bound(loop, round, &left) && take_counter(loop, round, &right) && loop->counter_step != 0;
}

/* --- all together ------------------------------------------------------------------------------------------------------------ */

/* Follows it once round from i, and finds out when it goes on. */
static bool go_round(struct tr_loop *loop, struct round *round, uint32_t i)
{
    struct linear_compare compare;
    uint32_t f = find_compare(round);
    if (f == round->end || f < i)
        return false;
    for (unsigned reg = 0; reg < TR_REGISTERS; reg++)
        round->values[reg] = linear_register(reg);
    walk(round, i, f);
    if (!linear_compares(&compare, round->values, &round->insns[f]))
        return false;
    walk(round, f, round->end);
    walk(round, round->head, i);
    return describe_condition(loop, round, &compare);
}

/* So it comes to an end, and waits for nobody. */
static bool is_counted(const struct round *outer, uint32_t head, uint32_t end)
{
    struct round round = {.insns = outer->insns, .inside = outer->inside, .head = head, .end = end};
    struct tr_loop loop;
    return go_round(&loop, &round, head);
}

/* Nothing leaves it but the branch at its end, and nothing in it is told each time. */
static bool is_simple(const struct round *round, const struct check_plan *plan)
{
    for (uint32_t b = round->head; b <= round->end; b++) {
        const struct tr_insn *insn = &round->insns[b];
        if (insn->access_count > 0 && !plan->inline_operands[b])
            return false;
        if (insn->flow == FLOW_NEXT || b == round->end)
            continue;
        bool leads_on = round->inside[b] != NOWHERE && round->inside[b] > b && round->inside[b] <= round->end;
        if (insn->flow > FLOW_BRANCH || (!leads_on && !(is_back(round, b) && is_counted(round, round->inside[b], b))))
            return false;
    }
    return true;
}

bool loops_describe(struct tr_loop *loop, const struct check_plan *plan, const struct tr_insn *insns, uint32_t count,
                    const uint16_t *inside, uint32_t i)
{
    struct round round = {.insns = insns, .inside = inside};
    const struct tr_access *access = &insns[i].access[0];
    if (insns[i].access_count != 1 || access->base == TR_RIP || access->segment != 0 || !find_loop(&round, count, i) ||
        is_skipped(&round, i) || !is_simple(&round, plan))
        return false;
    return go_round(loop, &round, i) && describe_address(loop, &round, access);
}
