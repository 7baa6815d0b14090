/* SPDX-License-Identifier: MIT */
/* This thread's part of the translator, in initial-exec TLS: the cache addresses it as fs:[offset].
 *
 * x86_64/enter.S knows the offsets; x86_64/offsets.c asserts them. A signal handler of the program that runs in
 * between saves and restores all of it (state.c). */
#ifndef DETECT_TRANSLATE_THREAD_H
#define DETECT_TRANSLATE_THREAD_H

#include "base/compiler.h"

/* Hardware order: rax rcx rdx rbx rsp rbp rsi rdi r8 … r15. */
enum { TR_RAX, TR_RCX, TR_RDX, TR_RBX, TR_RSP, TR_RBP, TR_RSI, TR_RDI, TR_R8, TR_R9, TR_R10, TR_R11,
       TR_R12, TR_R13, TR_R14, TR_R15, TR_REGISTERS };

/* The program's registers while the translator works for the thread. */
struct tr_context {
    uint64_t gpr[TR_REGISTERS];
    uint64_t flags;
    uint64_t pc; /* program address where it goes on; 0 while only `resume` is known */
};

enum tr_inside {
    TR_OUTSIDE,
    TR_WORKING, /* signals are deferred; `context` is complete, or about to be */
    TR_LEAVING, /* `context` and `resume` are final, vector registers are the program's: a signal may be delivered,
                 * if its frame shows `context`, and the handler's return goes to `resume` with all registers from it */
};

#define TR_SPILLS 10
/* Of a quick call (translate.h): the address, then where the thread goes on; the flags, if they are needed behind it. */
enum { TR_SLOT_QUICK = 8, TR_SLOT_FLAGS = 9 };

struct tr_call;

struct tr_thread {
    uint64_t spill[TR_SPILLS]; /* registers that cache code has borrowed */
    uint64_t resume;           /* cache or native address that leaving jumps to */
    uint32_t inside;           /* enum tr_inside */
    uint32_t deferred;         /* a signal came while WORKING: whoever leaves calls host->on_leave first */
    uint8_t *stack_top;        /* of the translator's stack, 16-byte aligned; NULL: not yet made */
    uint32_t tags[4];          /* tr_check_tags() */
    struct tr_context context;
    /* calls.c: the innermost call that is kept, and the last that there is room for. */
    struct tr_call *call, *last_call;
    uint32_t table; /* of indirect jumps (x86_64/indirect.c): which has missed; 0: the one for memory */
};

_Static_assert(sizeof(struct tr_thread) <= 288, "initial-exec TLS is scarce (512 bytes for all)");

extern __thread struct tr_thread tr_thread __attribute__((tls_model("initial-exec")));

/* fs:[offset] of the field; negative. The same for all threads, known after tr_init. */
extern int32_t tr_thread_offset;
#define TR_FS(field) (tr_thread_offset + (int32_t)offsetof(struct tr_thread, field))

#endif
