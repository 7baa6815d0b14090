/* SPDX-License-Identifier: MIT */
/* Which executable segments of which modules are translated: the table of them, kept equal to what the dynamic linker
 * has loaded, and to what the program does to their mappings.
 *
 * A look at all modules has three steps, because no lock of ours is held around the dynamic linker: the list (under its
 * lock), then the comparison with the table, then, for what is new, what the kernel says of those addresses. */
#include <elf.h>
#include <link.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#include "runtime/atomics.h"
#include "runtime/loader.h"
#include "base/maps.h"
#include "runtime/modules.h"
#include "runtime/races.h"
#include "runtime/races.h"
#include "runtime/runtime.h"
#include "runtime/takeover.h"
#include "runtime/work_stack.h"

#define PAGE 4096ul
#define PATH_BYTES 4096

enum segment_state {
    SEGMENT_WANTED, /* to be translated, when the kernel's view agrees */
    SEGMENT_TRANSLATED,
    SEGMENT_NATIVE, /* one of ours */
    SEGMENT_FRAMES, SEGMENT_WRITABLE, SEGMENT_RELOCATED, SEGMENT_CHANGED, SEGMENT_FAILED, /* native with a limit */
};

struct segment {
    uintptr_t start, end; /* executable pages */
    uintptr_t low, high;  /* of its module */
    uint64_t offset;      /* in the file */
    const char *path;     /* in the arena, may be NULL */
    uint8_t state;        /* enum segment_state */
    bool fresh;           /* not yet in the table, or not yet found in the list */
};

struct list {
    struct segment *segments; /* in the arena */
    uint32_t count, capacity;
    bool failed;
};

static struct list table; /* sorted by start */
static bool told_namespaces;

struct spin takeover_lock = SPIN_INIT(RANK_TAKEOVER);

static bool append(struct list *list, const struct segment *segment)
{
    if (list->count == list->capacity) {
        uint32_t capacity = list->capacity ? 2 * list->capacity : 64;
        struct segment *larger = arena_grow(&runtime.arena, list->segments, list->capacity * sizeof(*segment),
                                            capacity * sizeof(*segment));
        if (!larger)
            return false;
        list->segments = larger;
        list->capacity = capacity;
    }
    list->segments[list->count++] = *segment;
    return true;
}

static void free_list(struct list *list)
{
    arena_free(&runtime.arena, list->segments, list->capacity * sizeof(*list->segments));
}

/* --- what stays native -------------------------------------------------------------------------------------------------- */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* libunwind needs liblzma as well, which is not native for that: the program's threads may be there. libquadmath is more
 * of libm: it hooks into every printf, long before the program's code is taken over, and each would fault twice. */
bool takeover_is_native_name(const char *path)
{
    static const char *const beginnings[] = {
        "ld-linux", "ld-2.", "ld.so", "ld64.so", "libc.so", "libc-2.", "libm.so", "libm-2.", "libmvec.so", "libmvec-2.",
        "libpthread.so", "libpthread-2.", "libdl.so", "libdl-2.", "librt.so", "librt-2.", "libgcc_s.so", "libgcc_s-", "libquadmath.so",
        "libunwind.so", "libunwind-", "libZydis.so", "libZycore.so",
        "libasan.so", "libtsan.so", "libubsan.so", "liblsan.so", "libclang_rt.", "linux-vdso", "linux-gate"};
    const char *name = base_name(path);
    for (size_t i = 0; i < ARRAY_LEN(beginnings); i++)
        if (strncmp(name, beginnings[i], strlen(beginnings[i])) == 0)
            return true;
    return false;
}

static bool has_text_relocations(const struct dl_phdr_info *info, const ElfW(Phdr) *dynamic)
{
    const ElfW(Dyn) *entry = dynamic ? (const ElfW(Dyn) *)(info->dlpi_addr + dynamic->p_vaddr) : NULL;
    for (; entry && entry->d_tag != DT_NULL; entry++)
        if (entry->d_tag == DT_TEXTREL || (entry->d_tag == DT_FLAGS && (entry->d_un.d_val & DF_TEXTREL)))
            return true;
    return false;
}

