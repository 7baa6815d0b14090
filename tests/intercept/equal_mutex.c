/* SPDX-License-Identifier: MIT */
/* Every kind of mutex in every state under every operation; see equal.h. */
#include "equal.h"

enum state { FREE, OWN, OWN_TWICE, OTHERS, OWNER_DIED, LOST, DESTROYED, STATES };

static const char *const state_names[STATES] = {"free",       "own",  "own twice", "other's",
                                                "owner died", "lost", "destroyed"};

struct kind {
    int type, robust, protocol, shared;
};

/* Never reused: robust mutexes stay in the threads' lists. */
static pthread_mutex_t mutexes[20000];
static int used;

static int init(pthread_mutex_t *mutex, const struct kind *kind)
{
    pthread_mutexattr_t attr;
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_settype(&attr, kind->type);
    pthread_mutexattr_setrobust(&attr, kind->robust);
    pthread_mutexattr_setprotocol(&attr, kind->protocol);
    pthread_mutexattr_setpshared(&attr, kind->shared);
    int error = pthread_mutex_init(mutex, &attr);
    pthread_mutexattr_destroy(&attr);
    return error;
}

static void lock(void *mutex) { pthread_mutex_lock(mutex); }

static void *lock_and_die(void *mutex)
{
    pthread_mutex_lock(mutex);
    return NULL;
}

static void let_owner_die(pthread_mutex_t *mutex)
{
    pthread_t thread;
    pthread_create(&thread, NULL, lock_and_die, mutex);
    pthread_join(thread, NULL);
}

static void enter_state(pthread_mutex_t *mutex, enum state state, struct helper *helper)
{
    switch (state) {
    case OWN_TWICE:
        lock(mutex);
        lock(mutex);
        break;
    case OWN:
        lock(mutex);
        break;
    case OTHERS:
        helper_start(helper, lock, mutex);
        break;
    case OWNER_DIED:
        let_owner_die(mutex);
        break;
    case LOST:
        let_owner_die(mutex);
        lock(mutex);
        pthread_mutex_unlock(mutex);
        break;
    case DESTROYED:
        pthread_mutex_destroy(mutex);
        break;
    default:
        break;
    }
}

enum operation {
    LOCK,
    TRYLOCK,
    UNLOCK,
    UNLOCK_TWICE,
    DESTROY,
    CONSISTENT,
    CEILING,
    COND,
    CLOCK_UNKNOWN,
    TIMED,
    CLOCK_REAL = TIMED + WHENS,
    CLOCK_MONO = CLOCK_REAL + WHENS,
    OPERATIONS = CLOCK_MONO + WHENS
};

static int timed(pthread_mutex_t *mutex, int operation, char *name, size_t size)
{
    int which = (operation - TIMED) / WHENS;
    enum when when = (operation - TIMED) % WHENS;
    clockid_t clock = which == 2 ? CLOCK_MONOTONIC : CLOCK_REALTIME;
    struct timespec time = when_time(when, clock);
    snprintf(name, size, "%s %s", which == 0 ? "timedlock" : which == 1 ? "clocklock" : "monolock",
             when_names[when]);
    return which == 0 ? pthread_mutex_timedlock(mutex, &time)
                      : pthread_mutex_clocklock(mutex, clock, &time);
}

static int operate(pthread_mutex_t *mutex, int operation, char *name, size_t size)
{
    struct timespec past = {1, 0};
    pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
    int old = -1;
    switch (operation) {
    case LOCK:
        snprintf(name, size, "lock");
        return pthread_mutex_lock(mutex);
    case TRYLOCK:
        snprintf(name, size, "trylock");
        return pthread_mutex_trylock(mutex);
    case UNLOCK:
        snprintf(name, size, "unlock");
        return pthread_mutex_unlock(mutex);
    case UNLOCK_TWICE:
        snprintf(name, size, "unlock again");
        pthread_mutex_unlock(mutex);
        return pthread_mutex_unlock(mutex);
    case DESTROY:
        snprintf(name, size, "destroy");
        return pthread_mutex_destroy(mutex);
    case CONSISTENT:
        snprintf(name, size, "lock, consistent");
        pthread_mutex_trylock(mutex);
        return pthread_mutex_consistent(mutex);
    case CEILING:
        snprintf(name, size, "setprioceiling");
        return pthread_mutex_setprioceiling(mutex, 5, &old) + 1000 * old;
    case COND:
        snprintf(name, size, "cond_timedwait");
        return pthread_cond_timedwait(&cond, mutex, &past);
    case CLOCK_UNKNOWN:
        snprintf(name, size, "clocklock cputime");
        return pthread_mutex_clocklock(mutex, CLOCK_PROCESS_CPUTIME_ID, &past);
    default:
        return timed(mutex, operation, name, size);
    }
}

