/* SPDX-License-Identifier: MIT */
/* What this run could not see or had to drop, in plain words, and its figures: the report's `limits` and
 * `stats`. Each limit is written when it is first met and again, with its count, at the end. */
#include <string.h>

#include "runtime/races.h"
#include "runtime/runtime.h"
#include "runtime/takeover.h"

#define LIMITS 128
#define CODE_BYTES 32
#define TEXT_BYTES 200

struct limit {
    char code[CODE_BYTES], text[TEXT_BYTES];
    uint64_t count;
};

static struct spin lock = SPIN_INIT(RANK_LIMITS);
static struct limit *limits; /* made at first use */
static uint32_t limit_count;

struct spin *limits_lock(void) { return &lock; }

static void copy(char *to, size_t size, const char *from)
{
    size_t length = strnlen(from, size - 1);
    memcpy(to, from, length);
    to[length] = '\0';
}

static void write_limit(const char *code, const char *text, uint64_t count)
{
    struct report_writer *writer = &runtime.writer;
    record_begin(writer, RECORD_LIMIT);
    record_text(writer, TAG_CODE, code);
    record_text(writer, TAG_TEXT, text);
    record_u64(writer, TAG_COUNT, count);
    record_end(writer);
}

/* The entry of this code and text, a new one if need be; NULL when the table is full. */
static struct limit *entry(const char *code, const char *text)
{
    if (!limits && !(limits = arena_alloc(&runtime.arena, LIMITS * sizeof(*limits))))
        return NULL;
    for (uint32_t i = 0; i < limit_count; i++)
        if (strcmp(limits[i].code, code) == 0 && strncmp(limits[i].text, text, TEXT_BYTES - 1) == 0)
            return &limits[i];
    if (limit_count == LIMITS)
        return NULL;
    struct limit *limit = &limits[limit_count++];
    copy(limit->code, CODE_BYTES, code);
    copy(limit->text, TEXT_BYTES, text);
    return limit;
}

static void add(const char *code, const char *text, uint64_t count)
{
    spin_lock(&lock);
    struct limit *limit = entry(code, text);
    if (!limit)
        write_limit("limits-full", "there were more kinds of limits than are kept", 1);
    else if ((limit->count += count) == count)
        write_limit(limit->code, limit->text, count);
    spin_unlock(&lock);
}

void runtime_limit(const char *code, const char *text) { add(code, text, 1); }

void runtime_path_limit(const char *code, const char *path, const char *why)
{
    char text[TEXT_BYTES];
    size_t size = strlen(path), room = sizeof(text) - strlen(why) - 1;
    if (size > room) { /* the end of a path says more than its start */
        path += size - room;
        size = room;
    }
    stpcpy(mempcpy(text, path, size), why);
    add(code, text, 1);
}

/* --- at the end --------------------------------------------------------------------------------------------- */