/* The dynamic linker gives such a module its protections back when it has relocated it. */
static enum segment_state judge(const struct dl_phdr_info *info, uintptr_t low, const ElfW(Phdr) *dynamic)
{
    if (takeover_is_native_name(info->dlpi_name) || modules_is_own(low) || low == getauxval(AT_BASE) ||
        low == getauxval(AT_SYSINFO_EHDR))
        return SEGMENT_NATIVE;
    if (takeover_reads_frames(info))
        return SEGMENT_FRAMES;
    if (takeover_is_on() && has_text_relocations(info, dynamic))
        return SEGMENT_RELOCATED;
    return SEGMENT_WANTED;
}

/* --- the list ------------------------------------------------------------------------------------------------------------ */

static uintptr_t page_down(uintptr_t addr) { return addr & ~(PAGE - 1); }
static uintptr_t page_up(uintptr_t addr) { return (addr + PAGE - 1) & ~(PAGE - 1); }

static void module_bounds(const struct dl_phdr_info *info, struct segment *segment, const ElfW(Phdr) **dynamic)
{
    segment->low = UINTPTR_MAX;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        uintptr_t start = info->dlpi_addr + header->p_vaddr;
        if (header->p_type == PT_DYNAMIC)
            *dynamic = header;
        if (header->p_type != PT_LOAD)
            continue;
        if (page_down(start) < segment->low)
            segment->low = page_down(start);
        if (page_up(start + header->p_memsz) > segment->high)
            segment->high = page_up(start + header->p_memsz);
    }
}

static int list_module(struct dl_phdr_info *info, size_t size, void *ctx)
{
    struct list *list = ctx;
    struct segment segment = {.fresh = true};
    const ElfW(Phdr) *dynamic = NULL;
    (void)size;
    races_tls_module(info);
    races_constant_module(info);
    module_bounds(info, &segment, &dynamic);
    segment.state = (uint8_t)judge(info, segment.low, dynamic);
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        if (header->p_type != PT_LOAD || !(header->p_flags & PF_X))
            continue;
        segment.start = page_down(info->dlpi_addr + header->p_vaddr);
        segment.end = page_up(info->dlpi_addr + header->p_vaddr + header->p_memsz);
        segment.offset = header->p_offset & ~(PAGE - 1);
        if (!append(list, &segment))
            list->failed = true;
    }
    return 0;
}

/* --- the table ------------------------------------------------------------------------------------------------------------ */

/* The first segment that ends above the address. */
static uint32_t lower_bound(uintptr_t addr)
{
    uint32_t low = 0, high = table.count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (table.segments[middle].end <= addr)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct segment *find(const struct segment *wanted)
{
    uint32_t i = lower_bound(wanted->start);
    struct segment *found = i < table.count ? &table.segments[i] : NULL;
    return found && found->start == wanted->start && found->low == wanted->low && found->high == wanted->high ? found
                                                                                                              : NULL;
}

static void insert(const struct segment *segment)
{
    uint32_t at = lower_bound(segment->start);
    if (!append(&table, segment))
        return;
    memmove(&table.segments[at + 1], &table.segments[at], (table.count - 1 - at) * sizeof(*segment));
    table.segments[at] = *segment;
}

static void forget(struct segment *segment)
{
    if (segment->state == SEGMENT_TRANSLATED)
        tr_module_remove(segment->start, segment->end);
    atomics_module_gone(segment->low, segment->high);
    races_constant_gone(segment->low, segment->high);
    if (segment->path)
        arena_free(&runtime.arena, (void *)(uintptr_t)segment->path, strlen(segment->path) + 1);
}

static void remove_gone(void)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < table.count; i++) {
        struct segment *segment = &table.segments[i];
        if (!segment->fresh)
            table.segments[kept++] = *segment;
        else
            forget(segment);
    }
    table.count = kept;
}

