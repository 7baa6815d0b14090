/* SPDX-License-Identifier: MIT */
/* The two halves of order through a descriptor, for the interceptors that read, write or wait.
 *
 *     uintptr_t channel = source_of(fd);          before the real call: the number may be closed during it
 *     RELEASE_TO(sink_of(fd));                    before it
 *     result = REAL(…)(…);
 *     ACQUIRE_IF(result >= 0, channel);           after it
 *
 * Both macros stand directly in an interceptor, whose caller they name as the place. */
#ifndef DETECT_INTERCEPT_FD_ORDER_H
#define DETECT_INTERCEPT_FD_ORDER_H

#include "intercept/fd_classify.h"

static inline uintptr_t source_of(int fd) { return order_wanted() ? fd_in(fd_describe(fd)) : 0; }
static inline uintptr_t sink_of(int fd) { return order_wanted() ? fd_out(fd_describe(fd)) : 0; }

/* The end of the file counts as well: it tells that the last writer has closed. */
#define ACQUIRE_IF(succeeded, channel)                                                             \
    do {                                                                                           \
        if (UNLIKELY(channel) && (succeeded)) {                                                    \
            struct call_site site_ = CALL_SITE();                                                  \
            order_acquire(OBJECT_FD, (channel), &site_);                                           \
        }                                                                                          \
    } while (0)

#define RELEASE_TO(channel)                                                                        \
    do {                                                                                           \
        if (UNLIKELY(channel)) {                                                                   \
            struct call_site site_ = CALL_SITE();                                                  \
            order_release(OBJECT_FD, (channel), &site_);                                           \
        }                                                                                          \
    } while (0)

#endif
