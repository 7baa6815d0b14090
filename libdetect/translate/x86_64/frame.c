/* SPDX-License-Identifier: MIT */
/* Signal frames, as the kernel builds them (arch/x86/kernel/signal_64.c), built once more on another stack: return
 * address (libc's restorer), ucontext, siginfo, and above them, aligned, the floating-point and vector state with all its
 * extensions. The handler that starts there may read, change and return through it as from the kernel's. */
#include <string.h>
#include <sys/ucontext.h>

#include "translate/translator.h"

#define KERNEL_UCONTEXT 304u  /* the kernel's struct ucontext, with a mask of 8 bytes */
#define KERNEL_INFO 128u
#define FRAME (8u + KERNEL_UCONTEXT + KERNEL_INFO)

/* The part of FXSAVE's area that is left to software: struct _fpx_sw_bytes in asm/sigcontext.h. */
#define SOFTWARE_AT 464u
#define MAGIC 0x46505853u
#define FXSAVE_BYTES 512u

static size_t vector_bytes(const void *area)
{
    uint32_t software[2]; /* magic, size of all */
    memcpy(software, (const char *)area + SOFTWARE_AT, sizeof(software));
    return software[0] == MAGIC ? software[1] : FXSAVE_BYTES;
}

static bool put(uintptr_t to, const void *from, size_t size) { return copy_guarded((void *)to, from, size) == 0; }

bool tr_frame_copy(struct tr_frame *frame, uintptr_t top, const siginfo_t *info, const ucontext_t *context,
                   const void *extra, size_t extra_size)
{
    const void *vectors = context->uc_mcontext.fpregs;
    size_t vectors_size = vectors ? vector_bytes(vectors) : 0;
    uintptr_t extra_at = (top - extra_size) & ~(uintptr_t)63;
    uintptr_t vectors_at = (extra_at - vectors_size) & ~(uintptr_t)63;
    uintptr_t at = ((vectors_at - FRAME) & ~(uintptr_t)15) - 8;
    uintptr_t context_at = at + 8, info_at = context_at + KERNEL_UCONTEXT;
    uintptr_t pointer = vectors ? vectors_at : 0;
    *frame = (struct tr_frame){at, (siginfo_t *)info_at, (ucontext_t *)context_at, (void *)extra_at};
    return put(extra_at, extra, extra_size) && put(vectors_at, vectors, vectors_size) &&
           put(info_at, info, KERNEL_INFO) && put(context_at, context, KERNEL_UCONTEXT) &&
           put((uintptr_t)&frame->context->uc_mcontext.fpregs, &pointer, sizeof(pointer)) &&
           put(at, (const char *)context - 8, 8);
}

/* rsp = sp; function(signo, info, context, extra), which returns to the restorer. */
void tr_frame_run(const struct tr_frame *frame, void (*function)(int, siginfo_t *, void *, void *), int signo)
{
    __asm__ __volatile__("mov %0, %%rsp\n\t"
                         "xor %%ebp, %%ebp\n\t"
                         "jmp *%1"
                         :
                         : "a"(frame->sp), "r"(function), "D"((long)signo), "S"(frame->info), "d"(frame->context),
                           "c"(frame->extra)
                         : "memory");
    __builtin_unreachable();
}
