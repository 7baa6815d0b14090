/* SPDX-License-Identifier: MIT */
/* Writes to descriptors: what the writer did so far happens before the read that gets the bytes.
 *
 * The release comes before the real call: a reader may have the bytes before the writer returns. A write that
 * fails has then released for nothing, which orders no one. */
#include "intercept/export.h"
#include "intercept/fd_order.h"
#include "runtime/real.h"

/* Where a datagram goes: to the address given with it, else where the socket is connected to. */
static uintptr_t datagram_sink(int fd, const struct sockaddr *to, socklen_t length,
                               const struct call_site *site)
{
    uint64_t key = fd_datagram_key(fd, to, length);
    struct self *self = key ? self_enter() : NULL;
    if (!self)
        return 0;
    uintptr_t channel = fd_channel(self, key, site);
    self_leave(self);
    return channel;
}

static inline uintptr_t sink_with_address(int fd, const struct sockaddr *to, socklen_t length,
                                          const struct call_site *site)
{
    if (!order_wanted())
        return 0;
    return to ? datagram_sink(fd, to, length, site) : fd_out(fd_describe(fd));
}

INTERCEPT(ssize_t, write, (int fd, const void *data, size_t count))
{
    RELEASE_TO(sink_of(fd));
    return REAL(write)(fd, data, count);
}

INTERCEPT(ssize_t, writev, (int fd, const struct iovec *parts, int count))
{
    RELEASE_TO(sink_of(fd));
    return REAL(writev)(fd, parts, count);
}

INTERCEPT(ssize_t, send, (int fd, const void *data, size_t count, int flags))
{
    RELEASE_TO(sink_of(fd));
    return REAL(send)(fd, data, count, flags);
}

INTERCEPT(ssize_t, sendto, (int fd, const void *data, size_t count, int flags,
                            const struct sockaddr *to, socklen_t length))
{
    struct call_site site = CALL_SITE();
    if (UNLIKELY(flags & MSG_FASTOPEN))
        fd_calls(to, length);
    RELEASE_TO(sink_with_address(fd, to, length, &site));
    return REAL(sendto)(fd, data, count, flags, to, length);
}

INTERCEPT(ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags))
{
    struct call_site site = CALL_SITE();
    bool wanted = order_wanted() || flags & MSG_FASTOPEN;
    if (!wanted || !order_can_read(message, sizeof(*message), &site))
        return REAL(sendmsg)(fd, message, flags);
    if (UNLIKELY(flags & MSG_FASTOPEN))
        fd_calls(message->msg_name, message->msg_namelen);
    if (order_wanted())
        RELEASE_TO(sink_with_address(fd, message->msg_name, message->msg_namelen, &site));
    return REAL(sendmsg)(fd, message, flags);
}

INTERCEPT(int, sendmmsg, (int fd, struct mmsghdr *messages, unsigned count, int flags))
{
    struct call_site site = CALL_SITE();
    for (unsigned i = 0; order_wanted() && i < count && order_can_read(&messages[i], sizeof(*messages), &site); i++) {
        const struct msghdr *message = &messages[i].msg_hdr;
        if (i == 0 || message->msg_name)
            RELEASE_TO(sink_with_address(fd, message->msg_name, message->msg_namelen, &site));
    }
    return REAL(sendmmsg)(fd, messages, count, flags);
}

INTERCEPT(int, eventfd_write, (int fd, eventfd_t value))
{
    RELEASE_TO(sink_of(fd));
    return REAL(eventfd_write)(fd, value);
}

/* The read that gets the expiry comes after the timer was set. */
INTERCEPT(int, timerfd_settime, (int fd, int flags, const struct itimerspec *value,
                                 struct itimerspec *old))
{
    RELEASE_TO(sink_of(fd));
    return REAL(timerfd_settime)(fd, flags, value, old);
}

/* The reader learns of the end of the stream. */
INTERCEPT(int, shutdown, (int fd, int how))
{
    RELEASE_TO(sink_of(fd));
    return REAL(shutdown)(fd, how);
}
