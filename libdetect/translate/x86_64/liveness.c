/* SPDX-License-Identifier: MIT */
/* Backward over a path; see liveness.h. Textbook (Aho, Lam, Sethi, Ullman, Compilers, 9.2.5), in one pass: a branch back
 * into the path counts as a way out. */
#include "translate/x86_64/liveness.h"

#include "translate/ranges.h"

static const struct tr_live everything = {UINT16_MAX, UINT16_MAX, LIVE_FLAGS};

static struct tr_live both(struct tr_live a, struct tr_live b)
{
    return (struct tr_live){a.registers | b.registers, a.visible | b.visible, a.flags | b.flags};
}

/* Before insns[target], if that comes after i and so is known already. */
static struct tr_live at_target(const struct tr_insn *insns, uint32_t count, uint32_t i, const struct tr_live *live)
{
    uintptr_t pc = insns[i].target;
    for (uint32_t k = i + 1; k < count && insns[k].pc <= pc; k++) {
        if (insns[k].pc == pc)
            return live[k];
    }
    return everything;
}

static struct tr_live after(const struct tr_insn *insns, uint32_t count, uint32_t i, const struct tr_live *live)
{
    struct tr_live next = i + 1 < count ? live[i + 1] : everything;
    switch (insns[i].flow) {
    case FLOW_NEXT:
        return next;
    case FLOW_BRANCH:
    case FLOW_BRANCH_SHORT:
        return both(next, at_target(insns, count, i, live));
    case FLOW_JUMP:
        return at_target(insns, count, i, live);
    default:
        return everything;
    }
}

void liveness(const struct tr_insn *insns, uint32_t count, struct tr_live *live)
{
    for (uint32_t i = count; i-- > 0;) {
        const struct tr_insn *insn = &insns[i];
        struct tr_live now = after(insns, count, i, live);
        now.registers = (uint16_t)((now.registers & ~insn->writes) | insn->reads | 1u << TR_RSP);
        now.visible = insn->may_fault ? UINT16_MAX : (uint16_t)((now.visible & ~insn->writes) | insn->reads);
        now.flags = (uint16_t)(((now.flags & ~insn->flags_written) | insn->flags_read) & LIVE_FLAGS);
        live[i] = now;
    }
}

/* --- flags where a transfer leads ------------------------------------------------------------------------------------- */

#define LOOK_AHEAD 12
#define ARITHMETIC_FLAGS (LIVE_FLAGS & ~0x400u)

/* A stub of the procedure linkage table: by the ABI of lazy binding nobody gets flags through it. */
static bool is_stub_jump(const struct tr_insn *insn)
{
    return insn->flow == FLOW_JUMP_INDIRECT && insn->rip_operand != 0;
}

bool flags_die_at(uintptr_t pc)
{
    uint8_t text[LOOK_AHEAD * 4 + INSN_MAX];
    size_t size = text_read(pc, text, sizeof(text)), at = 0;
    uint32_t live = ARITHMETIC_FLAGS;
    for (unsigned i = 0; i < LOOK_AHEAD && at < size; i++) {
        struct tr_insn insn;
        if (!decode_operands(&insn, text + at, size - at, pc + at) || insn.flags_read & live)
            return false;
        live &= ~insn.flags_written;
        if (live == 0 || is_stub_jump(&insn))
            return true;
        if (insn.flow != FLOW_NEXT)
            return false;
        at += insn.length;
    }
    return false;
}
