/* SPDX-License-Identifier: MIT */
/* Which descriptors an epoll instance watches under which `data`: epoll_wait tells nothing but the data.
 *
 * There is at most one registration per pair of numbers (epoll, descriptor), so the table is bounded by what the
 * program has had open at a time; a registration that was removed stays until the pair is used again. */
#ifndef DETECT_INTERCEPT_FD_EPOLL_H
#define DETECT_INTERCEPT_FD_EPOLL_H

#include "base/compiler.h"

/* Descriptors that are registered with equal data: so many are found. */
#define FD_EPOLL_SAME_DATA 8

/* Both are called outside of the detector. */
void fd_epoll_register(int epoll, int fd, uint64_t data);
/* The descriptors with that data; their number. */
unsigned fd_epoll_find(int epoll, uint64_t data, int fds[FD_EPOLL_SAME_DATA]);

#endif