/* What would never return, or is undefined in a way that breaks the process. */
static int skipped(const struct kind *kind, enum state state, int operation)
{
    int own = state == OWN || state == OWN_TWICE;
    int refuses = kind->type == PTHREAD_MUTEX_RECURSIVE || kind->type == PTHREAD_MUTEX_ERRORCHECK;
    if ((state == OWNER_DIED || state == LOST) && kind->robust != PTHREAD_MUTEX_ROBUST)
        return 1;
    if (state == OWN_TWICE && kind->type != PTHREAD_MUTEX_RECURSIVE)
        return 1;
    if (state == DESTROYED && operation == DESTROY)
        return 1;
    if (operation == LOCK && (state == OTHERS || (own && !refuses)))
        return 1;
    if (operation == CEILING && (state == OTHERS || own))
        return kind->protocol == PTHREAD_PRIO_PROTECT;
    if (operation == COND) /* the mutex must be ours for it to come back */
        return !own && kind->type != PTHREAD_MUTEX_ERRORCHECK;
    /* With inheritance the kernel refuses to wait for oneself, and libc then sleeps, for ever if the
     * time cannot be. */
    if (own && !refuses && kind->protocol == PTHREAD_PRIO_INHERIT && operation >= TIMED)
        return 1;
    return 0;
}

static void one_case(const struct kind *kind, enum state state, int operation)
{
    struct helper helper;
    char name[64], title[200];
    pthread_mutex_t *mutex = &mutexes[used++];
    if (init(mutex, kind) != 0)
        return;
    enter_state(mutex, state, &helper);
    errno = ERRNO_BEFORE;
    int result = operate(mutex, operation, name, sizeof(name));
    int errno_after = errno;
    snprintf(title, sizeof(title), "type %d robust %d protocol %d shared %d, %s: %s", kind->type,
             kind->robust, kind->protocol, kind->shared, state_names[state], name);
    printf("%s: %d errno %d; trylock now", title, result, errno_after);
    int again = pthread_mutex_trylock(mutex);
    printf(" %d, unlock", again);
    printf(" %d\n", again == 0 || again == EOWNERDEAD ? pthread_mutex_unlock(mutex) : -1);
    if (state == OTHERS)
        helper_end(&helper);
    while ((state == OWN || state == OWN_TWICE || again == 0 || result == 0) &&
           kind->protocol == PTHREAD_PRIO_PROTECT && pthread_mutex_unlock(mutex) == 0 &&
           kind->type == PTHREAD_MUTEX_RECURSIVE)
        ;
}

static void kind_cases(const struct kind *kind)
{
    for (enum state state = 0; state < STATES; state++)
        for (int operation = 0; operation < OPERATIONS; operation++)
            if (!skipped(kind, state, operation))
                one_case(kind, state, operation);
}

int main(void)
{
    static const int protocols[] = {PTHREAD_PRIO_NONE, PTHREAD_PRIO_INHERIT, PTHREAD_PRIO_PROTECT};
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int type = 0; type < 4; type++)
        for (int robust = 0; robust < 2; robust++)
            for (int protocol = 0; protocol < 3; protocol++)
                for (int shared = 0; shared < 2; shared++)
                    kind_cases(&(struct kind){type, robust, protocols[protocol], shared});
    return 0;
}
