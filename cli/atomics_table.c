/* SPDX-License-Identifier: MIT */
/* See atomics_table.h: the file, made and checked. */
#include "atomics_table.h"

#include <stdlib.h>
#include <string.h>

#define MOST_MISSING 64 /* paths that are kept, to look whether they are there by now */
#define MOST_PATH 1024

static void add_place(struct atomics_table *table, const struct atomics_place *place)
{
    if (place->length == 0)
        return;
    table->places = pool_grow(table->pool, table->places, table->place_count, &table->place_capacity, sizeof(*table->places));
    table->places[table->place_count++] = *place;
}

void table_add(struct atomics_table *table, uint64_t start, uint64_t length, uint16_t flags, uint8_t size, uint8_t rule)
{
    if (start > UINT32_MAX || length > UINT32_MAX - start || table->place_count >= ATOMICS_MOST_PLACES)
        return;
    struct atomics_place *last = table->place_count ? &table->places[table->place_count - 1] : NULL;
    if (last && rule == ATOMICS_PLAIN && last->rule == rule && last->flags == flags && last->start + last->length == start) {
        last->length += (uint32_t)length;
        return;
    }
    add_place(table, &(struct atomics_place){(uint32_t)start, (uint32_t)length, flags, size, rule});
}

void table_add_single(struct atomics_table *table, uint64_t start, uint64_t length, uint16_t flags, uint8_t rule)
{
    if (start > UINT32_MAX || table->single_count >= ATOMICS_MOST_PLACES)
        return;
    table->single = pool_grow(table->pool, table->single, table->single_count, &table->single_capacity, sizeof(*table->single));
    table->single[table->single_count++] =
        (struct atomics_place){(uint32_t)start, (uint32_t)length, flags, 0, rule};
}

void table_add_object(struct atomics_table *table, uint64_t address, uint64_t size)
{
    table->objects = pool_grow(table->pool, table->objects, table->object_count, &table->object_capacity,
                               sizeof(*table->objects));
    table->objects[table->object_count++] = (struct atomics_object){address, size};
    table->objects_sorted = false;
}

static int by_address(const void *a, const void *b)
{
    const struct atomics_object *x = a, *y = b;
    return x->address < y->address ? -1 : x->address > y->address;
}

static void sort_objects(struct atomics_table *table)
{
    size_t kept = 0;
    if (table->objects_sorted)
        return;
    if (table->object_count)
        qsort(table->objects, table->object_count, sizeof(*table->objects), by_address);
    for (size_t i = 0; i < table->object_count; i++)
        if (kept == 0 || table->objects[i].address >= table->objects[kept - 1].address + table->objects[kept - 1].size)
            table->objects[kept++] = table->objects[i];
    table->object_count = kept;
    table->objects_sorted = true;
}

