/* SPDX-License-Identifier: MIT */
/* What a cycle of the acquisition tree is called and how it is told; called by the analysis from its
 * on_cycle. */
#include <string.h>

#include "analysis/lockgraph.h"
#include "base/hash.h"

/* --- names of the mistake ------------------------------------------------------------------------------ */

/* Frames that make a code place: more than one, because the innermost one is often a wrapper that all of a
 * program's acquisitions go through (std::mutex::lock without optimisation). */
#define PLACE_FRAMES 4u

static uint64_t place_of(const struct stackdepot *depot, stack_id stack)
{
    struct stack_view view = depot_get(depot, stack);
    uint64_t hash = 0;
    for (uint32_t i = 0; i < view.count && i < PLACE_FRAMES; i++)
        hash = hash_mix(hash, view.frames[i]);
    return hash;
}

/* The same whichever member comes first; ways round in opposite directions are different. */
static uint64_t hash_ring(const uint64_t *values, uint32_t count)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < count; i++)
        sum += hash_mix(values[i], values[(i + 1) % count]);
    return hash_mix(sum, count);
}

/* Leaves one of each run of equal values; the new count. Two threads in one function that locks two objects
 * the wrong way round make the same mistake as five threads there. */
static uint32_t collapse_ring(uint64_t *values, uint32_t count)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++)
        if (values[i] != values[(i + 1) % count] || (i + 1 == count && kept == 0))
            values[kept++] = values[i];
    return kept;
}

#define RING_MAX 64u /* of longer cycles the rest does not count */

uint64_t lockgraph_locks_key(const lock_uid *uids, uint32_t count)
{
    return hash_mix(hash_ring(uids, count < RING_MAX ? count : RING_MAX), KIND_LOCK_ORDER);
}

uint64_t lockgraph_places_key(const struct stackdepot *depot, const stack_id *holds,
                              const stack_id *wants, uint32_t count)
{
    uint64_t places[RING_MAX];
    if (count > RING_MAX)
        count = RING_MAX;
    for (uint32_t i = 0; i < count; i++)
        places[i] = hash_mix(place_of(depot, holds[i]), place_of(depot, wants[i]));
    return hash_mix(hash_ring(places, collapse_ring(places, count)), KIND_LOCK_ORDER);
}

void lockgraph_cycle_keys(const struct lg_cycle *cycle, const struct stackdepot *depot,
                          uint64_t keys[2])
{
    stack_id holds[RING_MAX], wants[RING_MAX];
    lock_uid uids[RING_MAX];
    uint32_t count = cycle->length < RING_MAX ? cycle->length : RING_MAX;
    for (uint32_t i = 0; i < count; i++) {
        const struct lg_member *member = &cycle->members[i];
        holds[i] = member->holds.stack;
        wants[i] = member->wants_stack;
        uids[i] = member->wants;
    }
    keys[0] = lockgraph_places_key(depot, holds, wants, count);
    keys[1] = lockgraph_locks_key(uids, count);
}

/* --- the finding --------------------------------------------------------------------------------------- */

/* Placeholders reach from 0 to 9. */
#define NAMED 10u

#define STEP(thread, holds, takes)                                                                 \
    "%T" thread " takes %O" takes " while it holds %O" holds
#define ENDING                                                                                     \
    ": with another timing each of them gets its first lock, and waits for the next one for ever"
#define CHAIN3 STEP("0", "0", "1") ", " STEP("1", "1", "2")
#define CHAIN4 CHAIN3 ", " STEP("2", "2", "3")
#define CHAIN5 CHAIN4 ", " STEP("3", "3", "4")
#define CHAIN6 CHAIN5 ", " STEP("4", "4", "5")
#define CHAIN7 CHAIN6 ", " STEP("5", "5", "6")
#define CHAIN8 CHAIN7 ", " STEP("6", "6", "7")

static const char *const messages[] = {
    [2] = STEP("0", "0", "1") ", and " STEP("1", "1", "0") ENDING,
    [3] = CHAIN3 ", and " STEP("2", "2", "0") ENDING,
    [4] = CHAIN4 ", and " STEP("3", "3", "0") ENDING,
    [5] = CHAIN5 ", and " STEP("4", "4", "0") ENDING,
    [6] = CHAIN6 ", and " STEP("5", "5", "0") ENDING,
    [7] = CHAIN7 ", and " STEP("6", "6", "0") ENDING,
    [8] = CHAIN8 ", and " STEP("7", "7", "0") ENDING,
};

