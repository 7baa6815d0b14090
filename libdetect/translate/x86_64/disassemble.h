/* SPDX-License-Identifier: MIT */
/* Machine code as people read it (AT&T syntax, as gdb and objdump print it). For dumps; uses vector registers. */
#ifndef DETECT_TRANSLATE_X86_64_DISASSEMBLE_H
#define DETECT_TRANSLATE_X86_64_DISASSEMBLE_H

#include "base/compiler.h"

/* The instruction at `bytes`, as if it lay at `address`; its length. 0: there is none, and `text` says so. */
size_t disassemble(const uint8_t *bytes, size_t size, uintptr_t address, char *text, size_t text_size);

#endif
