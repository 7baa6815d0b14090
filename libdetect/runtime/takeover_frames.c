/* SPDX-License-Identifier: MIT */
/* Modules whose run-time system looks up the return addresses on its own stacks: garbage collectors that find a frame's
 * pointers by them, stack growth, tracebacks. Nothing tells when it is about to look, so it would find addresses of the
 * cache; such a module stays native (takeover_modules.c). Known by what it defines or carries: V8, OCaml, Go. */
#include <elf.h>
#include <link.h>
#include <string.h>

#include "runtime/takeover.h"

struct symbols {
    const ElfW(Sym) *table;
    const char *names;
    const uint32_t *hash; /* DT_GNU_HASH: buckets, first symbol, words of the filter, its shift; filter; buckets; chains */
};

static const void *address_in(const struct dl_phdr_info *info, uintptr_t value)
{
    return (const void *)(value < info->dlpi_addr ? value + info->dlpi_addr : value);
}

static void read_dynamic(const struct dl_phdr_info *info, const ElfW(Dyn) *entry, struct symbols *symbols)
{
    for (; entry->d_tag != DT_NULL; entry++) {
        if (entry->d_tag == DT_SYMTAB)
            symbols->table = address_in(info, entry->d_un.d_ptr);
        else if (entry->d_tag == DT_STRTAB)
            symbols->names = address_in(info, entry->d_un.d_ptr);
        else if (entry->d_tag == DT_GNU_HASH)
            symbols->hash = address_in(info, entry->d_un.d_ptr);
    }
}

static uint32_t gnu_hash(const char *name)
{
    uint32_t hash = 5381;
    for (; *name; name++)
        hash = hash * 33 + (uint8_t)*name;
    return hash;
}

/* The table holds defined symbols only. The lowest bit of a chain's word says that it is the last. */
static bool defines(const struct symbols *symbols, const char *name)
{
    uint32_t hash = gnu_hash(name), buckets = symbols->hash[0], first = symbols->hash[1];
    const uint32_t *bucket = symbols->hash + 4 + symbols->hash[2] * (sizeof(ElfW(Addr)) / sizeof(uint32_t));
    uint32_t i = buckets ? bucket[hash % buckets] : 0;
    for (const uint32_t *chain = bucket + buckets; i >= first && i != 0; i++) {
        uint32_t word = chain[i - first];
        if ((word | 1) == (hash | 1) && strcmp(symbols->names + symbols->table[i].st_name, name) == 0)
            return true;
        if (word & 1)
            return false;
    }
    return false;
}

static bool has_go_note(const struct dl_phdr_info *info, const ElfW(Phdr) *header)
{
    uintptr_t at = info->dlpi_addr + header->p_vaddr, end = at + header->p_memsz;
    while (at + sizeof(ElfW(Nhdr)) + 4 <= end) {
        const ElfW(Nhdr) *note = (const ElfW(Nhdr) *)at;
        if (note->n_namesz == 4 && memcmp(note + 1, "Go\0\0", 4) == 0)
            return true;
        at += sizeof(*note) + ((note->n_namesz + 3ul) & ~3ul) + ((note->n_descsz + 3ul) & ~3ul);
    }
    return false;
}

bool takeover_reads_frames(const struct dl_phdr_info *info)
{
    static const char *const known[] = {"_ZN2v87Isolate3NewERKNS0_12CreateParamsE", "caml_frametable",
                                        "caml_system__frametable"};
    struct symbols symbols = {0};
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        if (header->p_type == PT_DYNAMIC)
            read_dynamic(info, (const ElfW(Dyn) *)(info->dlpi_addr + header->p_vaddr), &symbols);
        else if (header->p_type == PT_NOTE && has_go_note(info, header))
            return true;
    }
    bool complete = symbols.table && symbols.names && symbols.hash;
    for (size_t i = 0; complete && i < ARRAY_LEN(known); i++)
        if (defines(&symbols, known[i]))
            return true;
    return false;
}
