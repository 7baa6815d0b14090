/* SPDX-License-Identifier: MIT */
/* Calls from native modules to functions that the program brings itself in place of libc's, above all malloc and its like.
 * Each would fault, and some are made with all signals blocked, where a fault is the end: so the tables through which these
 * modules call are changed to lead into the cache.
 *
 * Done when the program's code is taken over, and undone when it is let go. Only slots that hold the exact address of a
 * function in translated code are touched. */
#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "base/sys.h"
#include "runtime/modules.h"
#include "runtime/takeover.h"

#define PAGE 4096ul

struct module {
    uintptr_t base, start, end;
    uintptr_t relro_start, relro_end; /* read-only since it was relocated */
    const ElfW(Dyn) *dynamic;
};

static void set_slot(const struct module *module, uintptr_t *slot, uintptr_t value)
{
    bool read_only = (uintptr_t)slot >= module->relro_start && (uintptr_t)slot < module->relro_end;
    long page = (long)((uintptr_t)slot & ~(PAGE - 1));
    if (read_only && sys_call(SYS_mprotect, page, PAGE, PROT_READ | PROT_WRITE, 0, 0, 0) != 0)
        return;
    store_relaxed(slot, value);
    if (read_only)
        sys_call(SYS_mprotect, page, PAGE, PROT_READ, 0, 0, 0);
}

typedef uintptr_t map_t(uintptr_t function);

static void map_slot(const struct module *module, uintptr_t *slot, map_t *map)
{
    uintptr_t now = load_relaxed(slot), then = map(now);
    if (then != now)
        set_slot(module, slot, then);
}

/* --- tables of relocations ------------------------------------------------------------------------------------------------ */

#if defined(__x86_64__)
#define IS_JUMP_SLOT(type) ((type) == R_X86_64_JUMP_SLOT)
#define IS_ADDRESS(type) ((type) == R_X86_64_GLOB_DAT)
#else
#define IS_JUMP_SLOT(type) ((void)(type), false)
#define IS_ADDRESS(type) ((void)(type), false)
#endif

static uintptr_t dynamic_value(const struct module *module, ElfW(Sxword) tag)
{
    for (const ElfW(Dyn) *entry = module->dynamic; entry && entry->d_tag != DT_NULL; entry++)
        if (entry->d_tag == tag)
            return entry->d_un.d_val;
    return 0;
}

/* The dynamic linker has added the base already, but for modules that it does not relocate. */
static const void *dynamic_address(const struct module *module, ElfW(Sxword) tag)
{
    uintptr_t value = dynamic_value(module, tag);
    return (const void *)(value && value < module->base ? value + module->base : value);
}

/* Whom a slot leads to that no call has gone through yet: it still leads into its own module. */
static uintptr_t late_target(const struct module *module, const ElfW(Sym) *symbol)
{
    const char *names = dynamic_address(module, DT_STRTAB);
    void *found = names && symbol->st_name ? dlsym(RTLD_DEFAULT, names + symbol->st_name) : NULL;
    return (uintptr_t)found;
}

static void map_jump_slot(const struct module *module, uintptr_t *slot, const ElfW(Sym) *symbol, map_t *map)
{
    bool is_late = takeover_is_on() && *slot >= module->start && *slot < module->end;
    uintptr_t target = is_late ? late_target(module, symbol) : 0, then = target ? map(target) : 0;
    if (then != target)
        set_slot(module, slot, then);
    else
        map_slot(module, slot, map);
}

static void map_table(const struct module *module, ElfW(Sxword) table, ElfW(Sxword) size, map_t *map)
{
    const ElfW(Rela) *rela = dynamic_address(module, table);
    const ElfW(Sym) *symbols = dynamic_address(module, DT_SYMTAB);
    size_t count = rela ? dynamic_value(module, size) / sizeof(*rela) : 0;
    for (size_t i = 0; symbols && i < count; i++) {
        unsigned type = (unsigned)ELF64_R_TYPE(rela[i].r_info);
        const ElfW(Sym) *symbol = &symbols[ELF64_R_SYM(rela[i].r_info)];
        uintptr_t *slot = (uintptr_t *)(module->base + rela[i].r_offset);
        if (IS_JUMP_SLOT(type))
            map_jump_slot(module, slot, symbol, map);
        else if (IS_ADDRESS(type) && ELF64_ST_TYPE(symbol->st_info) == STT_FUNC)
            map_slot(module, slot, map);
    }
}

/* --- the dynamic linker's own ------------------------------------------------------------------------------------------------ */

/* It keeps the addresses of the program's malloc, calloc, realloc and free in variables. */
static void map_variables(const struct module *module, map_t *map)
{
    static const char *const names[] = {"malloc", "calloc", "realloc", "free"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        uintptr_t wanted = (uintptr_t)dlsym(RTLD_DEFAULT, names[i]);
        for (uintptr_t *slot = (uintptr_t *)module->relro_start; (uintptr_t)slot < module->relro_end; slot++)
            if (*slot == wanted || tr_origin(*slot) == wanted)
                map_slot(module, slot, map);
    }
}

/* --- all ------------------------------------------------------------------------------------------------------------------- */

static int map_module(struct dl_phdr_info *info, size_t size, void *ctx)
{
    map_t *map = *(map_t **)ctx;
    struct module module = {.base = info->dlpi_addr, .start = UINTPTR_MAX};
    bool is_native = takeover_is_native_name(info->dlpi_name), is_linker = info->dlpi_addr == getauxval(AT_BASE);
    (void)size;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        uintptr_t start = info->dlpi_addr + header->p_vaddr;
        if (header->p_type == PT_LOAD) {
            module.start = start < module.start ? start : module.start;
            module.end = start + header->p_memsz;
        } else if (header->p_type == PT_DYNAMIC) {
            module.dynamic = (const ElfW(Dyn) *)start;
        } else if (header->p_type == PT_GNU_RELRO) {
            module.relro_start = start & ~(PAGE - 1);
            module.relro_end = (start + header->p_memsz) & ~(PAGE - 1);
        }
    }
    bool reads_frames = !is_native && takeover_reads_frames(info);
    if (!(is_native || reads_frames) || info->dlpi_addr == getauxval(AT_SYSINFO_EHDR))
        return 0;
    map_table(&module, DT_JMPREL, DT_PLTRELSZ, map);
    if (reads_frames) /* what it only takes the address of, it may compare */
        return 0;
    map_table(&module, DT_RELA, DT_RELASZ, map);
    if (is_linker)
        map_variables(&module, map);
    return 0;
}

void takeover_map_calls(uintptr_t (*map)(uintptr_t function)) { dl_iterate_phdr(map_module, &map); }
