/* SPDX-License-Identifier: MIT */
/* Runs code with every register of the thread given, and takes every register back: the differential tester's
 * machine. Code ends by a jump to machine_exit (through machine_exit_page), or by a fault that the caller's signal
 * handler sees and sends to machine_abort. One thread only: the results are in globals. */
#ifndef DETECT_TESTS_TRANSLATE_MACHINE_H
#define DETECT_TESTS_TRANSLATE_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Hardware order. */
enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15, REGISTERS };

#define XSAVE_ROOM 4096

/* machine.S knows these offsets. */
struct machine {
    uint64_t gpr[REGISTERS];
    uint64_t flags;
    uint64_t unused[7];
    uint8_t xsave[XSAVE_ROOM]; /* standard (not compacted) form */
} __attribute__((aligned(64)));

_Static_assert(offsetof(struct machine, flags) == 128, "machine.S");
_Static_assert(offsetof(struct machine, xsave) == 192, "machine.S");

/* Component bits of an xsave image. */
enum { X_X87 = 1, X_SSE = 2, X_AVX = 4, X_OPMASK = 32, X_ZMM_HI = 64, X_HI16_ZMM = 128 };

extern uint64_t machine_components;   /* those that this CPU has, of the six above */
extern struct machine machine_result; /* what machine_exit found */
extern struct machine machine_clean;  /* its xsave: what C code expects */

/* Where component bits' state lies in an xsave image, and its size; 0: this CPU does not have it. */
struct xsave_area {
    uint32_t offset, size;
};
extern struct xsave_area machine_area[8];

/* Finds out what this CPU has. */
void machine_init(void);

/* Jumps to `target` with the state; comes back when that jumps to machine_exit (true) or a signal handler resumed at
 * machine_abort (false). */
bool machine_run(const struct machine *state, uintptr_t target);

/* Labels, not functions to call. */
void machine_exit(void);
void machine_abort(void);

#endif
