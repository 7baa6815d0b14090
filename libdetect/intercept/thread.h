/* SPDX-License-Identifier: MIT */
/* Operations on threads, for pthread_* and for C11's thrd_*, which in glibc are the same threads. Each
 * ends the call, watched or not, and returns what the pthread function does. */
#ifndef DETECT_INTERCEPT_THREAD_H
#define DETECT_INTERCEPT_THREAD_H

#include "intercept/intercept.h"

/* What a thread is to run; on its way from the creator to the thread itself. */
struct start {
    union {
        void *(*posix)(void *);
        thrd_start_t c11;
    } routine;
    void *arg;
    struct thread *thread;
    bool detached;
    bool blocks_segv; /* for the program (runtime/signals.h) */
};

/* Makes the thread's record and the block for its stand-in; NULL: let libc start the routine itself. */
struct start *thread_prepare(const struct call *call, bool detached);
/* The real creation has returned. Ends the call. */
void thread_created(const struct call *call, struct start *start, bool created);
/* Called first by the new thread: from here on it is watched. Frees the block. */
struct start thread_begin(void *block);
/* The thread is about to call pthread_exit: where from. */
void thread_leaves(const struct call *call);
/* Clean-up of the stand-in: the routine has returned, or is unwound by pthread_exit or cancellation. */
void thread_returned(void *const *block);

int thread_join(const struct call *call, pthread_t handle, void **result,
                const struct timeout *timeout);
int thread_detach(const struct call *call, pthread_t handle);

#endif
