/* SPDX-License-Identifier: MIT */
/* Call stacks; see unwind.h. The project's only includer of libunwind, through its remote interface on our own
 * process: its local accessors would open a pipe to probe memory.
 *
 * A walk runs on a walker: an address space of libunwind's, a stack of our own and room for the result. There are
 * a few, claimed without a lock; what libunwind locks inside is then never contended, and nobody is inside it
 * while the process forks.
 *
 * Hard rules: no descriptor is opened; memory outside of the thread's known stack is probed before it is read; no
 * allocation after unwind_init but the arena's. */
#include "runtime/unwind.h"

#include <errno.h>
#include <libunwind.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include "base/hash.h"
#include "base/sys.h"
#include "runtime/modules.h"
#include "runtime/runtime.h"
#include "runtime/unwind_registers.h"
#include "runtime/work_stack.h"
#include "translate/translate.h"

#define WALKERS 4
#define WALK_STEPS 256 /* with the detector's own frames */
#define PROBED_PAGES 8
#define PAGE_OF(addr) ((addr) & ~(uintptr_t)4095)
#define RULES_CACHED 2048 /* unwind rules by address, in libunwind */

/* A word of the stack that made the walk come out as it did, as it is there: perhaps an address in the code cache. */
struct slot {
    uintptr_t at, value;
};

struct walker {
    uint32_t busy;
    uint32_t generation;
    unw_addr_space_t space;
    char *stack;
    /* One walk: */
    struct registers registers;
    struct call_site site; /* where the stack begins; pc 0: at the first frame that is not ours */
    uintptr_t stack_high;  /* memory from registers.sp up to here is the thread's stack */
    uintptr_t table_start, table_end; /* the object whose unwind tables are being read */
    uintptr_t probed[PROBED_PAGES];
    uint32_t next_probed;
    uint32_t frame_count, slot_count;
    bool cacheable;
    uintptr_t pc[STACK_MAX_FRAMES];
    uintptr_t sp[STACK_MAX_FRAMES];
    bool exact[STACK_MAX_FRAMES]; /* the address itself, not one before a return address */
    struct slot slot[2 * STACK_MAX_FRAMES];
    frame_t frame[STACK_MAX_FRAMES];
};

static struct walker *walkers[WALKERS];
static uint64_t walks;
/* Raised when a library goes: what was learnt before is worth nothing. */
static uint32_t generation = 1;

/* --- what libunwind reads ------------------------------------------------------------------------------------ */

static bool is_probed(struct walker *walker, uintptr_t addr)
{
    for (int i = 0; i < PROBED_PAGES; i++)
        if (walker->probed[i] == PAGE_OF(addr))
            return true;
    if (!sys_can_read(addr))
        return false;
    walker->probed[walker->next_probed++ % PROBED_PAGES] = PAGE_OF(addr);
    return true;
}

static bool is_readable(struct walker *walker, uintptr_t addr)
{
    if (addr >= walker->registers.sp && addr + sizeof(unw_word_t) <= walker->stack_high)
        return true;
    if (addr >= walker->table_start && addr + sizeof(unw_word_t) <= walker->table_end)
        return true;
    uintptr_t last = addr + sizeof(unw_word_t) - 1;
    return is_probed(walker, addr) && (PAGE_OF(last) == PAGE_OF(addr) || is_probed(walker, last));
}

static int access_mem(unw_addr_space_t space, unw_word_t addr, unw_word_t *value, int is_write,
                      void *arg)
{
    (void)space;
    if (is_write || !is_readable(arg, addr))
        return -UNW_EINVAL;
    uintptr_t word;
    memcpy(&word, (const void *)addr, sizeof(word));
    *value = tr_origin(word);
    return 0;
}

static int access_reg(unw_addr_space_t space, unw_regnum_t number, unw_word_t *value, int is_write,
                      void *arg)
{
    struct walker *walker = arg;
    (void)space;
    uintptr_t word;
    if (is_write || !registers_get(&walker->registers, number, &word))
        return -UNW_EBADREG;
    *value = tr_origin(word);
    return 0;
}

static int access_fpreg(unw_addr_space_t space, unw_regnum_t number, unw_fpreg_t *value,
                        int is_write, void *arg)
{
    (void)space, (void)number, (void)value, (void)is_write, (void)arg;
    return -UNW_EBADREG;
}

/* .eh_frame_hdr (Linux Standard Base, core, 10.6.2): what GNU ld and lld write. */
struct eh_frame_hdr {
    uint8_t version, frame_encoding, count_encoding, table_encoding;
    int32_t frame;
    uint32_t count;
    /* count pairs of int32_t follow, sorted */
};

