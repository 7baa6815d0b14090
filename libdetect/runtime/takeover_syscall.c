/* SPDX-License-Identifier: MIT */
/* System calls that the program makes by an instruction of its own, in translated code: what passes no interceptor and
 * concerns the translator all the same. */
#include <linux/sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "base/sys.h"
#include "runtime/races.h"
#include "runtime/runtime.h"
#include "runtime/takeover.h"

#if defined(__x86_64__)

#include <asm/prctl.h>

/* fork, or clone as fork does it: made here, so that nobody is inside the detector meanwhile. One that gives the
 * child another stack is left alone. */
static bool copy_process(greg_t *gregs, uint64_t stack)
{
    long number = gregs[REG_RAX];
    if (stack != 0)
        return false;
    runtime_fork_prepare();
    long pid = sys_call(number, gregs[REG_RDI], gregs[REG_RSI], gregs[REG_RDX], gregs[REG_R10], gregs[REG_R8],
                        gregs[REG_R9]);
    if (pid == 0)
        runtime_fork_child();
    else
        runtime_fork_parent();
    gregs[REG_RAX] = pid;
    return true;
}

static bool clones(greg_t *gregs, uint64_t flags, uint64_t stack)
{
    if (!(flags & CLONE_VM))
        return copy_process(gregs, stack);
    takeover_cloning(flags);
    return false;
}

static bool clones_by_block(greg_t *gregs)
{
    const struct clone_args *block = (const struct clone_args *)gregs[REG_RDI];
    if (!sys_can_read((uintptr_t)&block->flags) || !sys_can_read((uintptr_t)&block->stack))
        return false; /* the kernel says what is wrong */
    return clones(gregs, block->flags, block->stack);
}

/* Signals. What waits has to be made by the program's own instruction. */
static bool by_number(greg_t *gregs)
{
    const long arguments[6] = {gregs[REG_RDI], gregs[REG_RSI], gregs[REG_RDX],
                               gregs[REG_R10], gregs[REG_R8], gregs[REG_R9]};
    long result;
    if (!signals_by_number(gregs[REG_RAX], arguments, (uintptr_t)gregs[REG_RSP], &result))
        return false;
    gregs[REG_RAX] = result;
    return true;
}

bool takeover_on_syscall(ucontext_t *context)
{
    greg_t *gregs = context->uc_mcontext.gregs;
    switch (gregs[REG_RAX]) {
    case SYS_fork:
        return copy_process(gregs, 0);
    case SYS_clone:
        return clones(gregs, (uint64_t)gregs[REG_RDI], (uint64_t)gregs[REG_RSI]);
    case SYS_clone3:
        return clones_by_block(gregs);
    case SYS_prctl:
        if (takeover_restricts((int)gregs[REG_RDI]))
            takeover_restricting();
        return false;
    case SYS_seccomp:
        if (takeover_filters(gregs[REG_RDI]))
            takeover_restricting();
        return false;
    case SYS_arch_prctl:
        if (gregs[REG_RDI] == ARCH_SET_FS)
            takeover_leave("raw-clone", "the program sets up thread-local storage of its own: translation is left for good");
        return false;
    case SYS_mprotect:
    case SYS_pkey_mprotect:
        takeover_changing((uintptr_t)gregs[REG_RDI], (size_t)gregs[REG_RSI], (int)gregs[REG_RDX]);
        return false;
    case SYS_mlockall:
        gregs[REG_RAX] = races_mlockall((int)gregs[REG_RDI]);
        return true;
    case SYS_munmap:
        takeover_changing((uintptr_t)gregs[REG_RDI], (size_t)gregs[REG_RSI], 0);
        return false;
    case SYS_mmap:
        takeover_changing(gregs[REG_R10] & MAP_FIXED ? (uintptr_t)gregs[REG_RDI] : 0, (size_t)gregs[REG_RSI],
                          (int)gregs[REG_RDX]);
        return false;
    default:
        return by_number(gregs);
    }
}

#else

bool takeover_on_syscall(ucontext_t *context)
{
    (void)context;
    return false;
}

#endif
