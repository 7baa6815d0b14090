/* SPDX-License-Identifier: MIT */
/* pthread_once and C11's call_once, which in glibc share control word and code. */
#ifndef DETECT_INTERCEPT_ONCE_H
#define DETECT_INTERCEPT_ONCE_H

#include "intercept/intercept.h"

/* Done, and this thread knows: the call does nothing, and nothing is to be told. Needs no call. */
bool once_passed(pthread_once_t *control);
/* Ends the call, watched or not; returns what pthread_once does. */
int once(const struct call *call, pthread_once_t *control, void (*routine)(void));

#endif
