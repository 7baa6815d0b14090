/* SPDX-License-Identifier: MIT */
/* Descriptors made, duplicated, connected and closed: keeps the table of fd_table.h true, and keeps the
 * program away from the report's own descriptor, which it behaves as if it were not there.
 *
 * Hard rules: a number is forgotten before it is closed, as another thread may get it the moment after; in the child
 * of a vfork nothing is changed, because the table is the parent's. */
#include <errno.h>
#include <sys/syscall.h>

#include "base/sys.h"
#include "intercept/export.h"
#include "intercept/fd_life.h"
#include "intercept/fd_lock.h"
#include "intercept/fd_order.h"
#include "runtime/real.h"

/* Not in the child of a vfork (or of another call that shares our memory). */
static bool own_process(void) { return sys_getpid() == runtime.pid; }

static bool refused(int fd)
{
    if (LIKELY(!report_owns(&runtime.writer, fd)))
        return false;
    errno = EBADF;
    return true;
}

/* The program is about to take the report's number for a file of its own: the report moves on. */
static void give_way(int fd)
{
    if (LIKELY(!report_owns(&runtime.writer, fd)))
        return;
    struct self *self = self_enter();
    if (!self)
        return;
    spin_lock(&runtime.writer.lock);
    int moved = (int)sys_call(SYS_fcntl, fd, F_DUPFD_CLOEXEC, fd + 1, 0, 0, 0);
    if (moved < 0)
        moved = (int)sys_call(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 3, 0, 0, 0);
    if (moved >= 0)
        store_relaxed(&runtime.writer.fd, moved);
    spin_unlock(&runtime.writer.lock);
    self_leave(self);
}

/* --- changes of the table, by interceptors ---------------------------------------------------------------- */

static void forget(int fd, const struct call_site *site)
{
    struct self *self = own_process() ? self_enter() : NULL;
    if (!self)
        return;
    fd_forget(self, fd, site);
    self_leave(self);
}

/* Of a descriptor that nothing was known of so far: not worth an entry now. */
static uintptr_t sink_unknown(int fd, const struct call_site *site)
{
    struct fd_nature nature;
    if (!fd_classify(fd, &nature) || !nature.out)
        return 0;
    struct self *self = self_enter();
    if (!self)
        return 0;
    uintptr_t channel = fd_channel(self, nature.out, site);
    self_leave(self);
    return channel;
}

/* Before a close. Who reads the other end to its end knows that this has happened. */
static inline void closing(int fd, const struct call_site *site)
{
    fd_lock_closing(fd, site);
    struct description *description = fd_lookup(fd);
    if (order_wanted() && fd >= 0) {
        uintptr_t channel = description ? fd_out(description) : sink_unknown(fd, site);
        if (channel)
            order_release(OBJECT_FD, channel, site);
    }
    if (UNLIKELY(description))
        forget(fd, site);
}

static void share(int from, int to, const struct call_site *site)
{
    if (LIKELY(to < 0 || (!fd_lookup(from) && !fd_lookup(to))) || !own_process())
        return;
    struct self *self = self_enter();
    if (!self)
        return;
    fd_share(self, from, to, site);
    self_leave(self);
}

static void enter(int fd, const struct fd_nature *nature, const struct call_site *site)
{
    struct self *self = fd >= 0 && own_process() ? self_enter() : NULL;
    if (!self)
        return;
    fd_enter(self, fd, nature, site);
    self_leave(self);
}

/* --- close ------------------------------------------------------------------------------------------------- */

bool fd_close_by_number(int fd, const struct call_site *site)
{
    if (UNLIKELY(refused(fd)))
        return false;
    closing(fd, site);
    return true;
}

INTERCEPT(int, close, (int fd))
{
    struct call_site site = CALL_SITE();
    return fd_close_by_number(fd, &site) ? REAL(close)(fd) : -1;
}

INTERCEPT(int, fclose, (FILE *file))
{
    struct call_site site = CALL_SITE();
    int saved = errno;
    closing(fileno(file), &site);
    errno = saved;
    return REAL(fclose)(file);
}

INTERCEPT(int, pclose, (FILE *file))
{
    struct call_site site = CALL_SITE();
    int saved = errno;
    closing(fileno(file), &site);
    errno = saved;
    return REAL(pclose)(file);
}

INTERCEPT(int, closedir, (DIR *directory))
{
    struct call_site site = CALL_SITE();
    if (directory)
        closing(dirfd(directory), &site);
    return REAL(closedir)(directory);
}

INTERCEPT(int, mq_close, (mqd_t queue))
{
    struct call_site site = CALL_SITE();
    closing(queue, &site);
    return REAL(mq_close)(queue);
}

static void closing_range(unsigned first, unsigned last, const struct call_site *site)
{
    struct self *self = own_process() ? self_enter() : NULL;
    if (!self)
        return;
    fd_forget_range(self, first, last, site);
    self_leave(self);
}

/* All of first..last but the report. */
static int close_around_report(unsigned first, unsigned last, int flags)
{
    unsigned report = (unsigned)load_relaxed(&runtime.writer.fd);
    if (report > INT32_MAX || report < first || report > last)
        return REAL(close_range)(first, last, flags);
    int result = 0;
    if (report > first)
        result = REAL(close_range)(first, report - 1, flags);
    if (result == 0 && report < last)
        result = REAL(close_range)(report + 1, last, flags);
    return result;
}

INTERCEPT(int, close_range, (unsigned first, unsigned last, int flags))
{
    struct call_site site = CALL_SITE();
    if (first > last || (flags & (int)CLOSE_RANGE_CLOEXEC))
        return REAL(close_range)(first, last, flags);
    closing_range(first, last, &site);
    return close_around_report(first, last, flags);
}

