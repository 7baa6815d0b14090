/* SPDX-License-Identifier: MIT */
/* Modules as small numbers; see modules.h.
 *
 * Hard rules: no dlopen lock where glibc has _dl_find_object (a thread may hold it while it runs a
 * constructor that waits for us), no memory but the arena's, no descriptor. */
#include "runtime/modules.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>

#include "base/sys.h"
#include "runtime/real.h"
#include "runtime/runtime.h"

#define BUILD_ID_BYTES 64
#define PATH_BYTES 4096

struct module {
    struct module_span span;
    const char *path; /* absolute; in the arena */
    uint8_t build_id[BUILD_ID_BYTES];
    uint32_t build_id_size;
    bool gone; /* not known to be loaded any more */
};

static struct spin lock = SPIN_INIT(RANK_MODULES);
static struct module **modules; /* by number - 1; pointers stay valid */
static uint32_t module_count, module_capacity;
static uintptr_t own_start, own_end;

struct spin *modules_lock(void) { return &lock; }

/* --- which object ------------------------------------------------------------------------------------------ */

#if defined(HAVE_DL_FIND_OBJECT)

bool modules_span(uintptr_t addr, struct module_span *span)
{
    struct dl_find_object found;
    if (REAL(_dl_find_object)((void *)addr, &found) != 0)
        return false;
    span->start = (uintptr_t)found.dlfo_map_start;
    span->end = (uintptr_t)found.dlfo_map_end;
    span->bias = found.dlfo_link_map->l_addr;
    span->name = found.dlfo_link_map->l_name;
    span->eh_frame_hdr = (uintptr_t)found.dlfo_eh_frame;
    return true;
}

#else

struct search {
    uintptr_t addr;
    struct module_span *span;
};

static int visit(struct dl_phdr_info *info, size_t size, void *arg)
{
    struct search *search = arg;
    struct module_span span = {UINTPTR_MAX, 0, info->dlpi_addr, info->dlpi_name, 0};
    (void)size;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        uintptr_t start = info->dlpi_addr + header->p_vaddr;
        if (header->p_type == PT_GNU_EH_FRAME)
            span.eh_frame_hdr = start;
        if (header->p_type != PT_LOAD)
            continue;
        if (start < span.start)
            span.start = start & ~(uintptr_t)4095;
        if (start + header->p_memsz > span.end)
            span.end = start + header->p_memsz;
    }
    if (search->addr < span.start || search->addr >= span.end)
        return 0;
    *search->span = span;
    return 1;
}

bool modules_span(uintptr_t addr, struct module_span *span)
{
    struct search search = {addr, span};
    return dl_iterate_phdr(visit, &search) == 1;
}

#endif

bool modules_is_own(uintptr_t pc) { return pc >= own_start && pc < own_end; }

void modules_set_own(uintptr_t start, uintptr_t end)
{
    own_start = start;
    own_end = end;
}

void modules_init(void)
{
    struct module_span span;
    if (modules_span((uintptr_t)modules_init, &span))
        modules_set_own(span.start, span.end);
}

/* --- build-id ------------------------------------------------------------------------------------------------ */

/* NT_GNU_BUILD_ID among the notes of one segment. */
static void scan_notes(struct module *module, const char *note, size_t size)
{
    while (size >= sizeof(ElfW(Nhdr))) {
        ElfW(Nhdr) header;
        memcpy(&header, note, sizeof(header));
        size_t name = (header.n_namesz + 3u) & ~3u, desc = (header.n_descsz + 3u) & ~3u;
        if (sizeof(header) + name + desc > size)
            return;
        const char *text = note + sizeof(header);
        if (header.n_type == NT_GNU_BUILD_ID && header.n_namesz == 4 &&
            memcmp(text, "GNU", 4) == 0 && header.n_descsz <= BUILD_ID_BYTES) {
            memcpy(module->build_id, text + name, header.n_descsz);
            module->build_id_size = header.n_descsz;
            return;
        }
        note += sizeof(header) + name + desc;
        size -= sizeof(header) + name + desc;
    }
}

static void find_build_id(struct module *module)
{
    const ElfW(Ehdr) *elf = (const ElfW(Ehdr) *)module->span.start;
    if (memcmp(elf->e_ident, ELFMAG, SELFMAG) != 0)
        return;
    const ElfW(Phdr) *headers = (const ElfW(Phdr) *)(module->span.start + elf->e_phoff);
    if (elf->e_phoff + elf->e_phnum * sizeof(*headers) > module->span.end - module->span.start)
        return;
    for (int i = 0; i < elf->e_phnum && module->build_id_size == 0; i++)
        if (headers[i].p_type == PT_NOTE)
            scan_notes(module, (const char *)(module->span.bias + headers[i].p_vaddr),
                       headers[i].p_memsz);
}

/* --- the table ------------------------------------------------------------------------------------------------ */

static const char *in_arena(const char *first, const char *second)
{
    size_t one = strlen(first), two = strlen(second);
    char *text = arena_alloc(&runtime.arena, one + two + 1);
    if (text) {
        memcpy(text, first, one);
        memcpy(text + one, second, two + 1);
    }
    return text;
}

/* The program itself has no name in the link map; a library may have been opened by a relative path. The buffer is
 * too large for the program's small stacks; the lock is held. */
