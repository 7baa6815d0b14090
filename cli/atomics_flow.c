/* SPDX-License-Identifier: MIT */
/* See atomics_flow.h. */
#include "atomics_flow.h"

#include <stdlib.h>
#include <string.h>

#include "atomics_insn.h"

#define LONGEST_LOOP 32  /* instructions */
#define LONGEST_WAITER 24
#define LONGEST_TEST 6   /* from a load to the jump that it decides */
#define NEARBY 48        /* instructions around a loop */
#define DEEPEST_WAITER 3
#define LONGEST_WAY 16   /* from a load to the store of its changed value */
#define AROUND 64        /* instructions by which unoptimised code is told */
#define MOST_CODE (64u << 20)
#define RBP 5
#define RSP 4
#define RDI 7
#define CALL_CLOBBERS 0x0fc7u /* rax, rcx, rdx, rsi, rdi, r8 to r11 */

static bool is_on_stack(const struct flat_insn *insn)
{
    return insn->base == RSP || (insn->base == RBP && insn->displacement < 0);
}

static bool has_bit(uint16_t set, uint8_t reg) { return reg < 16 && (set >> reg & 1); }

static bool is_same_operand(const struct flat_insn *a, const struct flat_insn *b)
{
    return a->base == b->base && a->index == b->index && a->displacement == b->displacement &&
           (a->index == FLAT_NO_REGISTER || a->scale == b->scale);
}

static bool looks(const struct flat_insn *insn)
{
    return (insn->kind & FLAT_READS) && (insn->kind & FLAT_SMALL) && !is_on_stack(insn);
}

/* --- loops that wait ----------------------------------------------------------------------------------------------------------- */

struct loop {
    const struct flat_insn *first, *last;
    uint16_t written; /* in the whole loop */
};

/* Of a function, or the table of addresses that a call goes through. */
struct calls {
    const struct flat_insn *list;
    size_t count;
    const struct flow_names *names;
};

static const struct flat_insn *insn_at(const struct calls *calls, uint64_t address)
{
    size_t low = 0, high = calls->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (calls->list[middle].address < address)
            low = middle + 1;
        else
            high = middle;
    }
    return low < calls->count && calls->list[low].address == address ? &calls->list[low] : NULL;
}

