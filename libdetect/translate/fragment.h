/* SPDX-License-Identifier: MIT */
/* Fragments: what one stretch of program code became, and where its state is at each of its addresses.
 *
 * A fragment begins at the program address pc and follows the fall-through path: over conditional branches (taken
 * side: an exit) and over calls (which return into it), until an unconditional transfer, an instruction that cannot
 * be decoded, or a limit of size. Its exits begin as stubs that ask the dispatcher; link.c patches them.
 *
 * Made under the translator's lock; once published (map.h) everything but exits' `linked` is immutable. */
#ifndef DETECT_TRANSLATE_FRAGMENT_H
#define DETECT_TRANSLATE_FRAGMENT_H

#include "base/compiler.h"
#include "translate/thread.h"

struct tr_region;
struct tr_fragment;
struct case_table;

enum tr_exit_kind {
    EXIT_JUMP,
    EXIT_BRANCH,
    EXIT_CALL,
    EXIT_FALL_THROUGH,
    EXIT_INDIRECT,   /* of a target of indirect jumps (indirect.c), no fragment's */
    EXIT_TRAMPOLINE, /* likewise: a literal jump */
    EXIT_CASE,       /* likewise: of a switch (cases.c) */
    EXIT_MISS,       /* likewise: where a table leads for targets that were not learnt */
};

/* A direct way out. Its 32-bit displacement lies 4-byte aligned at `site`, so that it is patched in one store. */
struct tr_exit {
    union {
        struct tr_fragment *fragment;
        const struct case_table *cases; /* of EXIT_CASE */
    };
    uintptr_t target;        /* program address */
    uintptr_t site;          /* cache address of the displacement; it is relative to site + 4 */
    uintptr_t stub;          /* cache address of the stub: what the displacement names while unlinked */
    struct tr_fragment *to;  /* linked to; NULL: native, or not linked */
    struct tr_exit *next_in; /* others that are linked to the same fragment, or natively */
    uint8_t kind;
    uint8_t table;           /* of indirect.c's kinds: which */
    bool linked;
};

struct tr_fragment {
    uintptr_t pc, pc_end;       /* program addresses [pc, pc_end) */
    uintptr_t code, code_end;   /* cache addresses */
    uintptr_t cold, cold_end;   /* of its parts that are seldom run, in the same chunk further up: the stubs of its exits… */
    struct tr_region *region;
    struct tr_exit *exits;      /* exit_count of them */
    struct tr_exit *in;         /* linked to this fragment, at its start or inside */
    uint8_t *places;            /* encoded by place.c: program against cache addresses, spills */
    uint32_t places_size;
    uint16_t exit_count;
    bool evicted;
    bool transient;             /* good for this time only: neither linked to nor in the map */
    struct tr_fragment *next_near; /* others whose pc lies in the same stretch (cache.c) */
};

/* Where the program's address is to be found. Fragments know it; shared code on the way in and out does not. */
enum tr_pc_from {
    PC_KNOWN,
    PC_IN_REGISTER, /* a jump is under way, and pc_register holds where to */
    PC_OF_EXIT,     /* rax holds the address of an exit's stub */
    PC_OF_HOOK,     /* rax holds a struct tr_hook * */
    PC_OF_RESUME,   /* tr_thread.resume: a cache or native address */
    PC_OF_QUICK,    /* likewise tr_thread.spill[TR_SLOT_QUICK] */
};

enum { PLACE_IN_REGISTER = 16, PLACE_OF_PC = 32 };

/* The program's state at one cache address. */
struct tr_place {
    uintptr_t pc;        /* of the instruction under way, or about to be; in a stub: where the exit leads */
    uint16_t spilled;    /* bit per register whose program value is not in it */
    uint8_t spill_of[TR_REGISTERS]; /* which tr_thread.spill holds it; or PLACE_IN_REGISTER + another, higher register; or
                                     * PLACE_OF_PC: it is `pc` */
    bool flags_spilled;  /* the program's flags are in a spill slot: spill_of_flags */
    uint8_t spill_of_flags, flags_form; /* flags_form: how (x86_64/emitter.h) */
    uint8_t pc_from, pc_register; /* enum tr_pc_from; a register of the cache's, not the program's */
    bool started;        /* the copy of the program's instruction itself, not what was added before it */
    bool at_return_site; /* exactly the address after a call */
};

/* False: the address is not in the fragment. Lock-free, async-signal-safe. */
bool fragment_place(const struct tr_fragment *fragment, uintptr_t code, struct tr_place *place);
/* The cache address of the program instruction at `pc` inside the fragment, where it may be entered from outside
 * with all registers in place; 0: not there. */
uintptr_t fragment_code_at(const struct tr_fragment *fragment, uintptr_t pc);
/* Where the call-out of the test before the instruction at `pc` begins; 0: it has none. */
uintptr_t fragment_call_out(const struct tr_fragment *fragment, uintptr_t pc);
bool fragment_is_valid(const struct tr_fragment *fragment);

#endif
