/* SPDX-License-Identifier: MIT */
/* The personality of a function is named in its common information entry (.eh_frame), which cannot be changed; but
 * position-independent code names a word of the object's data that holds its address (DW.ref.__gxx_personality_v0), which
 * nobody but unwinders reads. That word is made to lead into the cache.
 *
 * Formats: Linux Standard Base, core, 10.6 (Exception Frames). */
#include "intercept/personality.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "base/atomic.h"
#include "base/sys.h"
#include "intercept/redirect.h"
#include "runtime/real.h"
#include "translate/translate.h"

#if defined(DLFO_STRUCT_HAS_EH_DBASE)

#define PAGE_BYTES 4096ul

enum encoding {
    UDATA4 = 0x03,
    SDATA4_FROM_HEADER = 0x3b,
    SDATA4_FROM_HERE_INDIRECT = 0x9b,
};

struct header { /* .eh_frame_hdr */
    uint8_t version, frame_encoding, count_encoding, table_encoding;
    int32_t frame;
    uint32_t count;
    struct {
        int32_t start, description; /* from the header's address */
    } table[];
};

/* The last entry of the table that starts at or before pc. */
static const uint8_t *description_of(const struct header *header, uintptr_t pc)
{
    if (header->version != 1 || header->count_encoding != UDATA4 || header->table_encoding != SDATA4_FROM_HEADER)
        return NULL;
    uint32_t low = 0, high = header->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if ((uintptr_t)header + (uintptr_t)(intptr_t)header->table[middle].start <= pc)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? (const uint8_t *)header + header->table[low - 1].description : NULL;
}

static const uint8_t *skip_leb128(const uint8_t *at)
{
    while (*at++ & 0x80)
        ;
    return at;
}

/* The common entry: length, 0, version, augmentation string, two factors, return address register, and what the string
 * tells; P: an encoding and the personality. */
static const uint8_t *personality_field(const uint8_t *description)
{
    int32_t back;
    memcpy(&back, description + 4, sizeof(back));
    const uint8_t *common = description + 4 - back;
    const char *augmentation = (const char *)common + 9;
    if (augmentation[0] != 'z')
        return NULL;
    const uint8_t *at = common + 9 + strlen(augmentation) + 1;
    at = skip_leb128(skip_leb128(at));
    at = common[8] == 1 ? at + 1 : skip_leb128(at);
    at = skip_leb128(at); /* of the augmentation's length */
    for (const char *what = augmentation + 1; *what; what++) {
        if (*what == 'P')
            return at;
        if (*what == 'L' || *what == 'R')
            at++;
        else if (*what != 'S' && *what != 'B')
            return NULL;
    }
    return NULL;
}

static uintptr_t *personality_word(const struct header *header, uintptr_t pc)
{
    const uint8_t *description = description_of(header, pc);
    const uint8_t *field = description ? personality_field(description) : NULL;
    if (!field || field[0] != SDATA4_FROM_HERE_INDIRECT)
        return NULL;
    int32_t distance;
    memcpy(&distance, field + 1, sizeof(distance));
    uintptr_t word = (uintptr_t)(field + 1) + (uintptr_t)(intptr_t)distance;
    return word % sizeof(uintptr_t) == 0 ? (uintptr_t *)word : NULL;
}

/* Whether the dynamic linker has taken the right to write away after relocation. */
static bool is_relocated_only(const struct dl_find_object *object, uintptr_t word)
{
    const ElfW(Ehdr) *file = object->dlfo_map_start;
    uintptr_t bias = object->dlfo_link_map->l_addr;
    if (memcmp(file->e_ident, ELFMAG, SELFMAG) != 0)
        return false;
    const ElfW(Phdr) *headers = (const ElfW(Phdr) *)((uintptr_t)file + file->e_phoff);
    for (int i = 0; i < file->e_phnum; i++)
        if (headers[i].p_type == PT_GNU_RELRO && word - (bias + headers[i].p_vaddr) < headers[i].p_memsz)
            return true;
    return false;
}

static long protect(uintptr_t word, int protection)
{
    return sys_call(SYS_mprotect, (long)(word & ~(PAGE_BYTES - 1)), PAGE_BYTES, protection, 0, 0, 0);
}

static void lead_into_cache(const struct dl_find_object *object, uintptr_t *word)
{
    uintptr_t personality = load_relaxed(word), entry = translated_entry(personality);
    if (entry == personality)
        return;
    bool is_protected = is_relocated_only(object, (uintptr_t)word);
    if (is_protected && protect((uintptr_t)word, PROT_READ | PROT_WRITE) != 0)
        return;
    store_relaxed(word, entry);
    if (is_protected)
        protect((uintptr_t)word, PROT_READ);
}

void personality_prepare(uintptr_t pc)
{
    struct dl_find_object object;
    if (!REAL(_dl_find_object) || REAL(_dl_find_object)((void *)pc, &object) != 0 || !object.dlfo_eh_frame)
        return;
    uintptr_t *word = personality_word(object.dlfo_eh_frame, pc);
    if (word && tr_is_translated(load_relaxed(word)))
        lead_into_cache(&object, word);
}

#else

void personality_prepare(uintptr_t pc) { (void)pc; }

#endif
