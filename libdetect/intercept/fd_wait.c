/* SPDX-License-Identifier: MIT */
/* Waiting for descriptors: who is told that one is readable knows of the write that made it so, whether it reads
 * or not (an edge-triggered eventfd is never read). */
#include "intercept/export.h"
#include "intercept/fd_epoll.h"
#include "intercept/fd_order.h"
#include "intercept/signal_mask.h"
#include "runtime/races.h"
#include "runtime/real.h"

static void acquire_from(int fd, const struct call_site *site)
{
    uintptr_t channel = fd_in(fd_describe(fd));
    if (channel)
        order_acquire(OBJECT_FD, channel, site);
}

/* --- poll -------------------------------------------------------------------------------------------------- */

static void polled(const struct pollfd *fds, nfds_t count, int ready, const struct call_site *site)
{
    if (!order_wanted())
        return;
    for (nfds_t i = 0; ready > 0 && i < count; i++) {
        if (!fds[i].revents)
            continue;
        ready--;
        if (fds[i].revents & ~(POLLOUT | POLLWRNORM | POLLWRBAND))
            acquire_from(fds[i].fd, site);
    }
}

INTERCEPT(int, poll, (struct pollfd *fds, nfds_t count, int timeout))
{
    struct call_site site = CALL_SITE();
    int ready = REAL(poll)(fds, count, timeout);
    polled(fds, count, ready, &site);
    return ready;
}

INTERCEPT(int, __poll_chk, (struct pollfd *fds, nfds_t count, int timeout, size_t size))
{
    struct call_site site = CALL_SITE();
    int ready = REAL(__poll_chk)(fds, count, timeout, size);
    polled(fds, count, ready, &site);
    return ready;
}

INTERCEPT(int, ppoll, (struct pollfd *fds, nfds_t count, const struct timespec *timeout,
                       const sigset_t *mask))
{
    struct call_site site = CALL_SITE();
    struct mask_guard guard __attribute__((cleanup(mask_restore)));
    mask = mask_replace(&guard, mask, &site);
    int ready = REAL(ppoll)(fds, count, timeout, mask);
    polled(fds, count, ready, &site);
    return ready;
}

INTERCEPT(int, __ppoll_chk, (struct pollfd *fds, nfds_t count, const struct timespec *timeout,
                             const sigset_t *mask, size_t size))
{
    struct call_site site = CALL_SITE();
    struct mask_guard guard __attribute__((cleanup(mask_restore)));
    mask = mask_replace(&guard, mask, &site);
    int ready = REAL(__ppoll_chk)(fds, count, timeout, mask, size);
    polled(fds, count, ready, &site);
    return ready;
}

/* --- select ---------------------------------------------------------------------------------------------------- */

static void selected(int count, const fd_set *readable, int ready, const struct call_site *site)
{
    if (!order_wanted() || ready <= 0 || !readable)
        return;
    for (int fd = 0; fd < count; fd++)
        if (FD_ISSET(fd, readable))
            acquire_from(fd, site);
}

INTERCEPT(int, select, (int count, fd_set *readable, fd_set *writable, fd_set *exceptional,
                        struct timeval *timeout))
{
    struct call_site site = CALL_SITE();
    int ready = REAL(select)(count, readable, writable, exceptional, timeout);
    selected(count, readable, ready, &site);
    return ready;
}

INTERCEPT(int, pselect, (int count, fd_set *readable, fd_set *writable, fd_set *exceptional,
                         const struct timespec *timeout, const sigset_t *mask))
{
    struct call_site site = CALL_SITE();
    struct mask_guard guard __attribute__((cleanup(mask_restore)));
    mask = mask_replace(&guard, mask, &site);
    int ready = REAL(pselect)(count, readable, writable, exceptional, timeout, mask);
    selected(count, readable, ready, &site);
    return ready;
}

/* --- epoll ------------------------------------------------------------------------------------------------------- */

INTERCEPT(int, epoll_ctl, (int epoll, int operation, int fd, struct epoll_event *wanted))
{
    struct call_site site = CALL_SITE();
    bool registers = operation != EPOLL_CTL_DEL && order_can_read(wanted, sizeof(*wanted), &site);
    uintptr_t registration = registers ? fd_epoll_register(epoll, fd, wanted->data.u64) : 0;
    if (races_are_on && order_wanted()) /* servers do it for each request: too dear where only locks are looked at */
        RELEASE_TO(registration); /* before the call: the other thread may have its event before this one returns */
    return REAL(epoll_ctl)(epoll, operation, fd, wanted);
}

static void told(int epoll, const struct epoll_event *events, int ready,
                 const struct call_site *site)
{
    if (!order_wanted())
        return;
    for (int i = 0; i < ready; i++) {
        struct fd_epoll_found found[FD_EPOLL_SAME_DATA];
        unsigned count = fd_epoll_find(epoll, events[i].data.u64, found);
        while (count-- > 0) {
            order_acquire(OBJECT_FD, found[count].registration, site);
            if (events[i].events & ~(uint32_t)EPOLLOUT)
                acquire_from(found[count].fd, site);
        }
    }
}

INTERCEPT(int, epoll_wait, (int epoll, struct epoll_event *events, int capacity, int timeout))
{
    struct call_site site = CALL_SITE();
    int ready = REAL(epoll_wait)(epoll, events, capacity, timeout);
    told(epoll, events, ready, &site);
    return ready;
}

INTERCEPT(int, epoll_pwait, (int epoll, struct epoll_event *events, int capacity, int timeout,
                             const sigset_t *mask))
{
    struct call_site site = CALL_SITE();
    struct mask_guard guard __attribute__((cleanup(mask_restore)));
    mask = mask_replace(&guard, mask, &site);
    int ready = REAL(epoll_pwait)(epoll, events, capacity, timeout, mask);
    told(epoll, events, ready, &site);
    return ready;
}

INTERCEPT(int, epoll_pwait2, (int epoll, struct epoll_event *events, int capacity,
                              const struct timespec *timeout, const sigset_t *mask))
{
    struct call_site site = CALL_SITE();
    struct mask_guard guard __attribute__((cleanup(mask_restore)));
    mask = mask_replace(&guard, mask, &site);
    int ready = REAL(epoll_pwait2)(epoll, events, capacity, timeout, mask);
    told(epoll, events, ready, &site);
    return ready;
}
