/* SPDX-License-Identifier: MIT */
/* Random small programs, run step by step, through the acquisition tree (as analysis/held.c uses it, with
 * real vector clocks) and through the obvious model: the cycles found must be the same.
 *
 * With room for all instances the sets of cycles must be equal. With hardly any (every other run) what is
 * found must be true, and cycles of two, for which the latest instance suffices, must all be found. With few
 * slots for clocks, what is found must be true. */
#include <stdarg.h>
#include <sys/mman.h>

#include "analysis/lockgraph.h"
#include "lock_model.h"
#include "random.h"

#define THREADS 4
#define LOCKS 5
#define SYNCS 3
#define OPERATIONS 80

enum kind { MUTEX, RWLOCK, RWLOCK_WRITER_FIRST, SEMAPHORE, KINDS };

struct held_lock {
    int lock;
    struct lg_held held;
    lg_node node;
};

struct fuzz_thread {
    bool alive;
    int number; /* in the model and as thread_id - 1 */
    struct held_lock held[MODEL_HELD];
    int held_count;
    struct lg_cache cache;
    struct vc_clock clock;
    uint32_t vector[MODEL_THREADS];
};

struct fuzz_lock {
    enum kind kind;
    uint64_t uid;
    int readers;
    bool writer;
};

struct fuzz_run {
    struct random random;
    bool tell, failed;
    bool tight;     /* room for hardly any instance */
    bool few_slots; /* clocks may order too much */
    struct arena arena;
    struct vc_domain clocks;
    struct lockgraph *graph;
    struct model model;
    struct fuzz_thread threads[THREADS];
    struct fuzz_lock locks[LOCKS];
    struct vc_time syncs[SYNCS];
    uint32_t sync_vectors[SYNCS][MODEL_THREADS];
    int threads_made, lock_count;
    uint32_t order_share, life_share; /* percent of the operations */
    uint64_t last_uid;
    struct model_ring found[MODEL_RINGS];
    int found_count;
};

static __attribute__((format(printf, 2, 3))) void tell(const struct fuzz_run *run, const char *format,
                                                       ...)
{
    va_list args;
    if (!run->tell)
        return;
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
}

/* --- what the graph says --------------------------------------------------------------------------------- */

static bool member_is_consistent(const struct lg_cycle *cycle, uint32_t i)
{
    const struct lg_member *member = &cycle->members[i];
    const struct lg_member *next = &cycle->members[(i + 1) % cycle->length];
    struct lg_held held[MODEL_HELD];
    uint32_t count = lockgraph_held(cycle, next, held, MODEL_HELD);
    if (member->behind_writer)
        return next->wants == member->wants && next->wants_mode == MODE_EXCLUSIVE &&
               member->wants_mode == MODE_SHARED;
    for (uint32_t j = 0; j < count; j++)
        if (held[j].uid == member->wants && held[j].uid == next->holds.uid &&
            held[j].stack == next->holds.stack)
            return true;
    return false;
}

static void on_cycle(void *ctx, const struct lg_cycle *cycle)
{
    struct fuzz_run *run = ctx;
    uint64_t uids[MODEL_THREADS];
    tell(run, "   cycle:");
    for (uint32_t i = 0; i < cycle->length; i++) {
        const struct lg_member *member = &cycle->members[i];
        tell(run, " t%u wants %lu", member->thread - 1, (unsigned long)member->wants);
        uids[i] = member->wants;
        run->failed |= !member_is_consistent(cycle, i);
    }
    tell(run, "\n");
    uint64_t key = lockgraph_locks_key(uids, cycle->length);
    for (int i = 0; i < run->found_count; i++)
        if (run->found[i].key == key)
            return;
    run->found[run->found_count++] = (struct model_ring){key, (int)cycle->length};
}

/* --- operations -------------------------------------------------------------------------------------------- */

static unsigned flags_of(const struct fuzz_lock *lock, bool shared, bool waits)
{
    return (shared ? LG_SHARED : 0) | (waits ? LG_WAITS : 0) |
           (lock->kind == RWLOCK_WRITER_FIRST ? LG_WRITER_FIRST : 0);
}

static struct held_lock *find_held(struct fuzz_thread *thread, int lock)
{
    for (int i = 0; i < thread->held_count; i++)
        if (thread->held[i].lock == lock)
            return &thread->held[i];
    return NULL;
}

