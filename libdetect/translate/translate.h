/* SPDX-License-Identifier: MIT */
/* In-process dynamic binary translation: the program's own code runs from a code cache, block by block, so that a
 * client can see each load and store. The one header that other rooms include; knows nothing of the analysis.
 *
 * Words: a *module* is an ELF object; its executable ranges are *translated* (they have lost PROT_EXEC, and whoever
 * executes there faults and is sent to the cache) or *native*. A *fragment* is the translation of one stretch of
 * program code. Calls in the cache push cache return addresses and a return is a plain `ret`, so native callees
 * return straight into the cache; whoever looks at return addresses is shown the program's (tr_unwind_prepare).
 * Cache addresses are never used twice for different code, because they lie in stacks, jmp_bufs and ucontexts.
 *
 * Life: tr_init once; tr_module_add for what shall be translated; tr_take_over; later tr_detach. All calls below may
 * come from any thread unless said otherwise, with signals deferred (runtime/self.h). */
#ifndef DETECT_TRANSLATE_TRANSLATE_H
#define DETECT_TRANSLATE_TRANSLATE_H

#include <signal.h>
#include <ucontext.h>

#include "base/arena.h"
#include "base/compiler.h"

/* --- the client ------------------------------------------------------------------------------------------------ */

enum tr_access_kind { /* bits */
    TR_READ = 1,
    TR_WRITE = 2,
    TR_ATOMIC = 4,  /* `lock` prefix, or xchg with memory */
    TR_STRING = 8,  /* rep-prefixed: size * count bytes, see struct tr_access */
    TR_STACK = 16,  /* push, pop, call, ret: the implicit operand */
    TR_MASKED = 32, /* which elements are touched depends on a mask register; called once per touched element */
    TR_MOV = 64,    /* a plain mov (movzx, movsx) that loads or stores 1, 2, 4 or 8 bytes: what an atomic load or store is
                     * compiled to */
};

enum { TR_ALWAYS = 128 }; /* set by the client: told each time, whatever the test says; as TR_ATOMIC is anyway */
#define TR_CLIENT_SHIFT 16 /* bits of `kind` from here on are the client's */

/* One memory operand of one instruction, as known when it is translated. Barriers (`lock or $0, (%rsp)`) have none. */
struct tr_access {
    uintptr_t pc;    /* the program's instruction */
    uint32_t size;   /* bytes (of one element with TR_STRING and TR_MASKED) */
    uint32_t kind;   /* enum tr_access_kind, and the client's own bits */
    uint8_t base;    /* base register 0..15 in hardware order, TR_NO_REGISTER, or TR_RIP */
    uint8_t index;   /* index register or TR_NO_REGISTER */
    uint8_t scale;
    int32_t displacement;
    uint8_t segment; /* 0, or TR_FS, TR_GS */
    uintptr_t address; /* where it is known: TR_RIP; else 0 */
    /* Of a read, in a quick call: the access of a later instruction that writes the same bytes; once this one has run nothing
     * that might order comes before it. NULL: there is none. */
    struct tr_access *writes_back;
    uint64_t memo; /* a quick call's own; 0 at first. All threads have it in common */
    const struct tr_loop *loop; /* NULL: not known to come again; for tr_coming() */
};
enum { TR_NO_REGISTER = 255, TR_RIP = 254, TR_FS = 1, TR_GS = 2 };

/* An access that the thread is certain to make again: `count` times, at address, address + stride …; unless a signal, or a fault,
 * ends what it does. In between it neither calls anything nor makes any access that is told each time. */
struct tr_coming {
    uintptr_t address;
    intptr_t stride;
    uint64_t count;
};
/* Within a quick call for an access with a loop; after it has been looked at, or before. False: it may be the last. */
bool tr_coming(const struct tr_access *access, struct tr_coming *coming);

/* Functions of the client that the cache calls run on the translator's stack with all of the program's registers
 * saved, vector ones not: they are compiled with -mgeneral-regs-only, call nothing that is not, are bounded, take no
 * lock that translation holds (RANK_TRANSLATE), and signals are deferred while they run. */
