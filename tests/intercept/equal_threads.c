/* SPDX-License-Identifier: MIT */
/* Creation, end, join and detach of threads, their attributes and data: what every call returns; see
 * equal.h. */
#include <limits.h>
#include <signal.h>
#include <stdint.h>

#include "equal.h"

static void *give_back(void *arg) { return arg; }
static void *exit_with(void *arg) { pthread_exit(arg); }

static void *wait_to_be_cancelled(void *arg)
{
    for (;;)
        pause();
    return arg;
}

static void do_nothing(void *unused) { (void)unused; }

/* --- ends and joins -------------------------------------------------------------------------------- */

static void ends(void)
{
    pthread_t thread;
    void *result = NULL;
    SHOW("create", pthread_create(&thread, NULL, give_back, (void *)11));
    SHOW("join", pthread_join(thread, &result));
    printf("returned %ld\n", (long)result);
    pthread_create(&thread, NULL, exit_with, (void *)12);
    SHOW("join without result", pthread_join(thread, NULL));
    pthread_create(&thread, NULL, exit_with, (void *)13);
    pthread_join(thread, &result);
    printf("exited with %ld\n", (long)result);
    pthread_create(&thread, NULL, wait_to_be_cancelled, NULL);
    SHOW("cancel", pthread_cancel(thread));
    pthread_join(thread, &result);
    printf("cancelled %d\n", result == PTHREAD_CANCELED);
}

static void joins(void)
{
    struct helper helper;
    void *result = (void *)99;
    helper_start(&helper, do_nothing, NULL);
    SHOW("tryjoin running", pthread_tryjoin_np(helper.thread, &result));
    for (enum when when = PAST; when <= SOON; when++) { /* glibc spins for ever on an invalid time */
        struct timespec real = when_time(when, CLOCK_REALTIME);
        struct timespec mono = when_time(when, CLOCK_MONOTONIC);
        printf("running, %s\n", when_names[when]);
        SHOW("timedjoin", pthread_timedjoin_np(helper.thread, &result, &real));
        SHOW("clockjoin real", pthread_clockjoin_np(helper.thread, &result, CLOCK_REALTIME, &real));
        SHOW("clockjoin mono", pthread_clockjoin_np(helper.thread, &result, CLOCK_MONOTONIC, &mono));
    }
    printf("result untouched %ld\n", (long)result);
    SHOW("join self", pthread_join(pthread_self(), NULL));
    SHOW("tryjoin self", pthread_tryjoin_np(pthread_self(), NULL));
    helper_end(&helper);
    for (enum when when = 0; when < WHENS; when++) {
        pthread_t thread;
        struct timespec real = when_time(when, CLOCK_REALTIME);
        pthread_create(&thread, NULL, give_back, NULL);
        usleep(30000); /* ended: the time does not matter any more, or does it */
        printf("ended, %s: ", when_names[when]);
        int error = pthread_timedjoin_np(thread, &result, &real);
        printf("%d\n", error);
        if (error)
            pthread_join(thread, NULL);
    }
}

static void detaches(void)
{
    static struct helper helper;
    helper_start(&helper, do_nothing, NULL);
    SHOW("detach", pthread_detach(helper.thread));
    SHOW("detach again", pthread_detach(helper.thread));
    SHOW("join detached", pthread_join(helper.thread, NULL));
    SHOW("tryjoin detached", pthread_tryjoin_np(helper.thread, NULL));
    send_byte(helper.go[1]);
}

/* --- attributes -------------------------------------------------------------------------------------- */

static void *show_own_attributes(void *unused)
{
    pthread_attr_t attr;
    size_t size = 0, guard = 0;
    int detached = -1;
    pthread_getattr_np(pthread_self(), &attr);
    pthread_attr_getstacksize(&attr, &size);
    pthread_attr_getguardsize(&attr, &guard);
    pthread_attr_getdetachstate(&attr, &detached);
    pthread_attr_destroy(&attr);
    printf("stack %zu guard %zu detached %d\n", size, guard, detached);
    return unused;
}

