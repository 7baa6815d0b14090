/* SPDX-License-Identifier: MIT */
/* What the files of this room share: options, client, host, the lock. */
#ifndef DETECT_TRANSLATE_TRANSLATOR_H
#define DETECT_TRANSLATE_TRANSLATOR_H

#include "base/atomic.h"
#include "base/spin.h"
#include "translate/cache.h"
#include "translate/thread.h"
#include "translate/translate.h"

struct translator {
    struct tr_options options;
    const struct tr_client *client; /* NULL: bare translation */
    const struct tr_host *host;
    struct spin lock;               /* RANK_TRANSLATE */
    bool ready;                     /* tr_init was called and has succeeded */
    bool on;                        /* ranges have lost PROT_EXEC */
    bool left;                      /* detached: for good */
    bool dual;                      /* the cache is mapped twice */
    bool prefer_dual;               /* tests: even where it need not be */
    bool prefer_jrcxz;              /* tests: in slots (x86_64/indirect.c), on any CPU */
    uint32_t fragments_since_flush;
    size_t live_bytes;              /* of chunks that hold code */
    size_t evicted_metadata;        /* bytes that are still known of evicted fragments */
    struct tr_stats stats;
};

extern struct translator translator;

static inline void stat_add(uint64_t *counter, uint64_t n) { fetch_add_relaxed(counter, n); }

/* The cache address to go on at for program address pc (or any other address: native, or in the cache). Builds what is
 * missing. 0: it cannot be built. Lock held, on the translator's stack, vector state saved. `fragment` gets the
 * fragment that it lies in, or NULL. */
uintptr_t translate_resolve(uintptr_t pc, struct tr_fragment **fragment);

/* Out of memory: translation ends for all threads. Lock held. */
void translate_give_up(void);

/* The program's address, given the place where the context was interrupted. */
uintptr_t translate_pc_of(const struct tr_place *place, const ucontext_t *context);

#define TRANSLATOR_STACK_BYTES ((size_t)256 << 10)

/* Runs function(arg) on this thread's translator stack. False: it has none and none can be made. */
bool translate_on_stack(void (*function)(void *), void *arg);

/* unwinder.c, translate.c: cache addresses are going to be used again. */
void unwinder_forget(void);
void origins_forget(void);

/* The child of a fork has one thread. */
void stacks_fork_child(void);

/* Copies memory that may be unmapped meanwhile: the number of bytes that were not copied. */
size_t copy_guarded(void *to, const void *from, size_t size);
/* Loads 1, 2, 4 or 8 bytes at once. False: the address cannot be read. */
bool load_guarded(uint64_t *value, uintptr_t address, size_t size);
/* The bytes before the first element (of one byte, or of four) that is zero or cannot be read; about `most` at most. */
size_t length_guarded(const void *string, size_t most);
size_t length_guarded_wide(const void *string, size_t most);

/* calls.c: makes this thread's room for calls, if the client wants them kept; forgets it. */
#define CALLS_ROOM_BYTES ((size_t)192 << 10)
void calls_begin(uint8_t *room);

/* Called by x86_64/enter.S on the translator's stack, state WORKING, context complete. They set `resume`. */
void dispatch_exit(uintptr_t stub);
void dispatch_indirect(uintptr_t target);
struct tr_hook;
void dispatch_hook(struct tr_hook *hook);

/* indirect.c: from now on, indirect jumps to pc find it without the dispatcher. Lock held. */
bool indirect_init(uintptr_t miss);
bool indirect_learn(uintptr_t pc, uintptr_t code, struct tr_fragment *fragment);
/* Indirect jumps all go through the dispatcher again (detach). */
void indirect_forget_all(void);
/* The module [low, high) is gone. Lock held. */
void indirect_forget(uintptr_t low, uintptr_t high);
bool indirect_place(const struct tr_chunk *chunk, uintptr_t code, struct tr_place *place);
struct tr_exit *indirect_exit(const struct tr_chunk *chunk, uintptr_t stub);
/* A literal `jmp *` to an address out of reach: where it is. 0: no space. */
uintptr_t indirect_trampoline(struct tr_region *region, uintptr_t to);

#endif
