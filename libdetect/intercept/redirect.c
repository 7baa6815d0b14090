/* SPDX-License-Identifier: MIT */
/* The redirected functions; see redirect.h. They are found by address, however they were bound; native code and locks mode
 * never come here.
 *
 * None is replaced: addresses that it is called with are changed, and it is jumped to with registers and stack as they were,
 * so that it returns to its caller. */
#include "intercept/redirect.h"

#include <dlfcn.h>
#include <string.h>
#include <unwind.h>

#include "base/sys.h"
#include "intercept/libc_entry.h"
#include "intercept/libc_state.h"
#include "intercept/signal_saved.h"
#include "runtime/real.h"
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

#if defined(__x86_64__)

enum need {
    CALLER,    /* looks at its return address, where it will return by a fault */
    ADDRESS,   /* is given an address of code to look at */
    CALLS,     /* is given a function of the program's to call, or an address to jump to */
    CALLS_SET, /* is given four functions in a struct on the stack (cookie_io_functions_t) */
    WALKS,     /* reads all return addresses on the stack */
    DELETES,   /* calls an exception's own function, if it has one: straight there */
};

static const struct redirection {
    const char *library; /* NULL: libc, or libgcc */
    const char *name;
    uint8_t need;     /* enum need */
    uint8_t argument; /* the first is 1 */
} redirections[] = {
    {NULL, "dlsym", CALLER, 0},
    {NULL, "dlvsym", CALLER, 0},
    {NULL, "dlopen", CALLER, 0},
    {NULL, "dlmopen", CALLER, 0},
    {NULL, "dlinfo", CALLER, 0},
    {NULL, "dladdr", ADDRESS, 1},
    {NULL, "dladdr1", ADDRESS, 1},
    {NULL, "_Unwind_SetIP", CALLS, 2}, /* a landing pad */
    {NULL, "_Unwind_DeleteException", DELETES, 0},
    {NULL, "qsort", CALLS, 4},
    {NULL, "qsort_r", CALLS, 4},
    {NULL, "bsearch", CALLS, 5},
    {NULL, "lfind", CALLS, 5},
    {NULL, "lsearch", CALLS, 5},
    {NULL, "tsearch", CALLS, 3},
    {NULL, "tfind", CALLS, 3},
    {NULL, "tdelete", CALLS, 3},
    {NULL, "twalk", CALLS, 2},
    {NULL, "twalk_r", CALLS, 2},
    {NULL, "tdestroy", CALLS, 2},
    {NULL, "fopencookie", CALLS_SET, 0},
    /* GNU's libunwind and LLVM's: what languages use, and their own. */
    {"libunwind.so.8", "_Ux86_64_getcontext", WALKS, 0},
    {"libunwind.so.8", "unw_backtrace", WALKS, 0},
    {"libunwind.so.8", "_Unwind_RaiseException", WALKS, 0},
    {"libunwind.so.8", "_Unwind_Resume", WALKS, 0},
    {"libunwind.so.8", "_Unwind_Resume_or_Rethrow", WALKS, 0},
    {"libunwind.so.8", "_Unwind_ForcedUnwind", WALKS, 0},
    {"libunwind.so.8", "_Unwind_Backtrace", WALKS, 0},
    {"libunwind.so.8", "_Unwind_SetIP", CALLS, 2},
    {"libunwind.so.1", "__unw_getcontext", WALKS, 0},
    {"libunwind.so.1", "_Unwind_RaiseException", WALKS, 0},
    {"libunwind.so.1", "_Unwind_Resume", WALKS, 0},
    {"libunwind.so.1", "_Unwind_Resume_or_Rethrow", WALKS, 0},
    {"libunwind.so.1", "_Unwind_ForcedUnwind", WALKS, 0},
    {"libunwind.so.1", "_Unwind_Backtrace", WALKS, 0},
    {"libunwind.so.1", "_Unwind_SetIP", CALLS, 2},
};
static uintptr_t real_functions[ARRAY_LEN(redirections)];

/* --- what is done to a call ------------------------------------------------------------------------------------------------ */

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

static uintptr_t *argument_of(struct redirected_call *call, unsigned number)
{
    uintptr_t *const places[] = {&call->rdi, &call->rsi, &call->rdx, &call->rcx, &call->r8, &call->r9};
    return places[number - 1];
}

/* What _Unwind_DeleteException does, if that leads into the cache. */
static uintptr_t delete_exception(struct redirected_call *call)
{
    const struct _Unwind_Exception *exception = (const struct _Unwind_Exception *)call->rdi;
    uintptr_t function = (uintptr_t)exception->exception_cleanup;
    uintptr_t entry = translated_entry(function);
    if (entry == function)
        return 0;
    call->rsi = call->rdi;
    call->rdi = _URC_FOREIGN_EXCEPTION_CAUGHT;
    return entry;
}

