/* SPDX-License-Identifier: MIT */
/* What tr_coming() says of accesses in loops: random loops run translated, with a client that is told of each access; what is
 * said to come has to come. Loops are made of what compilers step counters and compute addresses with, and of what makes it
 * hard: branches, counters that wrap around, registers that hold something else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "base/arena.h"
#include "translate/thread.h"
#include "translate/translate.h"

#define GENERAL_ONLY __attribute__((target("general-regs-only")))
#define LOOPS 4000
#define MOST_ROUNDS 150
#define TEXT_SIZE (8u << 20)

/* Memory at two places, 4 GiB apart: an index of 32 bits that wraps around leads from one to the other. */
#define PLACE 0x1000000000u
#define PLACE_SIZE 0x40000u
#define MIDDLE (PLACE + PLACE_SIZE / 2)
#define APART 0x100000000u

struct event {
    uintptr_t pc, address;
};
struct prediction {
    uint32_t event;
    struct tr_coming coming;
};

static struct arena arena;
static uint8_t *text, *at; /* where code is written */
static struct event events[32768];
static struct prediction predictions[8192];
static uint32_t event_count, prediction_count;
static uint64_t state;

/* --- the client --------------------------------------------------------------------------------------------------------- */

static bool wants(struct tr_access *access)
{
    return !(access->kind & TR_STACK);
}

GENERAL_ONLY static void note(uintptr_t pc, uintptr_t address)
{
    if (event_count < ARRAY_LEN(events))
        events[event_count] = (struct event){pc, address};
    event_count++;
}

GENERAL_ONLY static void on_access(uintptr_t address, size_t size, uint32_t kind, uintptr_t pc)
{
    (void)size, (void)kind;
    note(pc, address);
}

GENERAL_ONLY static bool quick(uintptr_t address, struct tr_access *access)
{
    note(access->pc, address);
    return true;
}

GENERAL_ONLY static bool quick_in_loop(uintptr_t address, struct tr_access *access)
{
    struct tr_coming coming;
    if (tr_coming(access, &coming) && prediction_count < ARRAY_LEN(predictions))
        predictions[prediction_count++] = (struct prediction){event_count, coming};
    return quick(address, access);
}

static const struct tr_check check = {.flip_bit = 45, .offset = 0x5000, .quick = quick, .quick_in_loop = quick_in_loop};
static const struct tr_client client = {.wants_access = wants, .on_access = on_access, .check = &check};

static void map_at(uintptr_t start, size_t size)
{
    void *got = mmap((void *)start, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    assert_true(got == (void *)start);
}

static int set_up(void **unused)
{
    (void)unused;
    static const struct tr_options options;
    static struct tr_host host;
    int protection = PROT_READ | PROT_WRITE | PROT_EXEC;
    arena_init(&arena);
    host.arena = &arena;
    if (!tr_init(&options, &client, &host))
        return 1;
    for (uintptr_t place = PLACE; place <= PLACE + APART; place += APART) {
        map_at(place, PLACE_SIZE);
        map_at((place ^ (uintptr_t)1 << check.flip_bit) + (uintptr_t)check.offset, PLACE_SIZE);
    }
    text = mmap(NULL, TEXT_SIZE, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    at = text;
    struct tr_module module = {.start = (uintptr_t)text, .end = (uintptr_t)text + TEXT_SIZE, .low = (uintptr_t)text,
                               .high = (uintptr_t)text + TEXT_SIZE, .protection = protection};
    if (!tr_module_add(&module) || !tr_take_over() || !tr_thread_start())
        return 1;
    tr_check_tags()[TR_TAG] = 1; /* no word has it */
    return 0;
}

/* --- code ------------------------------------------------------------------------------------------------------------------- */

static uint32_t random_below(uint32_t limit)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33) % limit;
}

static bool one_in(uint32_t n) { return random_below(n) == 0; }

static void bytes(const void *from, size_t count)
{
    memcpy(at, from, count);
    at += count;
}
#define BYTES(...) bytes((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void number(uint64_t value, size_t size) { bytes(&value, size); }

/* An instruction with two registers, or with a register and an extension of its opcode. */
static void two(bool wide, uint8_t opcode, unsigned reg, unsigned rm)
{
    BYTES((uint8_t)(0x40 | wide << 3 | (reg >> 3) << 2 | rm >> 3), opcode, (uint8_t)(0xc0 | (reg & 7) << 3 | (rm & 7)));
}

static void set(unsigned reg, uint64_t value)
{
    BYTES((uint8_t)(0x48 | reg >> 3), (uint8_t)(0xb8 | (reg & 7)));
    number(value, 8);
}

