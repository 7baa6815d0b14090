/* SPDX-License-Identifier: MIT */
/* The acquisition tree at sizes, shortages and ends that tests/fuzz/fuzz_lockgraph.c does not reach, and how
 * its cycles are told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/lockgraph.h"

#define MAX_HELD 1200

struct actor {
    thread_id id;
    struct vc_clock clock;
    struct lg_cache cache;
    struct lg_held held[MAX_HELD];
    lg_node nodes[MAX_HELD];
    uint32_t count;
};

struct fixture {
    struct arena arena;
    struct vc_domain clocks;
    struct stackdepot *depot;
    struct lockgraph *graph;
    uint64_t slow;   /* calls that lg_find did not answer */
    uint32_t cycles, length;
    uint64_t keys[2];
    struct finding finding;
};

static struct fixture fixture;
static struct actor actors[128];

/* Locks are told as if their uid were their address. */
static void describe(void *ctx, lock_uid uid, struct finding_object *object)
{
    (void)ctx;
    *object = (struct finding_object){.kind = OBJECT_MUTEX, .addr = uid};
}

static void on_cycle(void *ctx, const struct lg_cycle *cycle)
{
    struct fixture *f = ctx;
    f->cycles++;
    f->length = cycle->length;
    lockgraph_cycle_keys(cycle, f->depot, f->keys);
    lockgraph_fill_finding(cycle, &f->finding, describe, NULL);
}

static struct fixture *begin(const struct lockgraph_limits *limits)
{
    struct fixture *f = &fixture;
    memset(f, 0, sizeof(*f));
    memset(actors, 0, sizeof(actors));
    arena_init(&f->arena);
    vc_domain_init(&f->clocks, &f->arena, VC_SLOTS_DEFAULT, VC_EPOCH_BITS_DEFAULT);
    f->depot = depot_create(&f->arena);
    struct lockgraph_env env = {f, on_cycle};
    f->graph = lockgraph_create(&f->arena, &f->clocks, &env, limits);
    assert_non_null(f->graph);
    return f;
}

static struct actor *start(uint32_t index, struct actor *creator)
{
    struct actor *actor = &actors[index];
    memset(actor, 0, sizeof(*actor));
    actor->id = index + 1;
    assert_true(vc_clock_begin(&fixture.clocks, &actor->clock, creator ? &creator->clock : NULL));
    return actor;
}

static void join(struct actor *actor, struct actor *joiner)
{
    struct vc_time end = {0};
    lg_cache_clear(&actor->cache, fixture.graph);
    vc_clock_end(&fixture.clocks, &actor->clock, &end);
    if (joiner)
        vc_acquire(&fixture.clocks, &joiner->clock, &end);
    vc_time_clear(&fixture.clocks, &end);
}

/* A stack whose innermost frame is `place`. */
static stack_id stack_at(uint64_t place)
{
    frame_t frames[] = {FRAME(1, place), FRAME(1, 0x999)};
    return depot_intern(fixture.depot, frames, 2);
}

static void take_at(struct actor *actor, lock_uid uid, unsigned flags, uint64_t place)
{
    struct lg_held entry = {uid, stack_at(place), flags & LG_SHARED ? MODE_SHARED : MODE_EXCLUSIVE};
    lg_node from = actor->count ? actor->nodes[actor->count - 1] : LG_ROOT;
    lg_node node = lg_find(&actor->cache, from, lg_key(uid, flags), actor->clock.epoch);
    if (node == LG_UNKNOWN) {
        struct lg_request request = {actor->id, &actor->clock, actor->held, actor->count,
                                     uid,       flags,         entry.stack};
        node = lockgraph_acquire(fixture.graph, &actor->cache, from, &request);
        fixture.slow++;
    }
    actor->held[actor->count] = entry;
    actor->nodes[actor->count++] = node;
}

static void take(struct actor *actor, lock_uid uid) { take_at(actor, uid, LG_WAITS, uid); }

static void drop_all(struct actor *actor) { actor->count = 0; }

