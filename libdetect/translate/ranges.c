/* SPDX-License-Identifier: MIT */
/* Translated ranges, and reading their text; see ranges.h. A sorted array under a sequence lock: writers are rare
 * (modules come and go) and hold the translator's lock; readers try again when one was at work. Arrays that have been
 * outgrown stay: each is half its successor. */
#include "translate/ranges.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "base/sys.h"
#include "translate/translator.h"

struct entry {
    uintptr_t start, end;
    struct tr_range *range;
};

/* A name of its own: the script for gdb finds it by name, and gdb looks through all files in no order. */
static struct {
    uint32_t version; /* odd while being changed */
    uint32_t count;
    struct entry *entries;
    uint32_t capacity;
    struct tr_range *free;
} code_ranges;

/* --- the array ---------------------------------------------------------------------------------------------------- */

/* Releases to range_find's loads: whoever sees the entries half changed sees an odd or another version. */
static void begin_change(void)
{
    store_relaxed(&code_ranges.version, code_ranges.version + 1);
    __atomic_thread_fence(__ATOMIC_RELEASE);
}

static void end_change(void) { store_release(&code_ranges.version, code_ranges.version + 1); }

/* The number of entries that end at or before pc. */
static uint32_t position(const struct entry *entries, uint32_t count, uintptr_t pc)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (load_relaxed(&entries[middle].end) <= pc)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct tr_range *range_find(uintptr_t pc)
{
    for (;;) {
        uint32_t version = load_acquire(&code_ranges.version);
        struct entry *entries = load_relaxed(&code_ranges.entries);
        uint32_t count = load_relaxed(&code_ranges.count);
        struct tr_range *found = NULL;
        uint32_t i = position(entries, count, pc);
        if (i < count && load_relaxed(&entries[i].start) <= pc)
            found = load_relaxed(&entries[i].range);
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        if (LIKELY(!(version & 1) && load_relaxed(&code_ranges.version) == version))
            return found;
        cpu_relax();
    }
}

struct tr_range *range_at(size_t i) { return i < code_ranges.count ? code_ranges.entries[i].range : NULL; }

static bool grow(void)
{
    if (code_ranges.count < code_ranges.capacity)
        return true;
    uint32_t capacity = code_ranges.capacity ? 2 * code_ranges.capacity : 64;
    struct entry *entries = arena_alloc(translator.host->arena, capacity * sizeof(*entries));
    if (!entries)
        return false;
    if (code_ranges.count)
        memcpy(entries, code_ranges.entries, code_ranges.count * sizeof(*entries));
    begin_change();
    store_relaxed(&code_ranges.entries, entries);
    end_change();
    code_ranges.capacity = capacity;
    return true;
}

static void set_entry(struct entry *entry, struct entry value)
{
    store_relaxed(&entry->start, value.start);
    store_relaxed(&entry->end, value.end);
    store_relaxed(&entry->range, value.range);
}

static void insert(uint32_t i, struct tr_range *range)
{
    begin_change();
    for (uint32_t j = code_ranges.count; j > i; j--)
        set_entry(&code_ranges.entries[j], code_ranges.entries[j - 1]);
    set_entry(&code_ranges.entries[i], (struct entry){range->module.start, range->module.end, range});
    store_relaxed(&code_ranges.count, code_ranges.count + 1);
    end_change();
}

static char *copy_path(const char *path)
{
    size_t size = strlen(path) + 1;
    char *copy = arena_alloc(translator.host->arena, size);
    return copy ? memcpy(copy, path, size) : NULL;
}

static struct tr_range *new_range(const struct tr_module *module)
{
    struct tr_range *range = code_ranges.free;
    if (range)
        code_ranges.free = range->next;
    else
        range = arena_alloc(translator.host->arena, sizeof(*range));
    if (!range)
        return NULL;
    *range = (struct tr_range){.module = *module, .path = module->path ? copy_path(module->path) : NULL};
    range->module.path = range->path;
    return range;
}

struct tr_range *range_add(const struct tr_module *module)
{
    uint32_t i = position(code_ranges.entries, code_ranges.count, module->start);
    bool overlaps = i < code_ranges.count && code_ranges.entries[i].start < module->end;
    if (overlaps || module->start >= module->end || !grow())
        return NULL;
    struct tr_range *range = new_range(module);
    if (range)
        insert(i, range);
    return range;
}

static size_t range_size(const struct tr_range *range) { return range->module.end - range->module.start; }

void range_remove(struct tr_range *range)
{
    uint32_t i = position(code_ranges.entries, code_ranges.count, range->module.start);
    if (i >= code_ranges.count || code_ranges.entries[i].range != range)
        return;
    begin_change();
    for (uint32_t j = i; j + 1 < code_ranges.count; j++)
        set_entry(&code_ranges.entries[j], code_ranges.entries[j + 1]);
    store_relaxed(&code_ranges.count, code_ranges.count - 1);
    end_change();
    if (range->file)
        sys_unmap((void *)(uintptr_t)range->file, range_size(range));
    if (range->path)
        arena_free(translator.host->arena, range->path, strlen(range->path) + 1);
    range->file = NULL;
    range->path = NULL;
    range->next = code_ranges.free;
    code_ranges.free = range;
}

/* --- text ----------------------------------------------------------------------------------------------------------- */

enum { INT3 = 0xcc };

static void map_file(struct tr_range *range)
{
    range->file_tried = true;
    int fd = range->path ? sys_open(range->path, O_RDONLY | O_CLOEXEC, 0) : -1;
    if (fd < 0)
        return;
    long at = sys_call(SYS_mmap, 0, (long)range_size(range), PROT_READ, MAP_PRIVATE, fd,
                       (long)range->module.file_offset);
    if ((unsigned long)at < -4096ul)
        range->file = (const uint8_t *)at;
    sys_close(fd);
}

/* The file is believed only if all else agrees: it may have been replaced since, or hold relocated text. */
static bool differs_by_int3_only(const uint8_t *memory, const uint8_t *file, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (memory[i] != file[i] && memory[i] != INT3)
            return false;
    }
    return true;
}

static void undo_breakpoints(struct tr_range *range, uintptr_t pc, uint8_t *buffer, size_t size)
{
    uint8_t file[64];
    if (!range->file && !range->file_tried)
        map_file(range);
    for (size_t done = 0; range->file && done < size;) {
        size_t now = size - done < sizeof(file) ? size - done : sizeof(file);
        if (copy_guarded(file, range->file + (pc + done - range->module.start), now) != 0)
            return;
        if (differs_by_int3_only(buffer + done, file, now))
            memcpy(buffer + done, file, now);
        done += now;
    }
}

size_t text_read(uintptr_t pc, uint8_t *buffer, size_t size)
{
    struct tr_range *range = range_find(pc);
    if (!range)
        return 0;
    if (size > range->module.end - pc)
        size = range->module.end - pc;
    size -= copy_guarded(buffer, (const void *)pc, size);
    if (memchr(buffer, INT3, size))
        undo_breakpoints(range, pc, buffer, size);
    return size;
}
