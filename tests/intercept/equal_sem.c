/* SPDX-License-Identifier: MIT */
/* Semaphores, barriers and one-time initialisation: what every call returns, with errno; see equal.h. */
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>

#include "equal.h"

static void show_value(const char *title, sem_t *sem)
{
    int value = -1;
    sem_getvalue(sem, &value);
    printf("%s: value %d\n", title, value);
}

static void sem_timed(sem_t *sem, const char *title)
{
    for (enum when when = 0; when < WHENS; when++) {
        struct timespec real = when_time(when, CLOCK_REALTIME);
        printf("%s, %s: ", title, when_names[when]);
        SHOW("timedwait", sem_timedwait(sem, &real));
        SHOW("clockwait real", sem_clockwait(sem, CLOCK_REALTIME, &real));
        struct timespec mono = when_time(when, CLOCK_MONOTONIC);
        SHOW("clockwait mono", sem_clockwait(sem, CLOCK_MONOTONIC, &mono));
        SHOW("clockwait cputime", sem_clockwait(sem, CLOCK_PROCESS_CPUTIME_ID, &mono));
    }
    show_value(title, sem);
}

static void sem_unnamed(int shared)
{
    static sem_t sems[2];
    sem_t *sem = &sems[shared];
    SHOW("init too large", sem_init(sem, shared, (unsigned)SEM_VALUE_MAX + 1));
    SHOW("init", sem_init(sem, shared, 0));
    SHOW("trywait empty", sem_trywait(sem));
    sem_timed(sem, "empty");
    SHOW("post", sem_post(sem));
    SHOW("wait", sem_wait(sem));
    SHOW("post", sem_post(sem));
    SHOW("trywait", sem_trywait(sem));
    for (int i = 0; i < 30; i++)
        sem_post(sem);
    sem_timed(sem, "full");
    SHOW("destroy", sem_destroy(sem));
    SHOW("init at the maximum", sem_init(sem, shared, SEM_VALUE_MAX));
    SHOW("post overflows", sem_post(sem));
    SHOW("wait", sem_wait(sem));
    SHOW("destroy", sem_destroy(sem));
}

static sem_t *show_open(const char *title, sem_t *sem)
{
    int error = errno;
    printf("%s: %s errno %d\n", title, sem == SEM_FAILED ? "failed" : "opened",
           sem == SEM_FAILED ? error : 0);
    return sem;
}

static void sem_named(void)
{
    char name[64];
    snprintf(name, sizeof(name), "/detect-equal-%d", (int)getpid());
    show_open("open missing", sem_open(name, 0));
    show_open("open bad name", sem_open("/a/b", O_CREAT, 0600, 1));
    show_open("create too large", sem_open(name, O_CREAT, 0600, (unsigned)SEM_VALUE_MAX + 1));
    sem_t *first = show_open("create", sem_open(name, O_CREAT | O_EXCL, 0600, 1));
    show_open("create again", sem_open(name, O_CREAT | O_EXCL, 0600, 1));
    sem_t *second = show_open("open", sem_open(name, 0));
    printf("same %d\n", first == second);
    SHOW("wait", sem_wait(first));
    SHOW("trywait", sem_trywait(second));
    SHOW("post", sem_post(second));
    SHOW("close", sem_close(first));
    SHOW("wait", sem_wait(second));
    SHOW("close", sem_close(second));
    SHOW("unlink", sem_unlink(name));
    SHOW("unlink again", sem_unlink(name));
}

static void on_alarm(int signo) { (void)signo; }

/* A handler ends the wait, whatever SA_RESTART says of the timed one. */
static void sem_interrupted(int flags)
{
    static sem_t sem;
    struct sigaction action = {.sa_handler = on_alarm, .sa_flags = flags};
    struct itimerval timer = {{0, 20000}, {0, 20000}}, off = {{0, 0}, {0, 0}};
    sem_init(&sem, 0, 0);
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &timer, NULL);
    if (!flags)
        SHOW("wait, interrupted", sem_wait(&sem));
    struct timespec later = after_ms(CLOCK_REALTIME, 300);
    SHOW("timedwait, interrupted", sem_timedwait(&sem, &later));
    setitimer(ITIMER_REAL, &off, NULL);
}

static void *barrier_thread(void *barrier)
{
    int result = pthread_barrier_wait(barrier);
    return (void *)(long)(result == PTHREAD_BARRIER_SERIAL_THREAD);
}

static void barriers(void)
{
    static pthread_barrier_t barrier;
    pthread_t threads[4];
    SHOW("barrier of none", pthread_barrier_init(&barrier, NULL, 0));
    SHOW("barrier of too many", pthread_barrier_init(&barrier, NULL, UINT_MAX));
    SHOW("barrier of one", pthread_barrier_init(&barrier, NULL, 1));
    SHOW("wait", pthread_barrier_wait(&barrier));
    SHOW("destroy", pthread_barrier_destroy(&barrier));
    SHOW("barrier of four", pthread_barrier_init(&barrier, NULL, 4));
    for (int round = 0; round < 3; round++) {
        long serial = 0;
        for (int i = 0; i < 4; i++)
            pthread_create(&threads[i], NULL, barrier_thread, &barrier);
        for (int i = 0; i < 4; i++) {
            void *result;
            pthread_join(threads[i], &result);
            serial += (long)result;
        }
        printf("round %d: %ld serial\n", round, serial);
    }
    SHOW("destroy", pthread_barrier_destroy(&barrier));
}

static int runs;
static pthread_once_t cancelled_once = PTHREAD_ONCE_INIT;

static void count_run(void) { runs++; }

static void nested_run(void)
{
    static pthread_once_t inner = PTHREAD_ONCE_INIT;
    SHOW("inner once", pthread_once(&inner, count_run));
    runs++;
}

static void leaving_run(void)
{
    runs++;
    pthread_exit((void *)7);
}

static void *leave_once(void *unused)
{
    pthread_once(&cancelled_once, leaving_run);
    return unused;
}

static void onces(void)
{
    static pthread_once_t plain = PTHREAD_ONCE_INIT, nested = PTHREAD_ONCE_INIT;
    static once_flag c11 = ONCE_FLAG_INIT;
    pthread_t thread;
    void *result;
    SHOW("once", pthread_once(&plain, count_run));
    SHOW("once again", pthread_once(&plain, count_run));
    SHOW("outer once", pthread_once(&nested, nested_run));
    SHOW("outer once again", pthread_once(&nested, nested_run));
    call_once(&c11, count_run);
    call_once(&c11, count_run);
    printf("runs %d\n", runs);
    pthread_create(&thread, NULL, leave_once, NULL);
    pthread_join(thread, &result);
    printf("left with %ld, runs %d\n", (long)result, runs);
    SHOW("once after it was left", pthread_once(&cancelled_once, count_run));
    printf("runs %d\n", runs);
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    sem_unnamed(0);
    sem_unnamed(1);
    sem_named();
    sem_interrupted(0);
    sem_interrupted(SA_RESTART);
    barriers();
    onces();
    return 0;
}
