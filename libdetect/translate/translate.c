/* SPDX-License-Identifier: MIT */
/* The translator's life: options and host, modules, takeover and detach, threads, forks, addresses. */
#include "translate/translate.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "base/sys.h"
#include "translate/arch.h"
#include "translate/ranges.h"
#include "translate/redirect.h"
#include "translate/translator.h"

struct translator translator;

/* --- life --------------------------------------------------------------------------------------------------------- */

bool tr_supported(const char **why)
{
    bool dual;
    const char *reason = tr_arch.supported();
    if (!reason && !cache_probe(&dual))
        reason = "the kernel refuses executable memory that can be written";
    if (reason && why)
        *why = reason;
    return !reason;
}

bool tr_init(const struct tr_options *options, const struct tr_client *client, const struct tr_host *host)
{
    if (options)
        translator.options = *options;
    translator.client = client;
    translator.host = host;
    spin_init(&translator.lock, RANK_TRANSLATE);
    if (tr_arch.supported() || !cache_probe(&translator.dual) || !tr_arch.init())
        return false;
    translator.ready = true;
    return true;
}

bool tr_is_on(void) { return load_acquire(&translator.on); }

static bool protect(const struct tr_range *range, int protection)
{
    return sys_call(SYS_mprotect, (long)range->module.start, (long)(range->module.end - range->module.start),
                    protection, 0, 0, 0) == 0;
}

static bool make_closed(const struct tr_range *range) { return protect(range, range->module.protection & ~PROT_EXEC); }

/* Where a mapping may not become executable again, its file is mapped anew. */
static bool make_open(const struct tr_range *range)
{
    if (protect(range, range->module.protection))
        return true;
    int fd = range->path ? sys_open(range->path, 0, 0) : -1;
    if (fd < 0)
        return false;
    long at = sys_call(SYS_mmap, (long)range->module.start, (long)(range->module.end - range->module.start),
                       range->module.protection, MAP_PRIVATE | MAP_FIXED, fd, (long)range->module.file_offset);
    sys_close(fd);
    return at == (long)range->module.start;
}

/* --- modules ------------------------------------------------------------------------------------------------------ */

static bool add_locked(const struct tr_module *module)
{
    struct tr_range *range = translator.left ? NULL : range_add(module);
    if (!range)
        return false;
    exits_unlink_native(module->start, module->end);
    if (cache_reserve(range) && (!translator.on || make_closed(range)))
        return true;
    range_remove(range);
    return false;
}

bool tr_module_add(const struct tr_module *module)
{
    spin_lock(&translator.lock);
    bool added = translator.ready && add_locked(module);
    spin_unlock(&translator.lock);
    return added;
}

static void drop_ranges(uintptr_t start, uintptr_t end, bool is_gone)
{
    spin_lock(&translator.lock);
    for (size_t i = 0; range_at(i);) {
        struct tr_range *range = range_at(i);
        if (range->module.start >= end || range->module.end <= start) {
            i++;
            continue;
        }
        if (translator.on && !is_gone)
            make_open(range);
        evict_range(range, is_gone);
        range_remove(range);
    }
    spin_unlock(&translator.lock);
}

void tr_module_remove(uintptr_t start, uintptr_t end) { drop_ranges(start, end, true); }
void tr_module_release(uintptr_t start, uintptr_t end) { drop_ranges(start, end, false); }

bool tr_is_translated(uintptr_t pc) { return range_find(pc) != NULL && !load_relaxed(&translator.left); }

/* --- on and off --------------------------------------------------------------------------------------------------- */

static bool close_all(void)
{
    for (size_t i = 0; range_at(i); i++) {
        if (make_closed(range_at(i)))
            continue;
        while (i-- > 0)
            make_open(range_at(i));
        return false;
    }
    return true;
}

bool tr_take_over(void)
{
    spin_lock(&translator.lock);
    bool done = translator.ready && !translator.left && (translator.on || close_all());
    if (done)
        store_release(&translator.on, true);
    spin_unlock(&translator.lock);
    return done;
}

/* First the program's code becomes executable, so that whoever leaves the cache can go on. */
static void detach_locked(void)
{
    if (translator.left)
        return;
    for (size_t i = 0; translator.on && range_at(i); i++)
        make_open(range_at(i));
    store_relaxed(&translator.left, true);
    store_release(&translator.on, false);
    indirect_forget_all();
    exits_unlink_native(0, 0);
    evict_all();
}

void tr_detach(void)
{
    spin_lock(&translator.lock);
    if (translator.ready)
        detach_locked();
    spin_unlock(&translator.lock);
}

void translate_give_up(void)
{
    if (!translator.left && translator.host->limit)
        translator.host->limit("translation-stopped",
                               "The translator ran out of memory: from some moment on, only locks are watched.");
    detach_locked();
}

/* --- threads ------------------------------------------------------------------------------------------------------ */

#define STACK_BYTES ((size_t)256 << 10)
#define GUARD_BYTES 4096u

#define ENDED_KEPT 16

/* At the stack's low end, above the guard page. */
struct stack {
    struct stack *next, *previous;
    struct stack *next_ended;
    pid_t ended; /* the thread that has come to its end on it, or nearly so */
};

static struct stack *stacks; /* all of them */
/* Of threads that came to their end, oldest first. */
static struct stack *first_ended, *last_ended;
static uint32_t ended_count;

static struct stack *stack_of(uint8_t *top) { return (struct stack *)(top - STACK_BYTES + GUARD_BYTES); }

static void unmap_stack(struct stack *stack) { sys_unmap((uint8_t *)stack - GUARD_BYTES, STACK_BYTES); }

