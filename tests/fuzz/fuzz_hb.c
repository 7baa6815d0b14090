/* SPDX-License-Identifier: MIT */
/* Random threads that use locks, semaphores, condition variables, barriers, descriptors, create and join each other,
 * through the events of mode full and through a model in which each thread has a full vector: of any two moments both
 * must say the same about their order, also when epochs run out all the time. */

#include "analysis/hb.h"
#include "random.h"

#define THREADS 5u /* at once; the first one never ends */
#define THREADS_EVER 24u
#define MARKS 60u
#define STEPS 400u
#define MUTEXES 3u
#define BARRIER_THREADS 2u

enum wait_kind { NOT_WAITING, IN_COND, IN_BARRIER };

struct vector {
    uint32_t counts[THREADS_EVER]; /* how many marks of each thread happened before */
};

struct lock {
    uintptr_t addr;
    enum object_kind kind;
    uint32_t flags;
    uint32_t writer, depth, readers; /* writer: number + 1; readers: bit per place in run.threads */
    struct vector released, read;    /* by writers; by readers since */
};

struct actor {
    struct thread *thread;
    uint32_t number;
    enum wait_kind waits;
    bool complete; /* the barrier's cycle is */
    struct vector now, leave_with;
};

struct mark {
    uint32_t tag, thread, count;
};

static struct run {
    struct random random;
    bool tell, wrong;
    struct arena arena;
    struct detector *det;
    struct actor actors[THREADS];
    uint32_t threads_ever;
    struct lock mutexes[MUTEXES], rwlock, spin;
    struct vector sem, fd, cond, cycle;
    uint32_t sem_value, signals;
    struct mark marks[MARKS];
    uint32_t mark_count;
} run;

enum { AT_SEM = 0x2000, AT_FD = 7, AT_COND = 0x3000, AT_BARRIER = 0x4000 };

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

static void join(struct vector *into, const struct vector *from)
{
    for (uint32_t i = 0; i < THREADS_EVER; i++)
        if (into->counts[i] < from->counts[i])
            into->counts[i] = from->counts[i];
}

static void feed(struct actor *actor, enum event_type type, enum object_kind kind, uintptr_t addr,
                 struct event more)
{
    more.type = (uint8_t)type;
    more.object = (uint8_t)kind;
    more.addr = addr;
    if (run.tell)
        printf("T%u event %d kind %d at %lx\n", actor->number, type, kind, addr);
    detector_feed(run.det, actor->thread, &more, 0);
}
#define FEED(actor, type, kind, addr, ...) feed((actor), (type), (kind), (addr), (struct event){__VA_ARGS__})

/* --- threads ------------------------------------------------------------------------------------ */

static void spawn(struct actor *actor, struct actor *creator)
{
    if (run.threads_ever == THREADS_EVER)
        return;
    actor->thread = detector_thread_create(run.det, creator ? creator->thread : NULL, STACK_NONE);
    actor->number = run.threads_ever++;
    actor->waits = NOT_WAITING;
    actor->now = creator ? creator->now : (struct vector){{0}};
    detector_thread_start(run.det, actor->thread, 0, 0, 0);
}

static bool holds(const struct actor *actor, const struct lock *lock)
{
    return lock->writer == actor->number + 1 || lock->readers >> (actor - run.actors) & 1;
}

static bool holds_any(const struct actor *actor)
{
    bool any = holds(actor, &run.rwlock) || holds(actor, &run.spin);
    for (uint32_t i = 0; i < MUTEXES; i++)
        any |= holds(actor, &run.mutexes[i]);
    return any;
}

static void end(struct actor *actor)
{
    thread_id id = detector_thread_id(actor->thread);
    detector_thread_end(run.det, actor->thread);
    actor->thread = NULL;
    struct actor *joiner = &run.actors[random_below(&run.random, THREADS)];
    if (!joiner->thread || joiner->waits)
        return;
    FEED(joiner, EVENT_JOINED, OBJECT_THREAD, 0, .value = id);
    join(&joiner->now, &actor->now);
}

/* --- locks -------------------------------------------------------------------------------------- */

