/* SPDX-License-Identifier: MIT */
/* Which functions act on a cancellation, when, and what they leave behind; see equal.h.
 *
 * Each function meets a cancellation that is pending before the call and one that comes while it waits, with
 * what it waits for there or not, under both types and with cancellation disabled. */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>

#include "equal.h"

/* The thread that is joined. */
struct target {
    int go[2];
    volatile int tid;
};

/* What one case works on; made anew for each. */
static struct scene {
    pthread_mutex_t mutex, taken;
    pthread_rwlock_t rwlock;
    pthread_spinlock_t spin;
    pthread_cond_t cond;
    sem_t sem;
    pthread_barrier_t barrier;
    pthread_t target;
    struct timespec real, mono;
} scene;

static pthread_once_t never_run, done_once;

static void run_nothing(void) {}

struct function {
    const char *name;
    int (*call)(void);
    bool cond;    /* needs the mutex */
    bool timed;   /* gives up by itself */
    bool returns; /* never waits for long in any case */
};

static int f_testcancel(void) { pthread_testcancel(); return 0; }
static int f_cond_wait(void) { return pthread_cond_wait(&scene.cond, &scene.mutex); }
static int f_cond_timedwait(void) { return pthread_cond_timedwait(&scene.cond, &scene.mutex, &scene.real); }
static int f_cond_clockwait(void)
{
    return pthread_cond_clockwait(&scene.cond, &scene.mutex, CLOCK_MONOTONIC, &scene.mono);
}
static int f_cnd_wait(void) { return cnd_wait((cnd_t *)&scene.cond, (mtx_t *)&scene.mutex); }
static int f_cnd_timedwait(void)
{
    return cnd_timedwait((cnd_t *)&scene.cond, (mtx_t *)&scene.mutex, &scene.real);
}
static int f_sem_wait(void) { return sem_wait(&scene.sem); }
static int f_sem_timedwait(void) { return sem_timedwait(&scene.sem, &scene.real); }
static int f_sem_clockwait(void) { return sem_clockwait(&scene.sem, CLOCK_MONOTONIC, &scene.mono); }
static int f_sem_bad_time(void)
{
    struct timespec bad = {1, -1};
    return sem_timedwait(&scene.sem, &bad);
}
static int f_sem_trywait(void) { return sem_trywait(&scene.sem); }
static int f_sem_post(void) { return sem_post(&scene.sem); }
static int f_join(void) { return pthread_join(scene.target, NULL); }
static int f_timedjoin(void) { return pthread_timedjoin_np(scene.target, NULL, &scene.real); }
static int f_clockjoin(void)
{
    return pthread_clockjoin_np(scene.target, NULL, CLOCK_MONOTONIC, &scene.mono);
}
static int f_tryjoin(void) { return pthread_tryjoin_np(scene.target, NULL); }
static int f_thrd_join(void) { return thrd_join(scene.target, NULL); }
static int f_detach(void) { return pthread_detach(scene.target); }
static int f_mutex_lock(void) { return pthread_mutex_lock(&scene.mutex); }
static int f_mutex_timedlock(void) { return pthread_mutex_timedlock(&scene.taken, &scene.real); }
static int f_rdlock(void) { return pthread_rwlock_rdlock(&scene.rwlock); }
static int f_wrlock(void) { return pthread_rwlock_timedwrlock(&scene.rwlock, &scene.real); }
static int f_spin_lock(void) { return pthread_spin_lock(&scene.spin); }
static int f_barrier_wait(void) { return pthread_barrier_wait(&scene.barrier); }
static int f_once(void) { return pthread_once(&never_run, run_nothing); }
static int f_once_done(void) { return pthread_once(&done_once, run_nothing); }
static int f_signal(void) { return pthread_cond_signal(&scene.cond); }

static const struct function functions[] = {
    {"testcancel", f_testcancel, false, false, true},
    {"cond_wait", f_cond_wait, true, false, false},
    {"cond_timedwait", f_cond_timedwait, true, true, false},
    {"cond_clockwait", f_cond_clockwait, true, true, false},
    {"cnd_wait", f_cnd_wait, true, false, false},
    {"cnd_timedwait", f_cnd_timedwait, true, true, false},
    {"sem_wait", f_sem_wait, false, false, false},
    {"sem_timedwait", f_sem_timedwait, false, true, false},
    {"sem_clockwait", f_sem_clockwait, false, true, false},
    {"sem_timedwait bad time", f_sem_bad_time, false, false, true},
    {"sem_trywait", f_sem_trywait, false, false, true},
    {"sem_post", f_sem_post, false, false, true},
    {"join", f_join, false, false, false},
    {"timedjoin", f_timedjoin, false, true, false},
    {"clockjoin", f_clockjoin, false, true, false},
    {"tryjoin", f_tryjoin, false, false, true},
    {"thrd_join", f_thrd_join, false, false, false},
    {"detach", f_detach, false, false, true},
    {"mutex_lock", f_mutex_lock, false, false, true},
    {"mutex_timedlock", f_mutex_timedlock, false, true, true},
    {"rdlock", f_rdlock, false, false, true},
    {"timedwrlock", f_wrlock, false, true, true},
    {"spin_lock", f_spin_lock, false, false, true},
    {"barrier_wait", f_barrier_wait, false, false, true},
    {"once", f_once, false, false, true},
    {"once done", f_once_done, false, false, true},
    {"cond_signal", f_signal, false, false, true},
};

