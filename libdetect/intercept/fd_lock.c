/* SPDX-License-Identifier: MIT */
/* Locks of files; see fd_lock.h. Which descriptors hold one is kept in a short list under the table's lock: to say what a close
 * gives up, and that a change of a lock that is held releases it for a moment. */
#include "intercept/fd_lock.h"

#include <sys/file.h>

#include "intercept/export.h"
#include "intercept/fd_order.h"
#include "runtime/real.h"

#define MOST_HELD 64 /* beyond, a close is not seen to unlock */

static int held[MOST_HELD];
static uint32_t held_count;

static uint32_t find(int fd)
{
    uint32_t i = 0;
    while (i < held_count && held[i] != fd)
        i++;
    return i;
}

static bool is_held(int fd)
{
    if (LIKELY(!load_relaxed(&held_count)))
        return false;
    struct self *self = self_enter();
    if (!self)
        return false;
    fd_table_lock();
    bool found = find(fd) < held_count;
    fd_table_unlock();
    self_leave(self);
    return found;
}

static void set_held(int fd, bool holds)
{
    struct self *self = self_enter();
    if (!self)
        return;
    fd_table_lock();
    uint32_t at = find(fd);
    if (!holds && at < held_count) {
        held[at] = held[held_count - 1];
        store_relaxed(&held_count, held_count - 1);
    } else if (holds && at == held_count && at < MOST_HELD) {
        held[at] = fd;
        store_relaxed(&held_count, at + 1);
    }
    fd_table_unlock();
    self_leave(self);
}

static uintptr_t carrier_of(int fd)
{
    uint64_t key = fd_inode_key(fd);
    return key ? order_carrier(CARRIERS_FILE_LOCKS, (int)(uint32_t)(key ^ key >> 32)) : 0;
}

void fd_lock_changes(int fd, bool unlocks, const struct call_site *site)
{
    uintptr_t carrier = order_wanted() && (unlocks || is_held(fd)) ? carrier_of(fd) : 0;
    if (carrier)
        order_release(OBJECT_FD, carrier, site);
}

void fd_lock_changed(int fd, bool unlocks, const struct call_site *site)
{
    uintptr_t carrier = order_wanted() && !unlocks ? carrier_of(fd) : 0;
    set_held(fd, !unlocks);
    if (carrier)
        order_acquire(OBJECT_FD, carrier, site);
}

void fd_lock_closing(int fd, const struct call_site *site)
{
    if (LIKELY(!is_held(fd)))
        return;
    fd_lock_changes(fd, true, site);
    set_held(fd, false);
}

INTERCEPT(int, flock, (int fd, int operation))
{
    struct call_site site = CALL_SITE();
    bool unlocks = (operation & ~LOCK_NB) == LOCK_UN;
    fd_lock_changes(fd, unlocks, &site);
    int result = REAL(flock)(fd, operation);
    if (result == 0)
        fd_lock_changed(fd, unlocks, &site);
    return result;
}
