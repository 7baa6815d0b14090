/* SPDX-License-Identifier: MIT */
/* Tells the effects of a row; see libc_effects.h. */
#include <errno.h>
#include <string.h>

#include "intercept/libc_state.h"

#include "translate/translate.h"

uintptr_t libc_argument(const struct libc_call *call, unsigned index)
{
    return index < 6 ? call->registers[index] : call->stack[index - 6];
}

/* The upper half of an int's register is undefined. */
static long result_of(const struct libc_call *call)
{
    uint8_t kind = call->row->result;
    return kind == ZERO || kind == INT || kind == POSITIVE ? (long)(int)call->result : (long)call->result;
}

bool libc_succeeded(const struct libc_call *call)
{
    switch ((enum libc_result)call->row->result) {
    case ZERO:
        return (int)call->result == 0;
    case INT:
    case COUNT:
        return result_of(call) >= 0;
    case POSITIVE:
        return result_of(call) > 0;
    case POINTER:
        return call->result != 0;
    default:
        return true;
    }
}

static size_t string_elements(uintptr_t string, size_t most, unsigned unit)
{
    size_t length = tr_string_length((const void *)string, most, unit);
    return length < most ? length + 1 : most;
}

static size_t not_negative(long value) { return value > 0 ? (size_t)value : 0; }

static size_t product(size_t a, size_t b)
{
    size_t result;
    return __builtin_mul_overflow(a, b, &result) ? 0 : result;
}

static size_t value_at(uintptr_t address)
{
    uint32_t value = 0;
    return address && tr_copy_guarded(&value, (const void *)address, sizeof(value)) == 0 ? value : 0;
}

static size_t up_to_result(const struct libc_call *call, uintptr_t address, const struct libc_effect *effect)
{
    if (call->result < address)
        return string_elements(address, SIZE_MAX, effect->unit);
    return (call->result - address) / effect->unit + (size_t)effect->number;
}

static size_t elements_of(const struct libc_call *call, const struct libc_effect *effect, uintptr_t address)
{
    uintptr_t a = libc_argument(call, effect->a);
    switch ((enum libc_length)effect->length) {
    case LENGTH_ARG:
        return a;
    case LENGTH_INT:
        return not_negative((int)a);
    case LENGTH_LONG_EVEN:
        return not_negative((long)a) & ~(size_t)1;
    case LENGTH_PRODUCT:
        return product(a, libc_argument(call, effect->b));
    case LENGTH_RESULT:
        return not_negative(result_of(call) + effect->number);
    case LENGTH_RESULT_TIMES:
        return product(not_negative(result_of(call)), a);
    case LENGTH_VALUE:
        return value_at(a);
    case LENGTH_STRING:
        return string_elements(address, SIZE_MAX, effect->unit);
    case LENGTH_OF_STRING:
        return string_elements(a, SIZE_MAX, effect->unit);
    case LENGTH_STRING_MAX:
        return string_elements(address, a, effect->unit);
    case LENGTH_STRING_UP_TO:
        return string_elements(address, (size_t)effect->number, effect->unit);
    case LENGTH_STRING_BELOW:
        return (uint32_t)a ? string_elements(address, SIZE_MAX, effect->unit) : 0;
    case LENGTH_ARG_TIMES:
        return product(a, (size_t)effect->number);
    case LENGTH_INT_TIMES:
        return not_negative((int)a) * (size_t)effect->number;
    case LENGTH_RESULT_OF:
        return not_negative(result_of(call)) * (size_t)effect->number;
    case LENGTH_TO_RESULT:
        return up_to_result(call, address, effect);
    default:
        return (size_t)effect->number;
    }
}

static bool is_stream(const struct libc_effect *effect)
{
    return effect->length == LENGTH_STREAM || effect->length == LENGTH_UNLOCKED;
}

static void tell_memory(struct libc_call *call, const struct libc_effect *effect)
{
    uintptr_t address =
        effect->argument == RESULT_POINTER ? call->result : libc_argument(call, effect->argument);
    size_t size = address ? product(elements_of(call, effect, address), effect->unit) : 0;
    bool locked = effect->length == LENGTH_UNLOCKED && libc_holds_stream(address);
    libc_touch(call, (const void *)address, size, locked ? RACE_READ | RACE_STATIC : effect->flags);
    if (is_stream(effect))
        libc_stream_releases(call, address);
}

static void tell(struct libc_call *call, const struct libc_effect *effect)
{
    if (effect->handler)
        effect->handler(call);
    else if (effect->length == LENGTH_STATE)
        libc_touch_state(call, (enum libc_state)effect->number, effect->flags);
    else if (effect->length == LENGTH_FD)
        libc_uses_fd(call, (int)libc_argument(call, effect->argument));
    else
        tell_memory(call, effect);
}

static bool is_time_for(const struct libc_call *call, const struct libc_effect *effect, bool after)
{
    switch ((enum libc_when)effect->when) {
    case BEFORE:
        return !after;
    case AFTER:
        return after;
    case DONE:
        return after && libc_succeeded(call);
    case INTERRUPTED:
        return after && (int)call->result == -1 && errno == EINTR;
    }
    return false;
}

void libc_tell_effects(struct libc_call *call, bool after)
{
    const struct libc_effect *effect = call->row->effects, *end = effect + LIBC_EFFECTS;
    for (; effect < end && (effect->flags || effect->handler); effect++)
        if (is_time_for(call, effect, after))
            tell(call, effect);
        else if (after && is_stream(effect) && !effect->handler)
            libc_stream_acquires(call, libc_argument(call, effect->argument));
}

void libc_tell(struct libc_call *call, bool after)
{
    if (!races_are_on)
        return;
    call->self = self_enter();
    if (!call->self)
        return;
    libc_tell_effects(call, after);
    self_leave(call->self);
}

#if defined(__x86_64__)
void libc_optional(struct libc_call *call, va_list list)
{
    struct { /* System V ABI, AMD64 supplement, 3.5.7 */
        uint32_t registers_used, vectors_used;
        void *on_stack, *saved;
    } fields = {(uint32_t)call->row->fixed * 8, 6 * 8, call->stack, call->registers};
    _Static_assert(sizeof(fields) == sizeof(va_list), "x86-64's");
    memcpy(list, &fields, sizeof(fields));
}
#endif
