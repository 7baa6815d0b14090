/* SPDX-License-Identifier: MIT */
/* The acquisition tree: nodes, instances, the threads' caches, locks that die; see lockgraph.h.
 *
 * Which instances a node keeps. A later instance of the same thread, or of one that comes after it by the
 * hard clock, stands for the earlier one against everything still to come: what is not ordered after
 * the earlier one is not ordered after the later one either. The earlier one can matter only beside
 * instances that exist already, in cycles of three and more. So: of each thread the first few and the latest;
 * when the node is full, one that is ordered before the newcomer goes, else one of the later half, in
 * turn.
 *
 * Which nodes give way when there are many: leaves for three locks and more, in the order of their numbers. Each two locks
 * that are taken in each other's scope by nothing but such nodes are then forgotten until they are taken like that again;
 * nodes for one and two locks stay, of which there cannot be ever new ones without ever new locks. */
#include "analysis/lockgraph.h"

#include <string.h>

#include "analysis/lockgraph_tree.h"
#include "base/hash.h"

#define RETRIES_MAX ((1u << 13) - 1)
#define FIRST_CACHE_ENTRIES 32u
#define LAST_CACHE_ENTRIES 32768u
#define LAST_GENERATION ((1u << LG_GENERATION_BITS) - 1)

/* --- caches ------------------------------------------------------------------------------------------ */

void lg_cache_clear(struct lg_cache *cache, struct lockgraph *graph)
{
    if (cache->entries)
        arena_free(graph->arena, cache->entries, (cache->mask + 1) * sizeof(*cache->entries));
    memset(cache, 0, sizeof(*cache));
}

/* The newest comes first; the others move on one place each, and the last one out. */
static void place(const struct lockgraph *graph, struct lg_cache *cache,
                  const struct lg_cache_entry *entry)
{
    struct lg_cache_entry *first = &cache->entries[lg_cache_index(cache, entry->step)], *at = first;
    struct lg_cache_entry *last = first + LG_WAYS - 1;
    while (at < last && at->result && at->step != entry->step)
        at++;
    cache->conflicts += at->result && at->step != entry->step &&
                        lockgraph_alive(graph, at->result >> LG_RESULT_EPOCH_BITS);
    memmove(first + 1, first, (size_t)(at - first) * sizeof(*first));
    *first = *entry;
}

/* Twice the size, entries kept. False without memory. */
static bool grow_cache(struct lockgraph *graph, struct lg_cache *cache)
{
    uint32_t old_count = cache->entries ? cache->mask + 1 : 0;
    uint32_t count = old_count ? old_count * 2 : FIRST_CACHE_ENTRIES;
    struct lg_cache larger = {.mask = count - 1};
    larger.entries = arena_alloc(graph->arena, count * sizeof(*larger.entries));
    if (!larger.entries)
        return false;
    for (uint32_t i = 0; i < old_count; i++)
        if (cache->entries[i].result)
            place(graph, &larger, &cache->entries[i]);
    lg_cache_clear(cache, graph);
    *cache = larger;
    return true;
}

static void remember(struct lockgraph *graph, struct lg_cache *cache, lg_node from, uint64_t key,
                     uint32_t epoch, lg_node child)
{
    if (!cache->entries && !grow_cache(graph, cache))
        return;
    if (cache->conflicts > cache->mask / 4 && cache->mask < LAST_CACHE_ENTRIES - 1)
        (void)grow_cache(graph, cache);
    if (++cache->insertions > cache->mask)
        cache->insertions = cache->conflicts = 0;
    place(graph, cache, &(struct lg_cache_entry){
                            .step = lg_step(from, key),
                            .result = child << LG_RESULT_EPOCH_BITS | lg_epoch(key, epoch)});
}

/* --- nodes and locks --------------------------------------------------------------------------------- */

/* NULL: the node is gone. */
static struct tree_node *resolve(const struct lockgraph *graph, lg_node handle)
{
    uint32_t index = (uint32_t)handle & ((1u << LG_INDEX_BITS) - 1);
    if (index >= graph->node_count)
        return NULL;
    struct tree_node *node = &graph->chunks[index / NODES_PER_CHUNK][index % NODES_PER_CHUNK];
    return node->generation == handle >> LG_INDEX_BITS ? node : NULL;
}