#define ENCODING_UDATA4 0x03
#define ENCODING_DATAREL_SDATA4 0x3b

int UNW_OBJ(dwarf_search_unwind_table)(unw_addr_space_t space, unw_word_t ip, unw_dyn_info_t *info,
                                       unw_proc_info_t *proc, int need_unwind_info, void *arg);

static int find_proc_info(unw_addr_space_t space, unw_word_t ip, unw_proc_info_t *proc,
                          int need_unwind_info, void *arg)
{
    struct walker *walker = arg;
    struct module_span span;
    if (!modules_span(ip, &span) || !span.eh_frame_hdr)
        return -UNW_ENOINFO;
    const struct eh_frame_hdr *header = (const struct eh_frame_hdr *)span.eh_frame_hdr;
    if (header->version != 1 || header->count_encoding != ENCODING_UDATA4 ||
        header->table_encoding != ENCODING_DATAREL_SDATA4)
        return -UNW_ENOINFO;
    walker->table_start = span.start;
    walker->table_end = span.end;
    unw_dyn_info_t info = {.start_ip = span.start, .end_ip = span.end};
    info.format = UNW_INFO_FORMAT_REMOTE_TABLE;
    info.u.rti.segbase = span.eh_frame_hdr;
    info.u.rti.table_data = span.eh_frame_hdr + sizeof(*header);
    info.u.rti.table_len = header->count * 2 * sizeof(int32_t) / sizeof(unw_word_t);
    return UNW_OBJ(dwarf_search_unwind_table)(space, ip, &info, proc, need_unwind_info, arg);
}

static void put_unwind_info(unw_addr_space_t space, unw_proc_info_t *proc, void *arg)
{
    (void)space, (void)proc, (void)arg; /* libunwind takes it back itself for tables */
}

static int get_dyn_info_list_addr(unw_addr_space_t space, unw_word_t *addr, void *arg)
{
    (void)space, (void)addr, (void)arg;
    return -UNW_ENOINFO;
}

static int resume(unw_addr_space_t space, unw_cursor_t *cursor, void *arg)
{
    (void)space, (void)cursor, (void)arg;
    return -UNW_EINVAL;
}

static int get_proc_name(unw_addr_space_t space, unw_word_t ip, char *name, size_t size,
                         unw_word_t *offset, void *arg)
{
    (void)space, (void)ip, (void)name, (void)size, (void)offset, (void)arg;
    return -UNW_ENOINFO;
}

/* --- one walk ---------------------------------------------------------------------------------------------------- */

static void add_slot(struct walker *walker, uintptr_t at, uintptr_t value)
{
    uintptr_t found = 0;
    if (walker->slot_count == ARRAY_LEN(walker->slot) || !is_readable(walker, at)) {
        walker->cacheable = false;
        return;
    }
    memcpy(&found, (const void *)at, sizeof(found));
    if (tr_origin(found) != value)
        walker->cacheable = false;
    walker->slot[walker->slot_count++] = (struct slot){at, found};
}

/* Which words of the stack led from the frame at `sp` to the one where the cursor is now. */
static void add_slots(struct walker *walker, unw_cursor_t *cursor, uintptr_t sp, bool from_signal,
                      uintptr_t new_pc, uintptr_t new_sp)
{
    uintptr_t at;
    if (from_signal) {
        add_slot(walker, sp + SIGNAL_FRAME_PC, new_pc);
        add_slot(walker, sp + SIGNAL_FRAME_SP, new_sp);
        return;
    }
#if defined(RETURN_ADDRESS_REGISTER)
    unw_save_loc_t location;
    if (unw_get_save_loc(cursor, RETURN_ADDRESS_REGISTER, &location) != 0 ||
        location.type != UNW_SLT_MEMORY)
        return; /* never left its register: a leaf */
    at = location.u.addr;
#else
    (void)cursor;
    at = new_sp - sizeof(uintptr_t); /* pushed by the call, just below the caller's frame */
#endif
    add_slot(walker, at, new_pc);
}

static void add_frame(struct walker *walker, uintptr_t pc, uintptr_t sp, bool exact)
{
    walker->pc[walker->frame_count] = pc;
    walker->sp[walker->frame_count] = sp;
    walker->exact[walker->frame_count++] = exact;
}

/* Whether the stack that the caller wants begins at this frame. */
static bool is_first(const struct walker *walker, uintptr_t pc, uintptr_t sp)
{
    if (walker->site.pc == 0)
        return !modules_is_own(pc);
    return pc == tr_origin(walker->site.pc) && sp == walker->site.sp;
}

