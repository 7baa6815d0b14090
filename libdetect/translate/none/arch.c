/* SPDX-License-Identifier: MIT */
/* A CPU without a translator: everything builds, and `supported` tells why full mode does what locks mode does. */
#include "translate/arch.h"

#include <string.h>
#include <wchar.h>

#include "translate/translator.h"

static const char *unsupported(void) { return "programs are translated on x86-64 only"; }

const struct tr_arch tr_arch = {.supported = unsupported};

/* Never called, as tr_init says no. */
struct tr_fragment *fragment_build(uintptr_t pc) { return pc ? NULL : NULL; }
bool indirect_init(uintptr_t miss) { return miss == 0; }
bool indirect_learn(uintptr_t pc, uintptr_t code, struct tr_fragment *fragment) { return pc == code && !fragment; }
void indirect_forget_all(void) {}
void indirect_forget(uintptr_t low, uintptr_t high) { (void)(low + high); }
bool indirect_place(const struct tr_chunk *chunk, uintptr_t code, struct tr_place *place)
{
    return chunk && code && !place;
}
struct tr_exit *indirect_exit(const struct tr_chunk *chunk, uintptr_t stub) { return chunk && stub ? NULL : NULL; }
uintptr_t indirect_trampoline(struct tr_region *region, uintptr_t to) { return region ? 0 : to; }
size_t copy_guarded(void *to, const void *from, size_t size) { return memcpy(to, from, size) ? 0 : size; }
size_t length_guarded(const void *string, size_t most) { return strnlen(string, most); }
size_t length_guarded_wide(const void *string, size_t most) { return wcsnlen(string, most / 4) * 4; }

/* Nothing is ever interrupted in a cache here. */
enum tr_interrupted tr_interrupted(const ucontext_t *context)
{
    (void)context;
    return TR_AT_NATIVE;
}

void tr_signal_enter(struct tr_signal_save *save, ucontext_t *context) { (void)save, (void)context; }
void tr_signal_leave(struct tr_signal_save *save, ucontext_t *context) { (void)save, (void)context; }
void tr_signal_deferred(void) {}

uintptr_t tr_context_sp(const ucontext_t *context)
{
    (void)context;
    return 0;
}

bool tr_frame_copy(struct tr_frame *frame, uintptr_t top, const siginfo_t *info, const ucontext_t *context,
                   const void *extra, size_t extra_size)
{
    (void)frame, (void)top, (void)info, (void)context, (void)extra, (void)extra_size;
    return false;
}

void tr_frame_run(const struct tr_frame *frame, void (*function)(int, siginfo_t *, void *, void *), int signo)
{
    (void)frame, (void)function, (void)signo;
    __builtin_trap();
}

void tr_dump(uintptr_t pc, void (*line)(void *ctx, const char *text), void *ctx) { (void)pc, (void)line, (void)ctx; }
void tr_dump_all(void (*line)(void *ctx, const char *text), void *ctx) { (void)line, (void)ctx; }

bool tr_coming(const struct tr_access *access, struct tr_coming *coming)
{
    (void)access, (void)coming;
    return false;
}