bool lockgraph_alive(const struct lockgraph *graph, lg_node handle)
{
    return resolve(graph, handle) != NULL;
}

/* A node with a number of its own. A reused one keeps its generation, which its removal raised; after the last one
 * it is not used again. */
static struct tree_node *take_node(struct lockgraph *graph)
{
    struct tree_node *node = graph->unused;
    if (node) {
        graph->unused = node->next_sibling;
        node->next_sibling = NULL;
        return node;
    }
    uint32_t index = graph->node_count, chunk = index / NODES_PER_CHUNK;
    if (index >= graph->limits.nodes)
        return NULL;
    if (index % NODES_PER_CHUNK == 0) {
        graph->chunks[chunk] = arena_alloc(graph->arena, NODES_PER_CHUNK * sizeof(*node));
        if (!graph->chunks[chunk])
            return NULL;
    }
    node = &graph->chunks[chunk][index % NODES_PER_CHUNK];
    node->index = index;
    graph->node_count++;
    return node;
}

static uint64_t lock_key(lock_uid uid) { return hash_mix(uid, 0); }

static uint64_t node_key(const struct tree_node *parent, lock_uid uid, bool shared)
{
    return hash_mix(tree_handle(parent), uid << 1 | shared);
}

static struct tree_lock *find_lock(const struct lockgraph *graph, lock_uid uid)
{
    struct chain_link *link = chains_find(&graph->locks, lock_key(uid));
    while (link && chain_entry(link, struct tree_lock, link)->uid != uid)
        link = chains_next(link);
    return link ? chain_entry(link, struct tree_lock, link) : NULL;
}

static struct tree_lock *find_or_add_lock(struct lockgraph *graph, lock_uid uid)
{
    struct tree_lock *lock = find_lock(graph, uid);
    if (lock)
        return lock;
    lock = arena_alloc(graph->arena, sizeof(*lock));
    if (!lock)
        return NULL;
    lock->uid = uid;
    lock->rank = graph->last_rank < UINT32_MAX ? ++graph->last_rank : UINT32_MAX;
    chains_add(&graph->locks, &lock->link, lock_key(uid));
    graph->stats.locks++;
    return lock;
}

static void remove_lock(struct lockgraph *graph, struct tree_lock *lock)
{
    chains_remove(&graph->locks, &lock->link);
    arena_free(graph->arena, lock, sizeof(*lock));
    graph->stats.locks--;
}

static struct tree_node *find_child(const struct lockgraph *graph, const struct tree_node *parent,
                                    lock_uid uid, bool shared)
{
    struct chain_link *link = chains_find(&graph->nodes, node_key(parent, uid, shared));
    for (; link; link = chains_next(link)) {
        struct tree_node *node = chain_entry(link, struct tree_node, link);
        if (node->parent == parent && node->lock->uid == uid && node->shared == shared)
            return node;
    }
    return NULL;
}

static void link_node(struct lockgraph *graph, struct tree_node *node)
{
    struct tree_node *parent = node->parent;
    struct tree_lock *lock = node->lock;
    node->next_sibling = parent->first_child;
    if (node->next_sibling)
        node->next_sibling->previous_sibling = node;
    parent->first_child = node;
    node->next_of_lock = lock->nodes;
    if (node->next_of_lock)
        node->next_of_lock->previous_of_lock = node;
    lock->nodes = node;
    if (parent->lock)
        parent->lock->followed++;
    chains_add(&graph->nodes, &node->link, node_key(parent, lock->uid, node->shared));
    graph->stats.nodes++;
}

static void remove_leaf(struct lockgraph *graph, struct tree_node *node);

#define LOOKS_FOR_A_LEAF 64u

static bool can_give_way(const struct tree_node *node)
{
    return node->lock && !node->first_child && node->parent->lock && node->parent->parent->lock;
}

/* Removes an old leaf, but not `parent`, which is about to get a child. */
static void make_room(struct lockgraph *graph, const struct tree_node *parent)
{
    for (uint32_t i = 0; i < LOOKS_FOR_A_LEAF; i++) {
        graph->hand = graph->hand + 1 < graph->node_count ? graph->hand + 1 : 0;
        struct tree_node *node =
            &graph->chunks[graph->hand / NODES_PER_CHUNK][graph->hand % NODES_PER_CHUNK];
        if (node == parent || !can_give_way(node))
            continue;
        remove_leaf(graph, node);
        graph->stats.forgotten++;
        return;
    }
}

