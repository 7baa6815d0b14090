/* SPDX-License-Identifier: MIT */
/* Memory operands, from Zydis' form to ours. For decode.c alone, as it needs Zydis. */
#ifndef DETECT_TRANSLATE_X86_64_ACCESS_H
#define DETECT_TRANSLATE_X86_64_ACCESS_H

#include <Zydis/Zydis.h>

#include "translate/x86_64/decode.h"

/* The general register that this one is, or is a part of; TR_NO_REGISTER. */
uint8_t general_register(ZydisRegister reg);
/* Fills insn->access. */
void take_accesses(struct tr_insn *insn, const ZydisDecodedInstruction *z, const ZydisDecodedOperand *operands);

#endif