static const char *path_of(const struct module_span *span)
{
    static char here[PATH_BYTES];
    if (span->start == (uintptr_t)getauxval(AT_SYSINFO_EHDR))
        return "[vdso]";
    if (span->name[0] == '\0')
        return runtime.program ? runtime.program : "";
    if (span->name[0] == '/')
        return in_arena(span->name, "");
    long length = sys_call(SYS_getcwd, (long)here, sizeof(here) - 1, 0, 0, 0, 0);
    if (length <= 0)
        return in_arena(span->name, "");
    here[length - 1] = '/';
    here[length] = '\0';
    return in_arena(here, span->name);
}

/* 2 * build_id_size characters. */
static void write_hex(const struct module *module, char *hex)
{
    static const char digits[] = "0123456789abcdef";
    for (uint32_t i = 0; i < module->build_id_size; i++) {
        hex[2 * i] = digits[module->build_id[i] >> 4];
        hex[2 * i + 1] = digits[module->build_id[i] & 15];
    }
}

static void write_record(uint32_t number)
{
    const struct module *module = modules[number - 1];
    char hex[2 * BUILD_ID_BYTES];
    write_hex(module, hex);
    record_begin(&runtime.writer, RECORD_MODULE);
    record_u64(&runtime.writer, TAG_INDEX, number);
    record_text(&runtime.writer, TAG_PATH, module->path ? module->path : "");
    record_text_n(&runtime.writer, TAG_BUILD_ID, hex, 2 * (size_t)module->build_id_size);
    record_u64(&runtime.writer, TAG_BIAS, module->span.bias);
    record_u64(&runtime.writer, TAG_SIZE, module->span.end - module->span.bias);
    record_end(&runtime.writer);
}

static bool grow(void)
{
    uint32_t capacity = module_capacity ? module_capacity * 2 : 64;
    struct module **larger = arena_grow(&runtime.arena, modules, module_capacity * sizeof(*modules),
                                        capacity * sizeof(*modules));
    if (!larger)
        return false;
    modules = larger;
    module_capacity = capacity;
    return true;
}

/* The same file at the same place, opened again after dlclose. */
static bool is_same(const struct module *a, const struct module *b)
{
    return a->span.start == b->span.start && a->span.bias == b->span.bias &&
           a->build_id_size == b->build_id_size &&
           memcmp(a->build_id, b->build_id, a->build_id_size) == 0 && a->path && b->path &&
           strcmp(a->path, b->path) == 0;
}

static uint32_t enter(const struct module_span *span)
{
    struct module fresh = {.span = *span};
    find_build_id(&fresh);
    fresh.path = path_of(span);
    for (uint32_t i = 0; i < module_count; i++)
        if (modules[i]->gone && is_same(modules[i], &fresh)) {
            modules[i]->gone = false;
            return i + 1;
        }
    struct module *module = arena_alloc(&runtime.arena, sizeof(*module));
    if (!module || module_count + 1 >= FRAME_MAX_MODULES ||
        (module_count == module_capacity && !grow())) {
        arena_free(&runtime.arena, module, sizeof(*module));
        return 0;
    }
    *module = fresh;
    modules[module_count++] = module;
    write_record(module_count);
    return module_count;
}

static uint32_t number_of(const struct module_span *span)
{
    spin_lock(&lock);
    uint32_t number = 0;
    for (uint32_t i = 0; i < module_count && number == 0; i++)
        if (modules[i]->span.start == span->start && !modules[i]->gone)
            number = i + 1;
    if (number == 0)
        number = enter(span);
    spin_unlock(&lock);
    return number;
}

frame_t modules_frame(uintptr_t pc)
{
    struct module_span span;
    uint32_t number = modules_span(pc, &span) ? number_of(&span) : 0;
    return number ? FRAME(number, pc - span.bias) : FRAME(0, pc);
}

stack_id modules_stack(const uintptr_t *pcs, uint32_t count)
{
    frame_t frames[STACK_MAX_FRAMES];
    if (count > STACK_MAX_FRAMES)
        count = STACK_MAX_FRAMES;
    for (uint32_t i = 0; i < count; i++)
        frames[i] = modules_frame(pcs[i]);
    return depot_intern(runtime.depot, frames, count);
}

frame_t modules_place(uintptr_t addr)
{
    struct module_span span;
    uint32_t number = modules_span(addr, &span) ? number_of(&span) : 0;
    return number ? FRAME(number, addr - span.bias) : 0;
}

const char *modules_file(uintptr_t addr, char *build_id, size_t size)
{
    struct module_span span;
    uint32_t number = modules_span(addr, &span) ? number_of(&span) : 0;
    if (number == 0)
        return NULL;
    spin_lock(&lock);
    const struct module *module = modules[number - 1];
    size_t length = 2 * (size_t)module->build_id_size;
    build_id[0] = '\0';
    if (length < size) {
        write_hex(module, build_id);
        build_id[length] = '\0';
    }
    const char *path = module->path;
    spin_unlock(&lock);
    return path;
}

void modules_changed(void)
{
    spin_lock(&lock);
    for (uint32_t i = 0; i < module_count; i++)
        modules[i]->gone = true; /* those that are still there are found again by is_same */
    spin_unlock(&lock);
    unwind_flush();
}

void modules_forked(void)
{
    for (uint32_t i = 0; i < module_count; i++)
        write_record(i + 1);
}