static void take_both(struct actor *actor, lock_uid first, lock_uid second)
{
    take(actor, first);
    take(actor, second);
    drop_all(actor);
}

/* --- cycles ---------------------------------------------------------------------------------------------- */

static void two_locks_and_their_finding(void **state)
{
    (void)state;
    struct fixture *f = begin(NULL);
    struct actor *main = start(0, NULL), *other = start(1, main);
    take_both(main, 10, 20);
    assert_int_equal(f->cycles, 0);
    take_both(other, 20, 10);
    assert_int_equal(f->cycles, 1);
    const struct finding *finding = &f->finding;
    assert_int_equal(finding->kind, KIND_LOCK_ORDER);
    assert_int_equal(finding->confidence, CONFIDENCE_PREDICTED);
    assert_string_equal(finding->message,
                        "%T0 takes %O1 while it holds %O0, and %T1 takes %O0 while it holds %O1: with "
                        "another timing each of them gets its first lock, and waits for the next one "
                        "for ever");
    assert_int_equal(finding->threads[0], other->id);
    assert_int_equal(finding->objects[0].addr, 20);
    assert_int_equal(finding->objects[1].addr, 10);
    assert_int_equal(finding->stack_count, 4);
    assert_string_equal(finding->stacks[0].role, "acquired %O0");
    assert_int_equal(finding->stacks[0].stack, stack_at(20));
    assert_string_equal(finding->stacks[1].role, "then takes %O1");
    assert_int_equal(finding->stacks[1].stack, stack_at(10));
    assert_string_equal(finding->stacks[3].role, "then takes %O0");
    assert_int_equal(finding->held_count, 2);
    assert_int_equal(f->keys[1], lockgraph_locks_key((lock_uid[]){10, 20}, 2));
    assert_int_equal(f->keys[1], lockgraph_locks_key((lock_uid[]){20, 10}, 2));
}

static void reader_behind_a_writer(void **state)
{
    (void)state;
    struct fixture *f = begin(NULL);
    struct actor *main = start(0, NULL), *other = start(1, main), *writer = start(2, main);
    unsigned read = LG_SHARED | LG_WAITS | LG_WRITER_FIRST;
    take_at(main, 1, read, 1);
    take_at(main, 2, LG_WAITS, 2);
    drop_all(main);
    take_at(other, 2, LG_WAITS, 3);
    take_at(other, 1, read, 4);
    drop_all(other);
    assert_int_equal(f->cycles, 0);
    take_at(writer, 1, LG_WAITS | LG_WRITER_FIRST, 5);
    assert_int_equal(f->cycles, 1);
    assert_int_equal(f->length, 3);
    assert_non_null(strstr(f->finding.message, "behind a writer"));
    unsigned roles = 0;
    for (uint32_t i = 0; i < f->finding.stack_count; i++)
        roles |= (strstr(f->finding.stacks[i].role, "waits to write") ? 1u : 0u) |
                 (strstr(f->finding.stacks[i].role, "behind a waiting writer") ? 2u : 0u);
    assert_int_equal(roles, 3);
}

/* The same code for other locks is the same mistake, and so are the same locks in other code. */
static void names_of_cycles(void **state)
{
    (void)state;
    struct fixture *f = begin(NULL);
    struct actor *main = start(0, NULL), *other = start(1, main), *third = start(2, main);
    uint64_t keys[3][2];
    const lock_uid pairs[3][2] = {{1, 2}, {3, 4}, {1, 2}};
    const uint64_t places[3] = {100, 100, 200};
    for (int i = 0; i < 3; i++) {
        struct actor *actor = i == 2 ? third : main;
        take_at(actor, pairs[i][0], LG_WAITS, places[i]);
        take_at(actor, pairs[i][1], LG_WAITS, places[i] + 1);
        drop_all(actor);
        if (i < 2) {
            take_at(other, pairs[i][1], LG_WAITS, 300);
            take_at(other, pairs[i][0], LG_WAITS, 301);
            drop_all(other);
        }
        memcpy(keys[i], f->keys, sizeof(keys[i]));
    }
    assert_int_equal(f->cycles, 3);
    assert_true(keys[0][0] == keys[1][0] && keys[0][1] != keys[1][1]);
    assert_true(keys[0][0] != keys[2][0] && keys[0][1] == keys[2][1]);
}

