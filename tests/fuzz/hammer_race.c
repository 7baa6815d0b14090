/* SPDX-License-Identifier: MIT */
/* Real threads in the race detector at once, all at the same few granules: reads and writes of all widths, variables,
 * releases and acquires, frees. Nothing may break; and of granules that each thread writes once, unordered, each must be
 * found to race. */
#include <pthread.h>

#include "analysis/race_state.h"
#include "random.h"

#define THREADS 4u
#define GRANULES 256u
#define BASE 0x10000000000u

struct hammer {
    struct arena arena;
    struct detector *det;
    pthread_barrier_t barrier;
    uint64_t steps;
    struct spin sync_lock;
    struct vc_time sync;
    uint8_t raced[GRANULES]; /* by which threads it was found */
};

struct worker {
    struct hammer *hammer;
    struct thread *thread;
    struct random random;
    uint32_t number;
};

static stack_id no_stack(void *ctx)
{
    (void)ctx;
    return STACK_NONE;
}

static void on_finding(void *ctx, const struct finding *finding)
{
    (void)ctx;
    (void)finding;
}

static void collect(struct worker *worker)
{
    struct race_local *local = worker->thread->race.local;
    for (uint32_t i = 0; i < local->finding_count; i++) {
        uintptr_t granule = (local->findings[i].address - BASE) / GRANULE;
        __atomic_fetch_or(&worker->hammer->raced[granule % GRANULES], (uint8_t)(1u << worker->number), __ATOMIC_RELAXED);
    }
    local->finding_count = 0;
    if (worker->thread->race.wants_sweep)
        race_report(worker->hammer->det, worker->thread); /* sweeps while the others go on */
}

/* Each granule once, each thread in an order of its own. */
static void write_all(struct worker *worker)
{
    uint32_t factor = 2 * random_below(&worker->random, GRANULES / 2) + 1;
    for (uint32_t i = 0; i < GRANULES; i++) {
        uint32_t granule = i * factor % GRANULES;
        uint32_t size = 1u << random_below(&worker->random, 4); /* they all touch the first byte */
        race_access(worker->hammer->det, worker->thread, BASE + granule * GRANULE, size, RACE_WRITE, RACE_SITE_NONE,
                    0x1000 + granule);
        collect(worker);
    }
}

static void use_sync(struct worker *worker)
{
    struct hammer *hammer = worker->hammer;
    race_complete(hammer->det, worker->thread);
    spin_lock(&hammer->sync_lock);
    if (random_percent(&worker->random, 50))
        hb_acquire(hammer->det, worker->thread, &hammer->sync);
    else
        hb_release_join(hammer->det, worker->thread, &hammer->sync);
    spin_unlock(&hammer->sync_lock);
}

static void touch(struct worker *worker)
{
    static const uint32_t flags[] = {RACE_READ,
                                     RACE_READ | RACE_MOV,
                                     RACE_WRITE,
                                     RACE_WRITE | RACE_MOV,
                                     RACE_READ | RACE_WRITE,
                                     RACE_READ | RACE_WRITE | RACE_ATOMIC | RACE_RMW,
                                     RACE_READ | RACE_ATOMIC};
    struct detector *det = worker->hammer->det;
    uintptr_t at = BASE + random_below(&worker->random, 8 * GRANULE);
    uint32_t size = 1 + random_below(&worker->random, 24), what = random_below(&worker->random, 100);
    if (what < 96)
        race_access(det, worker->thread, at, size, flags[random_below(&worker->random, ARRAY_LEN(flags))], RACE_SITE_NONE,
                    random_below(&worker->random, 1000));
    else if (what < 98)
        race_gone(det, worker->thread, at, size, RACE_FREE, RACE_SITE_NONE, 1);
    else
        race_fresh(det, worker->thread, at, size);
    collect(worker);
}

static void *work(void *of)
{
    struct worker *worker = of;
    write_all(worker);
    pthread_barrier_wait(&worker->hammer->barrier);
    for (uint64_t i = 0; i < worker->hammer->steps; i++)
        if (random_percent(&worker->random, 5))
            use_sync(worker);
        else
            touch(worker);
    return NULL;
}

static struct thread *begin(struct hammer *hammer, struct thread *creator)
{
    struct thread *thread = detector_thread_create(hammer->det, creator, STACK_NONE);
    if (!thread)
        abort();
    detector_thread_start(hammer->det, thread, 0, 0, 0);
    race_thread_start(hammer->det, thread, NULL);
    return thread;
}

static void set_up(struct hammer *hammer)
{
    static const struct race_shadow shadow;
    memset(hammer, 0, sizeof(*hammer));
    arena_init(&hammer->arena);
    spin_init(&hammer->sync_lock, RANK_OBJECT);
    struct detector_env env = {.ctx = hammer, .capture_stack = no_stack, .on_finding = on_finding};
    hammer->det = detector_create(&hammer->arena, depot_create(&hammer->arena), &env);
    if (!hammer->det || !races_watch(hammer->det, &shadow, 4 * THREADS, 6))
        abort();
    pthread_barrier_init(&hammer->barrier, NULL, THREADS);
}

static bool run(uint64_t seed, uint64_t steps)
{
    static struct hammer hammer;
    struct worker workers[THREADS];
    pthread_t threads[THREADS];
    set_up(&hammer);
    hammer.steps = steps;
    struct thread *first = begin(&hammer, NULL);
    for (uint32_t i = 0; i < THREADS; i++)
        workers[i] = (struct worker){&hammer, begin(&hammer, first), {seed * THREADS + i}, i};
    for (uint32_t i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, work, &workers[i]) != 0)
            abort();
    for (uint32_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (uint32_t i = 0; i < GRANULES; i++)
        if (!hammer.raced[i]) {
            printf("hammer_race: granule %u was written by all threads, and no race was found\n", i);
            return false;
        }
    return detector_is_valid(hammer.det);
}

static int run_batch(uint64_t first, uint64_t runs, int one)
{
    (void)one;
    for (uint64_t seed = first; seed < first + runs; seed++)
        if (!run(seed, 4000))
            return 1;
    return 0;
}

int main(int argc, char **argv)
{
    struct fuzz_options options = fuzz_parse(argc, argv, 40, 3000);
    return fuzz_in_batches(&options, 20, run_batch);
}