struct tr_client {
    /* At translation: whether this operand is of interest. NULL: none is. It may set its own bits in `kind`, which
     * on_access gets with the others. */
    bool (*wants_access)(struct tr_access *access);
    /* Before the instruction executes: it touches [address, address + size). For TR_STRING size is the whole range. The kind of
     * a compare-and-exchange that is about to fail lacks TR_WRITE. */
    void (*on_access)(uintptr_t address, size_t size, uint32_t kind, uintptr_t pc);
    /* At each call instruction, before it, with the program's return address; and before each return. NULL: not. */
    void (*on_call)(uintptr_t return_pc, uintptr_t sp);
    void (*on_return)(uintptr_t pc, uintptr_t sp);
    /* The test that goes before on_access inline; NULL: on_access is called for each access. */
    const struct tr_check *check;
    bool keeps_calls; /* tr_calls() is kept up to date */
};

/* Each aligned 8 bytes of the program's memory have a word of 64 bits, at ((address & ~7) ^ 1 << flip_bit) + offset: for a
 * write nothing needs to be called if its low half equals the thread's tag, for a read if either half does. An access that
 * does not lie in one such word is told, unless it is a vector one, all of whose words pass. Where a word cannot be read, on_access is called,
 * after a fault: rare accesses only. Flipping a bit such as 45 leads from each of the places where programs have their memory
 * (0x0000…, 0x55…, 0x7f…) to free addresses, and is one short instruction; within 2^flip_bit bytes it is a constant distance.
 * An offset of an odd number of pages keeps words and data from having all low address bits in common, which slows
 * some CPUs down. The tag is tr_check_tags()[TR_TAG], the thread's own. */
struct tr_check {
    uint8_t flip_bit;
    int32_t offset;
    /* Asked before on_access about most plain accesses that the test does not let pass; NULL: not asked. True: there is nothing
     * more to do; on_access is called otherwise. As on_access, but of the program's registers tr_thread.context has only
     * rsp (all, where the access has a loop), and the direction flag may be set: no string instructions. `access` is the same each time for one instruction, until
     * its module goes. */
    bool (*quick)(uintptr_t address, struct tr_access *access);
    /* The same for accesses with a loop. */
    bool (*quick_in_loop)(uintptr_t address, struct tr_access *access);
};
/* Nor, where the test does not pass at once, for an access that lies in 4 aligned bytes (the low half word is of the first
 * ones, the high one of the others) if their half equals TR_TAG_HALF_WRITTEN, or for a read TR_TAG_HALF_READ; nor for a read if
 * the low half equals TR_TAG_WHOLE_READ. */
enum tr_tag { TR_TAG, TR_TAG_HALF_WRITTEN, TR_TAG_HALF_READ, TR_TAG_WHOLE_READ, TR_TAGS };
uint32_t *tr_check_tags(void);

/* A call that translated code has made. Dead, and about to be overwritten, if sp <= the thread's stack pointer now (it is the
 * stack pointer before the call): after returns, longjmp, exceptions. */
struct tr_call {
    uintptr_t return_pc; /* the program's */
    uintptr_t sp;
    uint32_t node;       /* the client's; 0 in a new entry */
    uint32_t reserved;
};
/* This thread's, the innermost last; `count` entries from the returned one on. Calls too deep for the room are left out. */
struct tr_call *tr_calls(size_t *count);
/* The innermost that is alive at stack pointer `sp`, for code that runs there; dead ones are dropped. Where there is none, one whose node is
 * 0. */
struct tr_call *tr_innermost_call(uintptr_t sp);
static inline bool tr_call_is_one(const struct tr_call *innermost) { return innermost->sp != INTPTR_MAX; }
/* One that this thread has made before its code was translated; after tr_thread_start(), the outermost first. */
void tr_call_made(uintptr_t return_pc, uintptr_t sp);
/* Of the thread with that thread pointer, which may run: the call that was made from the frame that the address lies in, and
 * the one that was made into it. Left as they are where none is kept. */
void tr_calls_around(uintptr_t thread_pointer, uintptr_t address, struct tr_call *from, struct tr_call *into);

/* Within a call of the client for an access: the program's registers, at the instruction that makes it. For ordinary code. */
void tr_program_context(ucontext_t *context);

/* --- the host (runtime) ------------------------------------------------------------------------------------------ */

