/* SPDX-License-Identifier: MIT */
/* Threads by their pthread_t, and what the report says of each: number, name, creator.
 *
 * What is told of a thread that has ended is kept for the last ENDED_KEPT of them: findings seldom name
 * older ones, and a program that creates a million threads must not cost a million entries.
 *
 * Lock order: by_handle under RANK_THREADS (never with the analysis's lock held), the entries under
 * RANK_NAMES (also from the analysis's on_finding). */
#include <pthread.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "base/hash.h"
#include "base/sys.h"
#include "runtime/runtime.h"

#define ENDED_KEPT 16384
#define NAME_BYTES 16

struct handle {
    struct hash_node node; /* key: pthread_t */
    struct thread *thread;
};

struct thread_info {
    struct hash_node node; /* key: thread_id */
    char name[NAME_BYTES];
    pid_t tid;
    thread_id creator;
    stack_id created_at;
    uintptr_t stack_low, stack_high;
    uintptr_t pointer; /* the thread pointer, which glibc's pthread_t is too */
    struct self *self; /* NULL: ended */
    bool written;
    struct thread_info *next_ended;
};

static struct spin handles_lock = SPIN_INIT(RANK_THREADS);
static struct spin names_lock = SPIN_INIT(RANK_NAMES);
static struct hash_table by_handle, by_id;
static struct thread_info *oldest_ended, *newest_ended;
static uint32_t ended_count;

void threads_init(void)
{
    hash_init(&by_handle, &runtime.arena);
    hash_init(&by_id, &runtime.arena);
}

/* --- by pthread_t ---------------------------------------------------------------------------------------------- */

static struct handle *find_handle(uintptr_t handle)
{
    struct hash_node *node = hash_find(&by_handle, handle);
    return node ? hash_entry(node, struct handle, node) : NULL;
}

struct thread *threads_find(uintptr_t handle)
{
    spin_lock(&handles_lock);
    struct handle *found = find_handle(handle);
    struct thread *thread = found ? found->thread : NULL;
    spin_unlock(&handles_lock);
    return thread;
}

void threads_add(uintptr_t handle, struct thread *thread)
{
    spin_lock(&handles_lock);
    struct handle *entry = find_handle(handle);
    if (entry) {
        entry->thread = thread; /* creator and thread both say so; or libc used the descriptor again */
    } else if ((entry = arena_alloc(&runtime.arena, sizeof(*entry)))) {
        entry->thread = thread;
        if (!hash_add(&by_handle, &entry->node, handle))
            arena_free(&runtime.arena, entry, sizeof(*entry));
    }
    spin_unlock(&handles_lock);
}

void threads_remove(uintptr_t handle)
{
    spin_lock(&handles_lock);
    struct handle *entry = find_handle(handle);
    if (entry) {
        hash_remove(&by_handle, &entry->node);
        arena_free(&runtime.arena, entry, sizeof(*entry));
    }
    spin_unlock(&handles_lock);
}

/* --- what the report says ---------------------------------------------------------------------------------------- */

static struct thread_info *find_info(thread_id id)
{
    struct hash_node *node = hash_find(&by_id, id);
    return node ? hash_entry(node, struct thread_info, node) : NULL;
}

struct thread_info *threads_started(struct self *self)
{
    struct thread_info *info = arena_alloc(&runtime.arena, sizeof(*info));
    if (!info)
        return NULL;
    sys_call(SYS_prctl, PR_GET_NAME, (long)info->name, 0, 0, 0, 0);
    info->tid = self->tid;
    info->creator = detector_thread_creator(self->thread);
    info->created_at = detector_thread_created_at(self->thread);
    info->stack_low = self->stack_low;
    info->stack_high = self->stack_high;
    info->pointer = (uintptr_t)pthread_self();
    info->self = self;
    spin_lock(&names_lock);
    bool added = hash_add(&by_id, &info->node, detector_thread_id(self->thread));
    spin_unlock(&names_lock);
    if (added)
        return info;
    arena_free(&runtime.arena, info, sizeof(*info));
    return NULL;
}

static void drop_oldest(void)
{
    struct thread_info *oldest = oldest_ended;
    oldest_ended = oldest->next_ended;
    ended_count--;
    hash_remove(&by_id, &oldest->node);
    arena_free(&runtime.arena, oldest, sizeof(*oldest));
}

