/* SPDX-License-Identifier: MIT */
/* Functions of native libraries that translated code, and only that, reaches through us (tr_redirect): those that look at
 * their caller's address, those that are given an address to look at, and those that call the program back. They are found by
 * address, however they were bound; native code and locks mode never come here.
 *
 * Not watched, only helped: each goes on to the real function with what it was called with, but for the addresses. */
#include <dlfcn.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sys.h"
#include "intercept/redirect.h"
#include "intercept/signal_saved.h"
#include "runtime/runtime.h"
#include "runtime/takeover.h"

uintptr_t translated_entry(uintptr_t function)
{
    struct self *self = takeover_is_on() && tr_is_translated(function) ? self_enter() : NULL;
    if (!self)
        return function;
    uintptr_t entry = tr_entry(function);
    self_leave(self);
    return entry;
}

/* --- who asks for the caller ----------------------------------------------------------------------------------------------- */

#if defined(__x86_64__)

/* The program's return address, to which the function returns by a fault. */
__attribute__((used)) static void show_caller(uintptr_t *return_address)
{
    *return_address = tr_origin(*return_address);
}

#define UNKNOWN_STACK_BYTES 65536u
#define PAGE_BYTES 4096u

/* Where the stack ends; of one that is none of the thread's own (a coroutine's), as much as is likely to matter. */
static uintptr_t stack_end(uintptr_t sp)
{
    const struct self *self = self_current;
    if (self && sp >= self->stack_low && sp < self->stack_high)
        return self->stack_high;
    uintptr_t end = (sp | (PAGE_BYTES - 1)) + 1;
    while (end - sp < UNKNOWN_STACK_BYTES && sys_can_read(end))
        end += PAGE_BYTES;
    return end;
}

/* The whole stack, for unwinders that read it themselves. */
__attribute__((used)) static void show_stack(uintptr_t *return_address)
{
    show_caller(return_address);
    tr_unwind_prepare((uintptr_t)return_address, stack_end((uintptr_t)return_address));
}

