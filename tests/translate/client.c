/* SPDX-License-Identifier: MIT */
/* The recording client's functions, which run between two instructions of a snippet: general registers only. They
 * leave in every register that a function may change something that nobody expects. */
#include "client.h"

struct recorded recorded;

static inline void clobber(void)
{
    __asm__ volatile("mov $0x0badc0de0badc0de, %%rax\n\t"
                     "mov %%rax, %%rcx\n\tmov %%rax, %%rdx\n\tmov %%rax, %%rsi\n\tmov %%rax, %%rdi\n\t"
                     "mov %%rax, %%r8\n\tmov %%rax, %%r9\n\tmov %%rax, %%r10\n\tmov %%rax, %%r11\n\t"
                     "add %%rax, %%rax"
                     ::: "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "cc", "memory");
}

/* The ABI promises a clear direction flag and an aligned stack. */
static inline void check_stack(void)
{
    recorded.abi_broken |= (uintptr_t)__builtin_frame_address(0) % 16 != 0;
}
static inline void check_abi(void)
{
    uint64_t flags;
    __asm__ volatile("pushfq; popq %0" : "=r"(flags));
    recorded.abi_broken |= (flags & 0x400) != 0;
    check_stack();
}

static inline void note(uint64_t address, uint64_t size, uint32_t kind, uint64_t pc)
{
    if (recorded.count < RECORDED_MAX)
        recorded.access[recorded.count] = (struct access){pc, address, size, kind};
    recorded.count++;
}

static void record(uint64_t address, uint64_t size, uint32_t kind, uint64_t pc)
{
    check_abi();
    note(address, size, kind, pc);
    clobber();
}

bool client_wants(struct tr_access *access)
{
    (void)access;
    return true;
}

void client_access(uintptr_t address, size_t size, uint32_t kind, uintptr_t pc) { record(address, size, kind, pc); }
void client_call(uintptr_t return_pc, uintptr_t sp) { record(sp, 0, CLIENT_CALL, return_pc); }
void client_return(uintptr_t pc, uintptr_t sp) { record(sp, 0, CLIENT_RETURN, pc); }

/* --- calls ------------------------------------------------------------------------------------------------------------ */

enum { KEPT_MAX = 8191 }; /* what there is room for */
static struct tr_call kept[KEPT_MAX];
static size_t kept_count;

static size_t live_count(const struct tr_call *calls, size_t count, uintptr_t sp)
{
    while (count > 0 && calls[count - 1].sp <= sp)
        count--;
    return count;
}

static bool same_calls(uintptr_t sp)
{
    size_t count;
    const struct tr_call *calls = tr_calls(&count);
    count = live_count(calls, count, sp);
    if (count != kept_count)
        return false;
    for (size_t i = 0; i < count; i++)
        if (calls[i].return_pc != kept[i].return_pc || calls[i].sp != kept[i].sp || calls[i].node != 0)
            return false;
    return true;
}

void client_kept_call(uintptr_t return_pc, uintptr_t sp)
{
    kept_count = live_count(kept, kept_count, sp);
    recorded.calls_differ |= !same_calls(sp);
    if (kept_count < KEPT_MAX)
        kept[kept_count++] = (struct tr_call){.return_pc = return_pc, .sp = sp};
    client_call(return_pc, sp);
}

/* --- words ------------------------------------------------------------------------------------------------------------ */

/* All that the access touches is the thread's own from here on. */
static inline void make_own(uintptr_t address, size_t size, uint32_t kind, uintptr_t pc)
{
    const enum tr_tag tag = hooks_tag_of(address, size, kind, pc);
    const uintptr_t end = hooks_words_end(address, size);
    for (uintptr_t at = hooks_words_begin(address); at < end; at += 8)
        hooks_word(at)[hooks_half_of(address, kind, tag)] = tr_check_tags()[tag];
}

void client_checked_access(uintptr_t address, size_t size, uint32_t kind, uintptr_t pc)
{
    make_own(address, size, kind, pc);
    client_access(address, size, kind, pc);
}

/* Takes care of some, and of what comes later of the same bytes, and leaves the others to client_checked_access. */
bool client_quick(uintptr_t address, struct tr_access *access)
{
    const bool done = (address >> 3 ^ access->pc) & 3;
    check_stack();
    if (done) {
        const struct tr_access *later = access->writes_back;
        make_own(address, access->size, access->kind, access->pc);
        note(address, access->size, access->kind, access->pc);
        if (later) {
            make_own(address, later->size, later->kind, later->pc);
            note(address, later->size, later->kind | CLIENT_EARLY, later->pc);
        }
    }
    clobber();
    return done;
}

/* What is said to come is looked at in test_translate_loops.c. */
bool client_quick_in_loop(uintptr_t address, struct tr_access *access)
{
    struct tr_coming coming;
    (void)tr_coming(access, &coming);
    return client_quick(address, access);
}