static struct tree_node *add_child(struct lockgraph *graph, struct tree_node *parent, lock_uid uid,
                                   bool shared)
{
    if (graph->stats.nodes >= graph->limits.deep_nodes)
        make_room(graph, parent);
    struct tree_lock *lock = find_or_add_lock(graph, uid);
    struct tree_node *node = lock ? take_node(graph) : NULL;
    if (!node) {
        if (lock && !lock->nodes && !lock->not_a_lock)
            remove_lock(graph, lock);
        graph->stats.full++;
        return NULL;
    }
    node->parent = parent;
    node->lock = lock;
    node->shared = shared;
    link_node(graph, node);
    return node;
}

static struct tree_node *find_or_add_child(struct lockgraph *graph, struct tree_node *parent,
                                           lock_uid uid, bool shared)
{
    struct tree_node *node = find_child(graph, parent, uid, shared);
    return node ? node : add_child(graph, parent, uid, shared);
}

static void unlink_node(struct lockgraph *graph, struct tree_node *node)
{
    if (node->previous_sibling)
        node->previous_sibling->next_sibling = node->next_sibling;
    else
        node->parent->first_child = node->next_sibling;
    if (node->next_sibling)
        node->next_sibling->previous_sibling = node->previous_sibling;
    if (node->previous_of_lock)
        node->previous_of_lock->next_of_lock = node->next_of_lock;
    else
        node->lock->nodes = node->next_of_lock;
    if (node->next_of_lock)
        node->next_of_lock->previous_of_lock = node->previous_of_lock;
    if (node->parent->lock)
        node->parent->lock->followed--;
    chains_remove(&graph->nodes, &node->link);
    graph->stats.nodes--;
}

/* --- instances --------------------------------------------------------------------------------------- */

static void free_instance(struct lockgraph *graph, struct tree_node *node,
                          struct lg_instance *instance)
{
    vc_time_clear(graph->clocks, &instance->time);
    arena_free(graph->arena, instance, sizeof(*instance));
    node->instance_count--;
    node->lock->wanted--;
    graph->stats.instances--;
}

static void remove_instance(struct lockgraph *graph, struct tree_node *node,
                            struct lg_instance *instance)
{
    struct lg_instance **at = &node->instances;
    while (*at != instance)
        at = &(*at)->next;
    *at = instance->next;
    free_instance(graph, node, instance);
}

static void remove_old_eras(struct lockgraph *graph, struct tree_node *node)
{
    for (struct lg_instance *instance = node->instances, *next; instance; instance = next) {
        next = instance->next;
        if (instance->era != graph->era)
            remove_instance(graph, node, instance);
    }
}

/* NULL for no stacks, or when out of memory. */
static const struct trail *intern_trail(struct lockgraph *graph, const struct lg_held *held,
                                        uint32_t count)
{
    const struct trail *outer = NULL;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t key = hash_mix((uintptr_t)outer, held[i].stack);
        struct trail *trail = NULL;
        for (struct chain_link *link = chains_find(&graph->trails, key); link;
             link = chains_next(link)) {
            trail = chain_entry(link, struct trail, link);
            if (trail->outer == outer && trail->stack == held[i].stack)
                break;
            trail = NULL;
        }
        if (!trail) {
            trail = arena_alloc(graph->arena, sizeof(*trail));
            if (!trail)
                return NULL;
            trail->outer = outer;
            trail->stack = held[i].stack;
            chains_add(&graph->trails, &trail->link, key);
            graph->stats.trails++;
        }
        outer = trail;
    }
    return outer;
}

static void fill_instance(struct lockgraph *graph, struct lg_instance *instance,
                          const struct lg_request *request)
{
    vc_time_clear(graph->clocks, &instance->time);
    vc_now(request->clock, &instance->time);
    instance->trail = intern_trail(graph, request->held, request->held_count);
    instance->thread = request->thread;
    instance->stack = request->stack;
    instance->era = graph->era;
}

/* Makes room in a full node: see the top of this file. */
static void evict(struct lockgraph *graph, struct tree_node *node, const struct vc_clock *clock)
{
    struct lg_instance *victim = NULL;
    for (struct lg_instance *i = node->instances; i && !victim; i = i->next)
        if (vc_knows(clock, &i->time))
            victim = i;
    if (!victim) { /* newest first: the last of the later half is the oldest of it */
        victim = node->instances;
        for (uint32_t i = 1; i < graph->limits.instances / 2 && victim->next; i++)
            victim = victim->next;
    }
    remove_instance(graph, node, victim);
}

