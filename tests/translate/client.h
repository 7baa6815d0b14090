/* SPDX-License-Identifier: MIT */
/* What the recording client records. */
#ifndef DETECT_TESTS_TRANSLATE_CLIENT_H
#define DETECT_TESTS_TRANSLATE_CLIENT_H

#include "hooks.h"

#define RECORDED_MAX 40000
enum { CLIENT_CALL = 0x1000, CLIENT_RETURN = 0x2000, CLIENT_EARLY = 0x4000 }; /* kinds besides enum tr_access_kind; address is rsp */

struct recorded {
    struct access access[RECORDED_MAX];
    size_t count;
    bool abi_broken, calls_differ;
};
extern struct recorded recorded;

bool client_wants(struct tr_access *access);
void client_access(uintptr_t address, size_t size, uint32_t kind, uintptr_t pc);
void client_call(uintptr_t return_pc, uintptr_t sp);
void client_return(uintptr_t pc, uintptr_t sp);
/* As client_access, and keeps the words that inline tests look at (hooks_check). */
void client_checked_access(uintptr_t address, size_t size, uint32_t kind, uintptr_t pc);
/* Likewise, by a quick call. */
bool client_quick(uintptr_t address, struct tr_access *access);
bool client_quick_in_loop(uintptr_t address, struct tr_access *access);
/* As client_call, and what the translator keeps of the calls so far must be what the client keeps. */
void client_kept_call(uintptr_t return_pc, uintptr_t sp);

#endif