/* The node of all that the thread holds, as a caller of the graph finds it. */
static lg_node place_of(struct fuzz_run *run, struct fuzz_thread *thread)
{
    lg_node node = LG_ROOT;
    for (int i = 0; i < thread->held_count; i++) {
        struct held_lock *held = &thread->held[i];
        unsigned flags = flags_of(&run->locks[held->lock], held->held.mode == MODE_SHARED, false);
        if (held->node == LG_UNKNOWN)
            held->node = lg_find(&thread->cache, node, lg_key(held->held.uid, flags), 0);
        if (held->node == LG_UNKNOWN)
            held->node = lockgraph_child(run->graph, &thread->cache, node, held->held.uid, flags);
        node = held->node;
    }
    return node;
}

static lg_node acquire_in_graph(struct fuzz_run *run, struct fuzz_thread *thread,
                                const struct fuzz_lock *lock, unsigned flags, stack_id stack)
{
    lg_node from = place_of(run, thread);
    lg_node node =
        lg_find(&thread->cache, from, lg_key(lock->uid, flags), thread->clock.epoch);
    if (node != LG_UNKNOWN)
        return node;
    struct lg_held held[MODEL_HELD];
    for (int i = 0; i < thread->held_count; i++)
        held[i] = thread->held[i].held;
    struct lg_request request = {.thread = (thread_id)thread->number + 1,
                                 .clock = &thread->clock,
                                 .held = held,
                                 .held_count = (uint32_t)thread->held_count,
                                 .uid = lock->uid,
                                 .flags = flags,
                                 .stack = stack};
    return lockgraph_acquire(run->graph, &thread->cache, from, &request);
}

static void acquire_in_model(struct fuzz_run *run, struct fuzz_thread *thread, uint64_t uid,
                             bool shared)
{
    struct model_event event = {.thread = thread->number, .wants = {uid, shared}};
    for (int i = 0; i < thread->held_count; i++)
        event.held[event.held_count++] =
            (struct model_lock){thread->held[i].held.uid, thread->held[i].held.mode == MODE_SHARED};
    thread->vector[thread->number]++;
    memcpy(event.clock, thread->vector, sizeof(event.clock));
    model_add(&run->model, &event);
}

static bool may_acquire(const struct fuzz_lock *lock, struct fuzz_thread *thread, int index,
                        bool shared)
{
    const struct held_lock *held = find_held(thread, index);
    if (held)
        return shared && held->held.mode == MODE_SHARED && lock->kind == RWLOCK_WRITER_FIRST;
    return !lock->writer && (shared || !lock->readers);
}

static void op_acquire(struct fuzz_run *run, struct fuzz_thread *thread)
{
    int index = (int)random_below(&run->random, (uint32_t)run->lock_count);
    struct fuzz_lock *lock = &run->locks[index];
    bool is_rwlock = lock->kind == RWLOCK || lock->kind == RWLOCK_WRITER_FIRST;
    bool shared = is_rwlock && random_percent(&run->random, 60);
    bool waits = random_percent(&run->random, 90);
    if (thread->held_count == MODEL_HELD || !may_acquire(lock, thread, index, shared))
        return;
    tell(run, "t%d %s%s %lu\n", thread->number, waits ? "" : "try-", shared ? "reads" : "locks",
         (unsigned long)lock->uid);
    if (waits)
        acquire_in_model(run, thread, lock->uid, shared);
    unsigned flags = flags_of(lock, shared, waits);
    struct held_lock held = {.lock = index, .node = LG_UNKNOWN};
    held.held.uid = lock->uid;
    held.held.mode = shared ? MODE_SHARED : MODE_EXCLUSIVE;
    held.held.stack = 1 + random_below(&run->random, 5);
    if (thread->held_count || (lock->kind == RWLOCK_WRITER_FIRST && !shared))
        held.node = acquire_in_graph(run, thread, lock, flags, held.held.stack);
    thread->held[thread->held_count++] = held;
    lock->readers += shared;
    lock->writer = !shared;
}

static void forget_held(struct fuzz_thread *thread, int at)
{
    thread->held_count--;
    for (int i = at; i < thread->held_count; i++) {
        thread->held[i] = thread->held[i + 1];
        thread->held[i].node = LG_UNKNOWN;
    }
}

static void op_release(struct fuzz_run *run, struct fuzz_thread *thread)
{
    if (!thread->held_count)
        return;
    int at = random_percent(&run->random, 70)
                 ? thread->held_count - 1
                 : (int)random_below(&run->random, (uint32_t)thread->held_count);
    struct fuzz_lock *lock = &run->locks[thread->held[at].lock];
    tell(run, "t%d unlocks %lu\n", thread->number, (unsigned long)lock->uid);
    if (thread->held[at].held.mode == MODE_SHARED)
        lock->readers--;
    else
        lock->writer = false;
    forget_held(thread, at);
}