static void *use_locks(void *unused)
{
    static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER, second = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&first);
    pthread_mutex_lock(&second);
    pthread_mutex_unlock(&second);
    pthread_mutex_unlock(&first);
    return unused;
}

static void with_attributes(const char *title, pthread_attr_t *attr, void *(*routine)(void *))
{
    pthread_t thread;
    int error = pthread_create(&thread, attr, routine, NULL);
    int joined = error ? -1 : pthread_join(thread, NULL); /* before the threads' prints mix */
    printf("%s: create %d, join %d\n", title, error, joined);
}

static void attributes(void)
{
    static char stack[256 * 1024] __attribute__((aligned(65536)));
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    with_attributes("default", &attr, show_own_attributes);
    pthread_attr_setstacksize(&attr, PTHREAD_STACK_MIN);
    with_attributes("smallest stack", &attr, use_locks);
    pthread_attr_setguardsize(&attr, 0);
    with_attributes("smallest stack without guard", &attr, use_locks);
    pthread_attr_setstacksize(&attr, 1 << 20);
    pthread_attr_setguardsize(&attr, 3 * 4096);
    with_attributes("large guard", &attr, show_own_attributes);
    pthread_attr_setstack(&attr, stack, sizeof(stack));
    with_attributes("own stack", &attr, use_locks);
    pthread_attr_destroy(&attr);
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, (size_t)1 << 46);
    with_attributes("impossible stack", &attr, use_locks);
    pthread_attr_destroy(&attr);
}

static void *show_mask(void *unused)
{
    sigset_t mask;
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    for (int signo = 1; signo <= 64; signo++)
        if (sigismember(&mask, signo) == 1)
            printf("blocked %d\n", signo);
    return unused;
}

static void masks(void)
{
    pthread_t thread;
    sigset_t mask, old;
    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR1);
    sigaddset(&mask, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &mask, &old);
    pthread_create(&thread, NULL, show_mask, NULL);
    pthread_join(thread, NULL);
    sigfillset(&mask);
    pthread_sigmask(SIG_BLOCK, &mask, NULL);
    pthread_create(&thread, NULL, show_mask, NULL);
    pthread_join(thread, NULL);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

/* --- names, cancellation types, thread-specific data ---------------------------------------------------- */

static void names(void)
{
    char name[32] = "";
    SHOW("setname", pthread_setname_np(pthread_self(), "fifteen letters"));
    SHOW("setname too long", pthread_setname_np(pthread_self(), "sixteen letters!"));
    SHOW("getname", pthread_getname_np(pthread_self(), name, sizeof(name)));
    printf("name %s\n", name);
}

static void show_type(const char *title, int type)
{
    int old = -1;
    int error = pthread_setcanceltype(type, &old);
    printf("%s: %d, was %d\n", title, error, error ? -1 : old);
}

static void types(void)
{
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    show_type("deferred", PTHREAD_CANCEL_DEFERRED);
    show_type("asynchronous", PTHREAD_CANCEL_ASYNCHRONOUS);
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
    show_type("asynchronous again", PTHREAD_CANCEL_ASYNCHRONOUS);
    show_type("no type", 5);
    show_type("no type", -1);
    show_type("deferred again", PTHREAD_CANCEL_DEFERRED);
    SHOW("without old", pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL));
    show_type("and back", PTHREAD_CANCEL_DEFERRED);
}

static pthread_key_t keys[3];
static pthread_mutex_t destructor_mutex = PTHREAD_MUTEX_INITIALIZER;

static void on_key(void *value)
{
    long number = (long)value;
    pthread_mutex_lock(&destructor_mutex);
    printf("destructor of %ld\n", number);
    pthread_mutex_unlock(&destructor_mutex);
    if (number % 10 < 6) /* more rounds than there are */
        pthread_setspecific(keys[number / 10], (void *)(number + 1));
}

