/* SPDX-License-Identifier: MIT */
/* pthread_once and C11's call_once, which in glibc share control word and code. */
#ifndef DETECT_INTERCEPT_ONCE_H
#define DETECT_INTERCEPT_ONCE_H

#include "intercept/intercept.h"

/* Ends the call, watched or not; returns what pthread_once does. */
int once(const struct call *call, pthread_once_t *control, void (*routine)(void));

#endif