static bool get_place(unw_cursor_t *cursor, uintptr_t *pc, uintptr_t *sp)
{
    unw_word_t ip = 0, stack = 0;
    if (unw_get_reg(cursor, UNW_REG_IP, &ip) != 0 || unw_get_reg(cursor, UNW_REG_SP, &stack) != 0)
        return false;
    *pc = ip;
    *sp = stack;
    return ip > 4096;
}

static void walk(struct walker *walker)
{
    unw_cursor_t cursor;
    uintptr_t pc, sp, new_pc, new_sp;
    bool begun = false, exact = true;
    if (unw_init_remote(&cursor, walker->space, walker) != 0 || !get_place(&cursor, &pc, &sp))
        return;
    for (int step = 0; step < WALK_STEPS; step++) {
        bool from_signal = unw_is_signal_frame(&cursor) > 0;
        begun = begun || is_first(walker, pc, sp);
        if (begun && !from_signal && !modules_is_own(pc))
            add_frame(walker, pc, sp, exact);
        if (walker->frame_count == STACK_MAX_FRAMES || unw_step(&cursor) <= 0 ||
            !get_place(&cursor, &new_pc, &new_sp))
            return;
        if (begun)
            add_slots(walker, &cursor, sp, from_signal, new_pc, new_sp);
        pc = new_pc;
        sp = new_sp;
        exact = from_signal;
    }
}

static void walk_and_name(void *arg)
{
    struct walker *walker = arg;
    walk(walker);
    for (uint32_t i = 0; i < walker->frame_count; i++)
        walker->frame[i] = modules_frame(walker->pc[i] - !walker->exact[i]);
}

/* --- walkers ------------------------------------------------------------------------------------------------------- */

static struct walker *make_walker(void)
{
    static unw_accessors_t accessors = {
        .find_proc_info = find_proc_info,
        .put_unwind_info = put_unwind_info,
        .get_dyn_info_list_addr = get_dyn_info_list_addr,
        .access_mem = access_mem,
        .access_reg = access_reg,
        .access_fpreg = access_fpreg,
        .resume = resume,
        .get_proc_name = get_proc_name,
    };
    struct walker *walker = arena_alloc(&runtime.arena, sizeof(*walker));
    if (!walker)
        return NULL;
    walker->stack = sys_map(WORK_STACK_BYTES);
    walker->space = unw_create_addr_space(&accessors, 0); /* the one malloc; see unwind_init */
    if (!walker->stack || !walker->space)
        return NULL;
    unw_set_caching_policy(walker->space, UNW_CACHE_GLOBAL);
    unw_set_cache_size(walker->space, RULES_CACHED, 0);
    return walker;
}

/* libunwind opens a pipe for its local accessors, which we do not use, when it is first used at all; two numbers would
 * be missing from the program's. There is one thread and no descriptor may be opened: it goes without. */
static void allow_descriptors(const struct rlimit *limit, struct rlimit *before)
{
    sys_call(SYS_prlimit64, 0, RLIMIT_NOFILE, (long)limit, (long)before, 0, 0);
}

/* All walkers now: a walk may happen inside the program's malloc, where libunwind must not call it. */
bool unwind_init(void)
{
    struct rlimit before = {RLIM_INFINITY, RLIM_INFINITY};
    allow_descriptors(NULL, &before);
    struct rlimit none = {0, before.rlim_max};
    allow_descriptors(&none, NULL);
    int made = 0;
    while (made < WALKERS && (walkers[made] = make_walker()))
        made++;
    allow_descriptors(&before, NULL);
    return made > 0;
}

static bool try_claim(struct walker *walker)
{
    uint32_t is_free = 0;
    /* Acquires what the last user released. */
    return walker && load_relaxed(&walker->busy) == 0 &&
           compare_exchange_acq_rel(&walker->busy, &is_free, 1);
}

