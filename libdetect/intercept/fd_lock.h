/* SPDX-License-Identifier: MIT */
/* Order through locks of files that exclude threads as well as processes: flock(2), and fcntl(2)'s locks of open file
 * descriptions. (Its older locks belong to the process, and exclude none of its threads.) One carrier stands for a file, whatever
 * part of it is locked; shared locks order as exclusive ones do, which can hide a race between two holders of those. */
#ifndef DETECT_INTERCEPT_FD_LOCK_H
#define DETECT_INTERCEPT_FD_LOCK_H

#include "intercept/order.h"

/* All are called outside of the detector, and leave errno alone. */
/* Before the real call; `unlocks`: it is known to give the lock up. */
void fd_lock_changes(int fd, bool unlocks, const struct call_site *site);
void fd_lock_changed(int fd, bool unlocks, const struct call_site *site);
/* Before a close, which unlocks. */
void fd_lock_closing(int fd, const struct call_site *site);

#endif
