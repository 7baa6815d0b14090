/* SPDX-License-Identifier: MIT */
/* Every kind of rwlock and the spin lock in every state under every operation; see equal.h. */
#include "equal.h"

enum state { FREE, OWN_READ, OWN_READ_TWICE, OWN_WRITE, OTHERS_READ, OTHERS_WRITE, BOTH_READ, STATES };

static const char *const state_names[STATES] = {"free",         "own read",      "own read twice",
                                                "own write",    "other's read", "other's write",
                                                "both read"};

static void read_lock(void *rwlock) { pthread_rwlock_rdlock(rwlock); }
static void write_lock(void *rwlock) { pthread_rwlock_wrlock(rwlock); }

static void enter_state(pthread_rwlock_t *rwlock, enum state state, struct helper *helper)
{
    if (state == OTHERS_READ || state == BOTH_READ)
        helper_start(helper, read_lock, rwlock);
    if (state == OTHERS_WRITE)
        helper_start(helper, write_lock, rwlock);
    if (state == OWN_WRITE)
        pthread_rwlock_wrlock(rwlock);
    if (state == OWN_READ || state == OWN_READ_TWICE || state == BOTH_READ)
        pthread_rwlock_rdlock(rwlock);
    if (state == OWN_READ_TWICE)
        pthread_rwlock_rdlock(rwlock);
}

enum operation {
    RDLOCK,
    WRLOCK,
    TRYRD,
    TRYWR,
    UNLOCK,
    DESTROY,
    CLOCK_UNKNOWN,
    TIMED,
    OPERATIONS = TIMED + 6 * WHENS
};

static int timed(pthread_rwlock_t *rwlock, int operation, char *name, size_t size)
{
    static const char *const names[] = {"timedrdlock", "timedwrlock", "clockrdlock",
                                        "clockwrlock", "monordlock",  "monowrlock"};
    int which = (operation - TIMED) / WHENS;
    enum when when = (operation - TIMED) % WHENS;
    clockid_t clock = which >= 4 ? CLOCK_MONOTONIC : CLOCK_REALTIME;
    struct timespec time = when_time(when, clock);
    snprintf(name, size, "%s %s", names[which], when_names[when]);
    switch (which) {
    case 0:
        return pthread_rwlock_timedrdlock(rwlock, &time);
    case 1:
        return pthread_rwlock_timedwrlock(rwlock, &time);
    case 2:
    case 4:
        return pthread_rwlock_clockrdlock(rwlock, clock, &time);
    default:
        return pthread_rwlock_clockwrlock(rwlock, clock, &time);
    }
}

static int operate(pthread_rwlock_t *rwlock, int operation, char *name, size_t size)
{
    struct timespec past = {1, 0};
    switch (operation) {
    case RDLOCK:
        snprintf(name, size, "rdlock");
        return pthread_rwlock_rdlock(rwlock);
    case WRLOCK:
        snprintf(name, size, "wrlock");
        return pthread_rwlock_wrlock(rwlock);
    case TRYRD:
        snprintf(name, size, "tryrdlock");
        return pthread_rwlock_tryrdlock(rwlock);
    case TRYWR:
        snprintf(name, size, "trywrlock");
        return pthread_rwlock_trywrlock(rwlock);
    case UNLOCK:
        snprintf(name, size, "unlock");
        return pthread_rwlock_unlock(rwlock);
    case DESTROY:
        snprintf(name, size, "destroy");
        return pthread_rwlock_destroy(rwlock);
    case CLOCK_UNKNOWN:
        snprintf(name, size, "clockrdlock cputime");
        return pthread_rwlock_clockrdlock(rwlock, CLOCK_PROCESS_CPUTIME_ID, &past);
    default:
        return timed(rwlock, operation, name, size);
    }
}

static int skipped(enum state state, int operation)
{
    if (operation == RDLOCK) /* behind another's write lock it would wait for ever */
        return state == OTHERS_WRITE;
    if (operation == WRLOCK)
        return state != FREE && state != OWN_WRITE;
    return operation == UNLOCK && (state == FREE || state == OTHERS_READ || state == OTHERS_WRITE);
}

static void rwlock_case(int kind, int shared, enum state state, int operation)
{
    struct helper helper;
    char name[64];
    static pthread_rwlock_t rwlocks[10000];
    static int used;
    pthread_rwlock_t *rwlock = &rwlocks[used++];
    pthread_rwlockattr_t attr;
    pthread_rwlockattr_init(&attr);
    pthread_rwlockattr_setkind_np(&attr, kind);
    pthread_rwlockattr_setpshared(&attr, shared);
    printf("init %d, ", pthread_rwlock_init(rwlock, &attr));
    enter_state(rwlock, state, &helper);
    errno = ERRNO_BEFORE;
    int result = operate(rwlock, operation, name, sizeof(name));
    int errno_after = errno;
    printf("kind %d shared %d, %s: %s: %d errno %d; tries now", kind, shared, state_names[state],
           name, result, errno_after);
    int got_read = pthread_rwlock_tryrdlock(rwlock);
    if (got_read == 0)
        pthread_rwlock_unlock(rwlock);
    int got_write = pthread_rwlock_trywrlock(rwlock);
    if (got_write == 0)
        pthread_rwlock_unlock(rwlock);
    printf(" %d %d\n", got_read, got_write);
    if (state == OTHERS_READ || state == OTHERS_WRITE || state == BOTH_READ)
        helper_end(&helper);
}

static void spin_cases(void)
{
    static pthread_spinlock_t spins[4];
    for (int shared = 0; shared < 2; shared++) {
        pthread_spinlock_t *spin = &spins[shared];
        SHOW("spin init", pthread_spin_init(spin, shared));
        SHOW("spin lock", pthread_spin_lock(spin));
        SHOW("spin trylock own", pthread_spin_trylock(spin));
        SHOW("spin unlock", pthread_spin_unlock(spin));
        SHOW("spin unlock free", pthread_spin_unlock(spin));
        SHOW("spin trylock free", pthread_spin_trylock(spin));
        SHOW("spin destroy held", pthread_spin_destroy(spin));
        SHOW("spin init again", pthread_spin_init(spin, shared));
        SHOW("spin destroy", pthread_spin_destroy(spin));
    }
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int kind = 0; kind < 3; kind++)
        for (int shared = 0; shared < 2; shared++)
            for (enum state state = 0; state < STATES; state++)
                for (int operation = 0; operation < OPERATIONS; operation++)
                    if (!skipped(state, operation))
                        rwlock_case(kind, shared, state, operation);
    spin_cases();
    return 0;
}
