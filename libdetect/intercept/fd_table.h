/* SPDX-License-Identifier: MIT */
/* What the program's descriptors carry: which channels a descriptor reads from and writes to.
 *
 * A *channel* is one direction of bytes: a pipe, one half of a connection, an eventfd. A write to it
 * happens before the read that gets it. A *description* is what dup'ed descriptors share (the kernel's open
 * file description); it names the channel that it reads and the one that it writes, either may be missing.
 *
 * Most descriptions are found out at the first use after a second thread exists (fd_classify.c: a pipe is
 * known by its inode, a connection by its addresses). Only what cannot be recognised later is entered when it is
 * made: eventfds and their like, and socketpairs. A closed number must be forgotten at once.
 *
 * Look-ups take no lock. Records are type-stable: reused as records of the same type only, so a look-up that
 * races with a close finds a wrong channel at worst, as the program's own call may find a wrong file. Changes
 * run under one lock (RANK_FD) with signals deferred. Descriptors from FD_LIMIT on are not tracked. */
#ifndef DETECT_INTERCEPT_FD_TABLE_H
#define DETECT_INTERCEPT_FD_TABLE_H

#include "intercept/order.h"

#define FD_LIMIT (1 << 20)

struct channel;

struct description {
    uint32_t references; /* descriptors that share it, and look-ups never count */
    bool signals;        /* a signalfd: what it reads are signals */
    struct channel *in, *out;
    struct description *next_free;
};

/* What classification says of a descriptor: keys of the channels that it reads and writes, 0 for none.
 * Equal keys are one channel. */
struct fd_nature {
    uint64_t in, out;
    bool signals;
};

/* A key that no other channel will ever have. */
uint64_t fd_fresh_key(void);

/* NULL: nothing is known (yet). */
struct description *fd_lookup(int fd);
/* Enters what `fd` is if nothing is known of it; returns what is known then (NULL: out of memory). */
struct description *fd_learn(struct self *self, int fd, const struct fd_nature *nature);
/* `fd` was made by the kernel just now: whatever was known of the number is of another file. */
void fd_enter(struct self *self, int fd, const struct fd_nature *nature,
              const struct call_site *site);
/* `to` is a duplicate of `from` now. */
void fd_share(struct self *self, int from, int to, const struct call_site *site);
/* `fd`, or all of first..last, is closed or about to be. */
void fd_forget(struct self *self, int fd, const struct call_site *site);
void fd_forget_range(struct self *self, unsigned first, unsigned last,
                     const struct call_site *site);

/* Addresses of the OBJECT_FD that stand for the channels; 0 for none. */
uintptr_t fd_in(const struct description *description);
uintptr_t fd_out(const struct description *description);
/* The channel of that key without a descriptor of it: for datagrams sent to an address. */
uintptr_t fd_channel(struct self *self, uint64_t key, const struct call_site *site);

/* Also for what belongs to the table (fd_epoll.c). */
void fd_table_lock(void);
void fd_table_unlock(void);

#endif
