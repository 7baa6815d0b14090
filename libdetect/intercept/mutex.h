/* SPDX-License-Identifier: MIT */
/* Operations on mutexes, for pthread_mutex_* and for C11's mtx_*, which in glibc is the same object
 * under another type. Each ends the call, watched or not, and returns what the pthread function does. */
#ifndef DETECT_INTERCEPT_MUTEX_H
#define DETECT_INTERCEPT_MUTEX_H

#include "intercept/intercept.h"

int mutex_lock(const struct call *call, enum object_kind kind, pthread_mutex_t *mutex);
int mutex_trylock(const struct call *call, enum object_kind kind, pthread_mutex_t *mutex);
int mutex_timedlock(const struct call *call, enum object_kind kind, pthread_mutex_t *mutex,
                    const struct timeout *timeout);
int mutex_unlock(const struct call *call, enum object_kind kind, pthread_mutex_t *mutex);
/* Tells of the end of the object; the caller makes the real call. */
void mutex_destroyed(const struct call *call, enum object_kind kind, pthread_mutex_t *mutex);
/* Before another call uses the mutex (a condition variable's). */
void mutex_ensure_known(const struct call *call, enum object_kind kind,
                        const pthread_mutex_t *mutex);

#endif
