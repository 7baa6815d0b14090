/* SPDX-License-Identifier: MIT */
/* One mistake for each intercepted function, made through that very function: `engage NAME` makes it in a
 * function by_NAME, which must be seen in exactly one finding; `engage` lists names and kinds of finding.
 * A function that nobody intercepted would go unnoticed. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#define BY(name) static __attribute__((noinline)) void by_##name(void)

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_spinlock_t spin;
static pthread_barrier_t barrier;
static sem_t sem;
static mtx_t mtx;
static cnd_t cnd;
static volatile int kept; /* no call is the last one: by_NAME stays on the stack */

static const struct timespec never = {4102444800, 0}, past = {1, 0};

/* --- locks that a thread still holds at its end ---------------------------------------------- */

BY(pthread_mutex_lock) { kept = pthread_mutex_lock(&mutex); }
BY(pthread_mutex_trylock) { kept = pthread_mutex_trylock(&mutex); }
BY(pthread_mutex_timedlock) { kept = pthread_mutex_timedlock(&mutex, &never); }
BY(pthread_mutex_clocklock) { kept = pthread_mutex_clocklock(&mutex, CLOCK_MONOTONIC, &never); }
BY(pthread_rwlock_rdlock) { kept = pthread_rwlock_rdlock(&rwlock); }
BY(pthread_rwlock_wrlock) { kept = pthread_rwlock_wrlock(&rwlock); }
BY(pthread_rwlock_tryrdlock) { kept = pthread_rwlock_tryrdlock(&rwlock); }
BY(pthread_rwlock_trywrlock) { kept = pthread_rwlock_trywrlock(&rwlock); }
BY(pthread_rwlock_timedrdlock) { kept = pthread_rwlock_timedrdlock(&rwlock, &never); }
BY(pthread_rwlock_timedwrlock) { kept = pthread_rwlock_timedwrlock(&rwlock, &never); }
BY(pthread_rwlock_clockrdlock)
{
    kept = pthread_rwlock_clockrdlock(&rwlock, CLOCK_MONOTONIC, &never);
}
BY(pthread_rwlock_clockwrlock)
{
    kept = pthread_rwlock_clockwrlock(&rwlock, CLOCK_MONOTONIC, &never);
}
BY(pthread_spin_lock) { kept = pthread_spin_lock(&spin); }
BY(pthread_spin_trylock) { kept = pthread_spin_trylock(&spin); }
BY(mtx_lock) { kept = mtx_lock(&mtx); }
BY(mtx_trylock) { kept = mtx_trylock(&mtx); }
BY(mtx_timedlock) { kept = mtx_timedlock(&mtx, &never); }

/* --- unlocked though nobody holds it --------------------------------------------------------- */

BY(pthread_mutex_unlock) { kept = pthread_mutex_unlock(&mutex); }
BY(pthread_rwlock_unlock)
{
    pthread_rwlock_rdlock(&rwlock); /* or the count of readers wraps around */
    pthread_rwlock_unlock(&rwlock);
    kept = pthread_rwlock_unlock(&rwlock);
}
BY(pthread_spin_unlock) { kept = pthread_spin_unlock(&spin); }
BY(mtx_unlock) { kept = mtx_unlock(&mtx); }

/* --- initialised again while held ------------------------------------------------------------ */

BY(pthread_mutex_init)
{
    pthread_mutex_lock(&mutex);
    kept = pthread_mutex_init(&mutex, NULL);
}
BY(pthread_rwlock_init)
{
    pthread_rwlock_wrlock(&rwlock);
    kept = pthread_rwlock_init(&rwlock, NULL);
}
BY(pthread_spin_init)
{
    pthread_spin_lock(&spin);
    kept = pthread_spin_init(&spin, 0);
}
BY(mtx_init)
{
    mtx_lock(&mtx);
    kept = mtx_init(&mtx, mtx_plain);
}

/* --- initialised wrongly --------------------------------------------------------------------- */

