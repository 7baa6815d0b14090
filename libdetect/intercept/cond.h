/* SPDX-License-Identifier: MIT */
/* Operations on condition variables, for pthread_cond_* and for C11's cnd_*, which in glibc are the same
 * objects. Each ends the call, watched or not, and returns what the pthread function does. */
#ifndef DETECT_INTERCEPT_COND_H
#define DETECT_INTERCEPT_COND_H

#include "intercept/intercept.h"

/* `kind` is the mutex's. */
int cond_wait(const struct call *call, pthread_cond_t *cond, enum object_kind kind,
              pthread_mutex_t *mutex, const struct timeout *timeout);
int cond_signal(const struct call *call, pthread_cond_t *cond);
int cond_broadcast(const struct call *call, pthread_cond_t *cond);
int cond_destroy(const struct call *call, pthread_cond_t *cond);

#endif