struct test_case {
    const struct function *function;
    bool available;  /* what it waits for is there */
    bool pending;    /* the cancellation comes before the call */
    bool async, disabled;
    volatile int tid;
    int result, in_cleanup, sem_value;
    bool cleaned;
};

/* 1: it sleeps, 2: it is gone, 0: it runs. */
static int sleeps_or_gone(int tid)
{
    char path[64], text[256] = "";
    snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
    int fd = open(path, O_RDONLY);
    if (fd < 0)
        return 2;
    ssize_t got = read(fd, text, sizeof(text) - 1);
    close(fd);
    char *after_name = got > 0 ? strrchr(text, ')') : NULL;
    return !after_name || after_name[2] == 'Z' ? 2 : after_name[2] == 'S';
}

static void *target_main(void *arg)
{
    struct target *target = arg;
    target->tid = (int)syscall(SYS_gettid);
    wait_byte(target->go[0]);
    return NULL;
}

static void target_start(struct target *target)
{
    target->tid = 0;
    if (pipe(target->go) || pthread_create(&scene.target, NULL, target_main, target))
        abort();
}

static void target_let_go(struct target *target)
{
    send_byte(target->go[1]);
    while (target->tid == 0 || sleeps_or_gone(target->tid) != 2)
        usleep(500);
}

static void make_scene(const struct test_case *test)
{
    memset(&scene, 0, sizeof(scene));
    pthread_mutexattr_t attr;
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
    pthread_mutex_init(&scene.mutex, &attr);
    pthread_mutex_init(&scene.taken, NULL);
    pthread_mutex_lock(&scene.taken);
    pthread_rwlock_init(&scene.rwlock, NULL);
    pthread_spin_init(&scene.spin, 0);
    pthread_cond_init(&scene.cond, NULL);
    sem_init(&scene.sem, 0, test->available ? 1 : 0);
    pthread_barrier_init(&scene.barrier, NULL, 1);
    never_run = PTHREAD_ONCE_INIT;
    long ms = test->disabled || test->available || test->function->returns ? 10 : 20000;
    scene.real = after_ms(CLOCK_REALTIME, ms);
    scene.mono = after_ms(CLOCK_MONOTONIC, ms);
}

static void on_cancel(void *arg)
{
    struct test_case *test = arg;
    test->cleaned = true;
    test->in_cleanup = test->function->cond ? pthread_mutex_unlock(&scene.mutex) : 0;
}

static void *cancelled_main(void *arg)
{
    struct test_case *test = arg;
    const struct function *function = test->function;
    int old;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
    if (test->async)
        pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &old);
    if (function->cond)
        pthread_mutex_lock(&scene.mutex);
    if (test->pending)
        pthread_cancel(pthread_self());
    pthread_cleanup_push(on_cancel, test);
    if (!test->disabled)
        pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &old);
    test->tid = (int)syscall(SYS_gettid);
    test->result = function->call();
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
    if (function->cond)
        test->in_cleanup = pthread_mutex_unlock(&scene.mutex);
    pthread_cleanup_pop(0);
    return NULL;
}

static void run_case(struct test_case *test)
{
    pthread_t thread;
    struct target target;
    void *result;
    make_scene(test);
    target_start(&target);
    if (test->available)
        target_let_go(&target);
    pthread_create(&thread, NULL, cancelled_main, test);
    if (!test->pending) {
        while (!test->tid || !sleeps_or_gone(test->tid))
            usleep(500);
        pthread_cancel(thread);
    }
    pthread_join(thread, &result);
    sem_getvalue(&scene.sem, &test->sem_value);
    printf("%s, %s, %s%s%s: ", test->function->name, test->available ? "there" : "not there",
           test->pending ? "pending" : "while waiting", test->async ? ", asynchronous" : "",
           test->disabled ? ", disabled" : "");
    /* Cancelled inside pthread_setcancelstate, glibc leaves the result NULL. */
    printf("%s %d, cleaned %d, unlock %d", result == PTHREAD_CANCELED ? "cancelled" : "returned",
           test->result, test->cleaned, test->in_cleanup);
    printf(", sem %d, mutex %d\n", test->sem_value, pthread_mutex_trylock(&scene.mutex));
    if (!test->available)
        target_let_go(&target);
    close(target.go[0]);
    close(target.go[1]);
}

/* Cases that would wait for ever, or that leave the target to nobody. */
static bool skipped(const struct test_case *test)
{
    const struct function *function = test->function;
    bool joins = strstr(function->name, "join") != NULL;
    if (function->returns && !test->pending)
        return true;
    if (test->disabled && !function->returns && !function->timed && !(test->available))
        return true;
    if (test->disabled && function->cond && !function->timed)
        return true;
    if (!test->pending && (test->available || test->disabled))
        return true;
    if (test->async && function->returns) /* acts before the call */
        return !test->disabled;
    return joins && test->async;
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    pthread_once(&done_once, run_nothing);
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
        for (int bits = 0; bits < 16; bits++) {
            struct test_case test = {.function = &functions[i],
                                     .available = bits & 1,
                                     .pending = bits & 2,
                                     .async = bits & 4,
                                     .disabled = bits & 8};
            if (!skipped(&test))
                run_case(&test);
        }
    return 0;
}
