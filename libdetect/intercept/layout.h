/* SPDX-License-Identifier: MIT */
/* What the bytes of libc's objects say; the only place that looks into them.
 *
 * Most locks of real programs are static initialisers that no call announces, or come initialised in
 * memory shared with another process. The layouts are part of glibc's ABI (the initialisers are compiled
 * into programs), except for the flag bits cited from nptl/pthreadP.h and sysdeps/nptl/internaltypes.h.
 *
 * Each *_flags() returns event flags (EVF_BYTES_VALID, kind, sharing) for an EVENT_FIRST_USE. */
#ifndef DETECT_INTERCEPT_LAYOUT_H
#define DETECT_INTERCEPT_LAYOUT_H

#include <limits.h>
#include <pthread.h>
#include <semaphore.h>

#include "event/event.h"

/* Bits of a mutex's kind word (nptl/pthreadP.h). */
#define MUTEX_TYPE 3       /* PTHREAD_MUTEX_TIMED_NP, _RECURSIVE_NP, _ERRORCHECK_NP, _ADAPTIVE_NP */
#define MUTEX_ROBUST 16
#define MUTEX_INHERIT 32
#define MUTEX_PROTECT 64
#define MUTEX_SHARED 128
#define MUTEX_ELISION 256
#define MUTEX_NO_ELISION 512
/* Everything that changes what lock and unlock do. */
#define MUTEX_BEHAVIOUR (MUTEX_TYPE | MUTEX_ROBUST | MUTEX_INHERIT | MUTEX_PROTECT)

static inline int mutex_kind(const pthread_mutex_t *mutex) { return mutex->__data.__kind; }

/* Normal and adaptive mutexes without attributes: unlock never refuses. */
static inline bool mutex_plain(const pthread_mutex_t *mutex)
{
    int behaviour = mutex_kind(mutex) & 127;
    return behaviour == PTHREAD_MUTEX_TIMED_NP || behaviour == PTHREAD_MUTEX_ADAPTIVE_NP;
}

static inline bool mutex_errorcheck(const pthread_mutex_t *mutex)
{
    return (mutex_kind(mutex) & MUTEX_TYPE) == PTHREAD_MUTEX_ERRORCHECK_NP;
}

/* A robust mutex that was unlocked without pthread_mutex_consistent (PTHREAD_MUTEX_NOTRECOVERABLE). */
static inline bool mutex_lost(const pthread_mutex_t *mutex)
{
    return (mutex_kind(mutex) & MUTEX_ROBUST) && mutex->__data.__owner == INT_MAX - 1;
}

/* pthread_mutex_destroy refuses (EBUSY) while the mutex has users, which count waiters too. */
static inline bool mutex_refuses_destroy(const pthread_mutex_t *mutex)
{
    return !(mutex_kind(mutex) & MUTEX_ROBUST) && mutex->__data.__nusers != 0;
}

uint32_t mutex_kind_flags(int kind);
/* `taken`: the caller has locked it since, by a trylock, for the first time. */
uint32_t mutex_flags(const pthread_mutex_t *mutex, bool taken);
uint32_t rwlock_flags(const pthread_rwlock_t *rwlock, bool taken);
/* glibc's destroy leaves an rwlock's bytes alone; so that a later use can be told from a new static
 * initialiser, this marks bytes that no function of glibc reads, and every initialisation clears. */
void rwlock_mark_destroyed(pthread_rwlock_t *rwlock);
uint32_t cond_flags(const pthread_cond_t *cond);
uint32_t spin_flags(const pthread_spinlock_t *spin);
uint32_t sem_flags(const sem_t *sem);
uint32_t barrier_flags(const pthread_barrier_t *barrier);

/* A once control whose routine has returned (__PTHREAD_ONCE_DONE). Acquires what the routine did. */
static inline bool once_done(const pthread_once_t *control)
{
    return (__atomic_load_n(control, __ATOMIC_ACQUIRE) & 2) != 0;
}

#endif
