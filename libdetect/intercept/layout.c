/* SPDX-License-Identifier: MIT */
/* Reads the bytes of libc's objects; see layout.h. Cold: runs at the first use of an object.
 *
 * Bytes that fit no initialiser are still no mistake of this process when they lie in memory that it
 * shares: another process may have initialised and locked the object there. */
#include "intercept/layout.h"

#include "base/maps.h"

#if !defined(__GLIBC__) || !defined(__LP64__)
#error "layout.c knows the objects of 64-bit glibc only"
#endif

static uint32_t verdict(bool valid, bool shared, const volatile void *object)
{
    if (!valid && maps_is_shared((uintptr_t)object))
        return EVF_BYTES_VALID | EVF_SHARED;
    return (valid ? EVF_BYTES_VALID : 0u) | (shared ? EVF_SHARED : 0u);
}

/* --- mutexes --------------------------------------------------------------------------------------- */

uint32_t mutex_kind_flags(int kind)
{
    uint32_t flags = 0;
    if ((kind & MUTEX_TYPE) == PTHREAD_MUTEX_RECURSIVE_NP)
        flags |= EVF_RECURSIVE;
    if ((kind & MUTEX_TYPE) == PTHREAD_MUTEX_ERRORCHECK_NP)
        flags |= EVF_ERRORCHECK;
    if (kind & MUTEX_ROBUST)
        flags |= EVF_ROBUST;
    if (kind & MUTEX_SHARED)
        flags |= EVF_SHARED;
    return flags;
}

/* A priority ceiling, in bits 19 and up of the lock word, stays there while the mutex is free. */
static bool mutex_free(const pthread_mutex_t *mutex)
{
    return (mutex->__data.__lock & 0x7ffff) == 0 && mutex->__data.__count == 0 &&
           mutex->__data.__owner == 0 && mutex->__data.__nusers == 0;
}

/* A successful trylock has found it free, and set lock and owner; it counts users, and recursion. */
static bool mutex_was_free(const pthread_mutex_t *mutex)
{
    return mutex->__data.__nusers == 1 && mutex->__data.__count <= 1;
}

uint32_t mutex_flags(const pthread_mutex_t *mutex, bool taken)
{
    int kind = mutex_kind(mutex);
    int known = MUTEX_BEHAVIOUR | MUTEX_SHARED | MUTEX_ELISION | MUTEX_NO_ELISION;
    if (kind & ~known)
        return verdict(false, false, mutex);
    bool shared = (kind & MUTEX_SHARED) != 0;
    bool valid = shared || (taken ? mutex_was_free(mutex) : mutex_free(mutex));
    return verdict(valid, shared, mutex) | mutex_kind_flags(kind);
}

/* --- read-write locks -------------------------------------------------------------------------------- */

#define RWLOCK_DESTROYED 0xdec0de5u

void rwlock_mark_destroyed(pthread_rwlock_t *rwlock) { rwlock->__data.__pad4 = RWLOCK_DESTROYED; }

static bool rwlock_untouched(const pthread_rwlock_t *rwlock)
{
    return rwlock->__data.__readers == 0 && rwlock->__data.__writers == 0 &&
           rwlock->__data.__wrphase_futex == 0 && rwlock->__data.__writers_futex == 0 &&
           rwlock->__data.__cur_writer == 0;
}

#define RWLOCK_READER 8u /* a reader counts so much; below are the bits of phase and writer */
#define RWLOCK_MANY_READERS (65536u * RWLOCK_READER)

/* By readers (others may have come just now, too), or the writer: PTHREAD_RWLOCK_WRPHASE and _WRLOCKED. */
static bool rwlock_was_untouched(const pthread_rwlock_t *rwlock)
{
    unsigned readers = rwlock->__data.__readers;
    if (rwlock->__data.__cur_writer == 0)
        return readers > 0 && readers % RWLOCK_READER == 0 && readers < RWLOCK_MANY_READERS &&
               rwlock->__data.__writers == 0 && rwlock->__data.__wrphase_futex == 0 &&
               rwlock->__data.__writers_futex == 0;
    return readers % RWLOCK_READER == 3 && readers < RWLOCK_MANY_READERS &&
           rwlock->__data.__writers == 0 && rwlock->__data.__wrphase_futex == 1 &&
           rwlock->__data.__writers_futex == 1;
}

uint32_t rwlock_flags(const pthread_rwlock_t *rwlock, bool taken)
{
    unsigned kind = rwlock->__data.__flags;
    if (rwlock->__data.__pad4 == RWLOCK_DESTROYED)
        return 0;
    bool sane = kind <= PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP &&
                rwlock->__data.__pad3 == 0 && rwlock->__data.__pad4 == 0;
    bool shared = sane && rwlock->__data.__shared == 1;
    bool fresh = taken ? rwlock_was_untouched(rwlock) : rwlock_untouched(rwlock);
    bool valid = sane && (shared || (rwlock->__data.__shared == 0 && fresh));
    uint32_t writer_first =
        kind == PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP ? EVF_WRITER_FIRST : 0;
    return verdict(valid, shared, rwlock) | writer_first;
}

/* --- condition variables ------------------------------------------------------------------------------ */

/* Bits of __wrefs (nptl/pthread_cond_common.c); destroy sets the third one. */
#define COND_SHARED 1u
#define COND_MONOTONIC 2u
#define COND_DESTROYED 4u

uint32_t cond_flags(const pthread_cond_t *cond)
{
    const uint32_t *words = (const uint32_t *)cond;
    uint32_t wrefs = cond->__data.__wrefs;
    if (wrefs & COND_SHARED)
        return verdict(!(wrefs & COND_DESTROYED), true, cond);
    uint32_t others = wrefs & ~COND_MONOTONIC;
    for (size_t i = 0; i < sizeof(*cond) / sizeof(*words); i++)
        if (&words[i] != &cond->__data.__wrefs)
            others |= words[i];
    return verdict(others == 0, false, cond);
}

/* --- objects without static initialiser ---------------------------------------------------------------- */

#if defined(__x86_64__)
#define SPIN_FREE 1
#else
#define SPIN_FREE 0
#endif

uint32_t spin_flags(const pthread_spinlock_t *spin)
{
    return verdict(*spin == SPIN_FREE, false, spin);
}

/* FUTEX_PRIVATE_FLAG, in the objects that glibc calls shared. */
#define SHARED_WORD 128

/* struct new_sem of internaltypes.h. */
struct sem_layout {
    uint64_t value_and_waiters;
    int shared;
    int pad;
};

uint32_t sem_flags(const sem_t *sem)
{
    bool shared = ((const struct sem_layout *)(const void *)sem)->shared == SHARED_WORD;
    return verdict(shared, shared, sem);
}

/* struct pthread_barrier of internaltypes.h. */
struct barrier_layout {
    unsigned in, round, count;
    int shared;
    unsigned out;
};

uint32_t barrier_flags(const pthread_barrier_t *barrier)
{
    const struct barrier_layout *layout = (const struct barrier_layout *)(const void *)barrier;
    bool shared = layout->shared == SHARED_WORD && layout->count > 0;
    return verdict(shared, shared, barrier);
}

_Static_assert(sizeof(struct sem_layout) <= sizeof(sem_t), "fits");
_Static_assert(sizeof(struct barrier_layout) <= sizeof(pthread_barrier_t), "fits");
