/* SPDX-License-Identifier: MIT */
/* Data races: which accesses to memory are ordered by happens-before (FastTrack, Flanagan and Freund, PLDI 2009),
 * exact to the byte. Part of the detector (detector.h): events of mode full order, accesses are checked here.
 *
 * A *tag* is a thread's slot and epoch in the full happens-before clock, in 29 bits: "slot << RACE_EPOCH_BITS | epoch".
 * It changes whenever the thread releases something. A *site* says where an access came from: the thread's call stack,
 * the instruction, and the locks that it held; an interned number.
 *
 * Shadow memory: two words of 64 bits for each aligned granule of 8 bytes, at two constant distances from it.
 *   tags   two words of 32 bits, each a tag and, above it, what happened at that tag to which bytes (enum race_word);
 *          0 is "nothing". Low word from RACE_BUSY on: somebody is changing both words.
 *          RACE_WHOLE       low word W: all 8 bytes were written; high word R: all 8 were read
 *          RACE_HALF_WRITTEN, RACE_HALF_READ
 *                           low word: of bytes 0 to 3, high word: of bytes 4 to 7: all 4 were written; were read or written
 *          RACE_WHOLE_READ  in the low word: all 8 bytes were read or written
 *          RACE_PART_*      nothing that can be told from this word alone
 *          So what translated code may skip without a call is told by the tags alone (race_is_known()).
 *   sites  of both, and which bytes each of them is about; or the number of an extension record, where it takes more than
 *          two tags, or for a synchronisation variable (race_state.h).
 *
 * Thread-safety: race_* functions for one thread's own record may run in many threads at once; a granule is locked by
 * RACE_BUSY for as long as it changes. They run inside call-outs of translated code: this file and all that it calls
 * from race_access() are compiled with -mgeneral-regs-only, call nothing of libc, and take RANK_RACE locks at most; a
 * finding is put aside (race_has_findings) and reported later by race_report(), which is ordinary code. */
#ifndef DETECT_ANALYSIS_RACE_H
#define DETECT_ANALYSIS_RACE_H

#include "analysis/detector.h"

#define RACE_EPOCH_BITS 18
#define RACE_SLOTS 2047u /* slot 2047 makes RACE_BUSY */
#define RACE_TAG_BITS 29
#define RACE_NO_TAG 0x1fffffffu /* of a thread without a slot; nothing is known of it */
#define RACE_TAG_MASK ((1u << RACE_TAG_BITS) - 1)

/* Above a tag; bit 0 of all but the first: a write. */
enum race_word {
    RACE_WHOLE = 0,
    RACE_HALF_WRITTEN = 1 << RACE_TAG_BITS,
    RACE_HALF_READ = 2 << RACE_TAG_BITS,
    RACE_PART_WRITTEN = 3 << RACE_TAG_BITS,
};
#define RACE_WHOLE_READ (4u << RACE_TAG_BITS)
#define RACE_PART_READ (6u << RACE_TAG_BITS)
#define RACE_BUSY 0xfffc0000u /* 7, and slot 2047 */

/* Where a thread's tag is kept for translated code, ready to be compared with words. */
enum race_tag_word { RACE_TAG, RACE_TAG_HALF_WRITTEN, RACE_TAG_HALF_READ, RACE_TAG_WHOLE_READ, RACE_TAG_WORDS };

/* Whether tags say that the thread with this tag has done this access to [offset, offset + size) of the granule already, or
 * one that stands for it. It is what translated code tests inline. */
static inline bool race_is_known(uint64_t tags, uint32_t tag, uint32_t offset, size_t size, bool writes)
{
    uint32_t low = (uint32_t)tags, high = (uint32_t)(tags >> 32), half = offset < 4 ? low : high;
    bool in_half = offset % 4 + size <= 4;
    return low == tag || (in_half && half == (tag | RACE_HALF_WRITTEN)) ||
           (!writes && (high == tag || low == (tag | RACE_WHOLE_READ) || (in_half && half == (tag | RACE_HALF_READ))));
}

typedef uint32_t race_site;
#define RACE_SITE_NONE 0u

/* --- accesses ----------------------------------------------------------------------------------------------------- */

enum race_flag {
    RACE_READ = 1 << 0,
    RACE_WRITE = 1 << 1,
    RACE_ATOMIC = 1 << 2,  /* acquires if it reads, releases if it writes; never races with its like. For a
                            * compare-and-exchange that will fail, RACE_WRITE is left out */
    RACE_RMW = 1 << 3,     /* with ATOMIC: `lock`, xchg, or known to be one: what it touches is a synchronisation variable
                            * from here on. An atomic load or store known from debug information has ATOMIC alone, and
                            * makes one too */
    RACE_MOV = 1 << 4,     /* not ATOMIC: an aligned plain mov of 1, 2, 4 or 8 bytes, so it may be an atomic load or store
                            * in the source. Without it the variable is proved to be plain */
    RACE_SOURCE_KNOWN = 1 << 5, /* there is debug information for the place, which says that it is no atomic: certain */
    RACE_LIBRARY = 1 << 6, /* in a shared library, not in the program's executable */
    RACE_LIBC = 1 << 7,    /* by a function of libc or a system call; the site's innermost frame is its caller's call */
    RACE_FREE = 1 << 8,    /* a write that gives the block back: free, realloc, delete */
    RACE_UNMAP = 1 << 9,   /* munmap, mremap, dlclose, the end of a thread's stack */
    RACE_VOLATILE = 1 << 10, /* the source says volatile */
    RACE_STATIC = 1 << 11, /* state inside libc (a static buffer, environ): kind libc-race */
    RACE_RUNTIME = 1 << 13, /* by a runtime whose business is order (OpenMP's) for itself: its moves are taken for atomic, and race
                             * with nothing */
    RACE_SPIN = 1 << 12,   /* a load in a loop that does nothing but wait for the location to change */
    RACE_DESCRIPTOR = 1 << 14, /* a file descriptor: kind fd-race; its end is a write, its making a read and write */
    RACE_FOLDED = 1 << 15, /* a read-modify-write without `lock`, which LLVM makes of an atomic load and an atomic store, too */
};
#define RACE_FLAG_BITS 16