BY(sem_init) { kept = sem_init(&sem, 0, (unsigned)SEM_VALUE_MAX + 1); }
BY(sem_open) { kept = sem_open("/detect-engage", O_CREAT, 0600, (unsigned)SEM_VALUE_MAX + 1) != NULL; }
BY(pthread_barrier_init) { kept = pthread_barrier_init(&barrier, NULL, 0); }
BY(pthread_mutex_consistent) { kept = pthread_mutex_consistent(&mutex); }

/* A mutex and a condition variable in one place: only their first announced use is right. */
static union {
    pthread_cond_t posix;
    cnd_t c11;
} either;

BY(pthread_cond_init)
{
    memset(&either, 0xa5, sizeof(either)); /* without this call the next one would be on garbage */
    pthread_cond_init(&either.posix, NULL);
    pthread_cond_destroy(&either.posix);
    kept = pthread_cond_signal(&either.posix);
}
BY(cnd_init)
{
    memset(&either, 0xa5, sizeof(either));
    cnd_init(&either.c11);
    cnd_destroy(&either.c11);
    kept = cnd_signal(&either.c11);
}

/* --- destroyed while held, or twice ---------------------------------------------------------- */

BY(pthread_mutex_destroy)
{
    pthread_mutex_lock(&mutex);
    kept = pthread_mutex_destroy(&mutex);
    pthread_mutex_unlock(&mutex);
}
BY(pthread_rwlock_destroy)
{
    pthread_rwlock_wrlock(&rwlock);
    kept = pthread_rwlock_destroy(&rwlock);
    pthread_rwlock_unlock(&rwlock);
}
BY(pthread_spin_destroy)
{
    pthread_spin_lock(&spin);
    kept = pthread_spin_destroy(&spin);
    pthread_spin_unlock(&spin);
}
BY(mtx_destroy)
{
    mtx_lock(&mtx);
    mtx_destroy(&mtx);
    mtx_unlock(&mtx);
}
BY(pthread_cond_destroy)
{
    pthread_cond_destroy(&cond);
    kept = pthread_cond_destroy(&cond);
}
BY(cnd_destroy)
{
    cnd_init(&cnd);
    cnd_destroy(&cnd);
    cnd_destroy(&cnd);
    kept = 1;
}
BY(sem_destroy)
{
    sem_init(&sem, 0, 1);
    sem_destroy(&sem);
    kept = sem_destroy(&sem);
}
BY(pthread_barrier_destroy)
{
    pthread_barrier_init(&barrier, NULL, 1);
    pthread_barrier_destroy(&barrier);
    memcpy(&barrier, &(unsigned[]){0, 0, 1}, 12); /* as initialised, so that libc's call returns */
    kept = pthread_barrier_destroy(&barrier);
}
BY(pthread_mutex_setprioceiling)
{
    int old;
    pthread_mutex_destroy(&mutex);
    kept = pthread_mutex_setprioceiling(&mutex, 1, &old);
}

/* --- used though never initialised, or destroyed --------------------------------------------- */

static void fake_sem(void) { memcpy(&sem, &(unsigned){1}, sizeof(unsigned)); }

BY(sem_wait) { kept = sem_wait(&sem); }
BY(sem_trywait) { kept = sem_trywait(&sem); }
BY(sem_timedwait) { kept = sem_timedwait(&sem, &never); }
BY(sem_clockwait) { kept = sem_clockwait(&sem, CLOCK_MONOTONIC, &never); }
BY(sem_post) { kept = sem_post(&sem); }
BY(pthread_barrier_wait)
{
    memcpy(&barrier, &(unsigned[]){0, 0, 1}, 12);
    kept = pthread_barrier_wait(&barrier);
}
BY(pthread_cond_signal)
{
    pthread_cond_destroy(&cond);
    kept = pthread_cond_signal(&cond);
}
BY(pthread_cond_broadcast)
{
    pthread_cond_destroy(&cond);
    kept = pthread_cond_broadcast(&cond);
}
BY(cnd_signal)
{
    cnd_init(&cnd);
    cnd_destroy(&cnd);
    kept = cnd_signal(&cnd);
}
BY(cnd_broadcast)
{
    cnd_init(&cnd);
    cnd_destroy(&cnd);
    kept = cnd_broadcast(&cnd);
}
/* The last close unmaps the semaphore inside libc; what is mapped there next, unseen as well, is none. */
BY(sem_close)
{
    char name[64];
    snprintf(name, sizeof(name), "/detect-engage-%d", (int)getpid());
    sem_t *named = sem_open(name, O_CREAT | O_EXCL, 0600, 1);
    sem_unlink(name);
    sem_close(named);
    void *page = (void *)((unsigned long)named & ~4095ul);
    if (syscall(SYS_mmap, page, 4096, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != (long)page)
        abort();
    *(unsigned *)named = 1;
    kept = sem_wait(named);
}

/* --- waits without the mutex ----------------------------------------------------------------- */

/* Its wait without the mutex comes back at once. */
static void recursive_mutex(void)
{
    pthread_mutexattr_t attr;
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&mutex, &attr);
}