INTERCEPT(void, closefrom, (int lowest))
{
    struct call_site site = CALL_SITE();
    unsigned first = lowest < 0 ? 0 : (unsigned)lowest;
    int saved = errno;
    closing_range(first, ~0u, &site);
    if (load_relaxed(&runtime.writer.fd) < (int)first || close_around_report(first, ~0u, 0) != 0)
        REAL(closefrom)(lowest);
    errno = saved;
}

/* --- duplicates --------------------------------------------------------------------------------------------- */

INTERCEPT(int, dup, (int fd))
{
    struct call_site site = CALL_SITE();
    if (UNLIKELY(refused(fd)))
        return -1;
    int result = REAL(dup)(fd);
    share(fd, result, &site);
    return result;
}

INTERCEPT(int, dup2, (int from, int to))
{
    struct call_site site = CALL_SITE();
    if (UNLIKELY(refused(from)))
        return -1;
    give_way(to);
    int result = REAL(dup2)(from, to);
    share(from, result, &site);
    return result;
}

INTERCEPT(int, dup3, (int from, int to, int flags))
{
    struct call_site site = CALL_SITE();
    if (UNLIKELY(refused(from)))
        return -1;
    give_way(to);
    int result = REAL(dup3)(from, to, flags);
    share(from, result, &site);
    return result;
}

/* The third argument is absent for some commands; what the register holds then goes to nobody. */
INTERCEPT(int, fcntl, (int fd, int command, long argument))
{
    struct call_site site = CALL_SITE();
    if (UNLIKELY(refused(fd)))
        return -1;
    bool locks = command == F_OFD_SETLK || command == F_OFD_SETLKW;
    if (locks)
        fd_lock_changes(fd, false, &site);
    int result = REAL(fcntl)(fd, command, argument);
    if (command == F_DUPFD || command == F_DUPFD_CLOEXEC)
        share(fd, result, &site);
    else if (locks && result == 0) /* and so the structure could be read */
        fd_lock_changed(fd, ((const struct flock *)argument)->l_type == F_UNLCK, &site);
    return result;
}

EXPORT int intercepted_fcntl64(int fd, int command, long argument) __asm__("fcntl64")
    __attribute__((alias("fcntl")));

/* --- new ones that cannot be recognised later ------------------------------------------------------------------ */

INTERCEPT(int, eventfd, (unsigned count, int flags))
{
    struct call_site site = CALL_SITE();
    int fd = REAL(eventfd)(count, flags);
    uint64_t key = fd_fresh_key();
    enter(fd, &(struct fd_nature){.in = key, .out = key}, &site);
    return fd;
}

INTERCEPT(int, timerfd_create, (int clock, int flags))
{
    struct call_site site = CALL_SITE();
    int fd = REAL(timerfd_create)(clock, flags);
    uint64_t key = fd_fresh_key();
    enter(fd, &(struct fd_nature){.in = key, .out = key}, &site);
    return fd;
}

INTERCEPT(int, signalfd, (int existing, const sigset_t *mask, int flags))
{
    struct call_site site = CALL_SITE();
    int fd = REAL(signalfd)(existing, mask, flags);
    enter(fd, &(struct fd_nature){.signals = true}, &site);
    return fd;
}

INTERCEPT(int, socketpair, (int domain, int type, int protocol, int fds[2]))
{
    struct call_site site = CALL_SITE();
    int result = REAL(socketpair)(domain, type, protocol, fds);
    if (result == 0) {
        uint64_t there = fd_fresh_key(), back = fd_fresh_key();
        enter(fds[0], &(struct fd_nature){.in = back, .out = there}, &site);
        enter(fds[1], &(struct fd_nature){.in = there, .out = back}, &site);
    }
    return result;
}

/* --- connections ------------------------------------------------------------------------------------------------ */

/* What passes from the thread that connects to the one that accepts. */
static uintptr_t meeting(uint64_t key, const struct call_site *site)
{
    struct self *self = key ? self_enter() : NULL;
    if (!self)
        return 0;
    uintptr_t channel = fd_channel(self, key, site);
    self_leave(self);
    return channel;
}

/* The addresses can be asked for now; when a peer has gone they cannot. */
static void accepted(int listener, int fd, const struct call_site *site)
{
    if (fd < 0 || !order_wanted())
        return;
    uintptr_t channel = meeting(fd_listening_key(listener), site);
    if (channel)
        order_acquire(OBJECT_FD, channel, site);
    fd_describe(fd);
}

INTERCEPT(int, accept, (int listener, struct sockaddr *from, socklen_t *length))
{
    struct call_site site = CALL_SITE();
    int fd = REAL(accept)(listener, from, length);
    accepted(listener, fd, &site);
    return fd;
}

INTERCEPT(int, accept4, (int listener, struct sockaddr *from, socklen_t *length, int flags))
{
    struct call_site site = CALL_SITE();
    int fd = REAL(accept4)(listener, from, length, flags);
    accepted(listener, fd, &site);
    return fd;
}

INTERCEPT(int, connect, (int fd, const struct sockaddr *to, socklen_t length))
{
    struct call_site site = CALL_SITE();
    if (fd_lookup(fd)) /* a datagram socket may change its peer */
        forget(fd, &site);
    fd_calls(to, length);
    if (order_wanted())
        RELEASE_TO(meeting(fd_listen_key(to, length), &site));
    int result = REAL(connect)(fd, to, length);
    if (result == 0 && order_wanted())
        fd_describe(fd);
    return result;
}
