/* SPDX-License-Identifier: MIT */
/* Looks into ELF files; see elf_target.h. The file is mapped, not read: no buffers on small stacks. */
#include "intercept/elf_target.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/sys.h"

#define SCRIPT_DEPTH 4 /* as the kernel's: an interpreter may be a script */
#define SCRIPT_LINE 256

struct image {
    const char *bytes;
    size_t size;
    struct stat status;
};

static bool map_image(int directory, const char *path, struct image *image)
{
    bool itself = !path[0];
    int fd = itself ? directory : (int)sys_call(SYS_openat, directory, (long)path,
                                                O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0, 0, 0);
    if (fd < 0)
        return false;
    long bytes = -1;
    if (sys_call(SYS_newfstatat, fd, (long)"", (long)&image->status, AT_EMPTY_PATH, 0, 0) == 0 &&
        S_ISREG(image->status.st_mode) && image->status.st_size > 0) {
        image->size = (size_t)image->status.st_size;
        bytes = sys_call(SYS_mmap, 0, (long)image->size, PROT_READ, MAP_PRIVATE, fd, 0);
    }
    if (!itself)
        sys_close(fd);
    image->bytes = (const char *)bytes;
    return !(bytes < 0 && bytes > -4096);
}

static void unmap_image(const struct image *image)
{
    sys_call(SYS_munmap, (long)image->bytes, (long)image->size, 0, 0, 0, 0);
}

/* `bytes` at `offset`, NULL if they do not lie in the file. */
static const void *at(const struct image *image, uint64_t offset, uint64_t bytes)
{
    if (offset > image->size || bytes > image->size - offset)
        return NULL;
    return image->bytes + offset;
}

/* --- ELF ---------------------------------------------------------------------------------------------------- */

/* The CPU that this library is for. */
#if defined(__x86_64__)
#define OWN_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define OWN_MACHINE EM_AARCH64
#elif defined(__riscv)
#define OWN_MACHINE EM_RISCV
#else
#define OWN_MACHINE EM_NONE
#endif

static const ElfW(Ehdr) *header_of(const struct image *image)
{
    return at(image, 0, sizeof(ElfW(Ehdr)));
}

static bool is_own_class(const struct image *image)
{
    const ElfW(Ehdr) *header = header_of(image);
    return header && header->e_ident[EI_CLASS] == ELFCLASS64 &&
           (OWN_MACHINE == EM_NONE || header->e_machine == OWN_MACHINE);
}

static const ElfW(Phdr) *segment(const struct image *image, unsigned index)
{
    const ElfW(Ehdr) *header = header_of(image);
    if (index >= header->e_phnum || header->e_phentsize != sizeof(ElfW(Phdr)))
        return NULL;
    return at(image, header->e_phoff + index * sizeof(ElfW(Phdr)), sizeof(ElfW(Phdr)));
}

static const ElfW(Phdr) *segment_of_type(const struct image *image, uint32_t type)
{
    const ElfW(Phdr) *found;
    for (unsigned i = 0; (found = segment(image, i)); i++)
        if (found->p_type == type)
            return found;
    return NULL;
}

/* Where an address of the program lies in the file. */
static uint64_t file_offset(const struct image *image, uint64_t address)
{
    const ElfW(Phdr) *load;
    for (unsigned i = 0; (load = segment(image, i)); i++)
        if (load->p_type == PT_LOAD && address >= load->p_vaddr &&
            address - load->p_vaddr < load->p_filesz)
            return address - load->p_vaddr + load->p_offset;
    return UINT64_MAX;
}

/* The value of an entry of the dynamic section; false if there is none. */
static bool dynamic_value(const struct image *image, int64_t tag, uint64_t *value)
{
    const ElfW(Phdr) *dynamic = segment_of_type(image, PT_DYNAMIC);
    const ElfW(Dyn) *entry = dynamic ? at(image, dynamic->p_offset, dynamic->p_filesz) : NULL;
    size_t count = entry ? dynamic->p_filesz / sizeof(*entry) : 0;
    for (size_t i = 0; i < count && entry[i].d_tag != DT_NULL; i++) {
        if (entry[i].d_tag == tag) {
            *value = entry[i].d_un.d_val;
            return true;
        }
    }
    return false;
}

/* The table of names of dynamic symbols and needed libraries. */
static const char *dynamic_names(const struct image *image, size_t *size)
{
    uint64_t address, bytes;
    if (!dynamic_value(image, DT_STRTAB, &address) || !dynamic_value(image, DT_STRSZ, &bytes))
        return NULL;
    *size = bytes;
    return at(image, file_offset(image, address), bytes);
}

