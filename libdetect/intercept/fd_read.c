/* SPDX-License-Identifier: MIT */
/* Reads from descriptors: what was written to a channel happens before the read that gets it.
 *
 * Hard rules: the channel is looked up before the real call (another thread may close the number meanwhile); nothing
 * is held around it, so that cancellation and handlers find the thread in the program's code; after a
 * failed call errno is not touched. Positioned reads (pread) cannot work on a channel and are left alone. */
#include <sys/syscall.h>

#include "base/sys.h"
#include "intercept/export.h"
#include "intercept/fd_order.h"
#include "runtime/real.h"

/* What a signalfd delivers was sent by somebody. */
static void acquire_signals(const struct signalfd_siginfo *info, size_t bytes,
                            const struct call_site *site)
{
    for (size_t i = 0; i < bytes / sizeof(*info); i++)
        order_acquire(OBJECT_SIGNAL, info[i].ssi_signo, site);
}

INTERCEPT(ssize_t, read, (int fd, void *buffer, size_t count))
{
    struct description *from = order_wanted() ? fd_describe(fd) : NULL;
    uintptr_t channel = fd_in(from);
    bool signals = from && from->signals;
    ssize_t result = REAL(read)(fd, buffer, count);
    ACQUIRE_IF(result >= 0, channel);
    if (UNLIKELY(signals) && result > 0) {
        struct call_site site = CALL_SITE();
        acquire_signals(buffer, (size_t)result, &site);
    }
    return result;
}

INTERCEPT(ssize_t, __read_chk, (int fd, void *buffer, size_t count, size_t size))
{
    uintptr_t channel = source_of(fd);
    ssize_t result = REAL(__read_chk)(fd, buffer, count, size);
    ACQUIRE_IF(result >= 0, channel);
    return result;
}

INTERCEPT(ssize_t, readv, (int fd, const struct iovec *parts, int count))
{
    uintptr_t channel = source_of(fd);
    ssize_t result = REAL(readv)(fd, parts, count);
    ACQUIRE_IF(result >= 0, channel);
    return result;
}

INTERCEPT(ssize_t, recv, (int fd, void *buffer, size_t count, int flags))
{
    uintptr_t channel = source_of(fd);
    ssize_t result = REAL(recv)(fd, buffer, count, flags);
    ACQUIRE_IF(result >= 0, channel);
    return result;
}

INTERCEPT(ssize_t, __recv_chk, (int fd, void *buffer, size_t count, size_t size, int flags))
{
    uintptr_t channel = source_of(fd);
    ssize_t result = REAL(__recv_chk)(fd, buffer, count, size, flags);
    ACQUIRE_IF(result >= 0, channel);
    return result;
}

INTERCEPT(ssize_t, recvfrom, (int fd, void *buffer, size_t count, int flags, struct sockaddr *from,
                              socklen_t *length))
{
    uintptr_t channel = source_of(fd);
    ssize_t result = REAL(recvfrom)(fd, buffer, count, flags, from, length);
    ACQUIRE_IF(result >= 0, channel);
    return result;
}

INTERCEPT(ssize_t, __recvfrom_chk, (int fd, void *buffer, size_t count, size_t size, int flags,
                                    struct sockaddr *from, socklen_t *length))
{
    uintptr_t channel = source_of(fd);
    ssize_t result = REAL(__recvfrom_chk)(fd, buffer, count, size, flags, from, length);
    ACQUIRE_IF(result >= 0, channel);
    return result;
}

INTERCEPT(ssize_t, recvmsg, (int fd, struct msghdr *message, int flags))
{
    uintptr_t channel = source_of(fd);
    ssize_t result = REAL(recvmsg)(fd, message, flags);
    ACQUIRE_IF(result >= 0, channel);
    return result;
}

INTERCEPT(int, recvmmsg, (int fd, struct mmsghdr *messages, unsigned count, int flags,
                          struct timespec *timeout))
{
    uintptr_t channel = source_of(fd);
    int result = REAL(recvmmsg)(fd, messages, count, flags, timeout);
    ACQUIRE_IF(result >= 0, channel);
    return result;
}

INTERCEPT(int, eventfd_read, (int fd, eventfd_t *value))
{
    uintptr_t channel = source_of(fd);
    int result = REAL(eventfd_read)(fd, value);
    ACQUIRE_IF(result == 0, channel);
    return result;
}

/* --- from one descriptor to another ------------------------------------------------------------------- */

/* What a pipe or a connection brings goes on within the call: its order has to be there before the release. So this waits
 * for it as the call would; where it would not, the call says so. */
static void await_source(int from, int to, uintptr_t channel, const struct call_site *site)
{
    struct pollfd both[] = {{.fd = from, .events = POLLIN}, {.fd = to}}; /* `to`: nobody reads it any more */
    long flags = sys_call(SYS_fcntl, from, F_GETFL, 0, 0, 0, 0);
    struct timespec at_once = {0};
    if (flags < 0)
        return;
    if (sys_call(SYS_ppoll, (long)both, 2, flags & O_NONBLOCK ? (long)&at_once : 0, 0, 0, 0) > 0 && both[0].revents)
        order_acquire(OBJECT_FD, channel, site);
}

INTERCEPT(ssize_t, sendfile, (int to, int from, off_t *offset, size_t count))
{
    uintptr_t channel = source_of(from);
    RELEASE_TO(sink_of(to));
    ssize_t result = REAL(sendfile)(to, from, offset, count);
    ACQUIRE_IF(result >= 0, channel);
    return result;
}

EXPORT ssize_t intercepted_sendfile64(int, int, off_t *, size_t)
    __asm__("sendfile64") __attribute__((alias("sendfile")));

INTERCEPT(ssize_t, splice, (int from, off64_t *from_offset, int to, off64_t *to_offset,
                            size_t count, unsigned flags))
{
    struct call_site site = CALL_SITE();
    uintptr_t channel = source_of(from);
    if (UNLIKELY(channel) && !(flags & SPLICE_F_NONBLOCK))
        await_source(from, to, channel, &site);
    RELEASE_TO(sink_of(to));
    ssize_t result = REAL(splice)(from, from_offset, to, to_offset, count, flags);
    ACQUIRE_IF(result >= 0, channel);
    return result;
}

INTERCEPT(ssize_t, tee, (int from, int to, size_t count, unsigned flags))
{
    struct call_site site = CALL_SITE();
    uintptr_t channel = source_of(from);
    if (UNLIKELY(channel) && !(flags & SPLICE_F_NONBLOCK))
        await_source(from, to, channel, &site);
    RELEASE_TO(sink_of(to));
    ssize_t result = REAL(tee)(from, to, count, flags);
    ACQUIRE_IF(result >= 0, channel);
    return result;
}

/* Writes the parts to a pipe, or fills them from one: by the side that the descriptor is. */
INTERCEPT(ssize_t, vmsplice, (int fd, const struct iovec *parts, size_t count, unsigned flags))
{
    uintptr_t channel = source_of(fd);
    RELEASE_TO(sink_of(fd));
    ssize_t result = REAL(vmsplice)(fd, parts, count, flags);
    ACQUIRE_IF(result >= 0, channel);
    return result;
}
