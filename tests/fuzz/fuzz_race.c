/* SPDX-License-Identifier: MIT */
/* Random threads, order and accesses through the race detector and through the definition (race_model.c): each byte of
 * each access must get the same verdict, up to the first race on that byte; after that, what is found must be true. With
 * few bits for epochs nothing changes; with few slots for threads what is found must be true. */
#include "analysis/race_batch.h"
#include "analysis/race_quick.h"
#include "race_model.h"
#include "random.h"

#define THREADS 5u /* at once */
#define SYNCS 3u
#define STEPS 250u
#define PCS 7u
#define PLAIN_BYTES 48u /* below: never atomic, and plain moves known to be plain */

struct fuzz_thread {
    struct thread *thread; /* NULL: there is none now */
    uint32_t number;
};

/* What an instruction would have. */
#define FUZZ_MEMOS 64u
struct fuzz_memo {
    uintptr_t pc;
    uint32_t size, flags;
    uint64_t word;
};

struct fuzz_run {
    struct fuzz_memo memos[FUZZ_MEMOS];
    struct random random;
    bool tell, exact, failed;
    uintptr_t base;
    struct arena arena;
    struct detector *det;
    struct model model;
    struct fuzz_thread threads[THREADS];
    struct vc_time syncs[SYNCS];
    struct model_time sync_times[SYNCS];
    uint32_t threads_ever;
    uintptr_t pc;
    bool found[MODEL_BYTES];
    bool untold; /* the last access raced more often than is put aside */
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

/* --- threads and order ------------------------------------------------------------------------------------------------------ */

static void spawn(struct fuzz_run *run, struct fuzz_thread *thread, struct fuzz_thread *creator)
{
    if (run->threads_ever == MODEL_THREADS)
        return;
    if (creator)
        race_complete(run->det, creator->thread);
    thread->thread = detector_thread_create(run->det, creator ? creator->thread : NULL, STACK_NONE);
    thread->number = run->threads_ever++;
    detector_thread_start(run->det, thread->thread, 0, 0, 0);
    race_thread_start(run->det, thread->thread, NULL);
    if (creator) {
        model_complete(&run->model, creator->number);
        model_join(&run->model.threads[thread->number], &run->model.threads[creator->number]);
    }
    if (run->tell)
        printf("t%u begins, by t%u\n", thread->number, creator ? creator->number : 0);
}

static void end(struct fuzz_run *run, struct fuzz_thread *thread, struct fuzz_thread *joiner)
{
    thread_id id = detector_thread_id(thread->thread);
    race_complete(run->det, thread->thread);
    model_complete(&run->model, thread->number);
    detector_thread_end(run->det, thread->thread);
    struct event joined = {.type = EVENT_JOINED, .value = id};
    race_complete(run->det, joiner->thread);
    model_complete(&run->model, joiner->number);
    detector_feed(run->det, joiner->thread, &joined, 0);
    model_join(&run->model.threads[joiner->number], &run->model.threads[thread->number]);
    thread->thread = NULL;
    if (run->tell)
        printf("t%u ends, joined by t%u\n", thread->number, joiner->number);
}

static void use_sync(struct fuzz_run *run, struct fuzz_thread *thread)
{
    uint32_t sync = random_below(&run->random, SYNCS);
    bool acquires = random_percent(&run->random, 50);
    race_complete(run->det, thread->thread);
    model_complete(&run->model, thread->number);
    if (run->tell)
        printf("t%u %s %u\n", thread->number, acquires ? "acquires" : "releases", sync);
    if (acquires) {
        hb_acquire(run->det, thread->thread, &run->syncs[sync]);
        model_join(&run->model.threads[thread->number], &run->sync_times[sync]);
    } else {
        hb_release_join(run->det, thread->thread, &run->syncs[sync]);
        model_join(&run->sync_times[sync], &run->model.threads[thread->number]);
    }
}

/* --- accesses ------------------------------------------------------------------------------------------------------------------ */

/* What the detector has put aside becomes verdicts of bytes. */
static void collect(struct fuzz_run *run, struct fuzz_thread *thread)
{
    struct race_local *local = thread->thread->race.local;
    memset(run->found, 0, sizeof(run->found));
    for (uint32_t i = 0; i < local->finding_count; i++) {
        if (run->tell)
            printf("  race on %zu bytes at %zu\n", local->findings[i].size, local->findings[i].address - run->base);
        for (size_t j = 0; j < local->findings[i].size; j++)
            run->found[local->findings[i].address - run->base + j] = true;
    }
    local->finding_count = 0;
    local->recheck = false;
    if (thread->thread->race.wants_sweep) {
        race_sweep(run->det, thread->thread);
    }
    thread->thread->race.wants_sweep = false;
    run->exact &= run->det->races->sweeps_blind == 0 && run->det->hb.reused_early == 0 && run->det->hb.stuck == 0;
    run->untold = run->det->races->findings_lost || local->only_counted;
    run->det->races->findings_lost = local->only_counted = 0;
}

static void compare(struct fuzz_run *run, const struct model_operation *operation, const bool *race)
{
    for (uint32_t i = 0; i < operation->size; i++) {
        struct model_byte *byte = &run->model.bytes[operation->at + i];
        bool found = run->found[operation->at + i];
        if ((found && !race[i]) || (!found && race[i] && !byte->raced && run->exact && !run->untold)) {
            printf("byte %u: %s\n", operation->at + i, found ? "no race" : "a race that was not found");
            run->failed = true;
        }
        byte->raced |= race[i];
    }
}

static uint32_t flags_of(const struct model_operation *operation)
{
    return (operation->reads ? RACE_READ : 0) | (operation->writes ? RACE_WRITE : 0) |
           (operation->atomic ? RACE_ATOMIC : 0) | (operation->mov ? RACE_MOV : 0) |
           (operation->source_known ? RACE_SOURCE_KNOWN : 0) | (operation->ends ? RACE_FREE : 0);
}

static void choose_place(struct fuzz_run *run, struct model_operation *operation)
{
    static const uint8_t sizes[] = {1, 1, 2, 4, 4, 4, 8, 8, 8, 16, 3, 32};
    operation->size = sizes[random_below(&run->random, sizeof(sizes))];
    operation->at = random_below(&run->random, MODEL_BYTES - operation->size + 1);
    if (operation->size <= 8 && (operation->size & (operation->size - 1)) == 0 && random_percent(&run->random, 85))
        operation->at &= ~(operation->size - 1);
}

static void choose_kind(struct fuzz_run *run, struct model_operation *operation)
{
    bool one_word = operation->size <= 8 && operation->at % operation->size == 0 && operation->size != 3;
    uint32_t what = random_below(&run->random, 100);
    operation->writes = what % 2;
    operation->reads = !operation->writes || what % 5 == 0;
    if (operation->at < PLAIN_BYTES) {
        operation->mov = operation->source_known = one_word && !(operation->reads && operation->writes) && what < 70;
        return;
    }
    operation->atomic = one_word && what < 45;
    operation->mov = !operation->atomic && one_word && model_is_variable(&run->model, operation->at, operation->size) &&
                     !(operation->reads && operation->writes);
    operation->source_known = operation->mov && what > 85;
}

/* Translated code would not tell of it. */
static bool is_skipped(struct fuzz_run *run, struct fuzz_thread *thread, const struct model_operation *operation)
{
    struct granule granule;
    uintptr_t address = run->base + operation->at, offset = address % GRANULE;
    uint32_t tag = hb_tag(run->det, thread->thread);
    return tag && offset + operation->size <= GRANULE && !operation->atomic && random_percent(&run->random, 80) &&
           shadow_find(&run->det->races->shadow, address - offset, false, &granule) &&
           race_is_known(*granule.tags, tag, (uint32_t)offset, operation->size,
                         operation->writes);
}

/* In a loop the thread's cache would have it. */
static void know_site(struct fuzz_run *run, struct fuzz_thread *thread, const struct model_operation *operation)
{
    struct race_access access = {.det = run->det, .races = run->det->races, .thread = thread->thread, .pc = run->pc % PCS,
                                 .flags = flags_of(operation), .size = operation->size};
    (void)race_site_find(&access);
}

/* The instruction's. */
static uint64_t *memo_of(struct fuzz_run *run, const struct model_operation *operation)
{
    struct fuzz_memo *memo = &run->memos[(run->pc % PCS * 31 + operation->size * 7 + flags_of(operation)) % FUZZ_MEMOS];
    struct fuzz_memo own = {run->pc % PCS, operation->size, flags_of(operation), 0};
    if (memo->pc != own.pc || memo->size != own.size || memo->flags != own.flags)
        *memo = own;
    return &memo->word;
}

/* As translated code does it: first what takes no call, then the quick call, then the one that can do everything. */
static bool is_done_quickly(struct fuzz_run *run, struct fuzz_thread *thread, const struct model_operation *operation)
{
    know_site(run, thread, operation);
    bool done = !operation->atomic && random_percent(&run->random, 80) &&
                race_quick(run->det, thread->thread, run->base + operation->at, operation->size, flags_of(operation),
                           RACE_SITE_NONE, run->pc % PCS, memo_of(run, operation));
    if (done && run->tell)
        puts("  (quick)");
    return done;
}

/* Which is in one of the two parts of the model's bytes. False: quick calls did not do it. */
static bool make_access(struct fuzz_run *run, struct fuzz_thread *thread, const struct model_operation *operation)
{
    bool race[MODEL_BYTES], quick = true;
    if (run->tell)
        printf("t%u %s%s%s%s%s %u bytes at %u\n", thread->number, operation->reads ? "reads " : "",
               operation->writes ? "writes " : "", operation->atomic ? "atomic " : "", operation->mov ? "mov " : "",
               operation->source_known ? "known " : "", operation->size, operation->at);
    if (is_skipped(run, thread, operation)) {
        if (run->tell)
            puts("  (known)");
    } else {
        quick = is_done_quickly(run, thread, operation);
        if (!quick)
            race_access(run->det, thread->thread, run->base + operation->at, operation->size, flags_of(operation),
                        RACE_SITE_NONE, run->pc % PCS);
        model_complete(&run->model, thread->number);
    }
    model_access(&run->model, operation, race);
    collect(run, thread);
    compare(run, operation, race);
    return quick;
}

static bool is_in_one_part(uint32_t at, uint32_t end) { return at >= PLAIN_BYTES || end <= PLAIN_BYTES; }

static void do_access(struct fuzz_run *run, struct fuzz_thread *thread)
{
    struct model_operation operation = {.thread = thread->number};
    choose_place(run, &operation);
    choose_kind(run, &operation);
    if (!is_in_one_part(operation.at, operation.at + operation.size))
        return;
    run->pc++;
    (void)make_access(run, thread, &operation);
}

/* One instruction's rounds in a loop: all after the first are entered with it, and come then. */
static void do_loop(struct fuzz_run *run, struct fuzz_thread *thread)
{
    static const uint8_t sizes[] = {1, 2, 4, 4, 8, 8, 16};
    struct model_operation operation = {.thread = thread->number, .size = sizes[random_below(&run->random, sizeof(sizes))]};
    int32_t stride = (int32_t)operation.size * (1 + (int32_t)random_below(&run->random, 3)) * (random_percent(&run->random, 50) ? 1 : -1);
    uint32_t count = 1 + random_below(&run->random, 12), length = (count - 1) * (uint32_t)abs(stride) + operation.size;
    if (length > MODEL_BYTES)
        return;
    uint32_t low = random_below(&run->random, MODEL_BYTES - length + 1);
    if (random_percent(&run->random, 85))
        low &= ~(operation.size - 1);
    operation.at = stride < 0 ? low + length - operation.size : low;
    choose_kind(run, &operation);
    if (!is_in_one_part(low, low + length) || operation.atomic)
        return;
    if (low >= PLAIN_BYTES) /* not all may be variables */
        operation.mov = operation.source_known = false;
    run->pc++;
    if (make_access(run, thread, &operation) && count > 1) {
        struct race_batch batch = {run->base + operation.at + (uintptr_t)stride, stride, count - 1, operation.size, flags_of(&operation),
                                   RACE_SITE_NONE, run->pc % PCS, memo_of(run, &operation)};
        race_batch(run->det, thread->thread, &batch);
    }
    for (uint32_t i = 1; i < count && !run->failed; i++) {
        operation.at += (uint32_t)stride;
        (void)make_access(run, thread, &operation);
    }
}

static void end_block(struct fuzz_run *run, struct fuzz_thread *thread)
{
    bool race[MODEL_BYTES];
    struct model_operation operation = {.thread = thread->number, .writes = true, .ends = true};
    choose_place(run, &operation);
    if (run->tell)
        printf("t%u frees %u bytes at %u\n", thread->number, operation.size, operation.at);
    race_gone(run->det, thread->thread, run->base + operation.at, operation.size, RACE_FREE, RACE_SITE_NONE, run->pc++);
    model_complete(&run->model, thread->number);
    model_access(&run->model, &operation, race);
    collect(run, thread);
    compare(run, &operation, race);
    if (random_percent(&run->random, 60)) {
        race_fresh(run->det, thread->thread, run->base + operation.at, operation.size);
        model_fresh(&run->model, operation.at, operation.size);
    }
}

/* --- runs -------------------------------------------------------------------------------------------------------------------------- */

static void step(struct fuzz_run *run)
{
    struct fuzz_thread *thread = &run->threads[random_below(&run->random, THREADS)];
    uint32_t what = random_below(&run->random, 100);
    if (!thread->thread)
        spawn(run, thread, &run->threads[0]);
    else if (what < 62)
        do_access(run, thread);
    else if (what < 72)
        do_loop(run, thread);
    else if (what < 92 || (what >= 95 && thread == &run->threads[0]))
        use_sync(run, thread);
    else if (what < 95)
        end_block(run, thread);
    else
        end(run, thread, &run->threads[0]);
}

static uintptr_t only_mapping;
static void each_mapping(void (*visit)(void *ctx, uintptr_t start, uintptr_t end), void *ctx)
{
    visit(ctx, only_mapping, only_mapping + MODEL_BYTES);
}

static void set_up(struct fuzz_run *run, uint64_t seed, bool one)
{
    static uint64_t tags[MODEL_BYTES / GRANULE], sites[MODEL_BYTES / GRANULE];
    struct race_shadow shadow = {.range_count = seed % 5 > 0, .each_mapping = each_mapping};
    memset(run, 0, sizeof(*run));
    memset(tags, 0, sizeof(tags));
    memset(sites, 0, sizeof(sites));
    run->random.state = seed;
    run->tell = one;
    run->exact = seed % 4 != 0;
    bool few = seed % 7 == 0; /* slots run out time and again and are swept */
    run->base = 0x10000000000 - (seed % 2 ? 40 : 0); /* over the end of a chunk of shadow memory */
    run->pc = 1;
    only_mapping = run->base;
    shadow.ranges[0] = (struct race_range){run->base, run->base + MODEL_BYTES, (intptr_t)((uintptr_t)tags - run->base),
                                           (intptr_t)((uintptr_t)sites - run->base)};
    arena_init(&run->arena);
    struct detector_env env = {.capture_stack = no_stack, .on_finding = on_finding};
    run->det = detector_create(&run->arena, depot_create(&run->arena), &env);
    if (!run->det || !races_watch(run->det, &shadow, run->exact ? few ? 32 : RACE_SLOTS : 3,
                                  few ? 2 : seed % 3 ? 4 : RACE_EPOCH_BITS))
        abort();
    spawn(run, &run->threads[0], NULL);
}

static int run_batch(uint64_t first, uint64_t runs, int one)
{
    static struct fuzz_run run;
    for (uint64_t seed = first; seed < first + runs; seed++) {
        set_up(&run, seed, one);
        for (uint32_t i = 0; i < STEPS && !run.failed; i++)
            step(&run);
        if (run.failed || !detector_is_valid(run.det)) {
            printf("fuzz_race: --seed=%lu: detector and model disagree\n", (unsigned long)seed);
            return 1;
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct fuzz_options options = fuzz_parse(argc, argv, 4000, 100000);
    return fuzz_in_batches(&options, 100, run_batch);
}
