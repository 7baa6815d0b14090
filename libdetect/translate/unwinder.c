/* SPDX-License-Identifier: MIT */
/* What unwinders see of a stack whose return addresses lie in the cache: the program's. Two ways, both for the calling
 * thread and its own stack:
 *
 *   tr_unwind_lookup   the unwinder asks somebody for the tables that describe an address, frame by frame, and goes on
 *                      with its own copies of that address: only these are changed. The stack keeps its cache addresses, so
 *                      nothing faults when its functions return.
 *   tr_unwind_prepare  the unwinder reads the stack and asks nobody: all return addresses on it are changed.
 *
 * Neither keeps any state but a table of answers, so they may interrupt each other at any instruction. */
#include "translate/arch.h"
#include "translate/cache.h"
#include "translate/known.h"
#include "translate/translator.h"

static struct known known;

void unwinder_forget(void) { known_forget(&known); }

/* An unwinder looks up the address before a return address, which lies in the call; or exactly where a signal has
 * interrupted the code, which is never the last byte of a call. */
static NOINLINE uintptr_t find_answer(uintptr_t pc)
{
    struct tr_place place;
    bool before_return = cache_place(pc + 1, &place) && place.at_return_site;
    return before_return ? tr_origin(pc + 1) - 1 : tr_origin(pc);
}

static uintptr_t answer_to(uintptr_t pc, bool *is_new)
{
    uintptr_t answer;
    *is_new = !known_find(&known, pc, &answer);
    if (LIKELY(!*is_new))
        return answer;
    answer = find_answer(pc);
    known_keep(&known, pc, answer);
    return answer;
}

/* The low halves of the words of a block, and what is between them, all at once: nearly all blocks hold nothing. */
typedef uint32_t halves __attribute__((vector_size(16), aligned(8), may_alias));
typedef uint64_t two_words __attribute__((vector_size(16)));
enum { BLOCK = 16 };

static bool may_hold(const uintptr_t *block, uint32_t pc)
{
    const halves *part = (const halves *)(const void *)block;
    halves at = {pc, pc, pc, pc}, behind = at + 1;
    halves found = {0};
#pragma GCC unroll 8
    for (unsigned i = 0; i < BLOCK * sizeof(uintptr_t) / sizeof(halves); i++)
        found |= (halves)(part[i] == at) | (halves)(part[i] == behind);
    two_words any = (two_words)found;
    return (any[0] | any[1]) != 0;
}

static void change(uintptr_t *word, const uintptr_t *end, uintptr_t pc, uintptr_t answer)
{
    for (; word < end; word++)
        if (*word - pc <= 1)
            *word += answer - pc;
}

uintptr_t tr_unwind_lookup(uintptr_t pc, uintptr_t *low, uintptr_t *high, bool *is_new)
{
    uintptr_t answer = answer_to(pc, is_new);
    for (; high - low >= BLOCK; low += BLOCK)
        if (UNLIKELY(may_hold(low, (uint32_t)pc)))
            change(low, low + BLOCK, pc, answer);
    change(low, high, pc, answer);
    return answer;
}

size_t tr_unwind_prepare(uintptr_t sp, uintptr_t stack_high)
{
    size_t changed = 0;
    for (uintptr_t at = (sp + 7) & ~(uintptr_t)7; at + sizeof(at) <= stack_high; at += sizeof(at)) {
        uintptr_t *word = (uintptr_t *)at;
        struct tr_place place;
        if (LIKELY(!tr_in_cache(*word)) || !cache_place(*word, &place) || !place.at_return_site)
            continue;
        *word = tr_origin(*word);
        changed++;
    }
    return changed;
}

void tr_with_vectors_saved(void (*function)(void *), void *arg) { tr_arch.with_vectors_saved(function, arg); }
