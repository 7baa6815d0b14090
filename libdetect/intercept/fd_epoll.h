/* SPDX-License-Identifier: MIT */
/* Which descriptors an epoll instance watches under which `data`: epoll_wait tells nothing but the data. And the order that
 * a registration makes: what was done before it happens before the return of epoll_wait with an event of it, which is how
 * programs hand a connection with all of its state to the thread that waits.
 *
 * There is at most one registration per pair of numbers (epoll, descriptor), so the table is bounded by what the
 * program has had open at a time; a registration that was removed stays until the pair is used again. */
#ifndef DETECT_INTERCEPT_FD_EPOLL_H
#define DETECT_INTERCEPT_FD_EPOLL_H

#include "base/compiler.h"

/* Descriptors that are registered with equal data: so many are found. */
#define FD_EPOLL_SAME_DATA 8

struct fd_epoll_found {
    int fd;
    uintptr_t registration;
};

/* Both are called outside of the detector. */
/* The address of the OBJECT_FD that stands for the registration; 0: out of memory. */
uintptr_t fd_epoll_register(int epoll, int fd, uint64_t data);
/* The registrations with that data; their number. */
unsigned fd_epoll_find(int epoll, uint64_t data, struct fd_epoll_found found[FD_EPOLL_SAME_DATA]);

#endif