BY(pthread_cond_wait) { kept = pthread_cond_wait(&cond, &mutex); }
BY(pthread_cond_timedwait) { kept = pthread_cond_timedwait(&cond, &mutex, &never); }
BY(pthread_cond_clockwait)
{
    kept = pthread_cond_clockwait(&cond, &mutex, CLOCK_MONOTONIC, &never);
}
BY(cnd_timedwait)
{
    cnd_init(&cnd);
    kept = cnd_timedwait(&cnd, &mtx, &past);
    mtx_unlock(&mtx);
}

static volatile int woken;

static int wake(void *unused)
{
    (void)unused;
    while (!woken) {
        mtx_lock(&mtx);
        cnd_broadcast(&cnd);
        mtx_unlock(&mtx);
        thrd_sleep(&(struct timespec){0, 1000000}, NULL);
    }
    return 0;
}

BY(cnd_wait)
{
    thrd_t waker;
    cnd_init(&cnd);
    thrd_create(&waker, wake, NULL);
    kept = cnd_wait(&cnd, &mtx);
    mtx_unlock(&mtx);
    woken = 1;
    thrd_join(waker, NULL);
}

/* --- a routine that waits for itself --------------------------------------------------------- */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static once_flag flag = ONCE_FLAG_INIT;

static void once_again(void) { kept = pthread_once(&once, once_again); }
static void flag_again(void)
{
    call_once(&flag, flag_again);
    kept = 1;
}

BY(pthread_once) { kept = pthread_once(&once, once_again); }
BY(call_once)
{
    call_once(&flag, flag_again);
    kept = 1;
}

/* --- threads --------------------------------------------------------------------------------- */

static void *nothing(void *unused) { return unused; }

static void *stay(void *unused)
{
    for (;;)
        pause();
    return unused;
}

static volatile int ending;

static void *say_end(void *unused)
{
    ending = (int)syscall(SYS_gettid);
    return unused;
}

static int c11_say_end(void *unused)
{
    (void)unused;
    ending = (int)syscall(SYS_gettid);
    return 0;
}

static void until_it_ended(void)
{
    char path[64];
    while (!ending)
        usleep(1000);
    snprintf(path, sizeof(path), "/proc/self/task/%d", ending);
    while (access(path, F_OK) == 0)
        usleep(1000);
}

BY(pthread_create)
{
    pthread_t thread;
    kept = pthread_create(&thread, NULL, say_end, NULL);
    until_it_ended();
}
BY(thrd_create)
{
    thrd_t thread;
    kept = thrd_create(&thread, c11_say_end, NULL);
    until_it_ended();
}
BY(pthread_join) { kept = pthread_join(pthread_self(), NULL); }
BY(pthread_tryjoin_np) { kept = pthread_tryjoin_np(pthread_self(), NULL); }
BY(pthread_timedjoin_np) { kept = pthread_timedjoin_np(pthread_self(), NULL, &past); }
BY(pthread_clockjoin_np)
{
    kept = pthread_clockjoin_np(pthread_self(), NULL, CLOCK_MONOTONIC, &past);
}
BY(thrd_join) { kept = thrd_join(thrd_current(), NULL); }
BY(pthread_detach)
{
    pthread_t thread;
    pthread_create(&thread, NULL, stay, NULL);
    pthread_detach(thread);
    kept = pthread_detach(thread);
}
BY(thrd_detach)
{
    pthread_t thread;
    pthread_create(&thread, NULL, stay, NULL);
    thrd_detach(thread);
    kept = thrd_detach(thread);
}
BY(pthread_cancel)
{
    pthread_t thread;
    pthread_create(&thread, NULL, nothing, NULL);
    pthread_join(thread, NULL);
    kept = pthread_cancel(thread);
}
BY(pthread_exit) { pthread_exit(NULL); }
BY(thrd_exit) { thrd_exit(0); }
/* Seen as the thread's name. */
BY(pthread_setname_np)
{
    pthread_setname_np(pthread_self(), "named by a call");
    kept = pthread_mutex_lock(&mutex);
}

