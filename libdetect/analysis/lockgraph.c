/* SPDX-License-Identifier: MIT */
/* The acquisition tree; see lockgraph.h. */
#include "analysis/lockgraph.h"

struct lockgraph {
    struct arena *arena;
};

void lg_cache_clear(struct lg_cache *cache, struct lockgraph *graph)
{
    (void)graph;
    cache->entries = NULL;
}

struct lockgraph *lockgraph_create(struct arena *arena, struct vc_domain *clocks,
                                   const struct lockgraph_env *env,
                                   const struct lockgraph_limits *limits)
{
    (void)clocks, (void)env, (void)limits;
    return arena_alloc(arena, sizeof(struct lockgraph));
}

lg_node lockgraph_acquire(struct lockgraph *graph, struct lg_cache *cache, lg_node from,
                          const struct lg_request *request)
{
    (void)graph, (void)cache, (void)from, (void)request;
    return LG_UNKNOWN;
}

lg_node lockgraph_child(struct lockgraph *graph, struct lg_cache *cache, lg_node from, lock_uid uid,
                        unsigned flags)
{
    (void)graph, (void)cache, (void)from, (void)uid, (void)flags;
    return LG_UNKNOWN;
}

void lockgraph_lock_dead(struct lockgraph *graph, lock_uid uid) { (void)graph, (void)uid; }
void lockgraph_not_a_lock(struct lockgraph *graph, lock_uid uid) { (void)graph, (void)uid; }
void lockgraph_forked(struct lockgraph *graph) { (void)graph; }

uint32_t lockgraph_held(const struct lg_cycle *cycle, const struct lg_member *member,
                        struct lg_held *out, uint32_t max)
{
    (void)cycle, (void)member, (void)out, (void)max;
    return 0;
}

struct lockgraph_stats lockgraph_stats(const struct lockgraph *graph)
{
    (void)graph;
    return (struct lockgraph_stats){0};
}

uint64_t lockgraph_order_count(struct lockgraph *graph, uint64_t max)
{
    (void)graph, (void)max;
    return 0;
}

bool lockgraph_is_valid(struct lockgraph *graph) { return graph != NULL; }

void lockgraph_cycle_keys(const struct lg_cycle *cycle, const struct stackdepot *depot,
                          uint64_t keys[2])
{
    (void)cycle, (void)depot;
    keys[0] = keys[1] = 0;
}

uint64_t lockgraph_locks_key(const lock_uid *uids, uint32_t count)
{
    (void)uids;
    return count;
}

void lockgraph_fill_finding(const struct lg_cycle *cycle, struct finding *finding,
                            void (*describe)(void *ctx, lock_uid uid, struct finding_object *object),
                            void *ctx)
{
    (void)cycle, (void)finding, (void)describe, (void)ctx;
}
