/* SPDX-License-Identifier: MIT */
/* Builders of findings and the table of those already made; see finding.h. Called by the detectors of
 * this room, under the analysis lock. */
#include "analysis/finding.h"

#include <string.h>

void finding_begin(struct finding *finding, enum finding_kind kind,
                   enum finding_confidence confidence, const char *message)
{
    memset(finding, 0, sizeof(*finding));
    finding->kind = kind;
    finding->confidence = confidence;
    finding->message = message;
}

uint32_t finding_add_thread(struct finding *finding, thread_id thread)
{
    for (uint32_t i = 0; i < finding->thread_count; i++)
        if (finding->threads[i] == thread)
            return i;
    if (finding->thread_count == FINDING_THREADS) {
        finding->truncated++;
        return FINDING_THREADS - 1;
    }
    finding->threads[finding->thread_count] = thread;
    return finding->thread_count++;
}

uint32_t finding_add_object(struct finding *finding, const struct finding_object *object)
{
    for (uint32_t i = 0; i < finding->object_count; i++)
        if (finding->objects[i].addr == object->addr && finding->objects[i].kind == object->kind)
            return i;
    if (finding->object_count == FINDING_OBJECTS) {
        finding->truncated++;
        return FINDING_OBJECTS - 1;
    }
    finding->objects[finding->object_count] = *object;
    return finding->object_count++;
}

void finding_add_stack(struct finding *finding, const char *role, thread_id thread, stack_id stack)
{
    if (finding->stack_count == FINDING_STACKS) {
        finding->truncated++;
        return;
    }
    finding->stacks[finding->stack_count++] =
        (struct finding_stack){.role = role, .thread = thread, .stack = stack};
}

void finding_add_access(struct finding *finding, thread_id thread, stack_id stack, const struct finding_access *access)
{
    uint32_t index = finding->stack_count;
    finding_add_stack(finding, NULL, thread, stack);
    if (index < finding->stack_count)
        finding->stacks[index].access = *access;
}

void finding_add_held(struct finding *finding, thread_id thread, uint32_t object, uint8_t mode,
                      stack_id acquired_at)
{
    if (finding->held_count == FINDING_HELD) {
        finding->truncated++;
        return;
    }
    finding->held[finding->held_count++] = (struct finding_held){
        .thread = thread, .object = object, .mode = mode, .acquired_at = acquired_at};
}

/* --- each mistake once ------------------------------------------------------------------------------- */

/* One name of a mistake. Its count is kept in the entry of its first name. */
struct entry {
    struct hash_node node;
    struct entry *first; /* itself, or the entry that this is another name for */
    uint64_t count;
    uint32_t number;
};

void finding_table_init(struct finding_table *table, struct arena *arena)
{
    hash_init(&table->by_key, arena);
    table->arena = arena;
    table->last_number = 0;
}

void finding_table_clear(struct finding_table *table)
{
    for (struct hash_node *next, *node = hash_first(&table->by_key); node; node = next) {
        next = hash_next(node);
        hash_remove(&table->by_key, node);
        arena_free(table->arena, hash_entry(node, struct entry, node), sizeof(struct entry));
    }
    hash_clear(&table->by_key);
    table->last_number = 0;
}

static struct entry *find(const struct finding_table *table, uint64_t key)
{
    struct hash_node *node = hash_find(&table->by_key, key);
    return node ? hash_entry(node, struct entry, node) : NULL;
}

/* NULL when out of memory. first NULL: the entry of a new mistake. */
static struct entry *enter(struct finding_table *table, uint64_t key, struct entry *first)
{
    struct entry *entry = arena_alloc(table->arena, sizeof(*entry));
    if (!entry)
        return NULL;
    entry->first = first ? first : entry;
    if (!hash_add(&table->by_key, &entry->node, key)) {
        arena_free(table->arena, entry, sizeof(*entry));
        return NULL;
    }
    return entry;
}

static void enter_other_names(struct finding_table *table, const uint64_t *keys, uint32_t count,
                              struct entry *first)
{
    for (uint32_t i = 0; i < count; i++)
        if (!find(table, keys[i]))
            (void)enter(table, keys[i], first); /* without it the mistake may be told again */
}

bool finding_is_new_any(struct finding_table *table, const uint64_t *keys, uint32_t key_count,
                        uint32_t *number)
{
    struct entry *known = NULL;
    for (uint32_t i = 0; i < key_count && !known; i++)
        known = find(table, keys[i]);
    if (known) {
        known = known->first;
        known->count++;
        *number = known->number;
        enter_other_names(table, keys, key_count - 1, known);
        return false;
    }
    struct entry *entry = enter(table, keys[0], NULL);
    if (!entry) {
        *number = 0;
        return false;
    }
    entry->count = 1;
    *number = entry->number = ++table->last_number;
    enter_other_names(table, keys + 1, key_count - 1, entry);
    return true;
}

bool finding_is_new(struct finding_table *table, uint64_t key, uint32_t *number)
{
    return finding_is_new_any(table, &key, 1, number);
}

void finding_count_again(struct finding_table *table, uint64_t key, uint32_t times)
{
    find(table, key)->first->count += times;
}

void finding_forget(struct finding_table *table, uint64_t key)
{
    struct entry *entry = find(table, key);
    if (!entry)
        return;
    hash_remove(&table->by_key, &entry->node);
    arena_free(table->arena, entry, sizeof(*entry));
}

uint32_t finding_lookup(const struct finding_table *table, uint64_t key)
{
    const struct entry *entry = find(table, key);
    return entry ? entry->first->number : 0;
}

void finding_table_visit(struct finding_table *table,
                         void (*visit)(void *ctx, uint32_t number, uint64_t count), void *ctx)
{
    for (struct hash_node *node = hash_first(&table->by_key); node; node = hash_next(node)) {
        const struct entry *entry = hash_entry(node, struct entry, node);
        if (entry->first == entry)
            visit(ctx, entry->number, entry->count);
    }
}