static void long_ring(uint32_t length)
{
    struct fixture *f = begin(NULL);
    struct actor *main = start(0, NULL);
    for (uint32_t i = 0; i < length; i++)
        start(i + 1, main);
    for (uint32_t i = 0; i < length; i++) {
        assert_int_equal(f->cycles, 0);
        take_both(&actors[i + 1], i + 1, (i + 1) % length + 1);
    }
    assert_int_equal(f->cycles, 1);
    assert_int_equal(f->length, length);
    assert_int_equal(lockgraph_stats(f->graph).cut, 0);
    assert_true(lockgraph_is_valid(f->graph));
}

static void rings_of_any_length(void **state)
{
    (void)state;
    long_ring(3);
    long_ring(30);
    long_ring(100);
}

/* --- sizes ----------------------------------------------------------------------------------------------- */

/* A thread that holds 1,000 locks: in the steady state the cache knows each step, with no look-up. */
static void a_thousand_held(void **state)
{
    (void)state;
    struct fixture *f = begin(NULL);
    struct actor *main = start(0, NULL), *other = start(1, main);
    for (int round = 0; round < 6; round++) {
        f->slow = 0;
        for (lock_uid uid = 1; uid <= 1000; uid++)
            take(main, uid);
        drop_all(main);
    }
    assert_true(f->slow < 200); /* what shares an entry of the cache with another one */
    assert_int_equal(lockgraph_stats(f->graph).nodes, 1000);
    take_both(other, 700, 300);
    assert_int_equal(f->cycles, 1);
    assert_int_equal(f->finding.held_count, 16 + 1);
    assert_true(f->finding.truncated > 0);
    assert_int_equal(lockgraph_order_count(f->graph, UINT64_MAX), 1000 * 999 / 2 + 1);
}

/* Locks that come and go take their nodes with them. */
static void locks_that_die(void **state)
{
    (void)state;
    struct fixture *f = begin(NULL);
    struct actor *main = start(0, NULL), *other = start(1, main);
    uint64_t used = 0;
    for (lock_uid uid = 1; uid <= 200000; uid += 2) {
        take_at(main, uid, LG_WAITS, 1);
        take_at(main, uid + 1, LG_WAITS, 2);
        drop_all(main);
        if (uid % 5 == 0) {
            take_at(other, uid + 1, LG_WAITS, 3);
            take_at(other, uid, LG_WAITS, 4);
            drop_all(other);
        }
        lockgraph_lock_dead(f->graph, uid);
        lockgraph_lock_dead(f->graph, uid + 1);
        used = uid == 20001 ? f->arena.used : used;
    }
    assert_int_equal(f->cycles, 20000);
    assert_int_equal(lockgraph_stats(f->graph).nodes, 0);
    assert_int_equal(lockgraph_stats(f->graph).locks, 0);
    assert_int_equal(f->arena.used, used);
    assert_true(lockgraph_is_valid(f->graph));
}

static void nodes_of_dead_locks(void **state)
{
    (void)state;
    struct fixture *f = begin(NULL);
    struct actor *main = start(0, NULL);
    take(main, 1);
    take(main, 2);
    take(main, 3);
    lg_node first = main->nodes[0], last = main->nodes[2];
    lockgraph_lock_dead(f->graph, 2);
    assert_true(lockgraph_alive(f->graph, first));
    assert_false(lockgraph_alive(f->graph, last));
    take(main, 4);
    assert_true(main->nodes[3] == LG_UNKNOWN);
    assert_true(lockgraph_child(f->graph, &main->cache, last, 5, 0) == LG_UNKNOWN);
    assert_true(lockgraph_child(f->graph, &main->cache, first, 5, 0) != LG_UNKNOWN);
}