struct tr_host {
    struct arena *arena;
    /* Something that this run cannot see; code and text as in runtime_limit. */
    void (*limit)(const char *code, const char *text);
    /* The program is about to execute a `syscall` instruction of its own. The host may change the registers in
     * `context`; true: the host has done it, and the result is in rax. May be NULL. */
    bool (*on_syscall)(ucontext_t *context);
    /* A thread leaves the translator: queued signals may be delivered. The program's registers are in the thread's
     * context (tr_signal_* finds them there). `mask`, a uint64_t, is what the thread's signal mask will be then. May be NULL. */
    void (*on_leave)(void *mask);
};

enum tr_links { TR_LINKS_LAZY, TR_LINKS_NEVER, TR_LINKS_EAGER };

struct tr_options {
    size_t cache_limit;     /* bytes of code in the cache before something is evicted; 0: the default (256 MiB) */
    enum tr_links links;    /* stress: direct branches are patched to each other at first use, never, or at once */
    bool one_instruction;   /* stress: a fragment ends after each instruction */
    uint32_t flush_every;   /* stress: evict everything after so many new fragments, 0 never */
};

/* --- life ---------------------------------------------------------------------------------------------------------- */

/* Whether this CPU and kernel can do it: executable memory can be made (probed here, before anything loses
 * PROT_EXEC), the instructions that the cache itself uses exist. `why` gets a plain sentence if not. */
bool tr_supported(const char **why);
/* Once, before all others. `client` may be NULL: bare translation. All three are kept. */
bool tr_init(const struct tr_options *options, const struct tr_client *client, const struct tr_host *host);

struct tr_module {
    uintptr_t start, end;  /* an executable mapping of an ELF object */
    uintptr_t low, high;   /* of the whole object: the cache lies within 2 GiB of all of it */
    const char *path;      /* kept by copy; where to read text that a debugger has changed in memory; may be NULL */
    uint64_t file_offset;  /* of `start` in that file */
    int protection;        /* PROT_ bits of the mapping as the loader made it */
};
/* From now on (after tr_take_over: at once) this range is translated. False: out of memory, or refused by the kernel. */
bool tr_module_add(const struct tr_module *module);
/* The range is about to be, or has been, unmapped: its fragments go, its cache is given back. */
void tr_module_remove(uintptr_t start, uintptr_t end);
/* The range stays, and is native from here on: it becomes executable; its fragments go, and who is in one, or returns
 * to one, goes on natively. */
void tr_module_release(uintptr_t start, uintptr_t end);
/* Whether a program address lies in a translated range; lock-free. */
bool tr_is_translated(uintptr_t pc);

/* All translated ranges lose PROT_EXEC: from here on this thread and all others run from the cache wherever they are
 * not native. False: nothing has changed. */
bool tr_take_over(void);
/* Translation is left for good: the ranges become executable, every fragment is evicted; threads that are in one
 * fault once and go on natively, with their registers. */
void tr_detach(void);
bool tr_is_on(void);

/* Makes this thread's translator stack, if it has none. Also done at a thread's first fault. False: no memory. */
bool tr_thread_start(void);
/* At the thread's end. What it still executes may be translated: its translator stack is used again once the kernel
 * says that it is gone. */
void tr_thread_end(void);

void tr_fork_prepare(void);
void tr_fork_parent(void);
/* The child's cache is its own; other threads' stacks are given back. */
void tr_fork_child(void);

/* --- addresses ---------------------------------------------------------------------------------------------------- */

/* What to call instead of the program's function at pc: its translation, or pc itself where that is native. Saves the
 * fault of a call from native code. */
uintptr_t tr_entry(uintptr_t pc);
/* A cache address (a return address, or an interrupted instruction) as the program's; any other address as it is.
 * Knows evicted fragments too. Lock-free, async-signal-safe. */
uintptr_t tr_origin(uintptr_t address);
/* Whether the address lies in the cache, in use or evicted. */
bool tr_in_cache(uintptr_t address);
/* From now on, translated code that calls or jumps to the native function gets to `instead`, which is native too and
 * finds registers and stack as the function would. For functions that look at their caller's address or call back.
 * Native callers are not affected, nor is translated code that has called the function before. False: no room, or
 * redirected already. */
bool tr_redirect(uintptr_t function, uintptr_t instead);
/* Reads of the program's memory, which need not be there: how many bytes were not copied; and how many elements of `unit`
 * bytes (1, 4) a string has before its end, `most` at most, or before memory that cannot be read. */