/* The thread touches [address, address + size), before the instruction or call does it. Any size. `call` is the node of
 * its call stack, pc an address inside the program's instruction (of the call, for what a function of libc does). Nothing
 * is looked at before race_thread_start(). */
void race_access(struct detector *det, struct thread *thread, uintptr_t address, size_t size, uint32_t flags,
                 race_site call, uintptr_t pc);

/* race_quick() (race_quick.h) does the same for the frequent cases of plain accesses (neither ATOMIC nor RUNTIME nor SPIN, nor
 * the end of anything): something that the thread has done already, or the first access in its epoch to a granule that all others
 * have left in order. False: call race_access(). Small, bounded, without string instructions. */

/* The memory is new: what lay there before has no history any more (malloc, mmap, a thread's stack at its start). */
void race_fresh(struct detector *det, struct thread *thread, uintptr_t address, size_t size);
/* It is going: a write by this thread (flags: RACE_FREE or RACE_UNMAP) to all of it that has a history, and whatever
 * synchronisation variables lie in it end. Of a block that is freed, the first RACE_FREE_WHOLE bytes are written in any
 * case: a use that comes later must find the free, also where nobody has been seen to touch the block. Not more, so
 * that large blocks that were hardly used cost no shadow memory. */
#define RACE_FREE_WHOLE 4096u
void race_gone(struct detector *det, struct thread *thread, uintptr_t address, size_t size, uint32_t flags,
               race_site call, uintptr_t pc);
/* The stack pointer has come back above what lay below: synchronisation variables in [low, sp) of the thread's own stack
 * are gone. */
void race_stack_left(struct detector *det, struct thread *thread, uintptr_t sp);

/* The bytes are a synchronisation variable (the operand of a futex call, a guard of a static, an annotation). */
void race_make_atomic(struct detector *det, struct thread *thread, uintptr_t address, size_t size);
/* Races on these bytes are none (AnnotateBenignRaceSized). */
void race_benign(struct detector *det, uintptr_t address, size_t size);

/* --- findings ------------------------------------------------------------------------------------------------------- */

/* What the thread's last atomic load reads is known now: what was released there is acquired. Before each of its events
 * that order (race_pending says whether there is anything to do); accesses see to it themselves. */
void race_complete(struct detector *det, struct thread *thread);

/* Findings wait to be reported. Checked by whoever has called race_access() once it may run ordinary code. */
bool race_has_findings(const struct thread *thread);
/* Feeds them to the environment's on_finding. Takes RANK_ANALYSIS. */
void race_report(struct detector *det, struct thread *thread);

/* --- call stacks (calltree.h) ------------------------------------------------------------------------------------------ */

/* The node for "called from return_pc in the context `parent`"; RACE_SITE_NONE is the bottom. Interned: the same
 * number for the same stack in all threads. Lock-free when it exists. */
race_site race_call(struct detector *det, struct thread *thread, race_site parent, uintptr_t return_pc);
/* The same if this thread, whose accesses are looked at, has asked for it lately; RACE_SITE_NONE: it has not. As quick as race_quick(). */
race_site race_call_known(const struct thread *thread, race_site parent, uintptr_t return_pc);
/* The return addresses of a node, innermost first; how many. */
uint32_t race_call_frames(struct detector *det, race_site call, uintptr_t *frames, uint32_t most);

/* --- set-up --------------------------------------------------------------------------------------------------------------- */

/* Where shadow memory is: of an address in ranges[i], its tags lie at address + tags, its sites at address + sites (aligned
 * down to the granule). Other addresses go through a table of chunks from the arena. */
struct race_range {
    uintptr_t start, end;
    intptr_t tags, sites;
};

#define RACE_RANGES 16

struct race_shadow {
    struct race_range ranges[RACE_RANGES];
    uint32_t range_count;
    /* Gives the memory back to the system; it reads as zero afterwards. Page-aligned. */
    void (*discard)(void *start, size_t size);
    /* The program's mappings that it may access, in any order; whole pages where `resident` is asked. NULL: there are no ranges. */
    void (*each_mapping)(void (*visit)(void *ctx, uintptr_t start, uintptr_t end), void *ctx);
    /* Which of its pages are there (bit 0 of each byte); those that are not read as zero. NULL: not known. */
    void (*resident)(void *start, size_t pages, uint8_t *which);
};

/* From now on the detector keeps the full happens-before clock and checks accesses; before any thread but the first
 * exists. False: out of memory. */
bool detector_watch_races(struct detector *det, const struct race_shadow *shadow);
/* One range more, which has nothing in common with the others, before the program has touched anything there. False: there are too many,
 * or something there has been touched. One thread at a time. */
bool race_add_range(struct detector *det, const struct race_range *range);
/* The thread's accesses are looked at from here on. tag_words: where its tag is kept for translated code (RACE_TAG_WORDS of
 * them), for as long as the thread runs; may be NULL. By the thread itself. */
void race_thread_start(struct detector *det, struct thread *thread, uint32_t *tag_words);
/* It has ended: what it needs only while it runs. Under the analysis lock. */
void race_thread_end(struct detector *det, struct thread *thread);
/* Code ran natively that may have ordered accesses unseen (made at run time, a module that is not translated): what is
 * found from now on is `possible`. */
void race_doubt(struct detector *det);

#endif
