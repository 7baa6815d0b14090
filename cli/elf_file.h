/* SPDX-License-Identifier: MIT */
/* The little that must be known of an ELF file before it is run; damaged files are just "not ELF". */
#ifndef DETECT_CLI_ELF_FILE_H
#define DETECT_CLI_ELF_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "pool.h"

struct elf_file {
    bool is_elf;
    int bits, machine; /* bits: 32 or 64; machine: EM_… */
    bool same_order;   /* byte order as ours; nothing below is known if not, or for 32 bits */
    bool loadable;     /* an executable or shared object */
    const char *interpreter; /* NULL: static */
    const char *soname;
    const char *sanitizer; /* "AddressSanitizer" …, NULL: none */
};

/* 0 or -errno. */
int elf_read(struct pool *pool, const char *path, struct elf_file *file);

#endif