/* reg and displacement(base, index, scale); index TR_RSP: none. */
static void memory(const uint8_t *opcode, size_t count, bool wide, unsigned reg, unsigned base, unsigned index, unsigned scale,
                   int32_t displacement)
{
    static const uint8_t bits[] = {0, 0, 1, 0, 2, 0, 0, 0, 3};
    if (opcode[0] == 0xf2 || opcode[0] == 0x66)
        BYTES(opcode[0]);
    BYTES((uint8_t)(0x40 | wide << 3 | (reg >> 3) << 2 | (index >> 3) << 1 | base >> 3));
    bytes(opcode + (opcode[0] == 0xf2 || opcode[0] == 0x66), count - (opcode[0] == 0xf2 || opcode[0] == 0x66));
    BYTES((uint8_t)(0x84 | (reg & 7) << 3), (uint8_t)(bits[scale] << 6 | (index & 7) << 3 | (base & 7)));
    number((uint32_t)displacement, 4);
}

/* --- loops ------------------------------------------------------------------------------------------------------------------- */

/* What registers are for. */
enum { COUNTER = TR_RCX, BOUND = TR_RDX, POINTER = TR_RSI, OTHER = TR_R13, TABLE = TR_R8, TIMES = TR_R9, TEMPORARY = TR_RAX,
       SECOND = TR_RBX, VALUE = TR_R11, INNER = TR_R10 };

enum shape { SMALL, AROUND_32, AROUND_31 }; /* where the counter is: small; about to wrap as an unsigned or a signed number */

struct loop {
    enum shape shape;
    bool wide, by_result, is_exchanged, is_constant;
    uint8_t condition;
    int step;
    uint64_t first, bound;
    bool is_stepped; /* the step is written */
};

static bool holds(const struct loop *loop, uint64_t x)
{
    uint64_t y = loop->bound, left = loop->is_exchanged ? y : x, right = loop->is_exchanged ? x : y;
    int64_t a = loop->wide ? (int64_t)left : (int32_t)left, b = loop->wide ? (int64_t)right : (int32_t)right;
    if (!loop->wide) {
        left = (uint32_t)left;
        right = (uint32_t)right;
    }
    switch (loop->condition) {
    case 0x2: return left < right;
    case 0x3: return left >= right;
    case 0x4: return left == right;
    case 0x5: return left != right;
    case 0x6: return left <= right;
    case 0x7: return left > right;
    case 0x8: return (loop->wide ? (int64_t)(left - right) : (int32_t)(left - right)) < 0;
    case 0x9: return (loop->wide ? (int64_t)(left - right) : (int32_t)(left - right)) >= 0;
    case 0xc: return a < b;
    case 0xd: return a >= b;
    case 0xe: return a <= b;
    default: return a > b;
    }
}

/* Rounds that it makes; 0: too many, or just one. */
static unsigned rounds_of(const struct loop *loop)
{
    uint64_t x = loop->first;
    for (unsigned i = 1; i <= MOST_ROUNDS; i++) {
        x += (uint64_t)(int64_t)loop->step;
        if (!loop->wide)
            x = (uint32_t)x;
        if (!holds(loop, x))
            return i > 1 ? i : 0;
    }
    return 0;
}

static void choose(struct loop *loop)
{
    static const uint8_t conditions[] = {2, 3, 4, 5, 5, 5, 6, 7, 8, 9, 0xc, 0xd, 0xe, 0xf};
    static const int steps[] = {1, 1, 1, 2, 3, 4, 8, 16, -1, -1, -2, -3, -8};
    *loop = (struct loop){.shape = random_below(8) < 5 ? SMALL : random_below(2) ? AROUND_32 : AROUND_31};
    do {
        loop->wide = loop->shape == SMALL && one_in(2);
        loop->condition = conditions[random_below(ARRAY_LEN(conditions))];
        loop->step = steps[random_below(ARRAY_LEN(steps))];
        loop->is_exchanged = one_in(3);
        loop->is_constant = !loop->is_exchanged && one_in(2);
        loop->by_result = loop->shape == SMALL && !loop->is_exchanged && loop->condition == 5 && loop->step < 0 && one_in(3);
        uint64_t middle = loop->shape == SMALL ? 2000 : loop->shape == AROUND_32 ? APART : APART / 2;
        loop->first = middle + random_below(300) - (loop->shape == SMALL ? 0 : 150);
        loop->bound = one_in(8) ? 0 : loop->first + (uint64_t)((int64_t)loop->step * random_below(120)) + (one_in(2) ? 0 : random_below(9) - 4);
        if (loop->by_result) {
            loop->first = (uint64_t)-(int64_t)loop->step * (1 + random_below(100));
            loop->bound = 0;
        }
        if (!loop->wide) {
            loop->first = (uint32_t)loop->first;
            loop->bound = (uint32_t)loop->bound;
        }
    } while (rounds_of(loop) == 0);
}

