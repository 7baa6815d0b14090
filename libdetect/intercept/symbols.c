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

/* Without the number of symbols: 1 stands for some. The addresses of the vdso are not relocated, for it cannot be written. */
static struct symbols symbols_in(const struct link_map *map)
{
    uintptr_t hash = symbols_dynamic(map, DT_GNU_HASH);
    return (struct symbols){
        .map = map,
        .table = (const ElfW(Sym) *)symbols_dynamic(map, DT_SYMTAB),
        .strings = (const char *)symbols_dynamic(map, DT_STRTAB),
        .count = hash != 0 && hash >= map->l_addr,
    };
}

bool symbols_of(struct symbols *symbols, const char *file)
{
    const struct link_map *map = map_of(file);
    *symbols = map ? symbols_in(map) : (struct symbols){0};
    if (symbols->count == 0)
        return false;
    symbols->count = count_of((const uint32_t *)symbols_dynamic(map, DT_GNU_HASH));
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

static uint32_t gnu_hash(const char *name)
{
    uint32_t hash = 5381;
    for (; *name; name++)
        hash = hash * 33 + (unsigned char)*name;
    return hash;
}

/* The one of that name in the library, in the version that callers without one get; 0: none. */
static uintptr_t exported(const struct symbols *symbols, const char *name)
{
    const uint32_t *table = (const uint32_t *)symbols_dynamic(symbols->map, DT_GNU_HASH);
    uint32_t buckets = table[0], first = table[1], bloom_words = table[2], hash = gnu_hash(name);
    const uintptr_t *bloom = (const uintptr_t *)(table + 4);
    const uint32_t *bucket = (const uint32_t *)(bloom + bloom_words), *chain = bucket + buckets;
    unsigned bits = sizeof(uintptr_t) * 8;
    uintptr_t wanted = (uintptr_t)1 << hash % bits | (uintptr_t)1 << (hash >> table[3]) % bits;
    if (buckets == 0 || (bloom[hash / bits % bloom_words] & wanted) != wanted)
        return 0;
    for (uint32_t i = bucket[hash % buckets]; i >= first; i++) {
        if ((chain[i - first] | 1) == (hash | 1) && is_default(symbols, i) &&
            strcmp(symbols->strings + symbols->table[i].st_name, name) == 0)
            return address_of(symbols, &symbols->table[i]);
        if (chain[i - first] & 1)
            return 0;
    }
    return 0;
}

uintptr_t symbols_global(const char *name)
{
    for (const struct link_map *map = _r_debug.r_map; map; map = map->l_next) {
        struct symbols symbols = symbols_in(map);
        uintptr_t found = symbols.count > 0 ? exported(&symbols, name) : 0;
        if (found)
            return found;
    }
    return 0;
}