static bool waits_by_name(const char *name)
{
    static const char *const names[] = {"sched_yield", "usleep", "sleep", "nanosleep", "clock_nanosleep", "pthread_yield",
                                        "thrd_yield", "thrd_sleep", "poll", "select", "syscall"};
    for (size_t i = 0; name && i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

/* The call lets time pass, and does nothing else: sched_yield(), or a small function around that, or around "pause". */
static bool call_waits(const struct calls *calls, const struct flat_insn *call, int depth)
{
    if (!call->target) /* through the table of addresses of the linker's */
        return call->base == FLAT_RIP && waits_by_name(calls->names->of_slot(calls->names->ctx, (uint64_t)call->displacement));
    const struct flat_insn *end = calls->list + calls->count, *insn = insn_at(calls, call->target), *first = insn;
    for (; insn && insn < end && insn - first < LONGEST_WAITER; insn++) {
        if (insn->kind & FLAT_CALLS) {
            if (depth == 0 || !call_waits(calls, insn, depth - 1))
                return false;
        } else if ((insn->kind & FLAT_JUMPS) && !insn->target) {
            return call_waits(calls, insn, 0); /* a stub of the linker's */
        } else if ((insn->kind & FLAT_JUMPS) && insn->target <= insn->address) {
            return false;
        } else if ((insn->kind & FLAT_ENDS) && !(insn->kind & FLAT_JUMPS)) {
            return true;
        }
        if ((insn->kind & FLAT_LOCKED) || ((insn->kind & FLAT_WRITES) && !is_on_stack(insn)))
            return false;
    }
    return false;
}

/* Nothing is changed that a later round could see: no store but of temporaries, which are read after they were written. */
static bool leaves_nothing(const struct loop *loop, const struct flat_insn *store)
{
    if (!is_on_stack(store) || !(store->kind & FLAT_MOVES))
        return false;
    for (const struct flat_insn *insn = loop->first; insn < store; insn++)
        if ((insn->kind & FLAT_READS) && is_same_operand(insn, store))
            return false;
    return true;
}

/* What a register holds after the instruction is the same in every round, but for what other threads do to memory. */
static bool is_settled(const struct flat_insn *insn, uint16_t variable)
{
    if (insn->kind & FLAT_COPIES)
        return !has_bit(variable, insn->from);
    if (insn->kind & FLAT_CHANGES)
        return insn->to == insn->from || !has_bit(variable, insn->from);
    return true;
}

/* A counter, or a pointer that moves on: it is made of what it was in the last round. */
static bool is_carried(const struct flat_insn *insn, uint16_t variable)
{
    return (insn->kind & FLAT_CHANGES) && !(insn->kind & FLAT_MAKES) && insn->to != insn->from && has_bit(variable, insn->to);
}

/* Every round looks at the same places, and does nothing else. */
static bool waits_at_fixed_places(const struct loop *loop)
{
    uint16_t variable = loop->written; /* registers whose value may differ from round to round */
    bool has_look = false;
    for (const struct flat_insn *insn = loop->first; insn <= loop->last; insn++) {
        bool is_memory = insn->kind & (FLAT_READS | FLAT_WRITES);
        if (is_memory && (has_bit(variable, insn->base) || has_bit(variable, insn->index)))
            return false;
        if ((insn->kind & FLAT_WRITES) && (!leaves_nothing(loop, insn) || has_bit(variable, insn->from)))
            return false;
        if (is_carried(insn, variable))
            return false;
        has_look |= looks(insn);
        variable &= (uint16_t)~insn->written;
        if (!is_settled(insn, variable))
            variable |= insn->written;
        if (insn->kind & FLAT_CALLS)
            variable |= CALL_CLOBBERS;
    }
    return has_look;
}

/* Straight on, or out: no jump to elsewhere in the loop but to its first instruction or over a part of it. */
static bool is_simple(const struct loop *loop, const struct calls *calls)
{
    bool has_way_out = false;
    for (const struct flat_insn *insn = loop->first; insn <= loop->last; insn++) {
        if (insn->kind & FLAT_LOCKED)
            return false;
        if ((insn->kind & FLAT_CALLS) && !call_waits(calls, insn, DEEPEST_WAITER))
            return false;
        if ((insn->kind & FLAT_ENDS) && !(insn->kind & FLAT_JUMPS))
            return false;
        if (insn->kind & FLAT_JUMPS) {
            if (insn->target == 0)
                return false;
            bool leaves = insn->target < loop->first->address || insn->target > loop->last->address;
            has_way_out |= leaves || (insn == loop->last && (insn->kind & FLAT_CONDITIONAL));
        }
    }
    return has_way_out;
}

/* Of an operand without registers, or through one that a lea has just set; 0: not known. */
static uint64_t fixed_address(const struct flat_insn *list, const struct flat_insn *load)
{
    if (load->index != FLAT_NO_REGISTER)
        return 0;
    if (load->base == FLAT_RIP)
        return (uint64_t)load->displacement;
    for (const struct flat_insn *insn = load; insn-- > list && load - insn < LONGEST_LOOP;)
        if (has_bit(insn->written, load->base))
            return (insn->kind & FLAT_MAKES) && insn->target ? insn->target + (uint64_t)load->displacement : 0;
    return 0;
}

static bool is_tested(const struct flat_insn *load, const struct flat_insn *end)
{
    for (const struct flat_insn *insn = load; insn < end && insn - load < LONGEST_TEST; insn++) {
        if (insn->kind & FLAT_CONDITIONAL)
            return true;
        if (insn->kind & (FLAT_WRITES | FLAT_CALLS | FLAT_ENDS))
            return false;
    }
    return false;
}

/* Optimisers test for the first time before the loop, or jump into it: what tests the same place nearby waits as well. */
static void take_first_looks(struct atomics_table *table, const struct calls *calls, const struct loop *loop,
                             const struct flat_insn *load)
{
    const struct flat_insn *end = calls->list + calls->count;
    uint64_t address = fixed_address(calls->list, load);
    const struct flat_insn *insn = loop->first - calls->list > NEARBY ? loop->first - NEARBY : calls->list;
    for (; insn < end && insn - loop->last < NEARBY; insn++) {
        if (!looks(insn) || (insn >= loop->first && insn <= loop->last) || !is_tested(insn, end))
            continue;
        uint64_t other = fixed_address(calls->list, insn);
        if (address ? address == other : !other && is_same_operand(insn, load))
            table_add_single(table, insn->address, insn->length, ATOMICS_SPIN, ATOMICS_OPEN);
    }
}

static void take_loop(struct atomics_table *table, const struct calls *calls, const struct loop *loop)
{
    for (const struct flat_insn *insn = loop->first; insn <= loop->last; insn++)
        if (looks(insn)) {
            table_add_single(table, insn->address, insn->length, ATOMICS_SPIN, ATOMICS_OPEN);
            take_first_looks(table, calls, loop, insn);
        }
}

/* A jump backwards that may close a loop. */
static void look_for_loop(struct atomics_table *table, const struct calls *calls, const struct flat_insn *jump)
{
    struct loop loop = {jump, jump, 0};
    while (loop.first > calls->list && loop.first->address > jump->target && jump - loop.first < LONGEST_LOOP)
        loop.first--;
    if (loop.first->address != jump->target)
        return;
    for (const struct flat_insn *insn = loop.first; insn <= loop.last; insn++)
        loop.written |= insn->written | (insn->kind & FLAT_CALLS ? CALL_CLOBBERS : 0);
    loop.written &= (uint16_t)~(1u << RSP);
    if (is_simple(&loop, calls) && waits_at_fixed_places(&loop))
        take_loop(table, calls, &loop);
}

/* --- values that come back changed ----------------------------------------------------------------------------------------------
 *
 * Optimisers make one instruction of "x = x + n", but of an atomic load and an atomic store they leave two: what they have left
 * apart proves nothing. Unoptimised code has all of them apart. It is told by its variables, which live in the frame. */

static bool is_unoptimised(const struct flat_insn *list, const struct flat_insn *end, const struct flat_insn *insn)
{
    const struct flat_insn *at = insn - list > AROUND ? insn - AROUND : list, *last = end - insn > AROUND ? insn + AROUND : end;
    size_t frame = 0, all = 0;
    for (; at < last; at++) {
        if (!(at->kind & (FLAT_READS | FLAT_WRITES)) || at->base == RSP || (at->kind & FLAT_CALLS))
            continue;
        all++;
        frame += at->base == RBP && at->displacement < 0;
    }
    return frame * 4 >= all;
}

/* The value of `reg` as it was loaded, or made of that. */
struct trace {
    uint16_t loaded, changed; /* registers, a bit each */
    bool base_known;          /* the operand's registers are what they were, or loaded again from the same place */
};

static bool is_reload(const struct flat_insn *before, const struct flat_insn *insn)
{
    return (insn->kind & FLAT_READS) && (insn->kind & FLAT_MOVES) && is_same_operand(before, insn);
}

/* The instruction that gave the load's base register its value, if that came from a fixed place: "mov -8(%rbp), %rax". */
static const struct flat_insn *source_of_base(const struct flat_insn *list, const struct flat_insn *load)
{
    for (const struct flat_insn *insn = load; insn-- > list && load - insn < LONGEST_WAY;) {
        if (insn->kind & (FLAT_JUMPS | FLAT_CALLS | FLAT_ENDS))
            return NULL;
        if (has_bit(insn->written, load->base))
            return (insn->kind & FLAT_READS) && (insn->kind & FLAT_MOVES) ? insn : NULL;
    }
    return NULL;
}

static void step(struct trace *trace, const struct flat_insn *load, const struct flat_insn *base, const struct flat_insn *insn)
{
    bool is_loaded = has_bit(trace->loaded, insn->from), is_changed = has_bit(trace->changed, insn->from);
    bool onto_it = has_bit(trace->loaded | trace->changed, insn->to);
    uint16_t to = insn->to < 16 ? (uint16_t)(1u << insn->to) : 0;
    uint16_t before = insn->written;
    if (has_bit(insn->written, load->base) || has_bit(insn->written, load->index))
        trace->base_known = base && is_reload(base, insn) && insn->to == load->base;
    trace->loaded &= (uint16_t)~before;
    trace->changed &= (uint16_t)~before;
    if (insn->kind & FLAT_COPIES) {
        trace->loaded |= is_loaded ? to : 0;
        trace->changed |= is_changed ? to : 0;
    } else if ((insn->kind & FLAT_CHANGES) && (is_loaded || is_changed || onto_it)) {
        trace->changed |= to;
    }
}

static void look_for_return(struct atomics_table *table, const struct flat_insn *list, const struct flat_insn *end,
                            const struct flat_insn *load)
{
    bool adds = load->kind & FLAT_CHANGES; /* "add (m), %reg" */
    if (!(load->kind & (FLAT_MOVES | FLAT_CHANGES)) || !(load->kind & FLAT_READS) || !(load->kind & FLAT_SMALL) ||
        load->to >= 16 || is_on_stack(load))
        return;
    const struct flat_insn *base = load->base < 16 ? source_of_base(list, load) : NULL;
    uint16_t to = (uint16_t)(1u << load->to);
    struct trace trace = {.loaded = to, .changed = adds ? to : 0, .base_known = load->to != load->base && load->to != load->index};
    for (const struct flat_insn *insn = load + 1; insn < end && insn - load < LONGEST_WAY; insn++) {
        if (insn->kind & (FLAT_JUMPS | FLAT_CALLS | FLAT_ENDS))
            return;
        if ((insn->kind & FLAT_WRITES) && (insn->kind & FLAT_MOVES) && trace.base_known && is_same_operand(load, insn)) {
            if (has_bit(trace.changed, insn->from) && is_unoptimised(list, end, load)) {
                table_add(table, load->address, load->length, 0, 0, ATOMICS_PLAIN);
                table_add(table, insn->address, insn->length, 0, 0, ATOMICS_PLAIN);
            }
            return;
        }
        step(&trace, load, base, insn);
    }
}

/* --- guards of static variables ---------------------------------------------------------------------------------------------------- */

struct addresses {
    uint64_t *list;
    size_t count, capacity;
};

static void add_address(struct atomics_table *table, struct addresses *addresses, uint64_t address)
{
    addresses->list = pool_grow(table->pool, addresses->list, addresses->count, &addresses->capacity, sizeof(address));
    addresses->list[addresses->count++] = address;
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static void sort_addresses(struct addresses *addresses)
{
    if (addresses->count)
        qsort(addresses->list, addresses->count, sizeof(uint64_t), by_value);
}

static bool has_address(const struct addresses *addresses, uint64_t address)
{
    return addresses->count && bsearch(&address, addresses->list, addresses->count, sizeof(uint64_t), by_value);
}

static const char *called_name(const struct calls *calls, const struct flat_insn *call)
{
    const struct flat_insn *stub = call->target ? insn_at(calls, call->target) : call;
    const struct flat_insn *end = calls->list + calls->count;
    for (int i = 0; stub && stub < end && i < 3; i++, stub++)
        if (stub->base == FLAT_RIP && !stub->target && (stub->kind & (FLAT_JUMPS | FLAT_CALLS)))
            return calls->names->of_slot(calls->names->ctx, (uint64_t)stub->displacement);
    return NULL;
}

/* The address that the first argument is set to just before the call; 0: not known. */
static uint64_t first_argument(const struct calls *calls, const struct flat_insn *call)
{
    uint8_t reg = RDI;
    for (const struct flat_insn *insn = call; insn-- > calls->list && call - insn < LONGEST_WAY;) {
        if (insn->kind & (FLAT_CALLS | FLAT_ENDS))
            return 0;
        if (!has_bit(insn->written, reg))
            continue;
        if (insn->kind & FLAT_COPIES)
            reg = insn->from;
        else
            return insn->kind & FLAT_MAKES ? insn->target : 0;
    }
    return 0;
}

/* The variable that tells whether a static variable of a function is initialised is handed to __cxa_guard_acquire(), and
 * tested by an ordinary instruction before (Itanium C++ ABI, 3.3.2). */
static void look_for_guards(struct atomics_table *table, const struct calls *calls)
{
    struct addresses guards = {0};
    for (const struct flat_insn *insn = calls->list; insn < calls->list + calls->count; insn++) {
        const char *name = insn->kind & FLAT_CALLS ? called_name(calls, insn) : NULL;
        uint64_t guard = name && strncmp(name, "__cxa_guard_", 12) == 0 ? first_argument(calls, insn) : 0;
        if (guard)
            add_address(table, &guards, guard);
    }
    sort_addresses(&guards);
    for (const struct flat_insn *insn = calls->list; insn < calls->list + calls->count && guards.count; insn++)
        if (insn->base == FLAT_RIP && looks(insn) && has_address(&guards, (uint64_t)insn->displacement))
            table_add_single(table, insn->address, insn->length, ATOMICS_LOAD, ATOMICS_BY_GUARD);
}

/* --- objects of atomic type ----------------------------------------------------------------------------------------------------- */

/* At a fixed address, whatever operand LLVM has folded the operation into ("addsd total(%rip), %xmm0"). */
static void look_for_objects(struct atomics_table *table, const struct calls *calls)
{
    for (const struct flat_insn *insn = calls->list; insn < calls->list + calls->count && table->object_count; insn++) {
        if (insn->base != FLAT_RIP || insn->index != FLAT_NO_REGISTER || !(insn->kind & FLAT_SMALL) ||
            (insn->kind & (FLAT_LOCKED | FLAT_JUMPS | FLAT_CALLS)) || !table_has_object(table, (uint64_t)insn->displacement))
            continue;
        table_add_single(table, insn->address, insn->length,
                         (uint16_t)((insn->kind & FLAT_READS ? ATOMICS_LOAD : 0) | (insn->kind & FLAT_WRITES ? ATOMICS_STORE : 0)),
                         ATOMICS_BY_TYPE);
    }
}

/* --- variables that are accessed otherwise -------------------------------------------------------------------------------------- */

static bool is_fixed(const struct flat_insn *insn)
{
    return insn->base == FLAT_RIP && insn->index == FLAT_NO_REGISTER && (insn->kind & FLAT_SMALL) &&
           !(insn->kind & (FLAT_LOCKED | FLAT_JUMPS | FLAT_CALLS));
}

/* Of a variable at a fixed address, one operand that no atomic operation can have makes all moves plain. */
static void look_for_variables(struct atomics_table *table, const struct calls *calls)
{
    struct addresses plain = {0};
    const struct flat_insn *end = calls->list + calls->count;
    for (const struct flat_insn *insn = calls->list; insn < end; insn++)
        if (is_fixed(insn) && !(insn->kind & FLAT_MOVES))
            add_address(table, &plain, (uint64_t)insn->displacement);
    sort_addresses(&plain);
    for (const struct flat_insn *insn = calls->list; insn < end; insn++)
        if (is_fixed(insn) && (insn->kind & FLAT_MOVES) && has_address(&plain, (uint64_t)insn->displacement))
            table_add(table, insn->address, insn->length, 0, 0, ATOMICS_PLAIN);
}

void flow_decide(struct atomics_table *table, const struct code *code, const struct flow_names *names)
{
    for (size_t i = 0; i < code->segment_count; i++) {
        size_t count;
        if (code->segments[i].end - code->segments[i].start > MOST_CODE)
            continue;
        const struct flat_insn *list = flat_decode(table->pool, code, &code->segments[i], &count);
        struct calls calls = {list, count, names};
        for (size_t j = 0; j < count; j++) {
            look_for_return(table, list, list + count, &list[j]);
            if ((list[j].kind & FLAT_JUMPS) && list[j].target && list[j].target <= list[j].address)
                look_for_loop(table, &calls, &list[j]);
        }
        if (!(table->flags & ATOMICS_LLVM))
            look_for_variables(table, &calls);
        look_for_guards(table, &calls);
        look_for_objects(table, &calls);
    }
}
