/* SPDX-License-Identifier: MIT */
/* What a synchronisation operation costs: `locks WORKLOAD THREADS ITERATIONS [LOCKS]`.
 *
 * Run by tests/bench/run, natively and under each detector. Prints the CPU nanoseconds per operation,
 * summed over all threads: each measures its own loop with CLOCK_THREAD_CPUTIME_ID, so neither start-up
 * nor the creation of threads nor other load on the machine counts. */
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct worker {
    pthread_t thread;
    unsigned index;
    uint64_t cpu_ns;
    pthread_mutex_t *outer, *inner;
    pthread_rwlock_t rwlock;
    pthread_spinlock_t spin;
    sem_t sem;
};

static pthread_barrier_t all_ready;
static unsigned thread_count, lock_count;
static uint64_t iterations;
static pthread_mutex_t shared = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turn_changed = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t shared_rwlock = PTHREAD_RWLOCK_INITIALIZER;
static sem_t ping[2];
static unsigned turn;
static uint64_t counter;
static pthread_mutex_t *many;

static void pair(struct worker *me)
{
    for (uint64_t i = 0; i < iterations; i++) {
        pthread_mutex_lock(me->outer);
        pthread_mutex_unlock(me->outer);
    }
}

static void nested(struct worker *me)
{
    for (uint64_t i = 0; i < iterations; i++) {
        pthread_mutex_lock(me->outer);
        pthread_mutex_lock(me->inner);
        pthread_mutex_unlock(me->inner);
        pthread_mutex_unlock(me->outer);
    }
}

static void trylock(struct worker *me)
{
    for (uint64_t i = 0; i < iterations; i++) {
        if (pthread_mutex_trylock(me->outer) == 0)
            pthread_mutex_unlock(me->outer);
    }
}

static void read_pair(struct worker *me)
{
    for (uint64_t i = 0; i < iterations; i++) {
        pthread_rwlock_rdlock(&me->rwlock);
        pthread_rwlock_unlock(&me->rwlock);
    }
}

static void write_pair(struct worker *me)
{
    for (uint64_t i = 0; i < iterations; i++) {
        pthread_rwlock_wrlock(&me->rwlock);
        pthread_rwlock_unlock(&me->rwlock);
    }
}

static void read_shared(struct worker *me)
{
    (void)me;
    for (uint64_t i = 0; i < iterations; i++) {
        pthread_rwlock_rdlock(&shared_rwlock);
        pthread_rwlock_unlock(&shared_rwlock);
    }
}

static void spin_pair(struct worker *me)
{
    for (uint64_t i = 0; i < iterations; i++) {
        pthread_spin_lock(&me->spin);
        pthread_spin_unlock(&me->spin);
    }
}

static void sem_pair(struct worker *me)
{
    for (uint64_t i = 0; i < iterations; i++) {
        sem_wait(&me->sem);
        sem_post(&me->sem);
    }
}

static void contended(struct worker *me)
{
    (void)me;
    for (uint64_t i = 0; i < iterations; i++) {
        pthread_mutex_lock(&shared);
        counter++;
        pthread_mutex_unlock(&shared);
    }
}

static void cond_ping_pong(struct worker *me)
{
    for (uint64_t i = 0; i < iterations; i++) {
        pthread_mutex_lock(&shared);
        while (turn != me->index)
            pthread_cond_wait(&turn_changed, &shared);
        turn = (turn + 1) % thread_count;
        pthread_cond_broadcast(&turn_changed);
        pthread_mutex_unlock(&shared);
    }
}

static void sem_ping_pong(struct worker *me)
{
    for (uint64_t i = 0; i < iterations; i++) {
        sem_wait(&ping[me->index % 2]);
        sem_post(&ping[(me->index + 1) % 2]);
    }
}

/* A pair over many locks, round robin: every look-up misses the small caches. The first round, where the
 * objects are met, is not measured. */
