/* SPDX-License-Identifier: MIT */
/* The translator's life: options and host, modules, takeover and detach, threads, forks, addresses. */
#include "translate/translate.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "base/sys.h"
#include "translate/arch.h"
#include "translate/known.h"
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
    translator.dual |= translator.prefer_dual;
    translator.ready = true;
    return true;
}

void tr_program_context(ucontext_t *context)
{
    *context = (ucontext_t){0};
    for (unsigned reg = 0; reg < TR_REGISTERS; reg++)
        tr_arch.context_set_register(context, reg, tr_thread.context.gpr[reg]);
    tr_arch.context_set_pc(context, tr_thread.context.pc);
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

/* False, and nothing has changed: the kernel refuses. */
static bool open_all(void)
{
    for (size_t i = 0; range_at(i); i++) {
        if (make_open(range_at(i)))
            continue;
        while (i-- > 0)
            make_closed(range_at(i));
        return false;
    }
    return true;
}

/* First the program's code becomes executable, so that whoever leaves the cache can go on. */
static void detach_locked(void)
{
    if (translator.left || (translator.on && !open_all()))
        return;
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
                               "the translator ran out of memory: from then on the program's code runs natively");
    detach_locked();
}

/* --- threads ------------------------------------------------------------------------------------------------------ */

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
    stacks_fork_child();
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

size_t tr_copy_guarded(void *to, const void *from, size_t size) { return copy_guarded(to, from, size); }

size_t tr_string_length(const void *string, size_t most, size_t unit)
{
    size_t bytes;
    if (!string || __builtin_mul_overflow(most, unit, &bytes))
        bytes = string ? SIZE_MAX : 0;
    if (bytes == 0)
        return 0;
    return unit == 1 ? length_guarded(string, bytes) : length_guarded_wide(string, bytes) / unit;
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

static struct known origins;

static NOINLINE uintptr_t find_origin(uintptr_t address)
{
    struct tr_place place;
    if (!cache_place(address, &place) || place.pc_from != PC_KNOWN || !place.pc)
        return address;
    return place.pc;
}

uintptr_t tr_origin(uintptr_t address)
{
    uintptr_t origin;
    if (!cache_contains(address))
        return address;
    if (known_find(&origins, address, &origin))
        return origin;
    origin = find_origin(address);
    if (origin != address)
        known_keep(&origins, address, origin);
    return origin;
}

void origins_forget(void) { known_forget(&origins); }

bool tr_in_cache(uintptr_t address) { return cache_contains(address); }
