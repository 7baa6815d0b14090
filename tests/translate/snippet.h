/* SPDX-License-Identifier: MIT */
/* Random snippets of program code with the state that they start in: one instruction of each form, or blocks with
 * branches, loops, calls and indirect jumps. A snippet is a function of its seed and its slot alone. */
#ifndef DETECT_TESTS_TRANSLATE_SNIPPET_H
#define DETECT_TESTS_TRANSLATE_SNIPPET_H

#include "forms.h"
#include "machine.h"

/* Addresses below 4 GiB, so that operands with 32-bit addresses reach them too.
 *
 *   code     SLOTS slots, one snippet each: the module that is translated
 *   exit     one native page: snippets end by jumping there
 *   counters of the snippets' loops
 *   arena    what pointers point into: data in its lower half, the stack near its end; unmapped pages around it
 *   constant read-only page behind the arena */
#define SLOT_SIZE 4096u
#define SLOTS 512u
#define CODE_NEAR 0x20000000u
#define CODE_FAR 0x80000000u
extern uintptr_t code_start; /* CODE_NEAR, or CODE_FAR for a cache that cannot reach the arena */
#define CODE_START code_start
#define CODE_SIZE (SLOT_SIZE * SLOTS)
#define EXIT_PAGE 0x22000000u
#define EXIT_WORD (EXIT_PAGE + 0x800u) /* holds EXIT_PAGE */
#define COUNTERS 0x2fff0000u
#define COUNTERS_SIZE 4096u
#define ARENA 0x30000000u
#define ARENA_SIZE 0x10000u
#define ARENA_MIDDLE (ARENA + 0x5000u)
#define ARENA_STACK (ARENA + 0xe000u)
#define CONSTANT_PAGE (ARENA + ARENA_SIZE + 0x1000u)

enum snippet_kind { SNIPPET_ONE, SNIPPET_BLOCK, SNIPPET_KINDS };

struct snippet {
    uint64_t seed;
    unsigned slot;
    enum snippet_kind kind;
    bool unstable;  /* its registers and flags are never the same twice */
    bool no_steps;  /* it sees the trap flag: cannot be single-stepped */
    bool saves_x87; /* writes the x87 instruction pointer into memory */
    uintptr_t pc;   /* entry */
    uint32_t size;
    uint16_t instructions; /* random ones */
    uintptr_t stack_word;  /* where the arena gets EXIT_PAGE, for a final ret; 0: nowhere */
    struct machine state;
    uint8_t code[SLOT_SIZE]; /* of the whole slot */
};

void snippet_init(uintptr_t fs_base, uint16_t (*choose_mnemonic)(struct random *));
void snippet_make(struct snippet *s, uint64_t seed, unsigned slot, enum snippet_kind kind);
/* The arena's contents before it runs. */
void snippet_fill_arena(const struct snippet *s, void *arena);
/* Its code, one instruction a line. */
void snippet_print(const struct snippet *s);

#endif
