/* SPDX-License-Identifier: MIT */
/* See elf_file.h. Every offset of the file is checked against its size before it is used. */
#include "elf_file.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct image {
    const unsigned char *bytes;
    size_t size;
};

/* n bytes at the offset, or NULL if the file does not have them. */
static const void *part(const struct image *image, uint64_t offset, uint64_t n)
{
    return offset <= image->size && n <= image->size - offset ? image->bytes + offset : NULL;
}

/* A terminated string at the offset, or NULL. */
static const char *string_at(const struct image *image, uint64_t offset)
{
    const char *text = part(image, offset, 1);
    return text && memchr(text, 0, image->size - offset) ? text : NULL;
}

/* The file offset of a virtual address; UINT64_MAX if no segment has it. */
static uint64_t offset_of(const struct image *image, const Elf64_Ehdr *header, uint64_t address)
{
    const Elf64_Phdr *segments =
        part(image, header->e_phoff, (uint64_t)header->e_phnum * sizeof(Elf64_Phdr));
    for (int i = 0; segments && i < header->e_phnum; i++)
        if (segments[i].p_type == PT_LOAD && address >= segments[i].p_vaddr &&
            address - segments[i].p_vaddr < segments[i].p_filesz)
            return address - segments[i].p_vaddr + segments[i].p_offset;
    return UINT64_MAX;
}

/* Those that intercept the same calls as we do; UndefinedBehaviorSanitizer does not. */
static const struct {
    const char *library; /* "lib" and this, or "libclang_rt." and this */
    const char *symbol, *name;
} sanitizers[] = {{"asan", "__asan_init", "AddressSanitizer"},
                  {"tsan", "__tsan_init", "ThreadSanitizer"},
                  {"hwasan", "__hwasan_init", "HWAddressSanitizer"},
                  {"lsan", "__lsan_init", "LeakSanitizer"},
                  {"msan", "__msan_init", "MemorySanitizer"}};
#define SANITIZERS (sizeof(sanitizers) / sizeof(sanitizers[0]))

/* libasan.so.8, libclang_rt.asan-x86_64.so */
static const char *sanitizer_library(const char *name)
{
    static const char *const starts[] = {"libclang_rt.", "lib"};
    for (size_t i = 0; i < 2; i++) {
        size_t n = strlen(starts[i]);
        if (strncmp(name, starts[i], n) != 0)
            continue;
        size_t word = strcspn(name + n, ".-_");
        for (size_t j = 0; j < SANITIZERS; j++)
            if (strlen(sanitizers[j].library) == word &&
                strncmp(sanitizers[j].library, name + n, word) == 0)
                return sanitizers[j].name;
    }
    return NULL;
}

static void read_dynamic(const struct image *image, const Elf64_Ehdr *header,
                         const Elf64_Phdr *segment, struct elf_file *file)
{
    size_t count = segment->p_filesz / sizeof(Elf64_Dyn);
    const Elf64_Dyn *entries = part(image, segment->p_offset, count * sizeof(Elf64_Dyn));
    uint64_t strings = UINT64_MAX;
    for (size_t i = 0; entries && i < count && entries[i].d_tag != DT_NULL; i++)
        if (entries[i].d_tag == DT_STRTAB)
            strings = offset_of(image, header, entries[i].d_un.d_ptr);
    for (size_t i = 0; entries && i < count && entries[i].d_tag != DT_NULL; i++) {
        if (entries[i].d_tag != DT_NEEDED && entries[i].d_tag != DT_SONAME)
            continue;
        const char *name = string_at(image, strings + entries[i].d_un.d_val);
        if (name && entries[i].d_tag == DT_SONAME)
            file->soname = name;
        if (name && entries[i].d_tag == DT_NEEDED && sanitizer_library(name))
            file->sanitizer = sanitizer_library(name);
    }
}