/* Loads or stores. */
static void use(unsigned base, unsigned index, unsigned scale, int32_t displacement)
{
    switch (random_below(9)) {
    case 0: memory((const uint8_t[]){0x8b}, 1, false, VALUE, base, index, scale, displacement); break;
    case 1: memory((const uint8_t[]){0x8b}, 1, true, VALUE, base, index, scale, displacement); break;
    case 2: memory((const uint8_t[]){0x89}, 1, true, VALUE, base, index, scale, displacement); break;
    case 3: memory((const uint8_t[]){0x89}, 1, false, VALUE, base, index, scale, displacement); break;
    case 4: memory((const uint8_t[]){0x88}, 1, false, VALUE, base, index, scale, displacement); break;
    case 5: memory((const uint8_t[]){0x0f, 0xb6}, 2, false, VALUE, base, index, scale, displacement); break;
    case 6: memory((const uint8_t[]){0x0f, 0x10}, 2, false, 0, base, index, scale, displacement); break;
    case 7: memory((const uint8_t[]){0x0f, 0x11}, 2, false, 0, base, index, scale, displacement); break;
    default: memory((const uint8_t[]){0xf2, 0x0f, 0x10}, 3, false, 1, base, index, scale, displacement); break;
    }
}

static void add_constant(bool wide, unsigned reg, int value, bool sets_flags)
{
    switch (sets_flags ? 1 + random_below(3) : random_below(4)) {
    case 0:
        memory((const uint8_t[]){0x8d}, 1, wide, reg, reg, TR_RSP, 1, value);
        break;
    case 1:
        two(wide, 0x81, 5, reg);
        number((uint32_t)-value, 4);
        break;
    case 2:
        if (value == 1 || value == -1) {
            two(wide, 0xff, value < 0, reg);
            break;
        }
        /* fall through */
    default:
        two(wide, 0x83, 0, reg);
        BYTES((uint8_t)value);
        break;
    }
}

static void step_counter(struct loop *loop)
{
    if (!loop->is_stepped)
        add_constant(loop->wide, COUNTER, loop->step, loop->by_result);
    loop->is_stepped = true;
}

/* TEMPORARY = the counter, so that TABLE and it lead to the places. */
static void take_counter(const struct loop *loop)
{
    bool is_signed = loop->shape == AROUND_31 ? one_in(2) : loop->shape == SMALL && one_in(3);
    uint64_t table = loop->shape == SMALL       ? MIDDLE
                     : loop->shape == AROUND_32 ? MIDDLE
                     : is_signed                ? MIDDLE + APART / 2
                                                : MIDDLE + APART / 2 + 0; /* unsigned: at the second place before and after */
    if (one_in(2) || loop->shape == AROUND_31)
        set(TABLE, table);
    if (is_signed)
        two(true, 0x63, TEMPORARY, COUNTER);
    else
        two(loop->wide && one_in(2), 0x89, COUNTER, TEMPORARY);
}

static void indexed_access(struct loop *loop, bool may_step)
{
    unsigned scale = loop->shape == SMALL ? 1u << random_below(4) : 1;
    take_counter(loop);
    if (may_step && one_in(3))
        step_counter(loop);
    if (one_in(4))
        two(true, 0x01, TIMES, TEMPORARY);
    if (loop->shape == SMALL && one_in(4)) {
        two(true, 0xaf, TEMPORARY, TIMES); /* imul, with its escape */
        at[-1] = at[-2] = at[-3] = 0;
        at -= 3;
        BYTES(0x49, 0x0f, 0xaf, (uint8_t)(0xc0 | TEMPORARY << 3 | (TIMES & 7)));
        scale = 1;
    }
    if (loop->shape == SMALL && one_in(4)) {
        two(true, 0xc1, 4, TEMPORARY);
        BYTES(2);
        scale = 1;
    }
    use(TABLE, TEMPORARY, scale, (int32_t)random_below(64));
}

static void unit(struct loop *loop, bool may_step)
{
    switch (random_below(9)) {
    case 0:
    case 1:
        use(POINTER, TR_RSP, 1, (int32_t)random_below(64) * 4);
        break;
    case 2:
        use(OTHER, TR_RSP, 1, (int32_t)random_below(64) - 32);
        break;
    case 3:
        add_constant(true, POINTER, (int)random_below(33), false);
        break;
    case 4:
        add_constant(true, OTHER, -(int)random_below(17), false);
        break;
    case 5:
        memory((const uint8_t[]){0x8d}, 1, true, SECOND, POINTER, TR_RSP, 1, 16);
        use(SECOND, TIMES, 1, 0);
        break;
    case 6: /* whatever a load got */
        memory((const uint8_t[]){0x8b}, 1, false, VALUE, POINTER, TR_RSP, 1, 0);
        two(false, 0x81, 4, VALUE);
        number(0xf8, 4);
        use(OTHER, VALUE, 1, 0);
        break;
    default:
        indexed_access(loop, may_step);
        break;
    }
}