/* Where to jump instead of the function; 0: there. */
static uintptr_t prepare(const struct redirection *redirection, struct redirected_call *call, uintptr_t *return_address)
{
    uintptr_t *argument = argument_of(call, redirection->argument ? redirection->argument : 1);
    switch ((enum need)redirection->need) {
    case CALLER:
        *return_address = tr_origin(*return_address);
        break;
    case ADDRESS:
        *argument = tr_origin(*argument);
        break;
    case CALLS:
        *argument = translated_entry(*argument);
        break;
    case CALLS_SET:
        for (int i = 1; i <= 4; i++)
            return_address[i] = translated_entry(return_address[i]);
        break;
    case WALKS:
        tr_unwind_prepare((uintptr_t)return_address, stack_end((uintptr_t)return_address));
        break;
    case DELETES:
        return delete_exception(call);
    }
    return 0;
}

void redirect_prepare_named(const char *name, struct redirected_call *call, uintptr_t *return_address)
{
    for (size_t i = 0; i < ARRAY_LEN(redirections); i++)
        if (redirections[i].need != DELETES && strcmp(redirections[i].name, name) == 0) {
            prepare(&redirections[i], call, return_address);
            return;
        }
}

/* --- the way in -------------------------------------------------------------------------------------------------------------- */

struct redirected_entry {
    struct redirected_call call;
    uintptr_t number; /* in the table; later the function that is jumped to */
    uintptr_t return_address;
};

__attribute__((used)) static void before_function(struct redirected_entry *entry)
{
    size_t i = entry->number;
    uintptr_t instead = prepare(&redirections[i], &entry->call, &entry->return_address);
    entry->number = instead ? instead : real_functions[i];
}

#define ENTRY_BYTES 16
#define ENTRIES 40
_Static_assert(ENTRIES >= ARRAY_LEN(redirections), "an entry for each function");
extern char redirect_entries[ENTRIES][ENTRY_BYTES] __attribute__((visibility("hidden")));

/* Entry i: push $i; jmp common. */
__asm__(".text\n"
        ".globl redirect_entries\n"
        ".hidden redirect_entries\n"
        ".type redirect_entries, @function\n"
        ".balign 16\n"
        "redirect_entries:\n"
        ".cfi_startproc\n"
        ".set number, 0\n"
        ".rept 40\n"
        ".balign 16\n"
        "    endbr64\n"
        "    push $number\n    .cfi_adjust_cfa_offset 8\n"
        "    jmp redirect_common\n    .cfi_adjust_cfa_offset -8\n"
        ".set number, number + 1\n"
        ".endr\n"
        ".cfi_endproc\n"
        ".size redirect_entries, . - redirect_entries\n"
        ".type redirect_common, @function\n"
        "redirect_common:\n"
        ".cfi_startproc\n"
        ".cfi_adjust_cfa_offset 8\n"
        PUSH_CALL
        "    mov %rsp, %rdi\n"
        "    sub $8, %rsp\n    .cfi_adjust_cfa_offset 8\n"
        "    call before_function\n"
        "    add $8, %rsp\n    .cfi_adjust_cfa_offset -8\n"
        POP_CALL
        "    ret\n" /* to the function */
        ".cfi_endproc\n"
        ".size redirect_common, . - redirect_common\n");

/* --- which there are ----------------------------------------------------------------------------------------------------------- */

static uintptr_t find(const struct redirection *redirection)
{
    void *library = redirection->library ? dlopen(redirection->library, RTLD_LAZY | RTLD_NOLOAD) : RTLD_NEXT;
    void *found = library ? dlsym(library, redirection->name) : NULL;
    if (!found)
        dlerror(); /* the program must not find our failure in its own dlerror() */
    if (library != RTLD_NEXT && library)
        REAL(dlclose)(library);
    return (uintptr_t)found;
}

static void redirect_functions(void)
{
    for (size_t i = 0; i < ARRAY_LEN(redirections); i++)
        if ((real_functions[i] = find(&redirections[i])))
            redirect_native(real_functions[i], (uintptr_t)redirect_entries[i]);
    races_state_name = libc_state_name;
}

#else

static void redirect_functions(void) {}

#endif

bool redirect_native(uintptr_t function, uintptr_t instead)
{
    return libc_leads(function, instead) || tr_redirect(function, instead);
}

static void redirect_all(void)
{
    static bool done;
    bool tells_accesses = takeover_looks_for_races();
    if (tells_accesses)
        libc_collect();
    if (!done) {
        done = true;
        redirect_functions();
        saved_take_over();
        bound_take_over();
    }
    if (tells_accesses)
        libc_take_over();
    lazy_binding_redirect();
}

/* Before runtime's own constructor, which may take over. */
__attribute__((constructor(101))) static void take_part_in_takeover(void) { takeover_prepare = redirect_all; }
