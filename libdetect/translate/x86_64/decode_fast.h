/* SPDX-License-Identifier: MIT */
/* For decode.c: the common instructions without Zydis. */
#ifndef DETECT_TRANSLATE_X86_64_DECODE_FAST_H
#define DETECT_TRANSLATE_X86_64_DECODE_FAST_H

#include <string.h>

#include "translate/x86_64/decode.h"

/* insn->bytes has INSN_MAX bytes. Fills what decode() does; false: unknown here, and some fields are set. */
bool decode_fast(struct tr_insn *insn);

#endif