/* Leaves in the list what is new; what the table has of it is marked. */
static void drop_known(struct list *list)
{
    uint32_t fresh = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        struct segment *known = find(&list->segments[i]);
        if (known)
            known->fresh = false;
        else
            list->segments[fresh++] = list->segments[i];
    }
    list->count = fresh;
}

/* The same of a list of all modules; the table loses what is gone. */
static void compare(struct list *list)
{
    for (uint32_t i = 0; i < table.count; i++)
        table.segments[i].fresh = true;
    drop_known(list);
    remove_gone();
}

/* --- what is new ----------------------------------------------------------------------------------------------------------- */

static void tell_native(const struct segment *segment, const char *why)
{
    runtime_path_limit("native-module", segment->path ? segment->path : "a module", why);
    races_doubt();
}

static void tell_state(const struct segment *segment)
{
    switch ((enum segment_state)segment->state) {
    case SEGMENT_FRAMES:
        tell_native(segment, ": runs natively, its run-time system reads return addresses (V8, OCaml, Go)");
        break;
    case SEGMENT_WRITABLE:
        tell_native(segment, ": runs natively, its code is writable");
        break;
    case SEGMENT_RELOCATED:
        tell_native(segment, ": runs natively, its code is changed while it is loaded (text relocations)");
        break;
    case SEGMENT_CHANGED:
        tell_native(segment, ": runs natively, the program has changed its code or its protection");
        break;
    case SEGMENT_FAILED:
        tell_native(segment, ": runs natively, the translator has no room for it");
        break;
    default:
        break;
    }
}

static const char *copy_path(const char *path)
{
    size_t size = strlen(path) + 1;
    char *copy = arena_alloc(&runtime.arena, size);
    return copy ? memcpy(copy, path, size) : NULL;
}

static void hand_over(struct segment *segment)
{
    struct tr_module module = {segment->start, segment->end,    segment->low,          segment->high,
                               segment->path,  segment->offset, PROT_READ | PROT_EXEC};
    segment->state = tr_module_add(&module) ? SEGMENT_TRANSLATED : SEGMENT_FAILED;
}

static void enter(struct segment *segment, const char *path)
{
    segment->path = path ? copy_path(path) : NULL;
    if (takeover_is_on()) /* other memory may have been there, unmapped unseen */
        races_loaded(segment->low, segment->high);
    if (segment->state == SEGMENT_WANTED)
        hand_over(segment);
    tell_state(segment);
    insert(segment);
}

/* The kernel's view of the segments: all of each must be there, readable, executable and not writable. Mappings and
 * segments are both in ascending order. */
struct look {
    struct list *list;
    uint32_t next;     /* segment */
    uintptr_t covered; /* of it, up to here */
};

static struct segment *current(const struct look *look)
{
    return look->next < look->list->count ? &look->list->segments[look->next] : NULL;
}

static void finish(struct look *look, const char *path)
{
    enter(current(look), path);
    look->next++;
    look->covered = 0;
}

static void check_protection(struct segment *segment, int protection)
{
    if (segment->state != SEGMENT_WANTED || protection == (PROT_READ | PROT_EXEC))
        return;
    segment->state = protection & PROT_WRITE ? SEGMENT_WRITABLE : SEGMENT_CHANGED;
}

static void check_gap(struct look *look, struct segment *segment, uintptr_t start)
{
    if (segment->state == SEGMENT_WANTED && start > (look->covered ? look->covered : segment->start))
        segment->state = SEGMENT_CHANGED;
}

static bool visit(void *ctx, const struct maps_entry *entry)
{
    struct look *look = ctx;
    struct segment *segment;
    while ((segment = current(look)) && segment->start < entry->end) {
        check_gap(look, segment, entry->start);
        if (entry->start >= segment->end) {
            finish(look, NULL);
            continue;
        }
        check_protection(segment, entry->protection);
        look->covered = entry->end;
        if (entry->end < segment->end)
            break;
        finish(look, entry->path);
    }
    return segment != NULL;
}