static void take(struct actor *actor, struct lock *lock)
{
    bool again = lock->writer == actor->number + 1;
    if (lock->writer && !(again && lock->flags & EVF_RECURSIVE))
        return;
    bool shared = lock->kind == OBJECT_RWLOCK && random_below(&run.random, 3) != 0;
    if (lock->readers && (!shared || holds(actor, lock)))
        return;
    FEED(actor, EVENT_ACQUIRE, lock->kind, lock->addr, .mode = shared ? MODE_SHARED : MODE_EXCLUSIVE,
         .flags = lock->flags | (random_below(&run.random, 4) ? 0 : EVF_TRY));
    join(&actor->now, &lock->released);
    if (shared) {
        lock->readers |= 1u << (actor - run.actors);
        return;
    }
    join(&actor->now, &lock->read);
    lock->writer = actor->number + 1;
    lock->depth++;
}

static void give_up_held(struct actor *actor, struct lock *lock)
{
    if (lock->readers >> (actor - run.actors) & 1) {
        join(&lock->read, &actor->now);
        lock->readers &= ~(1u << (actor - run.actors));
    } else if (--lock->depth == 0) {
        lock->released = actor->now;
        lock->read = (struct vector){{0}};
        lock->writer = 0;
    }
}

static void use_lock(struct actor *actor, struct lock *lock)
{
    if (!holds(actor, lock) || (lock->flags & EVF_RECURSIVE && random_below(&run.random, 3) == 0)) {
        take(actor, lock);
        return;
    }
    FEED(actor, EVENT_RELEASE, lock->kind, lock->addr, 0);
    give_up_held(actor, lock);
}

/* --- the rest ----------------------------------------------------------------------------------- */

static void use_semaphore(struct actor *actor)
{
    if (run.sem_value == 0 || random_below(&run.random, 2)) {
        FEED(actor, EVENT_POST, OBJECT_SEM, AT_SEM, 0);
        join(&run.sem, &actor->now);
        run.sem_value++;
    } else {
        FEED(actor, EVENT_ACQUIRE, OBJECT_SEM, AT_SEM, 0);
        join(&actor->now, &run.sem);
        run.sem_value--;
    }
}

static void use_descriptor(struct actor *actor)
{
    bool writes = random_below(&run.random, 2);
    FEED(actor, writes ? EVENT_ORDER_RELEASE : EVENT_ORDER_ACQUIRE, OBJECT_FD, AT_FD, 0);
    join(writes ? &run.fd : &actor->now, writes ? &actor->now : &run.fd);
}

static void use_cond(struct actor *actor)
{
    struct lock *mutex = &run.mutexes[0];
    if (!holds(actor, mutex) || mutex->depth > 1) {
        FEED(actor, random_below(&run.random, 2) ? EVENT_SIGNAL : EVENT_BROADCAST, OBJECT_COND, AT_COND, 0);
        join(&run.cond, &actor->now);
        return;
    }
    FEED(actor, EVENT_COND_WAIT, OBJECT_COND, AT_COND, .addr2 = mutex->addr);
    give_up_held(actor, mutex);
    actor->waits = IN_COND;
}

static void wake(struct actor *actor)
{
    struct lock *mutex = &run.mutexes[0];
    bool timed_out = random_below(&run.random, 4) == 0;
    if (mutex->writer)
        return;
    FEED(actor, EVENT_COND_WAKE, OBJECT_COND, AT_COND, .addr2 = mutex->addr, .flags = timed_out ? EVF_TIMED_OUT : 0);
    if (!timed_out)
        join(&actor->now, &run.cond);
    join(&actor->now, &mutex->released);
    mutex->writer = actor->number + 1;
    mutex->depth = 1;
    actor->waits = NOT_WAITING;
}

static void enter(struct actor *actor)
{
    uint32_t inside = 0;
    FEED(actor, EVENT_BARRIER_ENTER, OBJECT_BARRIER, AT_BARRIER, 0);
    join(&run.cycle, &actor->now);
    actor->waits = IN_BARRIER;
    actor->complete = false;
    for (uint32_t i = 0; i < THREADS; i++)
        inside += run.actors[i].thread && run.actors[i].waits == IN_BARRIER && !run.actors[i].complete;
    if (inside < BARRIER_THREADS)
        return;
    for (uint32_t i = 0; i < THREADS; i++)
        if (run.actors[i].thread && run.actors[i].waits == IN_BARRIER && !run.actors[i].complete) {
            run.actors[i].complete = true;
            run.actors[i].leave_with = run.cycle;
        }
    run.cycle = (struct vector){{0}};
}