/* --- the table ------------------------------------------------------------------------------- */

enum setting { PLAIN, IN_THREAD, HOLDING, WITH_SPIN, WITH_MTX, FAKE_SEM, RECURSIVE };

#define CASE(name, kind, setting) {#name, kind, by_##name, setting}

static const struct mistake {
    const char *name, *kind;
    void (*make)(void);
    enum setting setting;
} mistakes[] = {
    CASE(pthread_mutex_lock, "exit-holding-lock", IN_THREAD),
    CASE(pthread_mutex_trylock, "exit-holding-lock", IN_THREAD),
    CASE(pthread_mutex_timedlock, "exit-holding-lock", IN_THREAD),
    CASE(pthread_mutex_clocklock, "exit-holding-lock", IN_THREAD),
    CASE(pthread_rwlock_rdlock, "exit-holding-lock", IN_THREAD),
    CASE(pthread_rwlock_wrlock, "exit-holding-lock", IN_THREAD),
    CASE(pthread_rwlock_tryrdlock, "exit-holding-lock", IN_THREAD),
    CASE(pthread_rwlock_trywrlock, "exit-holding-lock", IN_THREAD),
    CASE(pthread_rwlock_timedrdlock, "exit-holding-lock", IN_THREAD),
    CASE(pthread_rwlock_timedwrlock, "exit-holding-lock", IN_THREAD),
    CASE(pthread_rwlock_clockrdlock, "exit-holding-lock", IN_THREAD),
    CASE(pthread_rwlock_clockwrlock, "exit-holding-lock", IN_THREAD),
    CASE(pthread_spin_lock, "exit-holding-lock", WITH_SPIN),
    CASE(pthread_spin_trylock, "exit-holding-lock", WITH_SPIN),
    CASE(mtx_lock, "exit-holding-lock", WITH_MTX),
    CASE(mtx_trylock, "exit-holding-lock", WITH_MTX),
    CASE(mtx_timedlock, "exit-holding-lock", WITH_MTX),
    CASE(pthread_mutex_unlock, "unlock-not-held", PLAIN),
    CASE(pthread_rwlock_unlock, "unlock-not-held", PLAIN),
    CASE(pthread_spin_unlock, "unlock-not-held", WITH_SPIN),
    CASE(mtx_unlock, "unlock-not-held", WITH_MTX),
    CASE(pthread_mutex_init, "reinit-in-use", PLAIN),
    CASE(pthread_rwlock_init, "reinit-in-use", PLAIN),
    CASE(pthread_spin_init, "reinit-in-use", WITH_SPIN),
    CASE(mtx_init, "reinit-in-use", WITH_MTX),
    CASE(sem_init, "invalid-argument", PLAIN),
    CASE(sem_open, "invalid-argument", PLAIN),
    CASE(pthread_barrier_init, "invalid-argument", PLAIN),
    CASE(pthread_mutex_consistent, "invalid-argument", PLAIN),
    CASE(pthread_cond_init, "use-after-destroy", PLAIN),
    CASE(cnd_init, "use-after-destroy", PLAIN),
    CASE(pthread_mutex_destroy, "destroy-locked", PLAIN),
    CASE(pthread_rwlock_destroy, "destroy-locked", PLAIN),
    CASE(pthread_spin_destroy, "destroy-locked", WITH_SPIN),
    CASE(mtx_destroy, "destroy-locked", WITH_MTX),
    CASE(pthread_cond_destroy, "use-after-destroy", PLAIN),
    CASE(cnd_destroy, "use-after-destroy", PLAIN),
    CASE(sem_destroy, "use-after-destroy", PLAIN),
    CASE(pthread_barrier_destroy, "use-after-destroy", PLAIN),
    CASE(pthread_mutex_setprioceiling, "use-after-destroy", PLAIN),
    CASE(sem_wait, "uninitialised-object", FAKE_SEM),
    CASE(sem_trywait, "uninitialised-object", FAKE_SEM),
    CASE(sem_timedwait, "uninitialised-object", FAKE_SEM),
    CASE(sem_clockwait, "uninitialised-object", FAKE_SEM),
    CASE(sem_post, "uninitialised-object", FAKE_SEM),
    CASE(sem_close, "uninitialised-object", PLAIN),
    CASE(pthread_barrier_wait, "uninitialised-object", PLAIN),
    CASE(pthread_cond_signal, "use-after-destroy", PLAIN),
    CASE(pthread_cond_broadcast, "use-after-destroy", PLAIN),
    CASE(cnd_signal, "use-after-destroy", PLAIN),
    CASE(cnd_broadcast, "use-after-destroy", PLAIN),
    CASE(pthread_cond_wait, "cond-wait-unlocked", RECURSIVE),
    CASE(pthread_cond_timedwait, "cond-wait-unlocked", RECURSIVE),
    CASE(pthread_cond_clockwait, "cond-wait-unlocked", RECURSIVE),
    CASE(cnd_wait, "cond-wait-unlocked", WITH_MTX),
    CASE(cnd_timedwait, "cond-wait-unlocked", WITH_MTX),
    CASE(pthread_once, "double-lock", PLAIN),
    CASE(call_once, "double-lock", PLAIN),
    CASE(pthread_create, "thread-leak", PLAIN),
    CASE(thrd_create, "thread-leak", PLAIN),
    CASE(pthread_join, "invalid-argument", PLAIN),
    CASE(pthread_tryjoin_np, "invalid-argument", PLAIN),
    CASE(pthread_timedjoin_np, "invalid-argument", PLAIN),
    CASE(pthread_clockjoin_np, "invalid-argument", PLAIN),
    CASE(thrd_join, "invalid-argument", PLAIN),
    CASE(pthread_detach, "invalid-argument", PLAIN),
    CASE(thrd_detach, "invalid-argument", PLAIN),
    CASE(pthread_cancel, "invalid-argument", PLAIN),
    CASE(pthread_exit, "exit-holding-lock", HOLDING),
    CASE(thrd_exit, "exit-holding-lock", HOLDING),
    CASE(pthread_setname_np, "exit-holding-lock", IN_THREAD),
};

static void *make_in_thread(void *argument)
{
    const struct mistake *mistake = argument;
    if (mistake->setting == HOLDING)
        pthread_mutex_lock(&mutex);
    mistake->make();
    return NULL;
}

static void make(const struct mistake *mistake)
{
    pthread_t thread;
    if (mistake->setting == WITH_SPIN)
        pthread_spin_init(&spin, 0);
    if (mistake->setting == WITH_MTX)
        mtx_init(&mtx, mtx_timed);
    if (mistake->setting == FAKE_SEM)
        fake_sem();
    if (mistake->setting == RECURSIVE)
        recursive_mutex();
    if (strcmp(mistake->kind, "exit-holding-lock") != 0) {
        mistake->make();
        return;
    }
    pthread_create(&thread, NULL, make_in_thread, (void *)mistake);
    pthread_join(thread, NULL);
}

int main(int argc, char **argv)
{
    for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
        if (argc < 2)
            printf("%s %s\n", mistakes[i].name, mistakes[i].kind);
        else if (strcmp(argv[1], mistakes[i].name) == 0)
            make(&mistakes[i]);
    }
    return 0;
}
