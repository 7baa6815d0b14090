/* SPDX-License-Identifier: MIT */
/* The client's call-outs, made and emitted by the builder, under its lock. One call-out tells all operands of an
 * instruction, before it runs; scanning string instructions are told afterwards, when it is known how far they came:
 *
 *         mov  %rax, %fs:spill0
 *         mov  $hook, %rax
 *         jmp  region->enter_hook
 *     resume:                         all registers and flags are the program's again
 *
 * A hook is never freed: a thread may be about to use it when its fragment is evicted. */
#include "translate/x86_64/hooks.h"

#include "translate/ranges.h"
#include "translate/translator.h"
#include "translate/x86_64/loops.h"

bool hooks_need_operands(void)
{
    return translator.client && translator.client->wants_access;
}

static void *new_hook(const struct tr_insn *insn, size_t size, void (*run)(struct tr_hook *), uintptr_t pc)
{
    struct tr_range *range = range_find(insn->pc);
    struct tr_hook *hook = range ? arena_alloc(translator.host->arena, size) : NULL;
    if (!hook)
        return NULL;
    *hook = (struct tr_hook){.run = run, .pc = pc, .next = range->hooks, .size = size};
    range->hooks = hook;
    stat_add(&translator.stats.metadata_bytes, size);
    return hook;
}

static struct access_hook *new_access_hook(const struct tr_insn *insn, uint8_t count, void (*run)(struct tr_hook *),
                                           uintptr_t pc)
{
    struct access_hook *hook =
        new_hook(insn, sizeof(*hook) + count * sizeof(struct hook_operand), run, pc);
    if (hook)
        hook->return_pc = insn->pc + insn->length;
    return hook;
}

void hooks_choose(struct tr_insn *insn)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < insn->access_count; i++) {
        if (insn->access[i].base == TR_RIP)
            insn->access[i].address = known_address(insn, i);
        if (!translator.client->wants_access(&insn->access[i]))
            continue;
        insn->access[kept] = insn->access[i];
        insn->form[kept++] = insn->form[i];
    }
    insn->access_count = (uint8_t)kept;
}

static bool is_told(const struct tr_insn *insn, unsigned i, bool scan) { return (insn->form[i].kind == FORM_SCAN) == scan; }

/* The hook for the operands that are, or are not, of scanning instructions; NULL in `*hook`: there are none. */
static bool make_accesses(struct access_hook **hook, const struct tr_insn *insn, bool scan)
{
    uint8_t count = 0;
    *hook = NULL;
    for (unsigned i = 0; i < insn->access_count; i++)
        count += is_told(insn, i, scan);
    if (count == 0)
        return true;
    *hook = new_access_hook(insn, count, scan ? run_scan : run_accesses, insn->pc + (scan ? insn->length : 0));
    for (unsigned i = 0; *hook && i < insn->access_count; i++) {
        if (is_told(insn, i, scan))
            (*hook)->operands[(*hook)->count++] =
                (struct hook_operand){insn->access[i], insn->form[i], known_address(insn, i)};
    }
    return *hook != NULL;
}

static bool make_transfer(struct access_hook **hook, const struct tr_insn *insn)
{
    const struct tr_client *client = translator.client;
    bool calls = insn->flow == FLOW_CALL || insn->flow == FLOW_CALL_INDIRECT;
    *hook = NULL;
    if (calls && client->on_call)
        *hook = new_access_hook(insn, 0, run_call, insn->pc);
    else if (insn->flow == FLOW_RETURN && client->on_return)
        *hook = new_access_hook(insn, 0, run_return, insn->pc);
    else
        return true;
    return *hook != NULL;
}

static bool make_syscall(struct syscall_hook **hook, const struct tr_insn *insn)
{
    *hook = NULL;
    if (insn->flow != FLOW_SYSCALL || !translator.host->on_syscall)
        return true;
    *hook = new_hook(insn, sizeof(**hook), run_syscall, insn->pc);
    return *hook != NULL;
}

bool hooks_make(struct insn_hooks *hooks, const struct tr_insn *insn)
{
    *hooks = (struct insn_hooks){0};
    if (!make_syscall(&hooks->syscall, insn))
        return false;
    if (!translator.client)
        return true;
    if (translator.client->wants_access &&
        (!make_accesses(&hooks->before, insn, false) || !make_accesses(&hooks->after, insn, true)))
        return false;
    return make_transfer(&hooks->transfer, insn);
}

struct loop_record {
    struct tr_hook hook; /* of the range, with which it goes */
    struct tr_loop loop;
};

bool hooks_tell_loop(struct insn_hooks *hooks, const struct tr_insn *insn, const struct tr_loop *loop)
{
    struct loop_record *record = new_hook(insn, sizeof(*record), NULL, insn->pc);
    if (!record)
        return false;
    record->loop = *loop;
    hooks->before->operands[0].access.loop = &record->loop;
    return true;
}

static void emit_hook(struct emitter *e, struct place_writer *places, struct tr_hook *hook, uintptr_t way_in)
{
    emit_store_fs(e, TR_RAX, TR_FS(spill[0]));
    place_spilled(places, e->at, TR_RAX, 0);
    emit_constant(e, TR_RAX, (uintptr_t)hook);
    emit_jump(e, way_in, false);
    place_restored(places, e->at, TR_RAX);
    hook->resume = e->at;
}

void hooks_emit_call_out(struct emitter *e, struct place_writer *places, const struct insn_hooks *hooks,
                         const struct call_out *how)
{
    bool in_loop = how->way_in == e->region->enter_quick && hooks->before->operands[0].access.loop;
    emit_hook(e, places, &hooks->before->hook, in_loop ? e->region->enter_quick_in_loop : how->way_in);
    hooks->before->hook.resume = how->resume;
    hooks->before->hook.flags_in_slot = how->flags_in_slot;
    if (hooks->before->count == 1 && hooks->before->operands[0].access.segment == 0)
        hooks->before->hook.run = run_plain;
}

void hooks_tell_write_back(struct insn_hooks *read, const struct insn_hooks *write)
{
    if (read->before && write->before)
        read->before->operands[0].access.writes_back = &write->before->operands[0].access;
}

void hooks_emit_before(struct emitter *e, struct place_writer *places, const struct insn_hooks *hooks, bool is_tested)
{
    if (hooks->before && !is_tested)
        emit_hook(e, places, &hooks->before->hook, e->region->enter_hook);
    if (hooks->transfer)
        emit_hook(e, places, &hooks->transfer->hook, e->region->enter_hook);
    if (hooks->syscall)
        emit_hook(e, places, &hooks->syscall->hook, e->region->enter_hook);
    if (hooks->after)
        emit_store_fs(e, TR_RCX, TR_FS(spill[SLOT_SCAN]));
}

void hooks_emit_after(struct emitter *e, struct place_writer *places, const struct insn_hooks *hooks)
{
    if (hooks->syscall)
        hooks->syscall->skip = e->at;
    if (!hooks->after)
        return;
    place_instruction(places, hooks->after->hook.pc, e->at, false);
    emit_hook(e, places, &hooks->after->hook, e->region->enter_hook);
}