/* Sanitizers that are linked in statically (clang) are known by their entry point. */
static void read_symbols(const struct image *image, const Elf64_Shdr *table,
                         const Elf64_Shdr *strings, struct elf_file *file)
{
    size_t count = table->sh_size / sizeof(Elf64_Sym);
    const Elf64_Sym *symbols = part(image, table->sh_offset, count * sizeof(Elf64_Sym));
    for (size_t i = 0; symbols && i < count; i++) {
        const char *name = symbols[i].st_shndx != SHN_UNDEF
                               ? string_at(image, strings->sh_offset + symbols[i].st_name)
                               : NULL;
        if (!name || name[0] != '_' || name[1] != '_')
            continue;
        for (size_t j = 0; j < SANITIZERS; j++)
            if (strcmp(name, sanitizers[j].symbol) == 0)
                file->sanitizer = sanitizers[j].name;
    }
}

static void read_sections(const struct image *image, const Elf64_Ehdr *header, struct elf_file *file)
{
    const Elf64_Shdr *sections =
        part(image, header->e_shoff, (uint64_t)header->e_shnum * sizeof(Elf64_Shdr));
    for (int i = 0; sections && i < header->e_shnum; i++)
        if ((sections[i].sh_type == SHT_DYNSYM || sections[i].sh_type == SHT_SYMTAB) &&
            sections[i].sh_link < header->e_shnum && !file->sanitizer)
            read_symbols(image, &sections[i], &sections[sections[i].sh_link], file);
}

static void read_64(struct pool *pool, const struct image *image, struct elf_file *file)
{
    const Elf64_Ehdr *header = part(image, 0, sizeof(*header));
    if (!header || header->e_phentsize != sizeof(Elf64_Phdr))
        return;
    file->loadable = header->e_type == ET_EXEC || header->e_type == ET_DYN;
    const Elf64_Phdr *segments =
        part(image, header->e_phoff, (uint64_t)header->e_phnum * sizeof(Elf64_Phdr));
    for (int i = 0; segments && i < header->e_phnum; i++) {
        if (segments[i].p_type == PT_INTERP)
            file->interpreter = string_at(image, segments[i].p_offset);
        if (segments[i].p_type == PT_DYNAMIC)
            read_dynamic(image, header, &segments[i], file);
    }
    read_sections(image, header, file);
    /* The names must outlive the mapping. */
    if (file->interpreter)
        file->interpreter = pool_text(pool, file->interpreter, strlen(file->interpreter));
    if (file->soname)
        file->soname = pool_text(pool, file->soname, strlen(file->soname));
}

static void read_image(struct pool *pool, const struct image *image, struct elf_file *file)
{
    const unsigned char *ident = part(image, 0, sizeof(Elf32_Ehdr));
    if (!ident || memcmp(ident, ELFMAG, SELFMAG) != 0)
        return;
    file->is_elf = true;
    file->bits = ident[EI_CLASS] == ELFCLASS64 ? 64 : 32;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    file->same_order = ident[EI_DATA] == ELFDATA2LSB;
#else
    file->same_order = ident[EI_DATA] == ELFDATA2MSB;
#endif
    if (!file->same_order)
        return;
    uint16_t machine;
    memcpy(&machine, ident + offsetof(Elf32_Ehdr, e_machine), sizeof(machine));
    file->machine = machine;
    if (file->bits == 64)
        read_64(pool, image, file);
}

int elf_read(struct pool *pool, const char *path, struct elf_file *file)
{
    *file = (struct elf_file){0};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat st;
    if (fd < 0)
        return -errno;
    int error = fstat(fd, &st) != 0 ? -errno : S_ISREG(st.st_mode) ? 0 : -EINVAL;
    if (!error && st.st_size > 0) {
        void *bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        error = bytes == MAP_FAILED ? -errno : 0;
        if (!error) {
            read_image(pool, &(struct image){bytes, (size_t)st.st_size}, file);
            munmap(bytes, (size_t)st.st_size);
        }
    }
    close(fd);
    return error;
}
