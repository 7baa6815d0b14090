/* SPDX-License-Identifier: MIT */
/* See symbols.h. Formats: System V gABI, chapter 5; the GNU hash table. */
#include "intercept/symbols.h"

#include <string.h>

extern const ElfW(Dyn) own_dynamic_section[] __asm__("_DYNAMIC") __attribute__((visibility("hidden")));

uintptr_t symbols_dynamic(const struct link_map *map, ElfW(Sxword) tag)
{
    for (const ElfW(Dyn) *entry = map->l_ld; entry && entry->d_tag != DT_NULL; entry++)
        if (entry->d_tag == tag)
            return entry->d_un.d_ptr;
    return 0;
}

static const struct link_map *map_of(const char *file)
{
    for (const struct link_map *map = _r_debug.r_map; map; map = map->l_next) {
        const char *slash = strrchr(map->l_name, '/');
        if (file ? slash && strcmp(slash + 1, file) == 0 : map->l_ld == own_dynamic_section)
            return map;
    }
    return NULL;
}

/* The table says where chains of symbols begin, and each chain ends with an odd word: the last one ends with the table. */
static uint32_t count_of(const uint32_t *hash)
{
    uint32_t buckets = hash[0], first = hash[1], bloom_words = hash[2], last = 0;
    const uint32_t *bucket = hash + 4 + bloom_words * (sizeof(uintptr_t) / sizeof(uint32_t));
    for (uint32_t i = 0; i < buckets; i++)
        if (bucket[i] > last)
            last = bucket[i];
    if (last < first)
        return first;
    while (!(bucket[buckets + last - first] & 1))
        last++;
    return last + 1;
}

bool symbols_of(struct symbols *symbols, const char *file)
{
    const struct link_map *map = map_of(file);
    uintptr_t hash = map ? symbols_dynamic(map, DT_GNU_HASH) : 0;
    if (!hash)
        return false;
    *symbols = (struct symbols){
        .map = map,
        .table = (const ElfW(Sym) *)symbols_dynamic(map, DT_SYMTAB),
        .strings = (const char *)symbols_dynamic(map, DT_STRTAB),
        .count = count_of((const uint32_t *)hash),
    };
    return true;
}

#if defined(__x86_64__)
#define IS_ADDRESS(type) ((type) == R_X86_64_GLOB_DAT)
#else
#define IS_ADDRESS(type) ((void)(type), false)
#endif

/* By the first address of something that must exist. */
bool symbols_are_relocated(const struct symbols *symbols)
{
    const ElfW(Rela) *rela = (const ElfW(Rela) *)symbols_dynamic(symbols->map, DT_RELA);
    size_t count = rela ? symbols_dynamic(symbols->map, DT_RELASZ) / sizeof(*rela) : 0;
    for (size_t i = 0; i < count; i++) {
        const ElfW(Sym) *symbol = &symbols->table[ELF64_R_SYM(rela[i].r_info)];
        if (IS_ADDRESS(ELF64_R_TYPE(rela[i].r_info)) && ELF64_ST_BIND(symbol->st_info) == STB_GLOBAL)
            return *(const uintptr_t *)(symbols->map->l_addr + rela[i].r_offset) != 0;
    }
    return true;
}

static uintptr_t address_of(const struct symbols *symbols, const ElfW(Sym) *symbol)
{
    unsigned type = ELF64_ST_TYPE(symbol->st_info);
    if (symbol->st_shndx == SHN_UNDEF || (type != STT_FUNC && type != STT_GNU_IFUNC))
        return 0;
    uintptr_t address = symbols->map->l_addr + symbol->st_value;
    return type == STT_GNU_IFUNC ? ((uintptr_t(*)(void))address)() : address;
}

void symbols_visit(const struct symbols *symbols,
                   void (*visit)(const struct symbols *symbols, const char *name, uintptr_t function))
{
    for (uint32_t i = 0; i < symbols->count; i++) {
        uintptr_t address = address_of(symbols, &symbols->table[i]);
        if (address)
            visit(symbols, symbols->strings + symbols->table[i].st_name, address);
    }
}

/* A version with the highest bit set is not the default one. */
static bool is_default(const struct symbols *symbols, uint32_t index)
{
    const ElfW(Half) *versions = (const ElfW(Half) *)symbols_dynamic(symbols->map, DT_VERSYM);
    return !versions || !(versions[index] & 0x8000);
}

uintptr_t symbols_find(const struct symbols *symbols, const char *name)
{
    for (uint32_t i = symbols->count; i-- > 0;)
        if (strcmp(symbols->strings + symbols->table[i].st_name, name) == 0 && is_default(symbols, i) &&
            address_of(symbols, &symbols->table[i]))
            return address_of(symbols, &symbols->table[i]);
    return 0;
}
