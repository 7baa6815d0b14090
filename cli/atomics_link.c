/* SPDX-License-Identifier: MIT */
/* See atomics_link.h. */
#include "atomics_link.h"

#include <stdlib.h>
#include <string.h>

static void take_segments(struct code *code, Elf *elf)
{
    size_t count;
    code->bytes = (const unsigned char *)elf_rawfile(elf, &code->size);
    if (!code->bytes || elf_getphdrnum(elf, &count) != 0)
        return;
    for (size_t i = 0; i < count && code->segment_count < sizeof(code->segments) / sizeof(code->segments[0]); i++) {
        GElf_Phdr header;
        if (!gelf_getphdr(elf, (int)i, &header) || header.p_type != PT_LOAD || !(header.p_flags & PF_X) ||
            header.p_offset > code->size || header.p_filesz > code->size - header.p_offset)
            continue;
        code->segments[code->segment_count++] =
            (struct code_segment){header.p_vaddr, header.p_vaddr + header.p_filesz, header.p_offset};
    }
}

/* ".comment" outlives strip. */
static uint32_t compilers_in(const Elf_Data *comment)
{
    if (!comment || !comment->d_buf)
        return 0;
    if (memmem(comment->d_buf, comment->d_size, "rustc", 5))
        return ATOMICS_LLVM | ATOMICS_RUST;
    return memmem(comment->d_buf, comment->d_size, "clang", 5) ? ATOMICS_LLVM : 0;
}

static void take_slots(struct linked *linked, struct pool *pool, Elf *elf, Elf_Scn *section, const GElf_Shdr *header)
{
    Elf_Data *relocations = elf_getdata(section, NULL);
    Elf_Scn *table = elf_getscn(elf, header->sh_link);
    GElf_Shdr table_header;
    Elf_Data *symbols = table ? elf_getdata(table, NULL) : NULL;
    if (!relocations || !symbols || !header->sh_entsize || !gelf_getshdr(table, &table_header))
        return;
    for (size_t i = 0; i < header->sh_size / header->sh_entsize; i++) {
        GElf_Rela relocation;
        GElf_Sym symbol;
        if (!gelf_getrela(relocations, (int)i, &relocation) || !GELF_R_SYM(relocation.r_info) ||
            !gelf_getsym(symbols, (int)GELF_R_SYM(relocation.r_info), &symbol))
            continue;
        const char *name = elf_strptr(elf, table_header.sh_link, symbol.st_name);
        if (!name || !*name)
            continue;
        linked->slots = pool_grow(pool, linked->slots, linked->slot_count, &linked->slot_capacity, sizeof(*linked->slots));
        linked->slots[linked->slot_count++] = (struct link_slot){relocation.r_offset, name};
    }
}

static int by_address(const void *a, const void *b)
{
    const struct link_slot *x = a, *y = b;
    return x->address < y->address ? -1 : x->address > y->address;
}

void link_read(struct linked *linked, struct pool *pool, Elf *elf)
{
    size_t names;
    *linked = (struct linked){0};
    take_segments(&linked->code, elf);
    if (elf_getshdrstrndx(elf, &names) != 0)
        return;
    for (Elf_Scn *section = NULL; (section = elf_nextscn(elf, section));) {
        GElf_Shdr header;
        const char *name = gelf_getshdr(section, &header) ? elf_strptr(elf, names, header.sh_name) : NULL;
        if (name && strcmp(name, ".comment") == 0)
            linked->compilers = compilers_in(elf_getdata(section, NULL));
        else if (name && header.sh_type == SHT_RELA && (header.sh_flags & SHF_ALLOC))
            take_slots(linked, pool, elf, section, &header);
    }
    if (linked->slot_count)
        qsort(linked->slots, linked->slot_count, sizeof(*linked->slots), by_address);
}

const char *link_slot_name(void *ctx, uint64_t address)
{
    const struct linked *linked = ctx;
    struct link_slot wanted = {.address = address};
    const struct link_slot *found =
        linked->slot_count ? bsearch(&wanted, linked->slots, linked->slot_count, sizeof(wanted), by_address) : NULL;
    return found ? found->name : NULL;
}