size_t tr_copy_guarded(void *to, const void *from, size_t size);
size_t tr_string_length(const void *string, size_t most, size_t unit);
/* function(arg) with the vector and floating-point registers saved around it; the stack needs room for them. */
void tr_with_vectors_saved(void (*function)(void *), void *arg);
/* For an unwinder that asks for the tables of the cache address pc, which is where a signal has interrupted the code, or the
 * byte before a return address (as libgcc asks). Of its own working memory, words [low, high), those that hold pc or
 * pc + 1 are changed to the program's, and it goes on with these. The program's address for pc; `is_new`: it was not asked
 * for lately. Async-signal-safe. */
uintptr_t tr_unwind_lookup(uintptr_t pc, uintptr_t *low, uintptr_t *high, bool *is_new);
/* For an unwinder that asks nobody. [sp, stack_high): cache return addresses become the program's; returning there
 * faults once. The number that was replaced. */
size_t tr_unwind_prepare(uintptr_t sp, uintptr_t stack_high);

/* --- signals (called from the runtime's handler) --------------------------------------------------------------------- */

enum tr_fault {
    TR_FAULT_PROGRAM,  /* the program's own: its handler's business */
    TR_FAULT_RESUMED,  /* ours: `context` has been changed, just return from the handler */
};
/* A SIGSEGV, SIGBUS, SIGILL or SIGTRAP of this thread. Never deferred. */
enum tr_fault tr_fault(int signo, const siginfo_t *info, ucontext_t *context);

/* What a handler of the program's interrupts. */
enum tr_interrupted {
    TR_AT_NATIVE,  /* native code, or code made at run time: the context is as it should be */
    TR_AT_CACHE,   /* in the cache, or on the way in or out of the translator, with the program's state known */
    TR_AT_WORK,    /* inside the translator or the client: defer the signal */
};
enum tr_interrupted tr_interrupted(const ucontext_t *context);

/* A handler of the program is about to run, and does so between the two calls. Enter saves what of this thread's
 * scratch state the handler will use as well, and shows the program's rip and registers in `context`. Leave restores
 * it, applies what the handler has changed in `context` (rip included) and makes `context` resumable. A handler that
 * is left by siglongjmp never comes to leave, which is fine. */
struct tr_signal_save {
    uint64_t opaque[64];
};
void tr_signal_enter(struct tr_signal_save *save, ucontext_t *context);
void tr_signal_leave(struct tr_signal_save *save, ucontext_t *context);
/* A signal waits because tr_interrupted has said TR_AT_WORK: the host wants to be asked when the thread leaves. */
void tr_signal_deferred(void);
uintptr_t tr_context_sp(const ucontext_t *context);

/* A signal frame on another stack than the kernel has put it. */
struct tr_frame {
    uintptr_t sp; /* of the handler's first instruction */
    siginfo_t *info;
    ucontext_t *context;
    void *extra;
};
/* Copies the kernel's frame that `context` lies in, and `extra` with it, below `top`. False: that memory cannot be
 * written. */
bool tr_frame_copy(struct tr_frame *frame, uintptr_t top, const siginfo_t *info, const ucontext_t *context,
                   const void *extra, size_t extra_size);
/* Calls the function there, with info, context and extra as they lie there; its return is the return from the signal. */
_Noreturn void tr_frame_run(const struct tr_frame *frame, void (*function)(int, siginfo_t *, void *, void *), int signo);

/* --- what it did ------------------------------------------------------------------------------------------------------ */

struct tr_stats {
    uint64_t fragments, program_bytes, cache_bytes, metadata_bytes;
    uint64_t entry_faults;    /* native code executed a translated address */
    uint64_t dispatches;      /* the cache asked where to go on */
    uint64_t links, lookups_missed, evictions, undecodable;
};
void tr_stats(struct tr_stats *stats);
/* A fragment for people: the program's code, the translation, liveness; one line at a time, with the translator's
 * lock held. `pc` lies in the program or in the cache. */
void tr_dump(uintptr_t pc, void (*line)(void *ctx, const char *text), void *ctx);
/* Of the whole cache, evicted fragments (without their code) included. */
void tr_dump_all(void (*line)(void *ctx, const char *text), void *ctx);

#endif