static void keep_ended(struct thread_info *info)
{
    info->self = NULL;
    info->next_ended = NULL;
    if (oldest_ended)
        newest_ended->next_ended = info;
    else
        oldest_ended = info;
    newest_ended = info;
    ended_count++;
}

void threads_ended(struct self *self)
{
    if (!self->info)
        return;
    spin_lock(&names_lock);
    keep_ended(self->info);
    if (ended_count > ENDED_KEPT)
        drop_oldest();
    spin_unlock(&names_lock);
}

/* names_lock is held. */
static void write_record(struct thread_info *info)
{
    struct report_writer *writer = &runtime.writer;
    record_begin(writer, RECORD_THREAD);
    record_u64(writer, TAG_THREAD, info->node.key);
    record_text_n(writer, TAG_NAME, info->name, strnlen(info->name, NAME_BYTES));
    record_u64(writer, TAG_TID, (uint64_t)info->tid);
    record_u64(writer, TAG_CREATOR, info->creator);
    if (info->created_at != STACK_NONE)
        report_stack(writer, runtime.depot, "created here", info->creator, info->created_at);
    info->written = record_end(writer) == 0;
}

/* Its creator, or THREAD_NONE if nothing new was written. */
static thread_id describe(thread_id id)
{
    thread_id creator = THREAD_NONE;
    spin_lock(&names_lock);
    struct thread_info *info = find_info(id);
    if (info && !info->written) {
        write_record(info);
        creator = info->creator;
    }
    spin_unlock(&names_lock);
    return creator;
}

/* The text names the creator too: "created by thread 2 'worker'". */
void threads_describe(thread_id id)
{
    thread_id creator = describe(id);
    if (creator != THREAD_NONE)
        describe(creator);
}

void threads_set_name(struct thread *thread, const char *name)
{
    spin_lock(&names_lock);
    struct thread_info *info = find_info(detector_thread_id(thread));
    if (info) {
        size_t length = strnlen(name, NAME_BYTES - 1);
        memset(info->name, 0, NAME_BYTES);
        memcpy(info->name, name, length);
        if (info->written)
            write_record(info);
    }
    spin_unlock(&names_lock);
}

thread_id threads_stack_owner(uintptr_t addr)
{
    thread_id owner = THREAD_NONE;
    spin_lock(&names_lock);
    for (struct hash_node *node = hash_first(&by_id); node; node = hash_next(node)) {
        struct thread_info *info = hash_entry(node, struct thread_info, node);
        if (info->self && addr >= info->stack_low && addr < info->stack_high) {
            owner = (thread_id)node->key;
            break;
        }
    }
    spin_unlock(&names_lock);
    return owner;
}

thread_id threads_search(bool (*look)(void *ctx, thread_id id, const struct self *self, uintptr_t pointer), void *ctx)
{
    thread_id found = THREAD_NONE;
    spin_lock(&names_lock);
    for (struct hash_node *node = hash_first(&by_id); node && found == THREAD_NONE; node = hash_next(node)) {
        struct thread_info *info = hash_entry(node, struct thread_info, node);
        if (info->self && look(ctx, (thread_id)node->key, info->self, info->pointer))
            found = (thread_id)node->key;
    }
    spin_unlock(&names_lock);
    return found;
}

/* --- fork -------------------------------------------------------------------------------------------------------- */

struct spin *threads_handles_lock(void) { return &handles_lock; }
struct spin *threads_names_lock(void) { return &names_lock; }

/* The others exist no more; what was known of them is still told where a finding names them. */
static void bury_others(struct self *self)
{
    for (struct hash_node *node = hash_first(&by_id); node; node = hash_next(node)) {
        struct thread_info *info = hash_entry(node, struct thread_info, node);
        struct self *other = info->self;
        info->written = false;
        if (other && other != self) {
            keep_ended(info);
            self_discard(other);
        }
    }
}

/* libc gives the handles of threads that do not exist here to new ones. */
static void forget_handles(const struct thread *except)
{
    for (struct hash_node *node = hash_first(&by_handle), *next; node; node = next) {
        next = hash_next(node);
        struct handle *entry = hash_entry(node, struct handle, node);
        if (entry->thread == except)
            continue;
        hash_remove(&by_handle, node);
        arena_free(&runtime.arena, entry, sizeof(*entry));
    }
}

void threads_fork_child(struct self *self)
{
    spin_reset(&handles_lock);
    spin_reset(&names_lock);
    forget_handles(self->thread);
    bury_others(self);
    if (self->info)
        self->info->tid = self->tid;
}
