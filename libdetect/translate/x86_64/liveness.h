/* SPDX-License-Identifier: MIT */
/* Which general registers and flags are needed, before each instruction of a path. For added code, which may use what
 * is not. */
#ifndef DETECT_TRANSLATE_X86_64_LIVENESS_H
#define DETECT_TRANSLATE_X86_64_LIVENESS_H

#include "translate/thread.h"
#include "translate/x86_64/decode.h"

#define LIVE_FLAGS 0xcd5u /* CF PF AF ZF SF DF OF */

struct tr_live {
    uint16_t registers; /* the program will read them */
    uint16_t visible;   /* or a fault may show them to a handler first: to be stored before use, but not loaded again */
    uint16_t flags;     /* bits as in RFLAGS; what a fault shows of them does not count */
};

/* live[i]: before insns[i], of `count` that follow each other and were decoded with their operands. Beyond the last, and
 * wherever the path is left, everything is live. */
void liveness(const struct tr_insn *insns, uint32_t count, struct tr_live *live);

/* Whether code at pc writes all arithmetic flags before it reads one, as far as its first instructions show. Lock held. */
bool flags_die_at(uintptr_t pc);

#endif