static void sort(struct list *list)
{
    for (uint32_t i = 1; i < list->count; i++) {
        struct segment moved = list->segments[i];
        uint32_t at = i;
        for (; at > 0 && list->segments[at - 1].start > moved.start; at--)
            list->segments[at] = list->segments[at - 1];
        list->segments[at] = moved;
    }
}

/* Under the lock. Without /proc what the dynamic linker says has to do. */
static void enter_new(struct list *list)
{
    static char path[PATH_BYTES];
    struct look look = {list, 0, 0};
    sort(list);
    bool looked = maps_each(path, sizeof(path), visit, &look);
    for (uint32_t i = looked ? list->count : 0; i < list->count; i++)
        enter(&list->segments[i], NULL);
}

/* What their debug information says must be known before they are translated; it is asked for without the lock. */
static void ask_for_atomics(const struct list *list)
{
    if (!takeover_looks_for_races())
        return;
    spin_unlock(&takeover_lock);
    for (uint32_t i = 0; i < list->count; i++)
        if (list->segments[i].state == SEGMENT_WANTED)
            atomics_module(list->segments[i].start);
    spin_lock(&takeover_lock);
}

static void look_at_modules(void *unused)
{
    struct list list = {0};
    (void)unused;
    dl_iterate_phdr(list_module, &list);
    spin_lock(&takeover_lock);
    if (!list.failed)
        compare(&list);
    if (!list.failed && list.count > 0) {
        ask_for_atomics(&list);
        drop_known(&list); /* another thread may have been here */
        enter_new(&list);
    }
    spin_unlock(&takeover_lock);
    free_list(&list);
    if (!told_namespaces && loader_has_namespaces()) {
        told_namespaces = true;
        runtime_limit("other-namespaces", "what is loaded by dlmopen runs natively");
    }
}

void takeover_modules_add_all(void) { look_at_modules(NULL); }

/* Also called where the detector itself has libraries loaded, and in threads that have no state. */
void takeover_modules(void)
{
    if (!takeover_is_on())
        return;
    struct self *self = self_enter();
    bool deferred = self || (self_current && self_current->depth > 0);
    uint64_t mask = deferred ? 0 : signals_block_all();
    if (takeover_prepare)
        takeover_prepare();
    work_stack_run(look_at_modules, NULL);
    if (self)
        self_leave(self);
    else if (!deferred)
        signals_restore(mask);
}

/* --- what the program does to its mappings -------------------------------------------------------------------------------------- */

static bool overlaps(const struct segment *segment, uintptr_t start, uintptr_t end)
{
    return segment->start < end && start < segment->end;
}

/* The segment runs natively from here on; the dynamic linker's word that its module is gone ends its entry. */
static void let_go(struct segment *segment)
{
    tr_module_release(segment->start, segment->end);
    segment->state = SEGMENT_CHANGED;
    tell_state(segment);
}

static void let_go_range(uintptr_t start, uintptr_t end)
{
    spin_lock(&takeover_lock);
    for (uint32_t i = lower_bound(start); i < table.count && overlaps(&table.segments[i], start, end); i++)
        if (table.segments[i].state == SEGMENT_TRANSLATED)
            let_go(&table.segments[i]);
    spin_unlock(&takeover_lock);
}

void takeover_changing_slow(uintptr_t start, size_t size, int protection)
{
    struct self *self = self_enter();
    bool deferred = self || (self_current && self_current->depth > 0);
    uint64_t mask = deferred ? 0 : signals_block_all();
    uintptr_t end = page_up(start + size);
    if (start != 0 && end > start)
        let_go_range(page_down(start), end);
    if (protection & PROT_EXEC) {
        runtime_limit("jit", "code that the program made at run time runs natively: what it loads and stores is not seen");
        races_doubt();
    }
    if (self)
        self_leave(self);
    else if (!deferred)
        signals_restore(mask);
}