static void note_thread(struct lockgraph *graph, thread_id thread)
{
    uint32_t i = 0;
    while (i < graph->thread_count && graph->threads[i] != thread)
        i++;
    if (i == graph->thread_count && i < THREADS_MAX)
        graph->threads[graph->thread_count++] = thread;
}

static struct lg_instance *add_instance(struct lockgraph *graph, struct tree_node *node,
                                        const struct lg_request *request)
{
    if (node->instance_count >= graph->limits.instances)
        evict(graph, node, request->clock);
    struct lg_instance *instance = arena_alloc(graph->arena, sizeof(*instance));
    if (!instance) {
        graph->stats.full++;
        return NULL;
    }
    fill_instance(graph, instance, request);
    instance->next = node->instances;
    node->instances = instance;
    node->instance_count++;
    node->lock->wanted++;
    graph->stats.instances++;
    note_thread(graph, request->thread);
    if (node->instance_count == 1)
        lg_order_add(graph, node);
    return instance;
}

static bool is_same_moment(const struct lg_instance *instance, const struct vc_clock *clock)
{
    return instance->time.slot_plus_1 == clock->slot + 1 && instance->time.epoch == clock->epoch;
}

/* Whether an acquisition that was there before under an earlier clock is worth another search. */
static bool is_time_to_retry(const struct lockgraph *graph, struct tree_node *node,
                             const struct lg_request *request)
{
    if (!node->retry)
        return false;
    if (node->retries < RETRIES_MAX)
        node->retries++;
    return node->retries <= graph->limits.retries || request->clock->epoch % 64 == 0;
}

/* Enters that the thread came here now; searches if that can close a cycle that was not there. */
static void record(struct lockgraph *graph, struct tree_node *node,
                   const struct lg_request *request)
{
    remove_old_eras(graph, node);
    struct lg_instance *latest = NULL;
    uint32_t own = 0;
    for (struct lg_instance *instance = node->instances; instance; instance = instance->next) {
        if (instance->thread != request->thread)
            continue;
        if (is_same_moment(instance, request->clock))
            return;
        if (!latest)
            latest = instance;
        own++;
    }
    if (latest && own >= graph->limits.thread_instances)
        fill_instance(graph, latest, request);
    else
        latest = add_instance(graph, node, request);
    if (graph->allowance < ALLOWANCE_MAX)
        graph->allowance += ALLOWANCE_EACH;
    if (latest && (own == 0 || is_time_to_retry(graph, node, request)))
        lg_search(graph, node, latest);
}

/* --- acquisitions ------------------------------------------------------------------------------------ */

/* Waiting for a lock while holding nothing blocks nobody, but a writer of a writer-first rwlock does. */
static bool can_block_others(const struct tree_node *node)
{
    return node->parent->lock || (node->lock->writer_first && !node->shared);
}

lg_node lockgraph_acquire(struct lockgraph *graph, struct lg_cache *cache, lg_node from,
                          const struct lg_request *request)
{
    struct tree_node *parent = resolve(graph, from);
    if (!parent)
        return LG_UNKNOWN;
    struct tree_node *node =
        find_or_add_child(graph, parent, request->uid, request->flags & LG_SHARED);
    if (!node)
        return LG_UNKNOWN;
    if (request->flags & LG_WRITER_FIRST)
        node->lock->writer_first = true;
    if (request->flags & LG_WAITS && can_block_others(node) && !node->lock->not_a_lock)
        record(graph, node, request);
    remember(graph, cache, from, lg_key(request->uid, request->flags), request->clock->epoch,
             tree_handle(node));
    return tree_handle(node);
}

lg_node lockgraph_child(struct lockgraph *graph, struct lg_cache *cache, lg_node from, lock_uid uid,
                        unsigned flags)
{
    struct tree_node *parent = resolve(graph, from);
    struct tree_node *node =
        parent ? find_or_add_child(graph, parent, uid, flags & LG_SHARED) : NULL;
    if (!node)
        return LG_UNKNOWN;
    remember(graph, cache, from, lg_key(uid, flags & LG_SHARED), 0, tree_handle(node));
    return tree_handle(node);
}