static void *set_keys(void *unused)
{
    for (long i = 0; i < 3; i++)
        pthread_setspecific(keys[i], (void *)(i * 10 + 1 + i));
    return unused;
}

static void specifics(void)
{
    pthread_t thread;
    for (int i = 0; i < 3; i++)
        SHOW("key", pthread_key_create(&keys[i], on_key));
    pthread_create(&thread, NULL, set_keys, NULL);
    pthread_join(thread, NULL);
}

/* --- C11 ------------------------------------------------------------------------------------------------- */

static int c11_give_back(void *arg) { return (int)(intptr_t)arg; }

static int c11_exit_with(void *arg)
{
    thrd_exit((int)(intptr_t)arg);
    return 0;
}

static int c11_sleep(void *unused)
{
    (void)unused;
    thrd_sleep(&(struct timespec){0, 1000000}, NULL);
    thrd_yield();
    return thrd_equal(thrd_current(), thrd_current()) ? 1 : 0;
}

static void c11_threads(void)
{
    thrd_t thread;
    int result = -1;
    SHOW("thrd_create", thrd_create(&thread, c11_give_back, (void *)-21));
    SHOW("thrd_join", thrd_join(thread, &result));
    printf("returned %d\n", result);
    thrd_create(&thread, c11_exit_with, (void *)22);
    thrd_join(thread, &result);
    printf("exited with %d\n", result);
    thrd_create(&thread, c11_sleep, NULL);
    SHOW("thrd_detach", thrd_detach(thread));
    usleep(20000);
    thrd_create(&thread, c11_sleep, NULL);
    SHOW("thrd_join without result", thrd_join(thread, NULL));
}

static void mtx_case(int type)
{
    mtx_t mtx;
    struct timespec past = {1, 0}, bad = {1, -1};
    printf("type %d\n", type);
    SHOW("mtx_init", mtx_init(&mtx, type));
    SHOW("mtx_timedlock free, bad time", mtx_timedlock(&mtx, &bad));
    SHOW("mtx_trylock own", mtx_trylock(&mtx));
    SHOW("mtx_timedlock own", mtx_timedlock(&mtx, &past));
    SHOW("mtx_timedlock own, bad time", mtx_timedlock(&mtx, &bad));
    for (int i = 0; i < 5; i++)
        SHOW("mtx_unlock", type & mtx_recursive || i == 0 ? mtx_unlock(&mtx) : -1);
    SHOW("mtx_lock", mtx_lock(&mtx));
    SHOW("mtx_unlock", mtx_unlock(&mtx));
    mtx_destroy(&mtx);
    SHOW("mtx_lock destroyed", mtx_lock(&mtx));
}

static void c11_locks(void)
{
    cnd_t cnd;
    mtx_t mtx;
    struct timespec past = {1, 0}, bad = {1, 1000000000};
    mtx_case(mtx_plain);
    mtx_case(mtx_timed);
    mtx_case(mtx_plain | mtx_recursive);
    mtx_case(mtx_timed | mtx_recursive);
    mtx_case(77);
    mtx_init(&mtx, mtx_plain);
    SHOW("cnd_init", cnd_init(&cnd));
    SHOW("cnd_signal", cnd_signal(&cnd));
    SHOW("cnd_broadcast", cnd_broadcast(&cnd));
    mtx_lock(&mtx);
    SHOW("cnd_timedwait", cnd_timedwait(&cnd, &mtx, &past));
    SHOW("cnd_timedwait, bad time", cnd_timedwait(&cnd, &mtx, &bad));
    mtx_unlock(&mtx);
    cnd_destroy(&cnd);
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    ends();
    joins();
    detaches();
    attributes();
    masks();
    names();
    types();
    specifics();
    c11_threads();
    c11_locks();
    return 0;
}
