/* SPDX-License-Identifier: MIT */
/* The test that goes before an access inline (struct tr_check). Its work needs a register or two, which are borrowed from
 * the program for stretches of instructions that do not use them: a register that is stored and loaded around each test
 * would make a chain of memory accesses through every loop.
 *
 * check_plan.c decides, for a path: which operands are tested inline, and which registers are borrowed where. check.c writes
 * the code. What is borrowed at an instruction is borrowed at its label too, where the path's own branches lead; the
 * builder converts on edges between different states, and outsiders enter only where nothing is borrowed. */
#ifndef DETECT_TRANSLATE_X86_64_CHECK_H
#define DETECT_TRANSLATE_X86_64_CHECK_H

#include "translate/place.h"
#include "translate/x86_64/decode.h"
#include "translate/x86_64/emitter.h"
#include "translate/x86_64/hooks.h"
#include "translate/x86_64/liveness.h"

#define CHECK_PATH 256 /* instructions of a path at most */

/* Slots of tr_thread.spill. */
enum { SLOT_CHECK_RAX = 4, SLOT_CHECK = 6 /* and the next */ };

/* Registers borrowed: an address, and for wide operands the tag. `stretch` tells stretches apart that borrow the same. */
enum { CHECK_REGISTERS = 2 };
struct check_held {
    uint8_t reg[CHECK_REGISTERS]; /* TR_NO_REGISTER: none */
    uint16_t stretch[CHECK_REGISTERS];
};

struct check_plan {
    struct check_held held[CHECK_PATH];
    uint8_t inline_operands[CHECK_PATH]; /* bit per operand: tested inline */
    bool flags_live[CHECK_PATH];
    uint16_t writes_back[CHECK_PATH];    /* the later instruction that writes what this one reads; UINT16_MAX: none */
    struct tr_live live[CHECK_PATH];     /* for the plan alone, as is what follows */
    uint16_t uses[CHECK_PATH];
    uint8_t needs[CHECK_PATH];           /* bit per register */
    bool closed[CHECK_PATH];             /* nothing can be borrowed at it */
    bool is_target[CHECK_PATH];
};

/* Whether the client wants tests at all. */
bool check_is_on(void);
/* inside[i]: the index that the direct transfer i leads to, or UINT16_MAX. Operands whose test an earlier one makes
 * superfluous are taken out of the instructions; those that are not wanted are already. */
void check_plan(struct check_plan *plan, struct tr_insn *insns, uint32_t count, const uint16_t *inside);

static inline bool held_nothing(const struct check_held *held)
{
    return held->reg[0] == TR_NO_REGISTER && held->reg[1] == TR_NO_REGISTER;
}
static inline bool held_same(const struct check_held *a, const struct check_held *b)
{
    for (unsigned k = 0; k < CHECK_REGISTERS; k++)
        if (a->reg[k] != b->reg[k] || (a->reg[k] != TR_NO_REGISTER && a->stretch[k] != b->stretch[k]))
            return false;
    return true;
}
static inline uint16_t held_set(const struct check_held *held)
{
    uint16_t set = 0;
    for (unsigned k = 0; k < CHECK_REGISTERS; k++)
        set |= held->reg[k] == TR_NO_REGISTER ? 0 : (uint16_t)(1u << held->reg[k]);
    return set;
}
extern const struct check_held held_none;

/* Gives back what `to` does not hold, and borrows what `from` does not. */
void check_convert(struct emitter *e, struct place_writer *places, const struct check_held *from, const struct check_held *to);
/* Tells `places`, of code that nobody falls into, what is borrowed. */
void check_tell_held(struct place_writer *places, uintptr_t code, const struct check_held *held);

/* That nothing of it is borrowed any more: code that is not fallen into from what borrowed. */
void check_tell_given_back(struct place_writer *places, uintptr_t code, const struct check_held *held);

/* Branches to the code that calls out. */
struct check_site {
    uint32_t i;
    bool is_misaligned;
    uintptr_t site;
};
struct check_sites {
    struct check_site site[2048];
    uint32_t count;
    uintptr_t resume[CHECK_PATH]; /* behind the test; where flags are in rax meanwhile, they still are */
};

/* The tests of instruction i; and, somewhere behind, the code that tests again and gives everything back, so that a call-out may
 * follow. */
void check_emit(struct emitter *e, struct place_writer *places, struct check_sites *sites, const struct check_plan *plan,
                uint32_t i, const struct tr_insn *insn);
/* Returns how the call-out is to be. */
struct call_out check_emit_way_out(struct emitter *e, struct place_writer *places, struct check_sites *sites,
                                   const struct check_plan *plan, uint32_t i, const struct tr_insn *insn);

/* The most that a test takes with all that belongs to it. */
enum { CHECK_BYTES = 640 };

#endif
