/* SPDX-License-Identifier: MIT */
/* What compilers and linkers make of calls: slots of the dynamic linker's, stubs that jump through them, callees that read their return
 * address. For the builder. */
#include "translate/x86_64/linkage.h"

#include <string.h>

#include "translate/ranges.h"
#include "translate/translator.h"

/* The callee reads its return address: call over data or to the next instruction, then pop; or a thunk that moves it
 * to a register. It must find the program's. */
bool linkage_wants_return_address(const struct tr_insn *call)
{
    uint8_t text[8];
    if (call->target == call->pc + call->length)
        return true;
    if (text_read(call->target, text, sizeof(text)) < sizeof(text))
        return false;
    const uint8_t *at = text;
    if (memcmp(at, "\xf3\x0f\x1e\xfa", 4) == 0)
        at += 4;
    bool has_rex = (*at & 0xf0) == 0x40;
    at += has_rex;
    if (*at >= 0x58 && *at <= 0x5f)
        return true;
    return has_rex && at[0] == 0x8b && (at[1] & 0xc7) == 0x04 && at[2] == 0x24;
}

/* --- slots of the dynamic linker ------------------------------------------------------------------------------------ */

/* A stub of the procedure linkage table: the fragment begins with [endbr64] [bnd] jmp *slot(%rip). */
bool linkage_is_stub(const struct tr_insn *insns, uint32_t i)
{
    const struct tr_insn *insn = &insns[i];
    return insn->flow == FLOW_JUMP_INDIRECT && insn->rip_operand != 0 &&
           (i == 0 || (i == 1 && memcmp(insns[0].bytes, "\xf3\x0f\x1e\xfa", 4) == 0));
}

/* What a slot holds until lazy binding has found the function: [endbr64] push $index; [bnd] jmp. */
static bool is_unbound(uintptr_t target)
{
    uint8_t text[11];
    if (text_read(target, text, sizeof(text)) < sizeof(text))
        return false;
    const uint8_t *at = memcmp(text, "\xf3\x0f\x1e\xfa", 4) == 0 ? text + 4 : text;
    return at[0] == 0x68 && (at[5] == 0xe9 || at[5] == 0xf2);
}

/* Slots that stay unbound (under an auditor) must not make a fragment at each call. By the stub's address. */
static bool may_wait_for_binding(uintptr_t pc)
{
    static uint8_t waits[4096];
    uint8_t *count = &waits[pc / 16 % ARRAY_LEN(waits)];
    return *count < 8 && ++*count;
}

/* Jumps and calls through a slot of another module's function, as PLT stubs and code without them have it, mostly lead
 * where they led before. By the ABI of lazy binding nobody can rely on r11 and flags there. */
uintptr_t linkage_bound(const struct tr_insn *insns, uint32_t i, bool *is_transient)
{
    const struct tr_insn *insn = &insns[i];
    uintptr_t target;
    bool is_plt = linkage_is_stub(insns, i);
    if (insn->rip_operand == 0 || (insn->flow != FLOW_JUMP_INDIRECT && insn->flow != FLOW_CALL_INDIRECT) ||
        copy_guarded(&target, (void *)insn->rip_operand, sizeof(target)) != 0 || target == 0)
        return 0;
    if (is_plt && is_unbound(target)) {
        *is_transient = may_wait_for_binding(insn->pc);
        return 0;
    }
    return is_plt || range_find(target) != range_find(insn->pc) ? target : 0;
}
