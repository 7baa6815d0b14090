/* SPDX-License-Identifier: MIT */
/* What guard.c and guarded.c agree on. */
#ifndef TESTS_GUARD_H
#define TESTS_GUARD_H

#define ROUNDS 64u
#define BREAK() __asm__ volatile("int3" ::: "memory")

#endif