bool table_has_object(struct atomics_table *table, uint64_t address)
{
    size_t low = 0, high;
    sort_objects(table);
    high = table->object_count;
    while (low < high) { /* the first that begins behind it */
        size_t middle = (low + high) / 2;
        if (table->objects[middle].address <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 && address - table->objects[low - 1].address < table->objects[low - 1].size;
}

void table_add_missing(struct atomics_table *table, const char *path)
{
    if (table->missing_count == MOST_MISSING || strlen(path) > MOST_PATH)
        return;
    table->missing = pool_grow(table->pool, table->missing, table->missing_count, &table->missing_capacity,
                               sizeof(*table->missing));
    table->missing[table->missing_count++] = path;
}

/* --- the file ---------------------------------------------------------------------------------------------------------------- */

static uint32_t crc32_of(const void *bytes, size_t size)
{
    static uint32_t table[256];
    const unsigned char *at = bytes;
    uint32_t crc = 0xffffffffu;
    for (uint32_t i = 0; i < 256 && !table[255]; i++) {
        uint32_t value = i;
        for (int bit = 0; bit < 8; bit++)
            value = value & 1 ? value >> 1 ^ 0xedb88320u : value >> 1;
        table[i] = value;
    }
    for (size_t i = 0; i < size; i++)
        crc = crc >> 8 ^ table[(crc ^ at[i]) & 255];
    return ~crc;
}

static int by_start(const void *a, const void *b)
{
    const struct atomics_place *x = a, *y = b;
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    return (x->rule == ATOMICS_PLAIN) - (y->rule == ATOMICS_PLAIN);
}

static bool can_follow(const struct atomics_place *last, const struct atomics_place *next)
{
    return last->rule == next->rule && last->rule == ATOMICS_PLAIN && last->flags == next->flags &&
           last->start + last->length == next->start;
}

/* What overlaps its predecessor (identical code of several units that was folded into one) loses that part. */
static void sort_places(struct atomics_table *table)
{
    size_t kept = 0;
    if (table->place_count)
        qsort(table->places, table->place_count, sizeof(*table->places), by_start);
    for (size_t i = 0; i < table->place_count; i++) {
        struct atomics_place next = table->places[i];
        struct atomics_place *last = kept ? &table->places[kept - 1] : NULL;
        if (last && next.start < last->start + last->length) {
            uint32_t end = next.start + next.length, free_from = last->start + last->length;
            if (end <= free_from)
                continue;
            next.start = free_from;
            next.length = end - free_from;
        }
        if (last && can_follow(last, &next))
            last->length += next.length;
        else
            table->places[kept++] = next;
    }
    table->place_count = kept;
}

/* A single instruction in the place `rest`, which keeps what lies behind it. An atomic operation's place stays as it is. */
static void cut_out(struct atomics_table *out, struct atomics_place *rest, struct atomics_place single)
{
    struct atomics_place before = *rest;
    if (rest->rule != ATOMICS_PLAIN || single.length > rest->start + rest->length - single.start)
        return;
    before.length = single.start - rest->start;
    single.flags |= rest->flags;
    if (single.rule == ATOMICS_OPEN)
        single.rule = rest->rule;
    add_place(out, &before);
    add_place(out, &single);
    rest->length -= before.length + single.length;
    rest->start = single.start + single.length;
}

static void cut_out_all(struct atomics_table *table)
{
    struct atomics_table out = {.pool = table->pool};
    const struct atomics_place *single = table->single, *end = single + table->single_count;
    qsort(table->single, table->single_count, sizeof(*table->single), by_start);
    for (size_t i = 0; i <= table->place_count; i++) {
        struct atomics_place rest = i < table->place_count ? table->places[i] : (struct atomics_place){.start = UINT32_MAX};
        for (; single < end && single->start < rest.start + rest.length; single++) {
            if (single > table->single && single->start == single[-1].start)
                continue;
            if (single->start < rest.start)
                add_place(&out, single);
            else
                cut_out(&out, &rest, *single);
        }
        add_place(&out, &rest);
    }
    table->places = out.places;
    table->place_count = out.place_count;
}

const void *table_finish(struct atomics_table *table, const char *build_id, size_t *size)
{
    sort_places(table);
    if (table->single_count)
        cut_out_all(table);
    sort_objects(table);
    size_t text = 0;
    for (size_t i = 0; i < table->missing_count; i++)
        text += strlen(table->missing[i]) + 1;
    /* Objects are aligned to 8 bytes: an odd number of places is followed by 4 bytes of nothing. */
    size_t places = (table->place_count * sizeof(*table->places) + 7) & ~(size_t)7;
    size_t objects = table->object_count * sizeof(*table->objects);
    *size = sizeof(struct atomics_header) + places + objects + text;
    char *bytes = pool_alloc(table->pool, *size), *at = bytes + sizeof(struct atomics_header);
    if (table->place_count)
        memcpy(at, table->places, table->place_count * sizeof(*table->places));
    if (table->object_count)
        memcpy(at + places, table->objects, objects);
    at += places + objects;
    for (size_t i = 0; i < table->missing_count; i++)
        at = stpcpy(at, table->missing[i]) + 1;
    struct atomics_header header = {.magic = ATOMICS_MAGIC,
                                    .version = ATOMICS_VERSION,
                                    .flags = table->flags,
                                    .place_count = (uint32_t)table->place_count,
                                    .object_count = (uint32_t)table->object_count,
                                    .text_size = (uint32_t)text,
                                    .crc = crc32_of(bytes + sizeof(header), *size - sizeof(header)),
                                    .size = *size};
    strncpy(header.build_id, build_id, ATOMICS_ID_TEXT - 1);
    memcpy(bytes, &header, sizeof(header));
    return bytes;
}

bool table_is_valid(const void *bytes, size_t size, const char *build_id)
{
    const struct atomics_header *header = bytes;
    if (size < sizeof(*header) || header->magic != ATOMICS_MAGIC || header->version != ATOMICS_VERSION ||
        header->size != size || header->place_count > ATOMICS_MOST_PLACES ||
        strncmp(header->build_id, build_id, ATOMICS_ID_TEXT - 1) != 0)
        return false;
    uint64_t places = ((uint64_t)header->place_count * sizeof(struct atomics_place) + 7) & ~(uint64_t)7;
    uint64_t objects = (uint64_t)header->object_count * sizeof(struct atomics_object);
    if (sizeof(*header) + places + objects + header->text_size != size)
        return false;
    const char *text = (const char *)bytes + size - header->text_size;
    return (header->text_size == 0 || text[header->text_size - 1] == '\0') &&
           header->crc == crc32_of(header + 1, size - sizeof(*header));
}

const char *table_next_missing(const void *bytes, const char *at)
{
    const struct atomics_header *header = bytes;
    const char *end = (const char *)bytes + header->size;
    at = at ? at + strlen(at) + 1 : end - header->text_size;
    return at < end ? at : NULL;
}
