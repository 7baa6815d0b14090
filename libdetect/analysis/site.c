/* SPDX-License-Identifier: MIT */
/* Sites of accesses and the sets of locks in them; see site.h. Called by race.c for accesses that its cache of sites does
 * not know, and by race_report.c. Hard rules: as in intern.c. */
#include "analysis/site.h"

#include "analysis/held.h"

#define MOST_LOCKS ((1u << SITE_LOCKS_BITS) - 1)

/* Words of a site and of a lock. */
enum { PC, CALL_LOCKS, FLAGS_SIZE, SITE_WORDS };
enum { ADDR, NEXT_STACK, KIND_MODE, LOCK_WORDS };

#define IS_PAIR UINT64_MAX /* as PC: CALL_LOCKS are the two, FLAGS_SIZE the bytes of the first */

static uint64_t pair(uint32_t low, uint32_t high) { return (uint64_t)high << 32 | low; }

bool site_table_init(struct site_table *table, struct arena *arena)
{
    return intern_init(&table->sites, arena, SITE_WORDS, SITE_MOST) &&
           intern_init(&table->locks, arena, LOCK_WORDS, MOST_LOCKS);
}

uint32_t site_number(struct site_table *table, const struct site *site)
{
    uint64_t words[SITE_WORDS] = {
        [PC] = site->pc,
        [CALL_LOCKS] = pair(site->call, site->locks),
        [FLAGS_SIZE] = pair(site->flags, site->size),
    };
    return intern_number(&table->sites, words);
}

uint32_t site_pair(struct site_table *table, uint32_t a, uint8_t mask, uint32_t b)
{
    uint64_t words[SITE_WORDS] = {[PC] = IS_PAIR, [CALL_LOCKS] = pair(a, b), [FLAGS_SIZE] = mask};
    return intern_number(&table->sites, words);
}

uint32_t site_of_byte(const struct site_table *table, uint32_t number, uint32_t byte)
{
    while (number) {
        const uint64_t *words = intern_words(&table->sites, number);
        if (words[PC] != IS_PAIR)
            break;
        number = (uint32_t)(words[FLAGS_SIZE] >> byte & 1 ? words[CALL_LOCKS] : words[CALL_LOCKS] >> 32);
    }
    return number;
}

static const uint64_t *first_of(const struct site_table *table, uint32_t number)
{
    const uint64_t *words = intern_words(&table->sites, number);
    while (words[PC] == IS_PAIR)
        words = intern_words(&table->sites, (uint32_t)words[CALL_LOCKS]);
    return words;
}

struct site site_get(const struct site_table *table, uint32_t number)
{
    if (number == 0)
        return (struct site){0};
    const uint64_t *words = first_of(table, number);
    return (struct site){
        .pc = words[PC],
        .call = (uint32_t)words[CALL_LOCKS],
        .locks = (uint32_t)(words[CALL_LOCKS] >> 32),
        .flags = (uint32_t)words[FLAGS_SIZE],
        .size = (uint32_t)(words[FLAGS_SIZE] >> 32),
    };
}

uint32_t site_locks(struct site_table *table, const struct held_list *held)
{
    uint32_t set = 0;
    for (uint32_t i = 0; i < held->count; i++) {
        const struct held_lock *lock = &held->locks[i];
        uint64_t words[LOCK_WORDS] = {
            [ADDR] = lock->object->addr,
            [NEXT_STACK] = pair(set, lock->stack),
            [KIND_MODE] = pair(lock->object->kind, lock->mode),
        };
        uint32_t longer = intern_number(&table->locks, words);
        set = longer ? longer : set;
    }
    return set;
}

struct site_lock site_lock_get(const struct site_table *table, uint32_t number)
{
    const uint64_t *words = intern_words(&table->locks, number);
    return (struct site_lock){
        .addr = words[ADDR],
        .next = (uint32_t)words[NEXT_STACK],
        .acquired_at = (uint32_t)(words[NEXT_STACK] >> 32),
        .kind = (uint8_t)words[KIND_MODE],
        .mode = (uint8_t)(words[KIND_MODE] >> 32),
    };
}