/* 100,000 threads one after the other take the same locks: what the last one did is known. */
static void many_threads_in_sequence(void **state)
{
    (void)state;
    struct fixture *f = begin(NULL);
    struct actor *main = start(0, NULL);
    for (uint32_t i = 0; i < 100000; i++) {
        struct actor *worker = start(1, main);
        worker->id = i + 2;
        take_both(worker, 1, 2);
        join(worker, main);
    }
    assert_int_equal(f->cycles, 0);
    struct actor *one = start(1, main), *two = start(2, main);
    one->id = 200000;
    two->id = 200001;
    take_both(one, 1, 2);
    take_both(two, 2, 1);
    assert_int_equal(f->cycles, 1);
    assert_true(lockgraph_stats(f->graph).instances < 100);
}

/* Threads that keep to one order, whatever it is and in whatever sequence it shows, cause no search. */
static void one_order_needs_no_search(void **state)
{
    (void)state;
    struct fixture *f = begin(NULL);
    struct actor *main = start(0, NULL);
    uint64_t number = 1;
    for (uint32_t i = 1; i <= 8; i++)
        start(i, main);
    for (uint32_t i = 0; i < 20000; i++) {
        number = number * 6364136223846793005u + 1442695040888963407u;
        lock_uid a = 1 + (number >> 33) % 300, b = 1 + (number >> 45) % 300;
        bool a_first = a * 7919 % 307 < b * 7919 % 307;
        if (a != b)
            take_both(&actors[1 + i % 8], a_first ? a : b, a_first ? b : a);
    }
    assert_int_equal(lockgraph_stats(f->graph).searches, 0);
    assert_true(lockgraph_order_count(f->graph, UINT64_MAX) > 5000);
    assert_true(lockgraph_is_valid(f->graph));
}

/* A lock under which very many others are taken does not make each search long, on whichever side of it. */
static void a_popular_lock(void **state)
{
    (void)state;
    const struct lockgraph_limits limits = {.search_steps = 1000};
    struct fixture *f = begin(&limits);
    struct actor *main = start(0, NULL), *other = start(1, main);
    const lock_uid outer = 1, inner = 2;
    for (lock_uid uid = 10; uid < 50000; uid++) {
        take_both(main, outer, uid);
        take_both(main, uid, inner);
    }
    take_both(main, outer, 5);
    take_both(main, 6, inner);
    take_both(other, 5, outer);
    assert_int_equal(f->cycles, 1);
    take_both(other, inner, 6);
    assert_int_equal(f->cycles, 2);
    assert_int_equal(lockgraph_stats(f->graph).cut, 0);
}

/* --- ends and shortages ------------------------------------------------------------------------------------ */

static void a_fork_begins_anew(void **state)
{
    (void)state;
    struct fixture *f = begin(NULL);
    struct actor *main = start(0, NULL), *gone = start(1, main);
    take_both(gone, 1, 2);
    lockgraph_forked(f->graph);
    take_both(main, 2, 1);
    assert_int_equal(f->cycles, 0);
    struct actor *child = start(2, main);
    take_both(child, 1, 2);
    take_both(main, 2, 1); /* under a later clock than before it created the child */
    assert_int_equal(f->cycles, 1);
}

static void too_many_nodes(void **state)
{
    (void)state;
    const struct lockgraph_limits limits = {.nodes = 50};
    struct fixture *f = begin(&limits);
    struct actor *main = start(0, NULL), *other = start(1, main);
    take_both(main, 1, 2);
    take_both(other, 2, 1);
    for (lock_uid uid = 10; uid < 100; uid++)
        take(main, uid);
    assert_int_equal(f->cycles, 1);
    assert_true(lockgraph_stats(f->graph).full > 0);
    assert_true(lockgraph_stats(f->graph).nodes < 50);
    assert_true(lockgraph_is_valid(f->graph));
}

