/* SPDX-License-Identifier: MIT */
/* One order of errorcheck, priority-inheriting, robust, adaptive and process-shared mutexes. */
/* EXPECT-NONE */
#include "unseen.h"

#define OPPOSITE 0

#define KIND(name, set)                                                                            \
    static pthread_mutex_t name##_a, name##_b;                                                     \
    static void init_##name(void)                                                                  \
    {                                                                                              \
        pthread_mutexattr_t kind;                                                                  \
        pthread_mutexattr_init(&kind);                                                             \
        set;                                                                                       \
        pthread_mutex_init(&name##_a, &kind);                                                      \
        pthread_mutex_init(&name##_b, &kind);                                                      \
        pthread_mutexattr_destroy(&kind);                                                          \
    }                                                                                              \
    static __attribute__((noinline)) void take_##name(int swap)                                    \
    {                                                                                              \
        pthread_mutex_lock(swap ? &name##_b : &name##_a);                                          \
        pthread_mutex_lock(swap ? &name##_a : &name##_b);                                          \
        pthread_mutex_unlock(swap ? &name##_a : &name##_b);                                        \
        pthread_mutex_unlock(swap ? &name##_b : &name##_a);                                        \
    }

KIND(errorcheck, pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_ERRORCHECK))
KIND(inherit, pthread_mutexattr_setprotocol(&kind, PTHREAD_PRIO_INHERIT))
KIND(robust, pthread_mutexattr_setrobust(&kind, PTHREAD_MUTEX_ROBUST))
KIND(adaptive, pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_ADAPTIVE_NP))
KIND(shared, pthread_mutexattr_setpshared(&kind, PTHREAD_PROCESS_SHARED))

static void *take_all(void *argument)
{
    int second = argument != NULL, swap = second && OPPOSITE;
    await_step(second);
    take_errorcheck(swap);
    take_inherit(swap);
    take_robust(swap);
    take_adaptive(swap);
    take_shared(swap);
    step_done(1);
    return NULL;
}

int main(void)
{
    init_errorcheck(), init_inherit(), init_robust(), init_adaptive(), init_shared();
    pthread_t one = start(take_all, NULL), two = start(take_all, &one);
    join(one);
    join(two);
    return 0;
}
