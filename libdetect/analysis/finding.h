/* SPDX-License-Identifier: MIT */
/* A finding as plain data, and the table that reports each mistake once.
 *
 * `message` is an English sentence with placeholders that the CLI fills in once it knows the names:
 * %T0..%T9 a thread of `threads`, %O0..%O9 an object of `objects`. */
#ifndef DETECT_ANALYSIS_FINDING_H
#define DETECT_ANALYSIS_FINDING_H

#include "base/hash.h"
#include "event/event.h"
#include "analysis/kinds.h"

#define FINDING_STACKS 80
#define FINDING_OBJECTS 40
#define FINDING_THREADS 40
#define FINDING_HELD 80

/* What a thread did there to memory. */
struct finding_access {
    uint32_t flags; /* enum race_flag (race.h); 0: the stack is that of no access */
    uintptr_t address;
    size_t size;
};

struct finding_stack {
    const char *role; /* "waits for %O0", "acquired %O1", "destroyed here" … ; static string. An access needs none */
    thread_id thread;
    stack_id stack;
    struct finding_access access;
};

struct finding_object {
    enum object_kind kind;
    uintptr_t addr;
    size_t size;
    stack_id created_at; /* init call, or first use of a static one; STACK_NONE unknown */
    bool static_init;    /* created_at is a first use */
};

struct finding_held {
    thread_id thread;
    uint32_t object;   /* index in `objects` */
    uint8_t mode;      /* enum lock_mode */
    stack_id acquired_at;
};

struct finding {
    uint32_t number; /* from 1, per process */
    enum finding_kind kind;
    enum finding_confidence confidence;
    const char *message; /* static string with placeholders */
    uint32_t replaces;   /* number of a finding that this one supersedes, or 0 */
    const char *because; /* what a `possible` one assumes, or what proves a `certain` one, as a sentence's second half:
                          * "both accesses are plain moves, and the program has no debug information"; static, or NULL */
    bool further;        /* no new finding: `objects` are further ones of finding `number`, the rest is empty */
    uint32_t thread_count, stack_count, object_count, held_count;
    thread_id threads[FINDING_THREADS];
    struct finding_stack stacks[FINDING_STACKS];
    struct finding_object objects[FINDING_OBJECTS];
    struct finding_held held[FINDING_HELD];
    uint32_t truncated; /* entries that did not fit above: told in the report */
};

/* Builders: each returns the index of its entry, and counts in `truncated` what does not fit. Adding a
 * thread or an object twice returns the first index. */
void finding_begin(struct finding *finding, enum finding_kind kind,
                   enum finding_confidence confidence, const char *message);
uint32_t finding_add_thread(struct finding *finding, thread_id thread);
uint32_t finding_add_object(struct finding *finding, const struct finding_object *object);
void finding_add_stack(struct finding *finding, const char *role, thread_id thread, stack_id stack);
/* The stack of an access to memory. A race has the two accesses as its first two stacks, the later one first, and as its
 * first object the bytes that both touch (OBJECT_MEMORY); the locks that each side held are `held`. */
void finding_add_access(struct finding *finding, thread_id thread, stack_id stack, const struct finding_access *access);
void finding_add_held(struct finding *finding, thread_id thread, uint32_t object, uint8_t mode,
                      stack_id acquired_at);

/* --- each mistake once, with a count ----------------------------------------------------------------- */

struct finding_table {
    struct hash_table by_key;
    struct arena *arena;
    uint32_t last_number;
};

void finding_table_init(struct finding_table *table, struct arena *arena);
/* Forgets all of them: the child of a fork tells its own, from number 1 on. */
void finding_table_clear(struct finding_table *table);
/* Whether a finding with this key is new; if so *number is its number, else the earlier one's and its
 * count goes up. The key is the caller's: kind, places and whatever makes it the same mistake. Out of
 * memory counts as "seen before". */
bool finding_is_new(struct finding_table *table, uint64_t key, uint32_t *number);
/* The same for a mistake with several names: new if none of them is known. Names that are not known yet
 * lead to the same number from then on, except that the last one is entered only with a new finding. */
bool finding_is_new_any(struct finding_table *table, const uint64_t *keys, uint32_t key_count,
                        uint32_t *number);
/* The finding with this key, which is known, occurred so many times more. */
void finding_count_again(struct finding_table *table, uint64_t key, uint32_t times);
/* The finding with this key was none: the next one with it is new. */
void finding_forget(struct finding_table *table, uint64_t key);
/* The number of the finding with this key, 0 if there is none. Counts nothing. */
uint32_t finding_lookup(const struct finding_table *table, uint64_t key);
void finding_table_visit(struct finding_table *table,
                         void (*visit)(void *ctx, uint32_t number, uint64_t count), void *ctx);

#endif
