/* SPDX-License-Identifier: MIT */
/* Functions of the program that libc calls in threads of its own (SIGEV_THREAD). libc blocks all signals in them, and a
 * translated program needs one (runtime/signals.h). */
#ifndef DETECT_INTERCEPT_SIGEV_THREAD_H
#define DETECT_INTERCEPT_SIGEV_THREAD_H

#include <signal.h>

/* What to pass to libc for `event`: itself, or `copy` with another function, which calls the program's. */
struct sigevent *sigev_thread(struct sigevent *event, struct sigevent *copy);
/* The same where libc keeps the address of the event: it is changed where it lies. */
void sigev_thread_in_place(struct sigevent *event);

#endif
