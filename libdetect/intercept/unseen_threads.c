/* SPDX-License-Identifier: MIT */
/* Calls that make libc start threads by itself: timers and queues with SIGEV_THREAD, asynchronous I/O and name
 * look-ups. Such a thread never passes our pthread_create; the runtime makes its state when it first
 * meets it and orders it after all that was released here (RUNTIME_UNSEEN_THREADS). That is more order than there is,
 * by far less than the alarms that none would give.
 *
 * Completion of asynchronous I/O is ordered by its control block. */
#include <errno.h>

#include "intercept/export.h"
#include "intercept/order.h"
#include "intercept/sigev_thread.h"
#include "runtime/real.h"
#include "runtime/takeover.h"

static void threads_may_appear(const struct call_site *site)
{
    store_relaxed(&runtime.threaded, true);
    struct self *self = self_enter();
    if (self) {
        takeover_before_thread();
        self_leave(self);
    }
    order_release(OBJECT_FD, RUNTIME_UNSEEN_THREADS, site);
}

static bool by_thread(const struct sigevent *event)
{
    return event && event->sigev_notify == SIGEV_THREAD;
}

INTERCEPT(int, timer_create, (clockid_t clock, struct sigevent *event, timer_t *timer))
{
    struct call_site site = CALL_SITE();
    if (by_thread(event))
        threads_may_appear(&site);
    struct sigevent copy;
    return REAL(timer_create)(clock, sigev_thread(event, &copy), timer);
}

/* Which kind of timer it is cannot be told; without a thread there is nothing to order. */
INTERCEPT(int, timer_settime, (timer_t timer, int flags, const struct itimerspec *value,
                               struct itimerspec *old))
{
    struct call_site site = CALL_SITE();
    if (order_wanted())
        order_release(OBJECT_FD, RUNTIME_UNSEEN_THREADS, &site);
    return REAL(timer_settime)(timer, flags, value, old);
}

INTERCEPT(int, mq_notify, (mqd_t queue, const struct sigevent *event))
{
    struct call_site site = CALL_SITE();
    if (by_thread(event))
        threads_may_appear(&site);
    struct sigevent copy;
    return REAL(mq_notify)(queue, sigev_thread((struct sigevent *)(uintptr_t)event, &copy));
}

/* --- asynchronous I/O ------------------------------------------------------------------------------------------- */

static void submitted(struct aiocb *block, const struct call_site *site)
{
    if (by_thread(&block->aio_sigevent))
        threads_may_appear(site);
    sigev_thread_in_place(&block->aio_sigevent);
}

static void completed(const struct aiocb *block, const struct call_site *site)
{
    if (order_wanted())
        order_acquire(OBJECT_USER, (uintptr_t)block, site);
}

INTERCEPT(int, aio_read, (struct aiocb *block))
{
    struct call_site site = CALL_SITE();
    submitted(block, &site);
    return REAL(aio_read)(block);
}

INTERCEPT(int, aio_write, (struct aiocb *block))
{
    struct call_site site = CALL_SITE();
    submitted(block, &site);
    if (order_wanted())
        order_release(OBJECT_USER, (uintptr_t)block, &site);
    return REAL(aio_write)(block);
}

INTERCEPT(int, aio_error, (const struct aiocb *block))
{
    struct call_site site = CALL_SITE();
    int error = REAL(aio_error)(block);
    if (error != EINPROGRESS)
        completed(block, &site);
    return error;
}

INTERCEPT(ssize_t, aio_return, (struct aiocb *block))
{
    struct call_site site = CALL_SITE();
    completed(block, &site);
    return REAL(aio_return)(block);
}

INTERCEPT(int, lio_listio, (int mode, struct aiocb *const blocks[], int count,
                            struct sigevent *event))
{
    struct call_site site = CALL_SITE();
    for (int i = 0; i < count; i++)
        if (blocks[i])
            submitted(blocks[i], &site);
    if (by_thread(event))
        threads_may_appear(&site);
    struct sigevent copy;
    return REAL(lio_listio)(mode, blocks, count, sigev_thread(event, &copy));
}

INTERCEPT(int, getaddrinfo_a, (int mode, struct gaicb *list[], int count, struct sigevent *event))
{
    struct call_site site = CALL_SITE();
    if (by_thread(event))
        threads_may_appear(&site);
    struct sigevent copy;
    return REAL(getaddrinfo_a)(mode, list, count, sigev_thread(event, &copy));
}

/* On LP64 the names with 64 are the same functions. */
EXPORT int intercepted_aio_read64(struct aiocb *) __asm__("aio_read64")
    __attribute__((alias("aio_read")));
EXPORT int intercepted_aio_write64(struct aiocb *) __asm__("aio_write64")
    __attribute__((alias("aio_write")));
EXPORT int intercepted_aio_error64(const struct aiocb *) __asm__("aio_error64")
    __attribute__((alias("aio_error")));
EXPORT ssize_t intercepted_aio_return64(struct aiocb *) __asm__("aio_return64")
    __attribute__((alias("aio_return")));
EXPORT int intercepted_lio_listio64(int, struct aiocb *const[], int, struct sigevent *)
    __asm__("lio_listio64") __attribute__((alias("lio_listio")));
