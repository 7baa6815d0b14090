/* SPDX-License-Identifier: MIT */
/* Interceptors of C11's <threads.h>.
 *
 * glibc's functions call its own pthread functions inside, past our interceptors, on objects of the same
 * layout. So ours do what glibc's do: the pthread operation (its interceptor's, which tells the analysis
 * once), and its result in C11's terms. Where glibc does more than that, the real C11 function is called. */
#include "intercept/cond.h"
#include "intercept/mutex.h"
#include "intercept/once.h"
#include "intercept/thread.h"
#include "runtime/takeover.h"

_Static_assert(sizeof(mtx_t) == sizeof(pthread_mutex_t), "an mtx_t is a pthread_mutex_t");
_Static_assert(sizeof(cnd_t) == sizeof(pthread_cond_t), "a cnd_t is a pthread_cond_t");
_Static_assert(sizeof(once_flag) == sizeof(pthread_once_t), "a once_flag is a pthread_once_t");

static pthread_mutex_t *mutex_of(mtx_t *mtx) { return (pthread_mutex_t *)(void *)mtx; }
static pthread_cond_t *cond_of(cnd_t *cnd) { return (pthread_cond_t *)(void *)cnd; }

static int c11_result(int error)
{
    switch (error) {
    case 0:
        return thrd_success;
    case ENOMEM:
        return thrd_nomem;
    case ETIMEDOUT:
        return thrd_timedout;
    case EBUSY:
        return thrd_busy;
    default:
        return thrd_error;
    }
}

/* --- mtx_ --------------------------------------------------------------------------------------------- */

EXPORT int mtx_init(mtx_t *mtx, int type)
{
    CALL(call);
    if (!call.self)
        return REAL(mtx_init)(mtx, type);
    tell_object(&call, EVENT_INIT, OBJECT_MTX, mtx, type & mtx_recursive ? EVF_RECURSIVE : 0);
    int result = REAL(mtx_init)(mtx, type);
    call_leave(&call);
    return result;
}

EXPORT void mtx_destroy(mtx_t *mtx)
{
    CALL(call);
    if (call.self)
        mutex_destroyed(&call, OBJECT_MTX, mutex_of(mtx));
    REAL(mtx_destroy)(mtx);
    if (call.self)
        call_leave(&call);
}

EXPORT int mtx_lock(mtx_t *mtx)
{
    CALL(call);
    return c11_result(mutex_lock(&call, OBJECT_MTX, mutex_of(mtx)));
}

EXPORT int mtx_trylock(mtx_t *mtx)
{
    CALL(call);
    return c11_result(mutex_trylock(&call, OBJECT_MTX, mutex_of(mtx)));
}

EXPORT int mtx_timedlock(mtx_t *restrict mtx, const struct timespec *restrict time)
{
    CALL(call);
    struct timeout timeout = {WAIT_UNTIL, CLOCK_REALTIME, time};
    return c11_result(mutex_timedlock(&call, OBJECT_MTX, mutex_of(mtx), &timeout));
}

EXPORT int mtx_unlock(mtx_t *mtx)
{
    CALL(call);
    return c11_result(mutex_unlock(&call, OBJECT_MTX, mutex_of(mtx)));
}

/* --- cnd_ --------------------------------------------------------------------------------------------- */

EXPORT int cnd_init(cnd_t *cnd)
{
    CALL(call);
    if (!call.self)
        return REAL(cnd_init)(cnd);
    tell_object(&call, EVENT_INIT, OBJECT_COND, cnd, EVF_C11);
    int result = REAL(cnd_init)(cnd);
    call_leave(&call);
    return result;
}

EXPORT void cnd_destroy(cnd_t *cnd)
{
    CALL(call);
    cond_destroy(&call, cond_of(cnd)); /* all that libc's does */
}

EXPORT int cnd_wait(cnd_t *cnd, mtx_t *mtx)
{
    CALL(call);
    return c11_result(cond_wait(&call, cond_of(cnd), OBJECT_MTX, mutex_of(mtx), &forever));
}

EXPORT int cnd_timedwait(cnd_t *restrict cnd, mtx_t *restrict mtx,
                         const struct timespec *restrict time)
{
    CALL(call);
    struct timeout timeout = {WAIT_UNTIL, CLOCK_REALTIME, time};
    return c11_result(cond_wait(&call, cond_of(cnd), OBJECT_MTX, mutex_of(mtx), &timeout));
}

EXPORT int cnd_signal(cnd_t *cnd)
{
    CALL(call);
    return c11_result(cond_signal(&call, cond_of(cnd)));
}

EXPORT int cnd_broadcast(cnd_t *cnd)
{
    CALL(call);
    return c11_result(cond_broadcast(&call, cond_of(cnd)));
}

/* --- call_once, thrd_ ------------------------------------------------------------------------------------ */

EXPORT void call_once(once_flag *flag, void (*routine)(void))
{
    pthread_once_t *control = (pthread_once_t *)(void *)flag;
    if (once_passed(control))
        return;
    CALL(call);
    once(&call, control, routine);
}

static int c11_main(void *block)
{
    void *mark __attribute__((cleanup(thread_returned))) = block;
    struct start start = thread_begin(mark);
    SELF_STARTS();
    return TAKEOVER_ENTRY(start.routine.c11)(start.arg);
}

EXPORT int thrd_create(thrd_t *handle, thrd_start_t routine, void *arg)
{
    CALL(call);
    struct start *start = call.self ? thread_prepare(&call, false) : NULL;
    if (!start) {
        if (call.self)
            call_leave(&call);
        return REAL(thrd_create)(handle, routine, arg);
    }
    start->routine.c11 = routine;
    start->arg = arg;
    int result = REAL(thrd_create)(handle, c11_main, start);
    thread_created(&call, start, result == thrd_success);
    return result;
}

EXPORT int thrd_join(thrd_t handle, int *result)
{
    CALL(call);
    void *returned = NULL;
    int error = thread_join(&call, handle, &returned, &forever);
    if (result)
        *result = (int)(intptr_t)returned;
    return c11_result(error);
}

EXPORT int thrd_detach(thrd_t handle)
{
    CALL(call);
    return c11_result(thread_detach(&call, handle));
}

EXPORT _Noreturn void thrd_exit(int result)
{
    CALL(call);
    thread_leaves(&call);
    REAL(thrd_exit)(result);
    __builtin_unreachable();
}