/* Linked dynamically or not, the program refers to its sanitizer's start function by name. */
static bool has_sanitizer(const struct image *image)
{
    static const char *const names[] = {"__asan_init", "__tsan_init", "__msan_init",
                                        "__hwasan_init", "__lsan_init"};
    size_t size;
    const char *table = dynamic_names(image, &size);
    if (!table)
        return false;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (memmem(table, size, names[i], strlen(names[i]) + 1))
            return true;
    return false;
}

/* glibc's dynamic linkers are called ld-linux*.so or ld64.so. */
static bool is_own_linker(const struct image *image, const ElfW(Phdr) *interpreter)
{
    const char *path = at(image, interpreter->p_offset, interpreter->p_filesz);
    if (!path || !memchr(path, '\0', interpreter->p_filesz))
        return true;
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    return strncmp(name, "ld-linux", 8) == 0 || strncmp(name, "ld64", 4) == 0 ||
           strncmp(name, "ld-2.", 5) == 0 || strcmp(name, "ld.so") == 0;
}

static enum target inspect_elf(const struct image *image)
{
    if (!is_own_class(image))
        return TARGET_OTHER_CLASS;
    const ElfW(Phdr) *interpreter = segment_of_type(image, PT_INTERP);
    if (!interpreter) {
        /* A dynamic linker that is run as a program has none either, and preloads; a static PIE has no name. */
        uint64_t name;
        return dynamic_value(image, DT_SONAME, &name) ? TARGET_FINE : TARGET_STATIC;
    }
    if (!is_own_linker(image, interpreter))
        return TARGET_OTHER_LIBC;
    return has_sanitizer(image) ? TARGET_SANITIZER : TARGET_FINE;
}

/* Whether the kernel would run it with AT_SECURE. */
static bool gains_privileges(const struct image *image, int directory, const char *path)
{
    long user = sys_call(SYS_getuid, 0, 0, 0, 0, 0, 0);
    long group = sys_call(SYS_getgid, 0, 0, 0, 0, 0, 0);
    const struct stat *status = &image->status;
    if ((status->st_mode & S_ISUID) && (long)status->st_uid != user)
        return true;
    if ((status->st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) &&
        (long)status->st_gid != group)
        return true;
    return user != 0 && directory == AT_FDCWD &&
           sys_call(SYS_getxattr, (long)path, (long)"security.capability", 0, 0, 0, 0) > 0;
}

/* --- scripts -------------------------------------------------------------------------------------------------- */

/* The interpreter that the first line names; false if it is no script. */
static bool script_interpreter(const struct image *image, char path[SCRIPT_LINE])
{
    if (image->size < 3 || memcmp(image->bytes, "#!", 2) != 0)
        return false;
    size_t from = 2, to = 0;
    while (from < image->size && (image->bytes[from] == ' ' || image->bytes[from] == '\t'))
        from++;
    for (; from < image->size && to < SCRIPT_LINE - 1; from++) {
        char c = image->bytes[from];
        if (c == ' ' || c == '\t' || c == '\n' || c == '\0')
            break;
        path[to++] = c;
    }
    path[to] = '\0';
    return to > 0;
}

enum target target_inspect(int directory, const char *path)
{
    char interpreter[SCRIPT_LINE];
    for (int depth = 0; depth < SCRIPT_DEPTH; depth++) {
        struct image image;
        if (!map_image(directory, path, &image))
            return TARGET_FINE;
        bool elf = image.size >= SELFMAG && memcmp(image.bytes, ELFMAG, SELFMAG) == 0;
        bool script = !elf && script_interpreter(&image, interpreter);
        enum target target = TARGET_FINE;
        if (elf) {
            target = inspect_elf(&image);
            if (target == TARGET_FINE && gains_privileges(&image, directory, path))
                target = TARGET_PRIVILEGED;
        }
        unmap_image(&image);
        if (!script)
            return target;
        directory = AT_FDCWD;
        path = interpreter;
    }
    return TARGET_FINE;
}

const char *target_find(const char *name, const char *search_path, char *path, size_t size)
{
    if (strchr(name, '/'))
        return name;
    size_t name_size = strlen(name) + 1;
    for (const char *part = search_path ? search_path : "/bin:/usr/bin"; *name;) {
        size_t length = strcspn(part, ":");
        if (length + 1 + name_size <= size) {
            memcpy(path, part, length);
            path[length] = '/';
            memcpy(path + length + (length > 0), name, name_size);
            if (sys_call(SYS_faccessat, AT_FDCWD, (long)path, X_OK, 0, 0, 0) == 0)
                return path;
        }
        if (!part[length])
            return NULL;
        part += length + 1;
    }
    return NULL;
}
