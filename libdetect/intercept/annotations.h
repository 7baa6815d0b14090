/* SPDX-License-Identifier: MIT */
/* Declarations of the functions that programs annotate their synchronisation with, as in <sanitizer/
 * tsan_interface.h> and Valgrind's and Chromium's dynamic_annotations.h, which are not installed everywhere. */
#ifndef DETECT_INTERCEPT_ANNOTATIONS_H
#define DETECT_INTERCEPT_ANNOTATIONS_H

#include "base/compiler.h"

enum tsan_mutex_flag {
    TSAN_MUTEX_WRITE_REENTRANT = 1 << 1,
    TSAN_MUTEX_READ_REENTRANT = 1 << 2,
    TSAN_MUTEX_READ_LOCK = 1 << 3,
    TSAN_MUTEX_TRY_LOCK = 1 << 4,
    TSAN_MUTEX_TRY_LOCK_FAILED = 1 << 5,
};

void __tsan_acquire(void *addr);
void __tsan_release(void *addr);
void __tsan_mutex_create(void *lock, unsigned flags);
void __tsan_mutex_destroy(void *lock, unsigned flags);
void __tsan_mutex_pre_lock(void *lock, unsigned flags);
void __tsan_mutex_post_lock(void *lock, unsigned flags, int recursion);
int __tsan_mutex_pre_unlock(void *lock, unsigned flags);
void __tsan_mutex_post_unlock(void *lock, unsigned flags);
void __tsan_mutex_pre_signal(void *lock, unsigned flags);
void __tsan_mutex_post_signal(void *lock, unsigned flags);
void __tsan_mutex_pre_divert(void *lock, unsigned flags);
void __tsan_mutex_post_divert(void *lock, unsigned flags);

void AnnotateHappensBefore(const char *file, int line, const volatile void *addr);
void AnnotateHappensAfter(const char *file, int line, const volatile void *addr);
void AnnotateCondVarSignal(const char *file, int line, const volatile void *addr);
void AnnotateCondVarSignalAll(const char *file, int line, const volatile void *addr);
void AnnotateCondVarWait(const char *file, int line, const volatile void *addr,
                         const volatile void *lock);
void AnnotateRWLockCreate(const char *file, int line, const volatile void *lock);
void AnnotateRWLockCreateStatic(const char *file, int line, const volatile void *lock);
void AnnotateRWLockDestroy(const char *file, int line, const volatile void *lock);
void AnnotateRWLockAcquired(const char *file, int line, const volatile void *lock, long exclusive);
void AnnotateRWLockReleased(const char *file, int line, const volatile void *lock, long exclusive);
void AnnotateThreadName(const char *file, int line, const char *name);
void AnnotateBenignRace(const char *file, int line, const volatile void *addr,
                        const char *description);
void AnnotateBenignRaceSized(const char *file, int line, const volatile void *addr, size_t size,
                             const char *description);

#endif