/* --- order ---------------------------------------------------------------------------------------------------- */

static void join_vectors(uint32_t *into, const uint32_t *from)
{
    for (int i = 0; i < MODEL_THREADS; i++)
        if (into[i] < from[i])
            into[i] = from[i];
}

static void op_post(struct fuzz_run *run, struct fuzz_thread *thread)
{
    uint32_t sync = random_below(&run->random, SYNCS);
    tell(run, "t%d posts %u\n", thread->number, sync);
    vc_release_join(&run->clocks, &thread->clock, &run->syncs[sync]);
    join_vectors(run->sync_vectors[sync], thread->vector);
}

static void op_wait(struct fuzz_run *run, struct fuzz_thread *thread)
{
    uint32_t sync = random_below(&run->random, SYNCS);
    tell(run, "t%d waits %u\n", thread->number, sync);
    vc_acquire(&run->clocks, &thread->clock, &run->syncs[sync]);
    join_vectors(thread->vector, run->sync_vectors[sync]);
}

static struct fuzz_thread *spawn(struct fuzz_run *run, struct fuzz_thread *creator)
{
    for (int i = 0; i < THREADS && run->threads_made < MODEL_THREADS; i++) {
        struct fuzz_thread *thread = &run->threads[i];
        if (thread->alive)
            continue;
        memset(thread, 0, sizeof(*thread));
        thread->alive = true;
        thread->number = run->threads_made++;
        if (!vc_clock_begin(&run->clocks, &thread->clock, creator ? &creator->clock : NULL))
            abort();
        if (creator)
            memcpy(thread->vector, creator->vector, sizeof(thread->vector));
        tell(run, "t%d is created by t%d\n", thread->number, creator ? creator->number : -1);
        return thread;
    }
    return NULL;
}

/* The thread ends; most often somebody joins it. */
static void op_end(struct fuzz_run *run, struct fuzz_thread *thread)
{
    struct fuzz_thread *joiner = &run->threads[random_below(&run->random, THREADS)];
    struct vc_time end = {0};
    if (thread->held_count || thread == &run->threads[0])
        return;
    vc_clock_end(&run->clocks, &thread->clock, &end);
    lg_cache_clear(&thread->cache, run->graph);
    thread->alive = false;
    bool joined = joiner->alive;
    tell(run, "t%d ends, joined by t%d\n", thread->number, joined ? joiner->number : -1);
    if (joined) {
        vc_acquire(&run->clocks, &joiner->clock, &end);
        join_vectors(joiner->vector, thread->vector);
    }
    vc_time_clear(&run->clocks, &end);
}

/* --- life of locks ---------------------------------------------------------------------------------------------- */

static void new_lock(struct fuzz_run *run, struct fuzz_lock *lock)
{
    *lock = (struct fuzz_lock){.kind = (enum kind)random_below(&run->random, KINDS)};
    lock->uid = ++run->last_uid;
    run->model.writer_first[lock->uid] = lock->kind == RWLOCK_WRITER_FIRST;
    tell(run, "lock %lu is of kind %d\n", (unsigned long)lock->uid, lock->kind);
}

static void op_death(struct fuzz_run *run)
{
    int index = (int)random_below(&run->random, (uint32_t)run->lock_count);
    struct fuzz_lock *lock = &run->locks[index];
    if (run->last_uid + 1 >= MODEL_UIDS)
        return;
    tell(run, "lock %lu dies\n", (unsigned long)lock->uid);
    run->model.dead[lock->uid] = true;
    lockgraph_lock_dead(run->graph, lock->uid);
    for (int i = 0; i < THREADS; i++)
        for (int at = run->threads[i].held_count; at-- > 0;)
            if (run->threads[i].held[at].lock == index)
                forget_held(&run->threads[i], at);
    new_lock(run, lock);
}

static void op_not_a_lock(struct fuzz_run *run)
{
    struct fuzz_lock *lock = &run->locks[random_below(&run->random, (uint32_t)run->lock_count)];
    if (lock->kind != SEMAPHORE || run->model.not_a_lock[lock->uid])
        return;
    tell(run, "lock %lu is none\n", (unsigned long)lock->uid);
    run->model.not_a_lock[lock->uid] = true;
    model_look_again(&run->model);
    lockgraph_not_a_lock(run->graph, lock->uid);
}