/* The lock is held. */
static void link_stack(struct stack *stack)
{
    stack->next = stacks;
    stack->previous = NULL;
    if (stacks)
        stacks->previous = stack;
    stacks = stack;
}

static void unlink_stack(struct stack *stack)
{
    if (stack->next)
        stack->next->previous = stack->previous;
    if (stack->previous)
        stack->previous->next = stack->next;
    else
        stacks = stack->next;
}

/* The oldest whose thread is really gone. The lock is held. */
static struct stack *take_ended(void)
{
    struct stack *stack = first_ended;
    if (!stack || sys_tgkill(sys_getpid(), stack->ended, 0) != -ESRCH)
        return NULL;
    first_ended = stack->next_ended;
    ended_count--;
    stack->ended = 0;
    return stack;
}

static struct stack *make_stack(void)
{
    uint8_t *start = sys_reserve(STACK_BYTES);
    if (!start)
        return NULL;
    sys_call(SYS_mprotect, (long)start, GUARD_BYTES, PROT_NONE, 0, 0, 0);
    struct stack *stack = stack_of(start + STACK_BYTES);
    spin_lock(&translator.lock);
    link_stack(stack);
    spin_unlock(&translator.lock);
    return stack;
}

bool tr_thread_start(void)
{
    if (tr_thread.stack_top)
        return true;
    spin_lock(&translator.lock);
    struct stack *stack = take_ended();
    spin_unlock(&translator.lock);
    if (!stack && !(stack = make_stack()))
        return false;
    tr_thread.stack_top = (uint8_t *)stack - GUARD_BYTES + STACK_BYTES;
    return true;
}

void tr_thread_end(void)
{
    if (!tr_thread.stack_top || sys_gettid() == sys_getpid()) /* the first thread's id lasts as long as the process */
        return;
    struct stack *stack = stack_of(tr_thread.stack_top), *surplus = NULL;
    if (stack->ended)
        return;
    spin_lock(&translator.lock);
    stack->ended = sys_gettid();
    stack->next_ended = NULL;
    if (first_ended)
        last_ended->next_ended = stack;
    else
        first_ended = stack;
    last_ended = stack;
    if (++ended_count > ENDED_KEPT && (surplus = take_ended()))
        unlink_stack(surplus);
    spin_unlock(&translator.lock);
    if (surplus)
        unmap_stack(surplus);
}

bool translate_on_stack(void (*function)(void *), void *arg)
{
    if (!tr_thread_start())
        return false;
    tr_arch.on_stack(tr_thread.stack_top, function, arg);
    return true;
}

/* --- forks -------------------------------------------------------------------------------------------------------- */

void tr_fork_prepare(void) { spin_lock(&translator.lock); }
void tr_fork_parent(void) { spin_unlock(&translator.lock); }

void tr_fork_child(void)
{
    struct stack *own = tr_thread.stack_top ? stack_of(tr_thread.stack_top) : NULL;
    for (struct stack *stack = stacks, *next; stack; stack = next) {
        next = stack->next;
        if (stack != own)
            unmap_stack(stack);
    }
    stacks = own;
    first_ended = NULL;
    ended_count = 0;
    if (own) {
        own->next = own->previous = NULL;
        own->ended = 0;
    }
    cache_fork_child();
    spin_reset(&translator.lock);
}

/* --- addresses ---------------------------------------------------------------------------------------------------- */

static struct tr_fragment *build(uintptr_t pc)
{
    uint32_t flush_every = translator.options.flush_every;
    if (flush_every && translator.fragments_since_flush >= flush_every) {
        translator.fragments_since_flush = 0;
        evict_all();
    }
    return fragment_build(pc);
}

/* A cache address as where to go on: itself while it is live. */
static uintptr_t resolve_cache_address(uintptr_t code, struct tr_fragment **fragment)
{
    struct tr_place place;
    *fragment = cache_fragment(code);
    if (!*fragment || !(*fragment)->evicted)
        return code;
    uintptr_t pc = cache_place(code, &place) ? place.pc : 0;
    *fragment = NULL;
    return pc ? translate_resolve(pc, fragment) : code;
}

uintptr_t translate_resolve(uintptr_t pc, struct tr_fragment **fragment)
{
    *fragment = NULL;
    if (cache_contains(pc))
        return resolve_cache_address(pc, fragment);
    if (!range_find(pc))
        return redirect_target(pc);
    if (translator.left)
        return pc;
    uintptr_t code = map_find(pc);
    if (code) {
        *fragment = cache_fragment(code);
        return code;
    }
    code = cache_inside(pc, fragment);
    if (code) {
        map_set(pc, code);
        return code;
    }
    *fragment = build(pc);
    return *fragment ? (*fragment)->code : 0;
}

struct entry {
    uintptr_t pc, code;
};

static void resolve_entry(void *arg)
{
    struct entry *entry = arg;
    struct tr_fragment *fragment;
    spin_lock(&translator.lock);
    entry->code = translate_resolve(entry->pc, &fragment);
    spin_unlock(&translator.lock);
}

uintptr_t tr_entry(uintptr_t pc)
{
    if (!translator.ready || !tr_is_translated(pc))
        return pc;
    struct entry entry = {pc, map_find(pc)};
    if (!entry.code && !translate_on_stack(resolve_entry, &entry))
        return pc;
    return entry.code ? entry.code : pc;
}

uintptr_t tr_origin(uintptr_t address)
{
    struct tr_place place;
    if (!cache_contains(address) || !cache_place(address, &place) || place.pc_from != PC_KNOWN || !place.pc)
        return address;
    return place.pc;
}

bool tr_in_cache(uintptr_t address) { return cache_contains(address); }