/* before(address of the return address), then the real function with registers and stack as they were. */
#define TAIL_CALL(name, before)                                                                                        \
    __attribute__((visibility("hidden"))) void *real_##name;                                                           \
    void redirected_##name(void) __attribute__((visibility("hidden")));                                                \
    __asm__(".text\n"                                                                                                  \
            ".globl redirected_" #name "\n"                                                                            \
            ".hidden redirected_" #name "\n"                                                                           \
            ".type redirected_" #name ", @function\n"                                                                  \
            "redirected_" #name ":\n"                                                                                  \
            ".cfi_startproc\n"                                                                                         \
            "    endbr64\n"                                                                                            \
            "    push %rdi\n    .cfi_adjust_cfa_offset 8\n"                                                            \
            "    push %rsi\n    .cfi_adjust_cfa_offset 8\n"                                                            \
            "    push %rdx\n    .cfi_adjust_cfa_offset 8\n"                                                            \
            "    push %rcx\n    .cfi_adjust_cfa_offset 8\n"                                                            \
            "    push %r8\n    .cfi_adjust_cfa_offset 8\n"                                                             \
            "    lea 40(%rsp), %rdi\n"                                                                                 \
            "    call " #before "\n"                                                                                   \
            "    pop %r8\n    .cfi_adjust_cfa_offset -8\n"                                                             \
            "    pop %rcx\n    .cfi_adjust_cfa_offset -8\n"                                                            \
            "    pop %rdx\n    .cfi_adjust_cfa_offset -8\n"                                                            \
            "    pop %rsi\n    .cfi_adjust_cfa_offset -8\n"                                                            \
            "    pop %rdi\n    .cfi_adjust_cfa_offset -8\n"                                                            \
            "    jmp *real_" #name "(%rip)\n"                                                                          \
            ".cfi_endproc\n"                                                                                           \
            ".size redirected_" #name ", . - redirected_" #name "\n")

TAIL_CALL(dlsym, show_caller);
TAIL_CALL(dlvsym, show_caller);
TAIL_CALL(dlopen, show_caller);
TAIL_CALL(dlmopen, show_caller);
TAIL_CALL(dlinfo, show_caller);

/* GNU's libunwind, LLVM's: both have the functions that languages use, under the same names, besides their own. */
#define LIBUNWIND(which, getcontext)                                                                                   \
    TAIL_CALL(which##getcontext, show_stack);                                                                          \
    TAIL_CALL(which##_Unwind_RaiseException, show_stack);                                                              \
    TAIL_CALL(which##_Unwind_Resume, show_stack);                                                                      \
    TAIL_CALL(which##_Unwind_Resume_or_Rethrow, show_stack);                                                           \
    TAIL_CALL(which##_Unwind_ForcedUnwind, show_stack);                                                                \
    TAIL_CALL(which##_Unwind_Backtrace, show_stack)

LIBUNWIND(gnu, _Ux86_64_getcontext);
TAIL_CALL(gnuunw_backtrace, show_stack);
LIBUNWIND(llvm, __unw_getcontext);

#endif

/* --- who is given an address --------------------------------------------------------------------------------------------- */

#define FUNCTION(result, name, parameters)                                                                             \
    static result(*real_##name) parameters;                                                                            \
    static result redirected_##name parameters

FUNCTION(int, dladdr, (const void *address, Dl_info *info))
{
    return real_dladdr((const void *)tr_origin((uintptr_t)address), info);
}

FUNCTION(int, dladdr1, (const void *address, Dl_info *info, void **extra, int flags))
{
    return real_dladdr1((const void *)tr_origin((uintptr_t)address), info, extra, flags);
}

/* A landing pad, where the unwinder will jump to. */
FUNCTION(void, _Unwind_SetIP, (void *context, uintptr_t address))
{
    real__Unwind_SetIP(context, translated_entry(address));
}

/* --- who calls back -------------------------------------------------------------------------------------------------------- */

typedef int compare_t(const void *, const void *);
typedef int compare_with_t(const void *, const void *, void *);
typedef void action_t(const void *, VISIT, int);
typedef void action_with_t(const void *, VISIT, void *);

FUNCTION(void, qsort, (void *base, size_t count, size_t size, compare_t *compare))
{
    real_qsort(base, count, size, TRANSLATED(compare));
}

FUNCTION(void, qsort_r, (void *base, size_t count, size_t size, compare_with_t *compare, void *with))
{
    real_qsort_r(base, count, size, TRANSLATED(compare), with);
}

FUNCTION(void *, bsearch, (const void *key, const void *base, size_t count, size_t size, compare_t *compare))
{
    return real_bsearch(key, base, count, size, TRANSLATED(compare));
}

FUNCTION(void *, lfind, (const void *key, const void *base, size_t *count, size_t size, compare_t *compare))
{
    return real_lfind(key, base, count, size, TRANSLATED(compare));
}

FUNCTION(void *, lsearch, (const void *key, void *base, size_t *count, size_t size, compare_t *compare))
{
    return real_lsearch(key, base, count, size, TRANSLATED(compare));
}

FUNCTION(void *, tsearch, (const void *key, void **root, compare_t *compare))
{
    return real_tsearch(key, root, TRANSLATED(compare));
}

FUNCTION(void *, tfind, (const void *key, void *const *root, compare_t *compare))
{
    return real_tfind(key, root, TRANSLATED(compare));
}

FUNCTION(void *, tdelete, (const void *key, void **root, compare_t *compare))
{
    return real_tdelete(key, root, TRANSLATED(compare));
}

FUNCTION(void, twalk, (const void *root, action_t *action)) { real_twalk(root, TRANSLATED(action)); }

FUNCTION(void, twalk_r, (const void *root, action_with_t *action, void *with))
{
    real_twalk_r(root, TRANSLATED(action), with);
}

FUNCTION(void, tdestroy, (void *root, void (*free_node)(void *))) { real_tdestroy(root, TRANSLATED(free_node)); }

FUNCTION(FILE *, fopencookie, (void *cookie, const char *mode, cookie_io_functions_t functions))
{
    functions.read = TRANSLATED(functions.read);
    functions.write = TRANSLATED(functions.write);
    functions.seek = TRANSLATED(functions.seek);
    functions.close = TRANSLATED(functions.close);
    return real_fopencookie(cookie, mode, functions);
}

/* --- the list -------------------------------------------------------------------------------------------------------------- */

struct redirection {
    const char *name;
    void (*instead)(void);
    void *real; /* where the pointer to the real function lies */
};

#define NAMED(name, label) {#name, (void (*)(void))redirected_##label, &real_##label}
#define FROM(name) NAMED(name, name)

static const struct redirection of_libc[] = {
#if defined(__x86_64__)
    FROM(dlsym), FROM(dlvsym), FROM(dlopen), FROM(dlmopen), FROM(dlinfo),
#endif
    FROM(dladdr), FROM(dladdr1), FROM(_Unwind_SetIP),
    FROM(qsort), FROM(qsort_r), FROM(bsearch), FROM(lfind), FROM(lsearch), FROM(tsearch), FROM(tfind), FROM(tdelete),
    FROM(twalk), FROM(twalk_r), FROM(tdestroy), FROM(fopencookie),
};

static void redirect(void *library, const struct redirection *redirections, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        void *found = dlsym(library, redirections[i].name);
        memcpy(redirections[i].real, &found, sizeof(found));
        if (found)
            tr_redirect((uintptr_t)found, (uintptr_t)redirections[i].instead);
        else
            dlerror(); /* the program must not find our failure in its own dlerror() */
    }
}

#if defined(__x86_64__)

#define FROM_LIBUNWIND(which, getcontext)                                                                              \
    NAMED(getcontext, which##getcontext), NAMED(_Unwind_RaiseException, which##_Unwind_RaiseException),                \
        NAMED(_Unwind_Resume, which##_Unwind_Resume),                                                                  \
        NAMED(_Unwind_Resume_or_Rethrow, which##_Unwind_Resume_or_Rethrow),                                            \
        NAMED(_Unwind_ForcedUnwind, which##_Unwind_ForcedUnwind),                                                      \
        NAMED(_Unwind_Backtrace, which##_Unwind_Backtrace)

static const struct redirection of_gnu_libunwind[] = {FROM_LIBUNWIND(gnu, _Ux86_64_getcontext),
                                                      NAMED(unw_backtrace, gnuunw_backtrace)};
static const struct redirection of_llvm_libunwind[] = {FROM_LIBUNWIND(llvm, __unw_getcontext)};

static void redirect_library(const char *name, const struct redirection *redirections, size_t count)
{
    void *library = dlopen(name, RTLD_LAZY | RTLD_NOLOAD);
    if (library)
        redirect(library, redirections, count);
    else
        dlerror();
}

static void redirect_libunwind(void)
{
    redirect_library("libunwind.so.8", of_gnu_libunwind, ARRAY_LEN(of_gnu_libunwind));
    redirect_library("libunwind.so.1", of_llvm_libunwind, ARRAY_LEN(of_llvm_libunwind));
}

#else

static void redirect_libunwind(void) {}

#endif

static void redirect_all(void)
{
    static bool done;
    if (!done) {
        done = true;
        redirect(RTLD_NEXT, of_libc, ARRAY_LEN(of_libc));
        redirect_libunwind();
        saved_take_over();
        bound_take_over();
    }
    lazy_binding_redirect();
}

/* Before runtime's own constructor, which may take over. */
__attribute__((constructor(101))) static void take_part_in_takeover(void) { takeover_prepare = redirect_all; }