/* --- ends -------------------------------------------------------------------------------------------- */

static void remove_leaf(struct lockgraph *graph, struct tree_node *node)
{
    struct tree_lock *lock = node->lock;
    while (node->instances)
        remove_instance(graph, node, node->instances);
    lg_order_remove(graph, node);
    unlink_node(graph, node);
    if (!lock->nodes && !lock->not_a_lock)
        remove_lock(graph, lock);
    uint32_t index = node->index, generation = node->generation + 1;
    memset(node, 0, sizeof(*node));
    node->index = index;
    node->generation = generation;
    if (generation > LAST_GENERATION)
        return;
    node->next_sibling = graph->unused;
    graph->unused = node;
}

static void remove_subtree(struct lockgraph *graph, struct tree_node *top)
{
    struct tree_node *stop = top->parent, *node = top;
    while (node != stop) {
        struct tree_node *parent = node->parent;
        if (node->first_child) {
            node = node->first_child;
            continue;
        }
        remove_leaf(graph, node);
        node = node == top ? stop : parent;
    }
}

/* Distinct locks taken while `lock` was held. */
static uint64_t count_followers(struct tree_lock *lock, uint32_t number)
{
    uint64_t count = 0;
    lock->relevant = number; /* itself does not count */
    for (struct tree_node *top = lock->nodes; top; top = top->next_of_lock)
        for (struct tree_node *node = top; node; node = tree_next(top, node))
            if (node->lock->relevant != number) {
                node->lock->relevant = number;
                count++;
            }
    return count;
}

/* Distinct locks that were held when `lock` was taken. */
static uint64_t count_leaders(struct tree_lock *lock, uint32_t number)
{
    uint64_t count = 0;
    lock->relevant = number;
    for (struct tree_node *top = lock->nodes; top; top = top->next_of_lock)
        for (struct tree_node *node = top->parent; node->lock; node = node->parent)
            if (node->lock->relevant != number) {
                node->lock->relevant = number;
                count++;
            }
    return count;
}

void lockgraph_lock_dead(struct lockgraph *graph, lock_uid uid)
{
    struct tree_lock *lock = find_lock(graph, uid);
    if (!lock)
        return;
    graph->orders_gone += count_followers(lock, ++graph->search);
    graph->orders_gone += count_leaders(lock, ++graph->search);
    lock->not_a_lock = true; /* keeps the record until its last node is gone */
    while (lock->nodes)
        remove_subtree(graph, lock->nodes);
    remove_lock(graph, lock);
}

void lockgraph_not_a_lock(struct lockgraph *graph, lock_uid uid)
{
    struct tree_lock *lock = find_or_add_lock(graph, uid);
    if (!lock || lock->not_a_lock)
        return;
    lock->not_a_lock = true;
    for (struct tree_node *top = lock->nodes; top; top = top->next_of_lock)
        for (struct tree_node *node = top; node; node = tree_next(top, node))
            for (struct lg_instance *instance = node->instances; instance; instance = instance->next)
                lg_search(graph, node, instance);
}

void lockgraph_forked(struct lockgraph *graph) { graph->era++; }

/* --- what there is ------------------------------------------------------------------------------------ */

static uint32_t depth_of(const struct tree_node *node)
{
    uint32_t depth = 0;
    for (; node->lock; node = node->parent)
        depth++;
    return depth;
}

uint32_t lockgraph_held(const struct lg_cycle *cycle, const struct lg_member *member,
                        struct lg_held *out, uint32_t max)
{
    const struct tree_node *held = resolve(cycle->graph, member->node)->parent;
    const struct trail *trail = member->instance->trail;
    uint32_t count = depth_of(held), written = count < max ? count : max;
    for (uint32_t i = written; i-- > 0; held = held->parent) {
        out[i] = (struct lg_held){.uid = held->lock->uid,
                                  .stack = trail ? trail->stack : STACK_NONE,
                                  .mode = held->shared ? MODE_SHARED : MODE_EXCLUSIVE};
        trail = trail ? trail->outer : NULL;
    }
    return count;
}

struct lockgraph_stats lockgraph_stats(const struct lockgraph *graph) { return graph->stats; }

