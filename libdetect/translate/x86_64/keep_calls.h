/* SPDX-License-Identifier: MIT */
/* For the builder: the code before each call that keeps tr_calls() up to date. */
#ifndef DETECT_TRANSLATE_X86_64_KEEP_CALLS_H
#define DETECT_TRANSLATE_X86_64_KEEP_CALLS_H

#include "translate/place.h"
#include "translate/x86_64/decode.h"
#include "translate/x86_64/emitter.h"

/* Slots of tr_thread.spill: this and the next. */
enum { SLOT_CALL = 4 };

/* Whether the instruction is a call that the client wants kept. */
bool keep_calls_wants(const struct tr_insn *insn);
/* The instruction has begun (place_instruction); all registers and flags are the program's again afterwards. */
void keep_calls_emit(struct emitter *e, struct place_writer *places, const struct tr_insn *insn);

/* The most that it takes. */
enum { KEEP_CALLS_BYTES = 160 };

#endif