static void round_robin(struct worker *me)
{
    unsigned share = lock_count / thread_count, first = me->index * share;
    for (uint64_t i = 0, k = 0; i < iterations; i++, k = k + 1 == share ? 0 : k + 1) {
        pthread_mutex_lock(&many[first + k]);
        pthread_mutex_unlock(&many[first + k]);
    }
}

static void touch_all(struct worker *me)
{
    unsigned share = lock_count / thread_count, first = me->index * share;
    for (unsigned k = 0; k < share; k++) {
        pthread_mutex_lock(&many[first + k]);
        pthread_mutex_unlock(&many[first + k]);
    }
}

static const struct workload {
    const char *name;
    void (*run)(struct worker *me);
    unsigned pairs;                     /* in an iteration */
    void (*prepare)(struct worker *me); /* by each thread, not measured */
} workloads[] = {
    {"pair", pair, 1, NULL},
    {"nested", nested, 2, NULL},
    {"trylock", trylock, 1, NULL},
    {"read", read_pair, 1, NULL},
    {"write", write_pair, 1, NULL},
    {"read-shared", read_shared, 1, NULL},
    {"spin", spin_pair, 1, NULL},
    {"sem", sem_pair, 1, NULL},
    {"contended", contended, 1, NULL},
    {"cond-ping-pong", cond_ping_pong, 1, NULL},
    {"sem-ping-pong", sem_ping_pong, 1, NULL},
    {"round-robin", round_robin, 1, touch_all},
};

static const struct workload *workload;

static uint64_t thread_cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void *work(void *arg)
{
    struct worker *me = arg;
    if (workload->prepare)
        workload->prepare(me);
    pthread_barrier_wait(&all_ready);
    uint64_t begin = thread_cpu_ns();
    workload->run(me);
    me->cpu_ns = thread_cpu_ns() - begin;
    return NULL;
}

/* A page of its own for each worker, so that no two share a cache line. */
static struct worker *new_worker(unsigned index)
{
    char *page = aligned_alloc(4096, 4096);
    if (!page)
        exit(2);
    memset(page, 0, 4096);
    struct worker *worker = (struct worker *)page;
    worker->index = index;
    worker->outer = (pthread_mutex_t *)(page + 1024);
    worker->inner = (pthread_mutex_t *)(page + 2048);
    pthread_mutex_init(worker->outer, NULL);
    pthread_mutex_init(worker->inner, NULL);
    pthread_rwlock_init(&worker->rwlock, NULL);
    pthread_spin_init(&worker->spin, PTHREAD_PROCESS_PRIVATE);
    sem_init(&worker->sem, 0, 1);
    return worker;
}

static const struct workload *find_workload(const char *name)
{
    for (size_t i = 0; i < sizeof workloads / sizeof *workloads; i++) {
        if (strcmp(workloads[i].name, name) == 0)
            return &workloads[i];
    }
    fprintf(stderr, "locks: no workload '%s'\n", name);
    exit(2);
}

int main(int argc, char **argv)
{
    if (argc < 4)
        return 2;
    workload = find_workload(argv[1]);
    thread_count = (unsigned)atoi(argv[2]);
    iterations = strtoull(argv[3], NULL, 10);
    lock_count = argc > 4 ? (unsigned)atoi(argv[4]) : 0;
    many = lock_count ? calloc(lock_count, sizeof *many) : NULL;
    sem_init(&ping[0], 0, 1);
    sem_init(&ping[1], 0, 0);
    pthread_barrier_init(&all_ready, NULL, thread_count);

    struct worker **workers = calloc(thread_count, sizeof *workers);
    for (unsigned i = 0; i < thread_count; i++) {
        workers[i] = new_worker(i);
        if (pthread_create(&workers[i]->thread, NULL, work, workers[i]))
            return 2;
    }
    uint64_t total = 0;
    for (unsigned i = 0; i < thread_count; i++) {
        pthread_join(workers[i]->thread, NULL);
        total += workers[i]->cpu_ns;
    }
    printf("%.2f\n", (double)total / ((double)iterations * thread_count * workload->pairs));
    return 0;
}