uint64_t lockgraph_order_count(struct lockgraph *graph, uint64_t max)
{
    uint64_t count = graph->orders_gone;
    for (uint64_t i = 0; i <= graph->locks.mask && count < max; i++)
        for (struct chain_link *link = graph->locks.buckets[i]; link; link = link->next)
            count += count_followers(chain_entry(link, struct tree_lock, link), ++graph->search);
    return count;
}

/* --- creation ---------------------------------------------------------------------------------------- */

static struct lockgraph_limits limits_of(const struct lockgraph_limits *given)
{
    struct lockgraph_limits limits = given ? *given : (struct lockgraph_limits){0};
    limits.nodes = limits.nodes ? limits.nodes : 1u << LG_INDEX_BITS;
    limits.deep_nodes = limits.deep_nodes ? limits.deep_nodes : 256u << 10;
    limits.search_steps = limits.search_steps ? limits.search_steps : 200000;
    limits.instances = limits.instances ? limits.instances : 64;
    limits.thread_instances = limits.thread_instances ? limits.thread_instances : 4;
    limits.cycles = limits.cycles ? limits.cycles : 16;
    limits.retries = limits.retries ? limits.retries : 256;
    return limits;
}

static bool make_tables(struct lockgraph *graph)
{
    size_t chunks = graph->limits.nodes / NODES_PER_CHUNK + 1;
    graph->chunks = arena_alloc(graph->arena, chunks * sizeof(*graph->chunks));
    if (!graph->chunks || !chains_init(&graph->nodes, graph->arena) ||
        !chains_init(&graph->locks, graph->arena) || !chains_init(&graph->trails, graph->arena))
        return false;
    graph->root = take_node(graph);
    graph->scratch = lg_search_create(graph);
    return graph->root && graph->scratch;
}

struct lockgraph *lockgraph_create(struct arena *arena, struct vc_domain *clocks,
                                   const struct lockgraph_env *env,
                                   const struct lockgraph_limits *limits)
{
    struct lockgraph *graph = arena_alloc(arena, sizeof(*graph));
    if (!graph)
        return NULL;
    graph->arena = arena;
    graph->clocks = clocks;
    graph->env = *env;
    graph->limits = limits_of(limits);
    graph->allowance = ALLOWANCE_MAX;
    return make_tables(graph) ? graph : NULL; /* what was got stays with the arena: nothing runs then */
}

/* --- checks ------------------------------------------------------------------------------------------ */

static bool node_is_valid(const struct lockgraph *graph, const struct tree_node *node)
{
    uint32_t instances = 0;
    for (const struct lg_instance *i = node->instances; i; i = i->next)
        instances++;
    for (const struct tree_node *child = node->first_child; child; child = child->next_sibling)
        if (child->parent != node ||
            (child->previous_sibling ? child->previous_sibling->next_sibling : node->first_child) != child)
            return false;
    return lg_order_is_valid(graph, node) && instances == node->instance_count && instances <= graph->limits.instances &&
           find_child(graph, node->parent, node->lock->uid, node->shared) == node &&
           resolve(graph, tree_handle(node)) == node;
}

static bool lock_is_valid(struct lockgraph *graph, const struct tree_lock *lock, uint64_t *nodes,
                          uint64_t *instances)
{
    uint32_t followed = 0, wanted = 0;
    const struct tree_node *previous = NULL;
    for (const struct tree_node *node = lock->nodes; node; node = node->next_of_lock) {
        if (node->lock != lock || node->previous_of_lock != previous || !node_is_valid(graph, node))
            return false;
        for (const struct tree_node *child = node->first_child; child; child = child->next_sibling)
            followed++;
        wanted += node->instance_count;
        previous = node;
        ++*nodes;
    }
    *instances += wanted;
    return followed == lock->followed && wanted == lock->wanted && lg_search_is_valid(graph, lock);
}

bool lockgraph_is_valid(struct lockgraph *graph)
{
    uint64_t locks = 0, nodes = 0, instances = 0;
    for (uint64_t i = 0; i <= graph->locks.mask; i++)
        for (struct chain_link *link = graph->locks.buckets[i]; link; link = link->next) {
            if (!lock_is_valid(graph, chain_entry(link, struct tree_lock, link), &nodes, &instances))
                return false;
            locks++;
        }
    return locks == graph->stats.locks && nodes == graph->stats.nodes &&
           instances == graph->stats.instances && nodes == graph->nodes.count;
}
