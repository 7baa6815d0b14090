/* SPDX-License-Identifier: MIT */
/* Message queues and semaphore sets of System V and POSIX: a send or post happens before the receive or wait
 * that it serves. They may be shared with other processes, whose part cannot be seen; a wait for one is
 * never called a hang. */
#include "intercept/export.h"
#include "intercept/fd_order.h"
#include "runtime/real.h"

static void release(enum carrier_space space, int id, const struct call_site *site)
{
    if (order_wanted())
        order_release(OBJECT_FD, order_carrier(space, id), site);
}

static void acquire(enum carrier_space space, int id, const struct call_site *site)
{
    if (order_wanted())
        order_acquire(OBJECT_FD, order_carrier(space, id), site);
}

INTERCEPT(int, msgsnd, (int id, const void *message, size_t size, int flags))
{
    struct call_site site = CALL_SITE();
    release(CARRIERS_MESSAGES, id, &site);
    return REAL(msgsnd)(id, message, size, flags);
}

INTERCEPT(ssize_t, msgrcv, (int id, void *message, size_t size, long type, int flags))
{
    struct call_site site = CALL_SITE();
    ssize_t result = REAL(msgrcv)(id, message, size, type, flags);
    if (result >= 0)
        acquire(CARRIERS_MESSAGES, id, &site);
    return result;
}

/* --- System V semaphores --------------------------------------------------------------------------------------- */

/* In one call: the kernel's own default is 500. */
#define MOST_OPERATIONS 32000u

static void before_semop(int id, const struct sembuf *operations, size_t count,
                         const struct call_site *site)
{
    if (!order_wanted() || count > MOST_OPERATIONS || !order_can_read(operations, count * sizeof(*operations), site))
        return;
    for (size_t i = 0; i < count; i++)
        if (operations[i].sem_op > 0) {
            release(CARRIERS_SEMAPHORES, id, site);
            return;
        }
}

/* The kernel has read them. */
static void after_semop(int id, const struct sembuf *operations, size_t count,
                        const struct call_site *site)
{
    if (!order_wanted())
        return;
    for (size_t i = 0; i < count; i++)
        if (operations[i].sem_op <= 0) {
            acquire(CARRIERS_SEMAPHORES, id, site);
            return;
        }
}

INTERCEPT(int, semop, (int id, struct sembuf *operations, size_t count))
{
    struct call_site site = CALL_SITE();
    before_semop(id, operations, count, &site);
    int result = REAL(semop)(id, operations, count);
    if (result == 0)
        after_semop(id, operations, count, &site);
    return result;
}

INTERCEPT(int, semtimedop, (int id, struct sembuf *operations, size_t count,
                            const struct timespec *timeout))
{
    struct call_site site = CALL_SITE();
    before_semop(id, operations, count, &site);
    int result = REAL(semtimedop)(id, operations, count, timeout);
    if (result == 0)
        after_semop(id, operations, count, &site);
    return result;
}

/* --- POSIX message queues: descriptors of a file system of their own --------------------------------------------- */

/* Two descriptors of one queue have one inode. */
static uintptr_t queue_channel(mqd_t queue, const struct call_site *site)
{
    if (!order_wanted())
        return 0;
    uint64_t key = fd_inode_key(queue);
    struct self *self = key ? self_enter() : NULL;
    if (!self)
        return 0;
    uintptr_t channel = fd_channel(self, key, site);
    self_leave(self);
    return channel;
}

INTERCEPT(int, mq_send, (mqd_t queue, const char *message, size_t size, unsigned priority))
{
    struct call_site site = CALL_SITE();
    RELEASE_TO(queue_channel(queue, &site));
    return REAL(mq_send)(queue, message, size, priority);
}

INTERCEPT(int, mq_timedsend, (mqd_t queue, const char *message, size_t size, unsigned priority,
                              const struct timespec *until))
{
    struct call_site site = CALL_SITE();
    RELEASE_TO(queue_channel(queue, &site));
    return REAL(mq_timedsend)(queue, message, size, priority, until);
}

INTERCEPT(ssize_t, mq_receive, (mqd_t queue, char *message, size_t size, unsigned *priority))
{
    struct call_site site = CALL_SITE();
    uintptr_t channel = queue_channel(queue, &site);
    ssize_t result = REAL(mq_receive)(queue, message, size, priority);
    ACQUIRE_IF(result >= 0, channel);
    return result;
}

INTERCEPT(ssize_t, mq_timedreceive, (mqd_t queue, char *message, size_t size, unsigned *priority,
                                     const struct timespec *until))
{
    struct call_site site = CALL_SITE();
    uintptr_t channel = queue_channel(queue, &site);
    ssize_t result = REAL(mq_timedreceive)(queue, message, size, priority, until);
    ACQUIRE_IF(result >= 0, channel);
    return result;
}
