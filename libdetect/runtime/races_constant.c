/* SPDX-License-Identifier: MIT */
/* Memory of modules that the program's code cannot change: accesses to it that are known when an instruction is translated
 * (rip-relative ones) need no test. Read-only segments, what is so after relocation, and the slots of the procedure linkage
 * table, which the dynamic linker alone writes. (Elsewhere in the global offset table are variables as well.)
 *
 * Called when modules are listed and when they go (RANK_TAKEOVER is held), and asked without a lock at translation. */
#include <elf.h>
#include <link.h>

#include "base/atomic.h"
#include "runtime/races.h"
#include "runtime/runtime.h"

#define RANGES 1024u /* what does not fit is tested for nothing */
#define RESERVED_SLOTS 3u /* of the dynamic linker's own */
#define PAGE ((uintptr_t)4096)

static struct constant {
    uintptr_t start, end; /* end 0: free */
} ranges[RANGES];
static uint32_t range_count;

static void add(uintptr_t start, uintptr_t end)
{
    struct constant *place = NULL;
    for (uint32_t i = 0; i < range_count; i++) {
        if (ranges[i].start == start && ranges[i].end == end)
            return;
        if (!ranges[i].end && !place)
            place = &ranges[i];
    }
    if (!place && range_count < RANGES)
        place = &ranges[range_count];
    if (!place || start >= end)
        return;
    store_relaxed(&place->start, start);
    store_release(&place->end, end); /* to races_is_constant() */
    if (place == &ranges[range_count])
        store_release(&range_count, range_count + 1);
}

static uintptr_t dynamic_value(const ElfW(Dyn) *entry, ElfW(Sxword) tag)
{
    while (entry->d_tag != DT_NULL && entry->d_tag != tag)
        entry++;
    return entry->d_tag == tag ? entry->d_un.d_ptr : 0;
}

/* Before relocation the addresses in the dynamic section are those of the file. */
static void add_linkage(uintptr_t base, const ElfW(Dyn) *dynamic)
{
    uintptr_t table = dynamic_value(dynamic, DT_PLTGOT);
    size_t entry = dynamic_value(dynamic, DT_PLTREL) == DT_RELA ? sizeof(ElfW(Rela)) : sizeof(ElfW(Rel));
    size_t count = dynamic_value(dynamic, DT_PLTRELSZ) / entry;
    if (table && table < base)
        table += base;
    if (table && count)
        add(table, table + (RESERVED_SLOTS + count) * sizeof(void *));
}

void races_constant_module(const struct dl_phdr_info *info)
{
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        uintptr_t start = info->dlpi_addr + header->p_vaddr, end = start + header->p_memsz;
        if (header->p_type == PT_LOAD && !(header->p_flags & PF_W))
            add(start, end);
        else if (header->p_type == PT_GNU_RELRO)
            add(start, end & ~(PAGE - 1));
        else if (header->p_type == PT_DYNAMIC)
            add_linkage(info->dlpi_addr, (const ElfW(Dyn) *)start);
    }
}

void races_constant_gone(uintptr_t low, uintptr_t high)
{
    for (uint32_t i = 0; i < range_count; i++)
        if (ranges[i].start >= low && ranges[i].start < high)
            store_relaxed(&ranges[i].end, 0);
}

bool races_is_constant(uintptr_t address, size_t size)
{
    for (uint32_t i = load_acquire(&range_count); i-- > 0;) {
        uintptr_t end = load_acquire(&ranges[i].end);
        if (address < end && size <= end - address && address >= load_relaxed(&ranges[i].start))
            return true;
    }
    return false;
}