/* Ever new combinations: their number stays bounded, pairs stay known, and what is taken again counts again. */
static void deep_nodes_give_way(void **state)
{
    (void)state;
    enum { LOCKS = 40, BOUND = 2000 };
    const struct lockgraph_limits limits = {.deep_nodes = BOUND};
    struct fixture *f = begin(&limits);
    struct actor *main = start(0, NULL), *other = start(1, main);
    take_both(main, 1, 2);
    take(main, 1), take(main, 2), take(main, 3);
    lg_node deep = main->nodes[2];
    drop_all(main);
    uint64_t random = 1;
    for (uint32_t turn = 0; turn < 20000; turn++) {
        for (lock_uid uid = 4; uid < LOCKS; uid += 1 + (random >> 60))
            take(main, uid), random = random * 6364136223846793005u + 1442695040888963407u;
        drop_all(main);
        lg_cache_clear(&main->cache, f->graph);
        assert_true(lockgraph_stats(f->graph).nodes <= BOUND + LOCKS);
    }
    assert_true(lockgraph_stats(f->graph).forgotten > BOUND);
    assert_int_equal(lockgraph_stats(f->graph).full, 0);
    assert_false(lockgraph_alive(f->graph, deep));
    assert_int_equal(f->cycles, 0);
    take_both(other, 2, 1);
    assert_int_equal(f->cycles, 1);
    take(main, 1), take(main, 2), take(main, 3);
    drop_all(main);
    take_both(other, 3, 2);
    assert_true(f->cycles > 1);
    assert_true(lockgraph_is_valid(f->graph));
}

static void out_of_memory(void **state)
{
    (void)state;
    struct fixture *f = begin(NULL);
    struct actor *main = start(0, NULL), *other = start(1, main);
    f->arena.limit = f->arena.reserved;
    for (lock_uid uid = 1; uid < 20000; uid++) {
        take_both(main, uid, uid + 1);
        take_both(other, uid + 1, uid);
    }
    assert_true(lockgraph_stats(f->graph).full > 0);
    assert_true(lockgraph_is_valid(f->graph));
}

/* 36 threads take every two neighbours of a ring of 40: very many ways round, all with too few threads. */
static void searches_end(void **state)
{
    (void)state;
    const struct lockgraph_limits limits = {.search_steps = 5000};
    struct fixture *f = begin(&limits);
    struct actor *main = start(0, NULL);
    for (uint32_t i = 1; i <= 36; i++)
        start(i, main);
    for (uint32_t lock = 0; lock < 40; lock++)
        for (uint32_t i = 1; i <= 36; i++)
            take_both(&actors[i], lock + 1, (lock + 1) % 40 + 1);
    assert_int_equal(f->cycles, 0);
    assert_true(lockgraph_stats(f->graph).cut > 0);
}

/* Cycles of two are found even when there is no time to look round. */
static void pairs_without_time(void **state)
{
    (void)state;
    const struct lockgraph_limits limits = {.search_steps = 40};
    struct fixture *f = begin(&limits);
    struct actor *main = start(0, NULL), *other = start(1, main), *third = start(2, main);
    for (lock_uid uid = 100; uid < 400; uid++)
        for (lock_uid next = uid + 1; next < uid + 4; next++)
            take_both(uid % 2 ? main : third, uid, next);
    take_both(other, 301, 300);
    assert_true(lockgraph_stats(f->graph).cut > 0);
    assert_int_equal(f->cycles, 1);
    assert_int_equal(f->length, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_locks_and_their_finding),
        cmocka_unit_test(reader_behind_a_writer),
        cmocka_unit_test(names_of_cycles),
        cmocka_unit_test(rings_of_any_length),
        cmocka_unit_test(a_thousand_held),
        cmocka_unit_test(locks_that_die),
        cmocka_unit_test(nodes_of_dead_locks),
        cmocka_unit_test(many_threads_in_sequence),
        cmocka_unit_test(one_order_needs_no_search),
        cmocka_unit_test(a_popular_lock),
        cmocka_unit_test(a_fork_begins_anew),
        cmocka_unit_test(too_many_nodes),
        cmocka_unit_test(deep_nodes_give_way),
        cmocka_unit_test(out_of_memory),
        cmocka_unit_test(searches_end),
        cmocka_unit_test(pairs_without_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