/* Written straight away: the analysis counts them itself. */
static void write_losses(void)
{
    struct detector_losses losses = detector_losses(runtime.detector);
    const struct {
        const char *code, *text;
        uint64_t count;
    } rows[] = {
        {"out-of-memory", "records of threads, objects or orders could not be made: no memory",
         losses.out_of_memory + runtime.arena.failed},
        {"chains-full", "acquisitions that were not entered in the lock-order graph: it is full",
         losses.chains_full},
        {"chains-forgotten", "combinations of three locks and more that were forgotten for newer ones",
         losses.chains_forgotten},
        {"search-cut", "searches for lock-order cycles that were given up: too many paths",
         losses.searches_cut},
        {"slots-reused", "threads that took over the slot of another without being ordered after it",
         losses.slots_reused_early},
        {"threads-unchecked", "threads whose accesses to memory were not checked: there were too many at once",
         losses.threads_untagged},
        {"epochs-exhausted", "threads whose accesses to memory were not checked any more: they had released too often",
         losses.epochs_exhausted},
        {"histories-forgotten", "times that accesses of long ago were forgotten although a thread was not ordered after them yet",
         losses.sweeps_blind},
        {"histories-lost", "accesses to memory that were forgotten, or their places in the code: no memory",
         losses.histories_lost},
        {"races-lost", "races that were not told, because one access made too many at once", losses.races_lost},
        {"handlers-nested", "signal handlers nested too deeply to be followed", losses.handlers_nested},
        {"events-unknown", "events that the analysis does not know", losses.events_unknown},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (rows[i].count > 0)
            write_limit(rows[i].code, rows[i].text, rows[i].count);
}

struct stat_row {
    const char *name;
    uint64_t value;
};

/* What the parent had counted already before this process began. */
static struct detector_stats inherited;

static void write_stats_rows(const struct stat_row *rows, size_t count)
{
    struct report_writer *writer = &runtime.writer;
    record_begin(writer, RECORD_STAT);
    for (size_t i = 0; i < count; i++) {
        record_text(writer, TAG_NAME, rows[i].name);
        record_u64(writer, TAG_COUNT, rows[i].value);
    }
    record_end(writer);
}

static void write_translation(void)
{
    if (!takeover_has_begun())
        return;
    struct tr_stats stats;
    tr_stats(&stats);
    const struct stat_row rows[] = {
        {"translated_fragments", stats.fragments},      {"translated_bytes", stats.program_bytes},
        {"translation_bytes", stats.cache_bytes},       {"translation_metadata", stats.metadata_bytes},
        {"translation_faults", stats.entry_faults},     {"translation_dispatches", stats.dispatches},
        {"translation_links", stats.links},             {"translation_misses", stats.lookups_missed},
        {"translation_evictions", stats.evictions},     {"translation_undecodable", stats.undecodable},
    };
    write_stats_rows(rows, ARRAY_LEN(rows));
}

static void write_stats(void)
{
    struct detector_stats stats = detector_stats(runtime.detector);
    stats.threads_seen -= inherited.threads_seen;
    stats.locks_seen -= inherited.locks_seen;
    stats.objects_seen -= inherited.objects_seen;
    stats.lock_orders -= inherited.lock_orders;
    stats.chains -= inherited.chains;
    stats.cycles_checked -= inherited.cycles_checked;
    stats.cycles_pruned -= inherited.cycles_pruned;
    stats.waits -= inherited.waits;
    const struct stat_row rows[] = {
        {"threads_seen", stats.threads_seen},     {"threads_alive", stats.threads_alive},
        {"threads_peak", stats.threads_peak},     {"locks_seen", stats.locks_seen},
        {"locks_alive", stats.locks_alive},       {"locks_peak", stats.locks_peak},
        {"objects_seen", stats.objects_seen},     {"lock_orders", stats.lock_orders},
        {"chains", stats.chains},                 {"cycles_checked", stats.cycles_checked},
        {"cycles_pruned", stats.cycles_pruned},   {"waits", stats.waits},
        {"stacks", depot_count(runtime.depot)},   {"stack_walks", unwind_walks()},
        {"findings", runtime.found},
        {"memory_reserved", runtime.arena.reserved}, {"memory_used", runtime.arena.used},
    };
    write_stats_rows(rows, ARRAY_LEN(rows));
    const struct stat_row shadow = {"shadow_reserved", races_shadow_bytes()};
    if (shadow.value > 0)
        write_stats_rows(&shadow, 1);
    write_translation();
}

static void write_count(void *ctx, uint32_t number, uint64_t count)
{
    struct report_writer *writer = ctx;
    record_begin(writer, RECORD_COUNT);
    record_u64(writer, TAG_NUMBER, number);
    record_u64(writer, TAG_COUNT, count);
    record_end(writer);
}

void limits_write(void)
{
    spin_lock(&lock);
    for (uint32_t i = 0; i < limit_count; i++)
        if (limits[i].count > 1)
            write_limit(limits[i].code, limits[i].text, limits[i].count);
    spin_unlock(&lock);
    write_losses();
    detector_counts(runtime.detector, write_count, &runtime.writer);
    write_stats();
}

/* What concerns the whole run, such as "no-races", is true of the child as well. */
void limits_rewrite(void)
{
    for (uint32_t i = 0; i < limit_count; i++)
        write_limit(limits[i].code, limits[i].text, limits[i].count);
}

void limits_forked(void)
{
    inherited = detector_stats(runtime.detector);
    limits_rewrite();
}
