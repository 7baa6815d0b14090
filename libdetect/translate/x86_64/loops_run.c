/* SPDX-License-Identifier: MIT */
/* Where an access in a loop will be in the rounds to come (loops.h), by the program's registers in tr_thread.context. Runs
 * inside quick calls: compiled with -mgeneral-regs-only, calls nothing. */
#include "translate/x86_64/loops.h"

#include "translate/translator.h"

static uint64_t gpr(unsigned reg) { return tr_thread.context.gpr[reg]; }

static uint64_t magnitude(int64_t step) { return step < 0 ? -(uint64_t)step : (uint64_t)step; }

static uint64_t divide(uint64_t a, uint64_t by) { return by & (by - 1) ? a / by : a >> __builtin_ctzll(by); }

static uint64_t divide_up(uint64_t a, uint64_t by) { return a ? divide(a - 1, by) + 1 : 0; }

static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }

/* --- registers that are extended ---------------------------------------------------------------------------------------- */

static uint64_t value_of(const struct linear_term *term)
{
    uint64_t value = gpr(term->reg);
    if (term->kind == LINEAR_WHOLE)
        return value;
    uint32_t low = (uint32_t)value + term->offset;
    return term->kind == LINEAR_ZERO_EXTENDED ? low : (uint64_t)(int64_t)(int32_t)low;
}

/* For how many rounds, this one included, its 32 bits do not overflow. */
static uint64_t rounds_within(const struct linear_term *term, uint64_t value, int64_t step)
{
    if (term->kind == LINEAR_WHOLE || step == 0)
        return UINT64_MAX;
    uint32_t at = (uint32_t)value ^ (term->kind == LINEAR_SIGN_EXTENDED ? 1u << 31 : 0);
    uint64_t room = step > 0 ? UINT32_MAX - at : at;
    return divide(room, magnitude(step)) + 1;
}

/* --- how often it goes on ---------------------------------------------------------------------------------------------------- */

/* x, x + step, x + 2 step … until the first for which `x condition y` is not so, all of them below 2^bits: how many, at least. */
static uint64_t rounds_unsigned(uint64_t x, uint64_t y, uint64_t most, int64_t step, unsigned condition)
{
    bool up = step > 0;
    uint64_t size = magnitude(step);
    switch (condition) {
    case LOOP_NOT_EQUAL:
        return divide_up((up ? y - x : x - y) & most, size);
    case LOOP_BELOW:
        return x >= y ? 0 : up ? divide_up(y - x, size) : divide(x, size) + 1;
    case LOOP_NOT_ABOVE:
        return x > y ? 0 : divide(up ? y - x : x, size) + 1;
    case LOOP_ABOVE:
        return x <= y ? 0 : up ? divide(most - x, size) + 1 : divide_up(x - y, size);
    case LOOP_NOT_BELOW:
        return x < y ? 0 : divide(up ? most - x : x - y, size) + 1;
    default:
        return 0;
    }
}

static unsigned unsigned_condition(unsigned condition)
{
    static const uint8_t of_signed[] = {LOOP_BELOW, LOOP_NOT_BELOW, LOOP_NOT_ABOVE, LOOP_ABOVE};
    return condition >= LOOP_LESS ? of_signed[condition - LOOP_LESS] : condition;
}

static uint64_t rounds(const struct tr_loop *loop)
{
    uint64_t most = loop->is_wide ? UINT64_MAX : UINT32_MAX, sign = loop->condition >= LOOP_LESS ? most / 2 + 1 : 0;
    uint64_t x = value_of(&loop->counter), y = loop->bound;
    uint64_t within = loop->is_wide ? rounds_within(&loop->counter, x, loop->counter_step) : UINT64_MAX;
    if (loop->bound_register != TR_NO_REGISTER)
        y += gpr(loop->bound_register);
    x = ((x + loop->counter_constant) & most) ^ sign;
    y = (y & most) ^ sign;
    return least(within, rounds_unsigned(x, y, most, loop->counter_step, unsigned_condition(loop->condition)));
}

/* --- where ------------------------------------------------------------------------------------------------------------------- */

bool tr_coming(const struct tr_access *access, struct tr_coming *coming)
{
    const struct tr_loop *loop = access->loop;
    uint64_t count = rounds(loop), stride = 0, address = loop->next.constant;
    for (unsigned i = 0; i < loop->next.count && count > 0; i++) {
        const struct linear_term *term = &loop->next.term[i];
        uint64_t value = value_of(term), factor = term->factor == TR_NO_REGISTER ? 1 : gpr(term->factor);
        if (loop->high_half_is_0 >> i & 1 && gpr(term->reg) >> 32)
            return false;
        count = least(count, rounds_within(term, value, loop->step[i]));
        factor *= term->coefficient;
        address += factor * value;
        stride += factor * (uint64_t)loop->step[i];
    }
    *coming = (struct tr_coming){address, (intptr_t)stride, count};
    return count > 0;
}