static struct walker *claim(void)
{
    if (!walkers[0])
        return NULL;
    for (;;) {
        for (int i = 0; i < WALKERS; i++)
            if (try_claim(walkers[i]))
                return walkers[i];
        sys_call(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
    }
}

static void release(struct walker *walker) { store_release(&walker->busy, 0); /* to try_claim */ }

void unwind_freeze(void)
{
    for (int i = 0; i < WALKERS && walkers[i]; i++)
        while (!try_claim(walkers[i]))
            sys_call(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
}

void unwind_thaw(void)
{
    for (int i = 0; i < WALKERS && walkers[i]; i++)
        release(walkers[i]);
}

static void prepare(struct walker *walker, const struct self *self, const struct call_site *site)
{
    uint32_t now = load_acquire(&generation); /* pairs with unwind_flush */
    if (walker->generation != now)
        unw_flush_cache(walker->space, 0, 0);
    walker->generation = now;
    walker->site = site ? *site : (struct call_site){0, 0};
    uintptr_t sp = walker->registers.sp;
    bool on_own_stack = sp >= self->stack_low && sp < self->stack_high;
    walker->stack_high = on_own_stack ? self->stack_high : sp;
    walker->table_start = walker->table_end = 0;
    memset(walker->probed, 0xff, sizeof(walker->probed));
    walker->frame_count = walker->slot_count = 0;
    walker->cacheable = true;
}

/* The stack of the registers in `walker`. */
static stack_id walk_and_intern(struct self *self, struct walker *walker)
{
    fetch_add_relaxed(&walks, 1);
    self->walking = true;
    work_stack_switch(walker->stack + WORK_STACK_BYTES, walk_and_name, walker);
    self->walking = false;
    return depot_intern(runtime.depot, walker->frame, walker->frame_count);
}

/* --- what a thread remembers ------------------------------------------------------------------------------------------- */

#define FIRST_ENTRIES 64u
#define MOST_ENTRIES 4096u
/* Entries in one place: a function that locks may be called from many places at the same depth of the stack, and its
 * call site alone does not tell which. */
#define MOST_IN_PLACE 16u

struct remembered {
    struct remembered *next; /* in the same place, used longer ago */
    uintptr_t pc, sp;
    stack_id stack;
    uint32_t slot_count;
    struct slot slot[];
};

struct unwind_cache {
    uint32_t generation;
    uint32_t shift;    /* of the hash, for `size` entries */
    uint32_t size;
    uint32_t replaced; /* entries thrown out since the table last grew */
    struct remembered **entries;
};

static size_t bytes_of(uint32_t slot_count)
{
    return sizeof(struct remembered) + slot_count * sizeof(struct slot);
}

static inline uint32_t place_in(const struct unwind_cache *cache, uintptr_t pc, uintptr_t sp)
{
    return (uint32_t)(((pc ^ sp << 20) * 0x9e3779b97f4a7c15u) >> cache->shift);
}

static inline bool is_unchanged(const struct remembered *entry)
{
    for (uint32_t i = 0; i < entry->slot_count; i++)
        if (*(const volatile uintptr_t *)entry->slot[i].at != entry->slot[i].value)
            return false;
    return true;
}

static inline bool is_same(const struct remembered *entry, const struct call_site *site)
{
    return entry->pc == site->pc && entry->sp == site->sp && is_unchanged(entry);
}

/* Looks behind the first entry of a place; what is found comes to the front. */
static const struct remembered *find_behind(struct remembered **place, const struct call_site *site)
{
    if (!*place)
        return NULL;
    for (struct remembered **link = &(*place)->next, *entry; (entry = *link); link = &entry->next)
        if (is_same(entry, site)) {
            *link = entry->next;
            entry->next = *place;
            return *place = entry;
        }
    return NULL;
}

static void forget(struct unwind_cache *cache)
{
    for (uint32_t i = 0; i < cache->size; i++)
        for (struct remembered *entry; (entry = cache->entries[i]);) {
            cache->entries[i] = entry->next;
            arena_free(&runtime.arena, entry, bytes_of(entry->slot_count));
        }
}

static void set_size(struct unwind_cache *cache, uint32_t size)
{
    cache->size = size;
    cache->shift = (uint32_t)__builtin_clzll(size) + 1;
    cache->replaced = 0;
}

static struct unwind_cache *cache_of(struct self *self)
{
    struct unwind_cache *cache = self->unwind;
    if (!cache) {
        cache = arena_alloc(&runtime.arena, sizeof(*cache));
        if (!cache)
            return NULL;
        cache->entries = arena_alloc(&runtime.arena, FIRST_ENTRIES * sizeof(*cache->entries));
        if (!cache->entries) {
            arena_free(&runtime.arena, cache, sizeof(*cache));
            return NULL;
        }
        set_size(cache, FIRST_ENTRIES);
        self->unwind = cache;
    }
    uint32_t now = load_acquire(&generation); /* pairs with unwind_flush */
    if (cache->generation != now)
        forget(cache);
    cache->generation = now;
    return cache;
}

/* Many different call sites: twice the room. */
static void grow(struct unwind_cache *cache)
{
    uint32_t old_size = cache->size;
    struct remembered **old = cache->entries;
    struct remembered **larger = arena_alloc(&runtime.arena, 2 * old_size * sizeof(*larger));
    if (!larger)
        return;
    cache->entries = larger;
    set_size(cache, 2 * old_size);
    for (uint32_t i = 0; i < old_size; i++)
        for (struct remembered *entry; (entry = old[i]);) {
            struct remembered **place = &larger[place_in(cache, entry->pc, entry->sp)];
            old[i] = entry->next;
            entry->next = *place;
            *place = entry;
        }
    arena_free(&runtime.arena, old, old_size * sizeof(*old));
}

/* Throws out what was used longest ago if a place has too many entries. */
static bool drop_last(struct remembered **place)
{
    uint32_t count = 0;
    while (*place && count++ < MOST_IN_PLACE)
        place = &(*place)->next;
    struct remembered *last = *place;
    if (!last)
        return false;
    *place = NULL;
    arena_free(&runtime.arena, last, bytes_of(last->slot_count));
    return true;
}

static void remember(struct self *self, const struct walker *walker, stack_id stack)
{
    struct unwind_cache *cache = cache_of(self);
    struct remembered *entry =
        cache ? arena_alloc(&runtime.arena, bytes_of(walker->slot_count)) : NULL;
    if (!entry)
        return;
    entry->pc = walker->site.pc;
    entry->sp = walker->site.sp;
    entry->stack = stack;
    entry->slot_count = walker->slot_count;
    memcpy(entry->slot, walker->slot, walker->slot_count * sizeof(struct slot));
    struct remembered **place = &cache->entries[place_in(cache, entry->pc, entry->sp)];
    entry->next = *place;
    *place = entry;
    if (drop_last(place) && ++cache->replaced > cache->size && cache->size < MOST_ENTRIES)
        grow(cache);
}

/* --- for the rest of the detector ---------------------------------------------------------------------------------------- */

static COLD stack_id walk_from_here(struct self *self, const struct call_site *site)
{
    struct walker *walker = claim();
    if (!walker)
        return STACK_NONE;
    int saved = errno;
    registers_capture(&walker->registers);
    prepare(walker, self, site);
    stack_id stack = walk_and_intern(self, walker);
    if (site && walker->cacheable && walker->frame_count > 0 && stack != STACK_NONE)
        remember(self, walker, stack);
    release(walker);
    errno = saved;
    return stack;
}

stack_id unwind_stack(struct self *self, const struct call_site *site)
{
    struct unwind_cache *cache = self->unwind;
    if (LIKELY(cache && cache->generation == load_relaxed(&generation))) {
        struct remembered **place = &cache->entries[place_in(cache, site->pc, site->sp)];
        if (LIKELY(*place && is_same(*place, site)))
            return (*place)->stack;
        const struct remembered *entry = find_behind(place, site);
        if (entry)
            return entry->stack;
    }
    return walk_from_here(self, site);
}

stack_id unwind_here(struct self *self)
{
    if (self->interrupted)
        return unwind_context(self, self->interrupted);
    return self->site ? unwind_stack(self, self->site) : walk_from_here(self, NULL);
}

stack_id unwind_context(struct self *self, const void *ucontext)
{
    struct walker *walker = claim();
    if (!walker)
        return STACK_NONE;
    int saved = errno;
    registers_from(&walker->registers, ucontext);
    prepare(walker, self, NULL);
    stack_id stack = walk_and_intern(self, walker);
    release(walker);
    errno = saved;
    return stack;
}

uint32_t unwind_calls(struct self *self, struct call_site *calls, uint32_t most)
{
    struct walker *walker = claim();
    if (!walker)
        return 0;
    int saved = errno;
    registers_capture(&walker->registers);
    prepare(walker, self, NULL);
    walk_and_intern(self, walker);
    uint32_t count = walker->frame_count < most ? walker->frame_count : most;
    for (uint32_t i = 0; i < count; i++)
        calls[i] = (struct call_site){walker->pc[i], walker->sp[i]};
    release(walker);
    errno = saved;
    return count;
}

void unwind_end(struct self *self)
{
    struct unwind_cache *cache = self->unwind;
    if (!cache)
        return;
    self->unwind = NULL;
    forget(cache);
    arena_free(&runtime.arena, cache->entries, cache->size * sizeof(*cache->entries));
    arena_free(&runtime.arena, cache, sizeof(*cache));
}

uint64_t unwind_walks(void) { return load_relaxed(&walks); }

void unwind_flush(void)
{
    /* Releases the loader's work to the loads of `generation` above. */
    __atomic_fetch_add(&generation, 1, __ATOMIC_RELEASE);
}