/* Now and then left out. */
static void conditional_unit(struct loop *loop)
{
    two(false, 0xf7, 0, COUNTER);
    number(one_in(2) ? 1 : 3, 4);
    BYTES(one_in(2) ? 0x74 : 0x75, 0);
    uint8_t *from = at;
    unit(loop, false);
    from[-1] = (uint8_t)(at - from);
}

/* A loop of its own; now and then its end is not known beforehand. */
static void inner_loop(struct loop *loop)
{
    set(INNER, 1 + random_below(3));
    uint8_t *head = at;
    unit(loop, false);
    if (one_in(3))
        conditional_unit(loop);
    if (one_in(5))
        use(POINTER, INNER, 1, 0);
    add_constant(one_in(2), INNER, -1, true);
    if (one_in(4)) /* or */
        two(true, 0x09, INNER, INNER);
    BYTES(0x0f, 0x85);
    number((uint64_t)(head - (at + 4)), 4);
}

static void compare(const struct loop *loop)
{
    if (loop->bound == 0 && loop->is_constant && one_in(2)) {
        two(loop->wide, 0x85, COUNTER, COUNTER);
    } else if (loop->is_constant) {
        two(loop->wide, 0x81, 7, COUNTER);
        number(loop->bound, 4);
    } else if (one_in(2)) {
        two(loop->wide, 0x39, loop->is_exchanged ? COUNTER : BOUND, loop->is_exchanged ? BOUND : COUNTER);
    } else {
        two(loop->wide, 0x3b, loop->is_exchanged ? BOUND : COUNTER, loop->is_exchanged ? COUNTER : BOUND);
    }
}

static uint8_t *make_loop(struct loop *loop)
{
    uint8_t *start = at;
    choose(loop);
    BYTES(0x53, 0x41, 0x55); /* push %rbx; push %r13 */
    set(COUNTER, loop->first);
    set(BOUND, loop->bound);
    set(POINTER, MIDDLE + random_below(256));
    set(OTHER, MIDDLE + APART + random_below(256));
    set(TABLE, MIDDLE);
    set(TIMES, random_below(6));
    uint8_t *head = at;
    unsigned units = 1 + random_below(6);
    for (unsigned i = 0; i < units; i++) {
        if (one_in(7))
            conditional_unit(loop);
        else if (one_in(5))
            inner_loop(loop);
        else
            unit(loop, !loop->by_result);
        if (!loop->by_result && one_in(6))
            step_counter(loop);
    }
    step_counter(loop);
    if (!loop->by_result)
        compare(loop);
    if (one_in(5))
        memory((const uint8_t[]){0x89}, 1, true, VALUE, POINTER, TR_RSP, 1, 8);
    BYTES(0x0f, (uint8_t)(0x80 | loop->condition));
    number((uint64_t)(head - (at + 4)), 4);
    BYTES(0x41, 0x5d, 0x5b, 0xc3);
    return start;
}

/* --- what is said, and what comes ---------------------------------------------------------------------------------------------- */

static bool comes(const struct prediction *said)
{
    uint64_t done = 0;
    const struct event *first = &events[said->event];
    for (uint32_t i = said->event + 1; i < event_count && done < said->coming.count; i++) {
        if (events[i].pc != first->pc)
            continue;
        if (events[i].address != said->coming.address + done * (uintptr_t)said->coming.stride)
            return false;
        done++;
    }
    return done == said->coming.count;
}

static void what_is_said_comes(void **unused)
{
    (void)unused;
    uint64_t rounds = 0, said = 0;
    state = 1;
    for (unsigned i = 0; i < LOOPS && at + 1024 < text + TEXT_SIZE; i++) {
        struct loop loop;
        uint64_t seed = state;
        uint8_t *code = make_loop(&loop);
        event_count = prediction_count = 0;
        ((void (*)(void))tr_entry((uintptr_t)code))();
        assert_true(event_count <= ARRAY_LEN(events));
        for (uint32_t k = 0; k < prediction_count; k++)
            if (!comes(&predictions[k]))
                fail_msg("loop %u (seed %#lx): access %u at %#lx does not come %lu times from %#lx by %ld", i, seed, k,
                         events[predictions[k].event].pc - (uintptr_t)code, predictions[k].coming.count,
                         predictions[k].coming.address, (long)predictions[k].coming.stride);
        rounds += event_count;
        said += prediction_count;
    }
    print_message("%lu of %lu accesses were said to come again\n", said, rounds);
    assert_true(said > rounds / 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_said_comes)};
    return cmocka_run_group_tests(tests, set_up, NULL);
}
