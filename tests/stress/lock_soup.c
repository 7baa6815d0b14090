/* SPDX-License-Identifier: MIT */
/* Four threads use random locks of every kind, always in one common order, while the first one forks
 * children that do the same: nothing to report, nothing lost, nothing stuck. */
/* EXPECT-NONE */
/* SHORT: 3000 */
/* LONG: 100000 */
#include <pthread.h>
#include <semaphore.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stress.h"

#define THREADS 4
#define LOCKS 16
#define FORK_EVERY 500

/* Ranked: a thread takes them in the order of this struct's members and of the indices in them. */
static struct soup {
    pthread_mutex_t plain[LOCKS], recursive[LOCKS], errorcheck[LOCKS];
    pthread_rwlock_t shared[LOCKS];
    pthread_spinlock_t spin[LOCKS];
} soup;
static pthread_mutex_t fork_lock = PTHREAD_MUTEX_INITIALIZER;
static sem_t room;
static uint64_t turns, done;

static void init_kind(pthread_mutex_t *locks, int kind)
{
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, kind);
    for (int i = 0; i < LOCKS; i++)
        pthread_mutex_init(&locks[i], &attributes);
    pthread_mutexattr_destroy(&attributes);
}

static void soup_init(void)
{
    init_kind(soup.plain, PTHREAD_MUTEX_NORMAL);
    init_kind(soup.recursive, PTHREAD_MUTEX_RECURSIVE);
    init_kind(soup.errorcheck, PTHREAD_MUTEX_ERRORCHECK);
    for (int i = 0; i < LOCKS; i++) {
        pthread_rwlock_init(&soup.shared[i], NULL);
        pthread_spin_init(&soup.spin[i], PTHREAD_PROCESS_PRIVATE);
    }
    sem_init(&room, 0, THREADS);
}

static void one_turn(uint64_t random)
{
    unsigned a = random % LOCKS, b = (random >> 8) % LOCKS, c = (random >> 16) % LOCKS;
    unsigned d = (random >> 24) % LOCKS, e = (random >> 32) % LOCKS;
    CHECK(pthread_mutex_lock(&soup.plain[a]) == 0);
    CHECK(pthread_mutex_lock(&soup.recursive[b]) == 0);
    CHECK(pthread_mutex_lock(&soup.recursive[b]) == 0);
    int error = pthread_mutex_trylock(&soup.errorcheck[c]);
    if (random & (1u << 20))
        CHECK(pthread_rwlock_rdlock(&soup.shared[d]) == 0);
    else
        CHECK(pthread_rwlock_wrlock(&soup.shared[d]) == 0);
    CHECK(pthread_spin_lock(&soup.spin[e]) == 0);
    CHECK(pthread_spin_unlock(&soup.spin[e]) == 0);
    CHECK(pthread_rwlock_unlock(&soup.shared[d]) == 0);
    if (error == 0)
        CHECK(pthread_mutex_unlock(&soup.errorcheck[c]) == 0);
    CHECK(pthread_mutex_unlock(&soup.recursive[b]) == 0);
    CHECK(pthread_mutex_unlock(&soup.plain[a]) == 0);
    CHECK(pthread_mutex_unlock(&soup.recursive[b]) == 0);
}

/* A child that makes its own threads' worth of trouble alone: locks of others stay untouched. */
static void child(uint64_t random)
{
    pthread_mutex_unlock(&fork_lock);
    soup_init();
    for (int i = 0; i < 20; i++)
        one_turn(stress_random(&random));
    _exit(7);
}

static void fork_once(uint64_t random)
{
    pthread_mutex_lock(&fork_lock);
    pid_t pid = fork();
    if (pid == 0)
        child(random);
    pthread_mutex_unlock(&fork_lock);
    int status;
    CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

static void *work(void *arg)
{
    uint64_t seed = (uintptr_t)arg, state = seed;
    for (uint64_t i = 0; i < turns; i++) {
        uint64_t random = stress_random(&state);
        if (seed == 1 && stress_is_point(i, turns))
            stress_point(i);
        if (seed == 1 && i % FORK_EVERY == 0)
            fork_once(random);
        while (sem_wait(&room) != 0)
            ;
        one_turn(random);
        sem_post(&room);
    }
    pthread_mutex_lock(&fork_lock);
    done += turns;
    pthread_mutex_unlock(&fork_lock);
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS];
    turns = stress_argument(argc, argv, 1, 20000);
    soup_init();
    for (uintptr_t i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, work, (void *)(i + 1)) == 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    stress_point(turns);
    printf("%llu turns\n", (unsigned long long)done);
    return 0;
}
