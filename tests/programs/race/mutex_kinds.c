/* SPDX-License-Identifier: MIT */
/* A mutex of each kind orders what it guards; the wrong reader takes another mutex of the same kind. */
/* EXPECT: race write_normal/read_normal */
/* EXPECT: race write_recursive/read_recursive */
/* EXPECT: race write_errorcheck/read_errorcheck */
/* EXPECT: race write_adaptive/read_adaptive */
/* EXPECT: race write_robust/read_robust */
/* EXPECT: race write_inherit/read_inherit */
/* EXPECT: race write_shared/read_shared */
/* TWIN */
#include "hidden.h"

#define KIND(name, set)                                                                            \
    static pthread_mutex_t mutex_##name, other_##name;                                             \
    static int value_##name;                                                                       \
    static void init_##name(void)                                                                  \
    {                                                                                              \
        pthread_mutexattr_t kind;                                                                  \
        pthread_mutexattr_init(&kind);                                                             \
        set;                                                                                       \
        pthread_mutex_init(&mutex_##name, &kind);                                                  \
        pthread_mutex_init(&other_##name, &kind);                                                  \
        pthread_mutexattr_destroy(&kind);                                                          \
    }                                                                                              \
    static NOINLINE void write_##name(void)                                                        \
    {                                                                                              \
        pthread_mutex_lock(&mutex_##name);                                                         \
        value_##name = 1;                                                                          \
        pthread_mutex_unlock(&mutex_##name);                                                       \
    }                                                                                              \
    static NOINLINE void read_##name(void)                                                         \
    {                                                                                              \
        pthread_mutex_lock(IS_TWIN ? &mutex_##name : &other_##name);                               \
        USE(value_##name);                                                                         \
        pthread_mutex_unlock(IS_TWIN ? &mutex_##name : &other_##name);                             \
    }

KIND(normal, (void)0)
KIND(recursive, pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_RECURSIVE))
KIND(errorcheck, pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_ERRORCHECK))
KIND(adaptive, pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_ADAPTIVE_NP))
KIND(robust, pthread_mutexattr_setrobust(&kind, PTHREAD_MUTEX_ROBUST))
KIND(inherit, pthread_mutexattr_setprotocol(&kind, PTHREAD_PRIO_INHERIT))
KIND(shared, pthread_mutexattr_setpshared(&kind, PTHREAD_PROCESS_SHARED))

static void *writer(void *none)
{
    write_normal(), write_recursive(), write_errorcheck(), write_adaptive(), write_robust(), write_inherit();
    write_shared();
    hidden_done(1);
    return NULL;
}

static void *reader(void *none)
{
    hidden_await(1);
    read_shared(), read_inherit(), read_robust(), read_adaptive(), read_errorcheck(), read_recursive();
    read_normal();
    return NULL;
}

int main(void)
{
    init_normal(), init_recursive(), init_errorcheck(), init_adaptive(), init_robust(), init_inherit();
    init_shared();
    return both(writer, reader);
}