/* --- runs -------------------------------------------------------------------------------------------------------- */

static void step(struct fuzz_run *run)
{
    struct fuzz_thread *thread = &run->threads[random_below(&run->random, THREADS)];
    if (!thread->alive)
        (void)spawn(run, &run->threads[0]);
    else if (random_percent(&run->random, run->order_share))
        (random_percent(&run->random, 50) ? op_post : op_wait)(run, thread);
    else if (!random_percent(&run->random, run->life_share))
        (random_percent(&run->random, 56) ? op_acquire : op_release)(run, thread);
    else if (random_percent(&run->random, 50))
        op_end(run, thread);
    else if (random_percent(&run->random, 50))
        op_death(run);
    else
        op_not_a_lock(run);
}

static bool was_found(const struct fuzz_run *run, uint64_t key)
{
    for (int i = 0; i < run->found_count; i++)
        if (run->found[i].key == key)
            return true;
    return false;
}

static bool agrees(const struct fuzz_run *run)
{
    bool agree = !run->failed;
    for (int i = 0; i < run->found_count; i++)
        if (!model_find(&run->model, run->found[i].key)) {
            tell(run, "a cycle of %d was found that cannot happen\n", run->found[i].length);
            agree = false;
        }
    for (int i = 0; i < run->model.ring_count && !run->few_slots; i++) {
        const struct model_ring *ring = &run->model.rings[i];
        if ((run->tight && ring->length > 2) || was_found(run, ring->key))
            continue;
        tell(run, "a cycle of %d was missed\n", ring->length);
        agree = false;
    }
    return agree;
}

static void begin(struct fuzz_run *run, uint64_t seed, bool aloud)
{
    memset(run, 0, sizeof(*run));
    run->random.state = seed;
    run->tell = aloud;
    run->tight = seed % 2;
    arena_init(&run->arena);
    run->few_slots = seed % 8 == 0;
    vc_domain_init(&run->clocks, &run->arena, run->few_slots ? 1 : VC_SLOTS_DEFAULT,
                   VC_EPOCH_BITS_DEFAULT);
    struct lockgraph_limits limits = {.retries = UINT32_MAX, .cycles = UINT32_MAX, .nodes = 5000};
    limits.instances = run->tight ? 16 : 1000;
    limits.thread_instances = run->tight ? 1 : 1000;
    struct lockgraph_env env = {run, on_cycle};
    run->graph = lockgraph_create(&run->arena, &run->clocks, &env, &limits);
    run->order_share = random_below(&run->random, 15);
    run->life_share = random_below(&run->random, 8);
    run->lock_count = 2 + (int)random_below(&run->random, LOCKS - 1);
    for (int i = 0; i < run->lock_count; i++)
        new_lock(run, &run->locks[i]);
    (void)spawn(run, NULL);
}

static bool run_one(struct fuzz_run *run, uint64_t seed, bool aloud)
{
    begin(run, seed, aloud);
    uint32_t operations = 10 + random_below(&run->random, OPERATIONS);
    bool good = true;
    for (uint32_t i = 0; i < operations && good; i++) {
        step(run);
        good = agrees(run);
    }
    good = good && lockgraph_is_valid(run->graph);
    return good;
}

static struct fuzz_totals {
    uint64_t rings[6]; /* by length; 5: 5 and more */
} *totals;

static int run_batch(uint64_t first, uint64_t runs, int one)
{
    static struct fuzz_run run;
    for (uint64_t seed = first; seed < first + runs; seed++) {
        if (!run_one(&run, seed, one)) {
            if (!one)
                (void)run_one(&run, seed, true);
            printf("fuzz_lockgraph: --seed=%lu: graph and model disagree\n", (unsigned long)seed);
            return 1;
        }
        for (int i = 0; i < run.found_count; i++)
            totals->rings[run.found[i].length < 5 ? run.found[i].length : 5]++;
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct fuzz_options options = fuzz_parse(argc, argv, 20000, 3000000);
    totals = mmap(NULL, sizeof(*totals), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (totals == MAP_FAILED || fuzz_in_batches(&options, 500, run_batch) != 0)
        return 1;
    const uint64_t *rings = totals->rings;
    printf("%lu runs, cycles of 2: %lu, of 3: %lu, of 4: %lu\n", (unsigned long)options.runs,
           (unsigned long)rings[2], (unsigned long)rings[3], (unsigned long)rings[4]);
    /* A fuzzer that meets no cycles tests nothing. */
    return options.runs >= 20000 && (!rings[2] || !rings[3] || !rings[4]);
}
