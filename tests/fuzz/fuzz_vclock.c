/* SPDX-License-Identifier: MIT */
/* Random threads, releases and acquires through the vector clocks and through a model in which each thread
 * has a full vector of its own. With enough slots the two must agree on every two events, also when epochs
 * run out all the time; with few slots, what happened before in the model must have happened before. */

#include "analysis/vclock.h"
#include "random.h"

#define THREADS 6         /* at once */
#define THREADS_EVER 40
#define SYNCS 4
#define EVENTS 100
#define STEPS 300

struct fuzz_thread {
    bool alive;
    uint32_t number;
    struct vc_clock clock;
    uint32_t vector[THREADS_EVER]; /* how many events of each thread happened before now */
};

struct fuzz_event {
    uint32_t thread;
    struct vc_time time;
    uint32_t vector[THREADS_EVER];
};

struct fuzz_run {
    struct random random;
    bool tell, exact;
    struct arena arena;
    struct vc_domain domain;
    struct fuzz_thread threads[THREADS];
    struct vc_time syncs[SYNCS];
    uint32_t sync_vectors[SYNCS][THREADS_EVER];
    struct fuzz_event events[EVENTS];
    uint32_t threads_ever, event_count;
};

static void join_vectors(uint32_t *into, const uint32_t *from)
{
    for (int i = 0; i < THREADS_EVER; i++)
        if (into[i] < from[i])
            into[i] = from[i];
}

static void spawn(struct fuzz_run *run, struct fuzz_thread *thread, struct fuzz_thread *creator)
{
    if (run->threads_ever == THREADS_EVER)
        return;
    memset(thread, 0, sizeof(*thread));
    thread->alive = true;
    thread->number = run->threads_ever++;
    if (!vc_clock_begin(&run->domain, &thread->clock, creator ? &creator->clock : NULL))
        abort();
    if (creator)
        memcpy(thread->vector, creator->vector, sizeof(thread->vector));
}

static void end(struct fuzz_run *run, struct fuzz_thread *thread)
{
    struct fuzz_thread *joiner = &run->threads[random_below(&run->random, THREADS)];
    struct vc_time last = {0};
    vc_clock_end(&run->domain, &thread->clock, &last);
    thread->alive = false;
    if (joiner->alive) {
        vc_acquire(&run->domain, &joiner->clock, &last);
        join_vectors(joiner->vector, thread->vector);
    }
    vc_time_clear(&run->domain, &last);
}

static void record(struct fuzz_run *run, struct fuzz_thread *thread)
{
    if (run->event_count == EVENTS)
        return;
    struct fuzz_event *event = &run->events[run->event_count++];
    thread->vector[thread->number]++;
    event->thread = thread->number;
    vc_now(&thread->clock, &event->time);
    memcpy(event->vector, thread->vector, sizeof(event->vector));
}

static void use_sync(struct fuzz_run *run, struct fuzz_thread *thread)
{
    uint32_t index = random_below(&run->random, SYNCS), what = random_below(&run->random, 10);
    struct vc_time *sync = &run->syncs[index];
    uint32_t *vector = run->sync_vectors[index];
    if (what < 4) {
        vc_acquire(&run->domain, &thread->clock, sync);
        join_vectors(thread->vector, vector);
    } else if (what < 6) {
        vc_release(&run->domain, &thread->clock, sync);
        memcpy(vector, thread->vector, sizeof(thread->vector));
    } else if (what < 9) {
        vc_release_join(&run->domain, &thread->clock, sync);
        join_vectors(vector, thread->vector);
    } else {
        uint32_t other = (index + 1) % SYNCS;
        vc_time_clear(&run->domain, &run->syncs[other]);
        vc_time_copy(&run->syncs[other], sync);
        memcpy(run->sync_vectors[other], vector, sizeof(run->sync_vectors[other]));
    }
}

static void step(struct fuzz_run *run)
{
    struct fuzz_thread *thread = &run->threads[random_below(&run->random, THREADS)];
    uint32_t what = random_below(&run->random, 100);
    if (!thread->alive)
        spawn(run, thread, &run->threads[0]);
    else if (what < 30)
        record(run, thread);
    else if (what < 94 || thread == &run->threads[0])
        use_sync(run, thread);
    else
        end(run, thread);
}

static bool agrees_on(const struct fuzz_run *run, const struct fuzz_event *a,
                      const struct fuzz_event *b)
{
    if (a->thread == b->thread)
        return true;
    bool before = b->vector[a->thread] >= a->vector[a->thread];
    bool found = vc_before(&a->time, &b->time);
    return run->exact ? before == found : found || !before;
}

static bool is_good(struct fuzz_run *run)
{
    bool good = vc_domain_is_valid(&run->domain);
    for (int i = 0; i < THREADS; i++)
        good = good && (!run->threads[i].alive ||
                        vc_clock_is_valid(&run->domain, &run->threads[i].clock));
    for (uint32_t i = 0; i < run->event_count && good; i++)
        for (uint32_t j = 0; j < run->event_count && good; j++)
            good = agrees_on(run, &run->events[i], &run->events[j]);
    return good;
}

/* Everything goes back, so that the arena shows whether references were counted right. */
static bool finish(struct fuzz_run *run)
{
    for (uint32_t i = 0; i < run->event_count; i++)
        vc_time_clear(&run->domain, &run->events[i].time);
    for (int i = 0; i < SYNCS; i++)
        vc_time_clear(&run->domain, &run->syncs[i]);
    for (int i = 0; i < THREADS; i++)
        if (run->threads[i].alive)
            vc_clock_end(&run->domain, &run->threads[i].clock, NULL);
    for (uint32_t slot = 0; slot < run->domain.slot_count; slot++) {
        struct vc_time end = {.others = run->domain.slots[slot].end};
        vc_time_clear(&run->domain, &end);
    }
    return run->arena.used == run->domain.slot_capacity * sizeof(struct vc_slot);
}

static int run_batch(uint64_t first, uint64_t runs, int one)
{
    static struct fuzz_run run;
    (void)one;
    for (uint64_t seed = first; seed < first + runs; seed++) {
        memset(&run, 0, sizeof(run));
        run.random.state = seed;
        run.exact = seed % 3 != 0;
        arena_init(&run.arena);
        vc_domain_init(&run.domain, &run.arena, run.exact ? 100000 : 1 + seed % 7,
                       seed % 2 ? 2 + seed % 5 : VC_EPOCH_BITS_DEFAULT);
        spawn(&run, &run.threads[0], NULL);
        for (int i = 0; i < STEPS; i++)
            step(&run);
        if (!is_good(&run) || !finish(&run)) {
            printf("fuzz_vclock: --seed=%lu: clocks and model disagree\n", (unsigned long)seed);
            return 1;
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct fuzz_options options = fuzz_parse(argc, argv, 10000, 1000000);
    return fuzz_in_batches(&options, 1000, run_batch);
}