static void leave(struct actor *actor)
{
    if (!actor->complete)
        return;
    FEED(actor, EVENT_BARRIER_LEAVE, OBJECT_BARRIER, AT_BARRIER, 0);
    join(&actor->now, &actor->leave_with);
    actor->waits = NOT_WAITING;
}

/* --- moments -------------------------------------------------------------------------------------- */

static void mark(struct actor *actor)
{
    if (run.mark_count == MARKS)
        return;
    uint32_t tag = hb_tag(run.det, actor->thread);
    hb_used(actor->thread);
    run.marks[run.mark_count++] = (struct mark){tag, actor->number, ++actor->now.counts[actor->number]};
}

static void check(const struct actor *actor)
{
    for (uint32_t i = 0; i < run.mark_count; i++) {
        const struct mark *mark = &run.marks[i];
        bool before = actor->now.counts[mark->thread] >= mark->count;
        if (hb_knows(run.det, actor->thread, mark->tag) != before) {
            run.wrong = true;
            if (run.tell)
                printf("T%u %s mark %u of T%u\n", actor->number, before ? "does not know" : "knows", i, mark->thread);
        }
    }
}

static void step(void)
{
    struct actor *actor = &run.actors[random_below(&run.random, THREADS)];
    uint32_t what = random_below(&run.random, 100);
    if (!actor->thread && run.actors[0].waits)
        return;
    if (!actor->thread)
        spawn(actor, &run.actors[0]);
    else if (actor->waits == IN_COND)
        wake(actor);
    else if (actor->waits == IN_BARRIER)
        leave(actor);
    else if (what < 20)
        mark(actor);
    else if (what < 50)
        use_lock(actor, &run.mutexes[random_below(&run.random, MUTEXES)]);
    else if (what < 65)
        use_lock(actor, &run.rwlock);
    else if (what < 70)
        use_lock(actor, &run.spin);
    else if (what < 77)
        use_semaphore(actor);
    else if (what < 84)
        use_descriptor(actor);
    else if (what < 92)
        use_cond(actor);
    else if (actor == &run.actors[0] || holds_any(actor))
        return;
    else if (what < 96)
        enter(actor);
    else
        end(actor);
    if (actor->thread)
        check(actor);
}

static void begin(uint64_t seed)
{
    memset(&run, 0, sizeof(run));
    run.random.state = seed;
    arena_init(&run.arena);
    struct detector_env env = {.capture_stack = no_stack, .on_finding = on_finding};
    run.det = detector_create(&run.arena, depot_create(&run.arena), &env);
    if (!run.det || !hb_watch(run.det, RACE_SLOTS, seed % 2 ? 2 + seed % 5 : RACE_EPOCH_BITS))
        abort();
    for (uint32_t i = 0; i < MUTEXES; i++)
        run.mutexes[i] = (struct lock){.addr = 0x1000 + 64 * i, .kind = OBJECT_MUTEX, .flags = i == 1 ? EVF_RECURSIVE : 0};
    run.rwlock = (struct lock){.addr = 0x5000, .kind = OBJECT_RWLOCK};
    run.spin = (struct lock){.addr = 0x6000, .kind = OBJECT_SPIN};
    spawn(&run.actors[0], NULL);
    FEED(&run.actors[0], EVENT_INIT, OBJECT_MUTEX, run.mutexes[1].addr, .flags = EVF_RECURSIVE);
    FEED(&run.actors[0], EVENT_INIT, OBJECT_SEM, AT_SEM, .value = 0);
    FEED(&run.actors[0], EVENT_INIT, OBJECT_BARRIER, AT_BARRIER, .value = BARRIER_THREADS);
}

static int run_batch(uint64_t first, uint64_t runs, int one)
{
    for (uint64_t seed = first; seed < first + runs; seed++) {
        begin(seed);
        run.tell = one;
        for (uint32_t i = 0; i < STEPS && !run.wrong; i++)
            step();
        if (run.wrong || !detector_is_valid(run.det)) {
            printf("fuzz_hb: --seed=%lu: events and model disagree\n", (unsigned long)seed);
            return 1;
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct fuzz_options options = fuzz_parse(argc, argv, 2000, 200000);
    return fuzz_in_batches(&options, 100, run_batch);
}