static const char long_message[] =
    STEP("0", "0", "1") ", " STEP("1", "1", "2") ", and so on, round to %O0, which the last of these "
    "threads takes" ENDING;

static const char writer_message[] =
    "The order in which these threads take their locks forms a cycle, in which a reader waits behind a "
    "writer (the read-write lock prefers waiting writers): with another timing each of them waits for "
    "the next one for ever";

#define OF_EACH(before, after)                                                                     \
    {                                                                                              \
        before "%O0" after, before "%O1" after, before "%O2" after, before "%O3" after,            \
            before "%O4" after, before "%O5" after, before "%O6" after, before "%O7" after,        \
            before "%O8" after, before "%O9" after, before "a lock" after                          \
    }

static const char *const held_roles[2][NAMED + 1] = {
    [MODE_EXCLUSIVE] = OF_EACH("acquired ", ""),
    [MODE_SHARED] = OF_EACH("acquired ", " for reading"),
};
static const char *const wanted_roles[2][NAMED + 1] = {
    [MODE_EXCLUSIVE] = OF_EACH("then takes ", ""),
    [MODE_SHARED] = OF_EACH("then takes ", " for reading"),
};
static const char *const behind_roles[NAMED + 1] =
    OF_EACH("then takes ", " for reading, behind a waiting writer");
static const char *const writer_roles[NAMED + 1] = OF_EACH("waits to write ", "");

struct telling {
    const struct lg_cycle *cycle;
    struct finding *finding;
    void (*describe)(void *ctx, lock_uid uid, struct finding_object *object);
    void *ctx;
};

/* UINT32_MAX: there was no room. */
static uint32_t add_lock(const struct telling *telling, lock_uid uid)
{
    struct finding_object object = {0};
    telling->describe(telling->ctx, uid, &object);
    uint32_t truncated = telling->finding->truncated;
    uint32_t index = finding_add_object(telling->finding, &object);
    return telling->finding->truncated == truncated ? index : UINT32_MAX;
}

static const char *role(const char *const roles[NAMED + 1], uint32_t object)
{
    return roles[object < NAMED ? object : NAMED];
}

static void tell_member(const struct telling *telling, const struct lg_member *member)
{
    struct finding *finding = telling->finding;
    uint32_t wanted = add_lock(telling, member->wants);
    const char *const *wanted_role = wanted_roles[member->wants_mode];
    if (member->holds.uid)
        finding_add_stack(finding,
                          role(held_roles[member->holds.mode], add_lock(telling, member->holds.uid)),
                          member->thread, member->holds.stack);
    else
        wanted_role = writer_roles;
    if (member->behind_writer)
        wanted_role = behind_roles;
    finding_add_stack(finding, role(wanted_role, wanted), member->thread, member->wants_stack);
}

#define HELD_TOLD 16u /* of each thread, the ones taken last */

static void tell_held(const struct telling *telling, const struct lg_member *member)
{
    struct lg_held held[HELD_TOLD];
    uint32_t count = lockgraph_held(telling->cycle, member, held, HELD_TOLD);
    uint32_t told = count < HELD_TOLD ? count : HELD_TOLD;
    for (uint32_t i = 0; i < told; i++) {
        uint32_t object = add_lock(telling, held[i].uid);
        if (object != UINT32_MAX)
            finding_add_held(telling->finding, member->thread, object, held[i].mode, held[i].stack);
    }
    telling->finding->truncated += count - told;
}

static const char *message_of(const struct lg_cycle *cycle)
{
    for (uint32_t i = 0; i < cycle->length; i++)
        if (cycle->members[i].behind_writer)
            return writer_message;
    return cycle->length < ARRAY_LEN(messages) ? messages[cycle->length] : long_message;
}

void lockgraph_fill_finding(const struct lg_cycle *cycle, struct finding *finding,
                            void (*describe)(void *ctx, lock_uid uid, struct finding_object *object),
                            void *ctx)
{
    struct telling telling = {cycle, finding, describe, ctx};
    finding_begin(finding, KIND_LOCK_ORDER, CONFIDENCE_PREDICTED, message_of(cycle));
    /* The messages count on this order: thread n holds object n. */
    for (uint32_t i = 0; i < cycle->length; i++) {
        finding_add_thread(finding, cycle->members[i].thread);
        if (cycle->members[i].holds.uid)
            add_lock(&telling, cycle->members[i].holds.uid);
    }
    for (uint32_t i = 0; i < cycle->length; i++)
        tell_member(&telling, &cycle->members[i]);
    for (uint32_t i = 0; i < cycle->length; i++)
        tell_held(&telling, &cycle->members[i]);
}
