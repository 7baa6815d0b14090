/* SPDX-License-Identifier: MIT */
/* What the client (translate.h) wants to hear of: the builder emits call-outs here; hooks_run.c is what they run. */
#ifndef DETECT_TRANSLATE_X86_64_HOOKS_H
#define DETECT_TRANSLATE_X86_64_HOOKS_H

#include "translate/cache.h"
#include "translate/place.h"
#include "translate/x86_64/decode.h"
#include "translate/x86_64/emitter.h"

struct tr_loop;

/* rcx before a scanning string instruction lies there while it runs. */
enum { SLOT_SCAN = 3 };

struct hook_operand {
    struct tr_access access;
    struct tr_form form;
    uintptr_t rip_operand;
};

/* One call-out of one instruction. */
struct access_hook {
    struct tr_hook hook;
    uintptr_t return_pc;  /* of a call */
    uint8_t count;        /* of operands */
    struct hook_operand operands[];
};

struct syscall_hook {
    struct tr_hook hook;
    uintptr_t skip; /* where it goes on if the host has done it */
};

void run_accesses(struct tr_hook *hook);
/* One operand that is tested inline. */
void run_plain(struct tr_hook *hook);
void run_scan(struct tr_hook *hook);
void run_call(struct tr_hook *hook);
void run_return(struct tr_hook *hook);
void run_syscall(struct tr_hook *hook);
/* Once: what the CPU has. */
void hooks_init(void);

/* Whether instructions have to be decoded with their operands. */
bool hooks_need_operands(void);

/* Takes the operands that the client does not want out of the instruction. */
void hooks_choose(struct tr_insn *insn);

/* What an instruction's hooks are; made before it is emitted. Out of memory: none, and false. */
struct insn_hooks {
    struct access_hook *before, *after;
    struct access_hook *transfer; /* call or return */
    struct syscall_hook *syscall;
};
bool hooks_make(struct insn_hooks *hooks, const struct tr_insn *insn);
/* The access of `hooks`, which is one, has that loop; it is copied. False: out of memory. */
bool hooks_tell_loop(struct insn_hooks *hooks, const struct tr_insn *insn, const struct tr_loop *loop);
/* Around the copy. The instruction has begun (place_instruction). `is_tested`: its accesses were. */
void hooks_emit_before(struct emitter *e, struct place_writer *places, const struct insn_hooks *hooks, bool is_tested);
/* The call-out alone, where `before` is not to be run each time; it goes on at `resume`. */
struct call_out {
    uintptr_t way_in; /* the region's */
    uintptr_t resume;
    bool flags_in_slot; /* as in struct tr_hook */
};
void hooks_emit_call_out(struct emitter *e, struct place_writer *places, const struct insn_hooks *hooks,
                         const struct call_out *how);
/* The access of `read`, which is one, is written back by that of `write`. */
void hooks_tell_write_back(struct insn_hooks *read, const struct insn_hooks *write);
void hooks_emit_after(struct emitter *e, struct place_writer *places, const struct insn_hooks *hooks);

#endif
