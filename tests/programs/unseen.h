/* SPDX-License-Identifier: MIT */
/* Orders the threads of a test program by means that no watcher of library calls can see: by spinning on
 * a word. Never by sleeping, which orders nothing.
 *
 * The await_…() functions look into glibc's objects to learn that a thread has really begun to wait there. */
#ifndef TESTS_UNSEEN_H
#define TESTS_UNSEEN_H

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define UNSEEN __attribute__((unused)) static inline

#define SPIN_UNTIL(condition)                                                                      \
    do {                                                                                           \
        while (!(condition))                                                                       \
            sched_yield();                                                                         \
    } while (0)

static int unseen_step, unseen_present;

/* Steps are numbered from 1; await_step(n) returns once step_done(n) or a later one was called. */
UNSEEN void step_done(int step) { __atomic_store_n(&unseen_step, step, __ATOMIC_SEQ_CST); }
UNSEEN void await_step(int step)
{
    SPIN_UNTIL(__atomic_load_n(&unseen_step, __ATOMIC_SEQ_CST) >= step);
}

/* Returns when `count` threads have come. For one meeting in a program. */
UNSEEN void meet(int count)
{
    __atomic_add_fetch(&unseen_present, 1, __ATOMIC_SEQ_CST);
    SPIN_UNTIL(__atomic_load_n(&unseen_present, __ATOMIC_SEQ_CST) >= count);
}

/* Somebody waits for the mutex: its word says "locked, with waiters". */
UNSEEN void await_mutex_waiter(pthread_mutex_t *mutex)
{
    SPIN_UNTIL(__atomic_load_n(&mutex->__data.__lock, __ATOMIC_SEQ_CST) == 2);
}

UNSEEN void await_cond_waiters(pthread_cond_t *cond, unsigned count)
{
    SPIN_UNTIL(__atomic_load_n(&cond->__data.__wrefs, __ATOMIC_SEQ_CST) >> 3 >= count);
}

UNSEEN void await_sem_waiters(sem_t *sem, unsigned count)
{
    SPIN_UNTIL(__atomic_load_n((unsigned long *)sem, __ATOMIC_SEQ_CST) >> 32 >= count);
}

/* A writer waits, or has the lock: PTHREAD_RWLOCK_WRLOCKED. */
UNSEEN void await_writer(pthread_rwlock_t *rwlock)
{
    SPIN_UNTIL(__atomic_load_n(&rwlock->__data.__readers, __ATOMIC_SEQ_CST) & 2);
}

/* So many threads have entered the barrier's present round. */
UNSEEN void await_in_barrier(pthread_barrier_t *barrier, unsigned count)
{
    SPIN_UNTIL(__atomic_load_n((unsigned *)barrier, __ATOMIC_SEQ_CST) >= count);
}

/* A thread is inside pthread_barrier_destroy: it announces itself in the field `out`. */
UNSEEN void await_barrier_destroy(pthread_barrier_t *barrier)
{
    SPIN_UNTIL(__atomic_load_n((unsigned *)barrier + 4, __ATOMIC_SEQ_CST) != 0);
}

/* The kernel knows no such thread any more. */
UNSEEN void await_gone(pid_t tid)
{
    SPIN_UNTIL(syscall(SYS_tgkill, getpid(), tid, 0) != 0);
}

UNSEEN pid_t own_tid(void) { return (pid_t)syscall(SYS_gettid); }

/* For subjects that wait, never for order. */
UNSEEN void nap(unsigned milliseconds)
{
    struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    while (nanosleep(&time, &time) && errno == EINTR)
        ;
}

UNSEEN struct timespec in_milliseconds(unsigned milliseconds)
{
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    time.tv_sec += milliseconds / 1000;
    time.tv_nsec += milliseconds % 1000 * 1000000L;
    if (time.tv_nsec >= 1000000000L) {
        time.tv_nsec -= 1000000000L;
        time.tv_sec++;
    }
    return time;
}

UNSEEN pthread_t start(void *(*run)(void *), void *argument)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, run, argument))
        abort();
    return thread;
}

UNSEEN void join(pthread_t thread)
{
    if (pthread_join(thread, NULL))
        abort();
}

#endif
