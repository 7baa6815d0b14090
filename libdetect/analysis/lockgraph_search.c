/* SPDX-License-Identifier: MIT */
/* Cycles of the acquisition tree that can deadlock; called by lockgraph.c for an instance that is new.
 *
 * A cycle is a sequence of instances in which each waits for something of the next: the next one holds the
 * lock that it wants (not both for reading), or, for a reader of a writer-first rwlock, waits itself to write
 * that lock. It can happen if each two members
 *   - are of different threads,
 *   - hold nothing in common, but for reading: a common lock is a gate that only one of them gets through,
 *   - are concurrent by the hard clock.
 * Acquisitions that do not wait have no instance. Only cycles without a chord are looked for: if a member
 * blocks another one than its neighbour, the members between them make a shorter cycle, as possible as this
 * one, and that is the mistake to report.
 *
 * Three stages, each of which is left as soon as it says no:
 *   1. the wanted lock was never held while taking another one, or no held lock was ever wanted, or the order
 *      of the locks (lockgraph_order.c) says that there is no way round;
 *   2. reachability (lockgraph_reach.c), without regard to when, but without what the thread itself did, what
 *      lies behind a gate of its own, and what is further away than there are threads: from the wanted lock
 *      forward and from the held locks backward, a step here and a step there, until one side, usually a
 *      small one, is exhausted;
 *   3. depth first over the instances that lie between, in the direction that was exhausted.
 * Stages 2 and 3 together stop after limits.search_steps steps, or fewer when searches have taken too much of
 * the program's time (lockgraph.allowance); cycles of two are looked for all the same. No recursion: the
 * stack is the program's. */
#include "analysis/lockgraph_search.h"

struct lg_search *lg_search_create(struct lockgraph *graph)
{
    return arena_alloc(graph->arena, sizeof(struct lg_search));
}

/* --- stage 1 ----------------------------------------------------------------------------------------- */

static bool is_any_blocked_by(const struct tree_node *node)
{
    if (is_blocking_writer(node))
        return true;
    for (const struct tree_node *held = node->parent; held->lock; held = held->parent)
        if (held->lock->wanted)
            return true;
    return false;
}

/* --- stage 3: who, with what, when ------------------------------------------------------------------- */

/* Whether `waiting` waits for something that `other` holds, or waits for first. */
static bool is_blocked_by(const struct tree_node *waiting, const struct tree_node *other)
{
    const struct tree_lock *lock = waiting->lock;
    if (other->lock == lock && is_blocking_writer(other) && waiting->shared)
        return true;
    for (const struct tree_node *held = other->parent; held->lock; held = held->parent)
        if (held->lock == lock && modes_conflict(waiting->shared, held->shared))
            return true;
    return false;
}

/* Whether a cycle of this length may grow: each member needs a thread of its own. */
static bool can_grow(const struct lg_search *search, uint32_t length)
{
    return search->other_count == OTHERS_MAX || length <= search->other_count;
}

/* Whether it may block, or be blocked by, others than the step it is to follow. `closes` says if the
 * candidate blocks (backward) or is blocked by (forward) the first step, which is what we look for. */
static bool has_chord(const struct lg_search *search, const struct tree_node *node, bool *closes)
{
    uint32_t last = search->depth - 1;
    bool forward = search->direction == FORWARD;
    *closes = false;
    for (uint32_t i = 0; i < search->depth; i++) {
        const struct tree_node *member = search->steps[i].node;
        bool blocked = is_blocked_by(node, member), blocks = is_blocked_by(member, node);
        bool onward = forward ? blocked : blocks, from = forward ? blocks : blocked;
        if ((from && i != last) || (onward && i != 0))
            return true;
        if (onward)
            *closes = true;
    }
    return false;
}

static bool is_same_thread(const struct lg_search *search, const struct lg_instance *instance)
{
    for (uint32_t i = 0; i < search->depth; i++)
        if (search->steps[i].instance->thread == instance->thread)
            return true;
    return false;
}

/* Whether it is concurrent with all members. If not, a later acquisition may be. */
static bool is_ordered(struct lg_search *search, struct tree_node *node,
                       const struct lg_instance *instance)
{
    bool ordered = false;
    for (uint32_t i = 0; i < search->depth; i++)
        if (!vc_concurrent(&search->steps[i].instance->time, &instance->time)) {
            search->steps[i].node->retry = true;
            node->retry = true;
            ordered = true;
        }
    return ordered;
}

static void mark_member(const struct tree_node *node, int change)
{
    for (const struct tree_node *held = node->parent; held->lock; held = held->parent)
        if (held->shared)
            held->lock->held_shared = (uint16_t)(held->lock->held_shared + change);
        else
            held->lock->held_exclusive = (uint16_t)(held->lock->held_exclusive + change);
}

/* False when out of memory. */
static bool grow_steps(struct lockgraph *graph)
{
    struct lg_search *search = graph->scratch;
    uint32_t old = search->capacity, larger = old ? old * 2 : 32;
    struct step *steps = arena_grow(graph->arena, search->steps, old * sizeof(*steps),
                                    larger * sizeof(*steps));
    if (!steps)
        return false;
    search->steps = steps;
    struct lg_member *members = arena_grow(graph->arena, search->members, old * sizeof(*members),
                                           larger * sizeof(*members));
    if (!members) { /* the larger steps are used as the old size */
        search->steps = arena_grow(graph->arena, steps, larger * sizeof(*steps),
                                   old * sizeof(*steps));
        search->steps = search->steps ? search->steps : steps;
        return false;
    }
    search->members = members;
    search->capacity = larger;
    return true;
}

static bool push(struct lockgraph *graph, struct tree_node *node, struct lg_instance *instance)
{
    struct lg_search *search = graph->scratch;
    if (search->depth == search->capacity && !grow_steps(graph)) {
        graph->stats.full++;
        return false;
    }
    search->steps[search->depth++] = (struct step){.node = node, .instance = instance};
    mark_member(node, 1);
    return true;
}

static void pop(struct lg_search *search)
{
    search->depth--;
    mark_member(search->steps[search->depth].node, -1);
}

/* --- candidates -------------------------------------------------------------------------------------- */

/* The next node in which a neighbour of the step may be found; NULL: there is none. */
static struct tree_node *next_node_forward(const struct lockgraph *graph, struct step *step)
{
    struct tree_node *top = step->top, *at = step->candidate;
    if (!at)
        top = step->node->lock->nodes;
    else if (at->relevant != graph->search || is_gate(at) || (at == top && is_guarded(top)))
        at = tree_skip(top, at); /* nobody below matters, or is free to wait there */
    else if (at == top && !modes_conflict(step->node->shared, top->shared))
        at = NULL; /* a reader and a reader: only a writer that waits at the top was of interest */
    else
        at = tree_next(top, at);
    if (!at) {
        if (step->candidate)
            top = top->next_of_lock;
        at = top;
    }
    step->top = top;
    return at;
}

static struct tree_node *next_node_backward(struct step *step)
{
    struct tree_node *at = step->candidate ? step->candidate->next_of_lock : NULL;
    if (!step->top) {
        step->top = is_blocking_writer(step->node) ? step->node : step->node->parent;
        at = step->top->lock ? step->top->lock->nodes : NULL;
    }
    while (!at && step->top->lock) {
        step->top = step->top->parent;
        at = step->top->lock ? step->top->lock->nodes : NULL;
    }
    return at;
}

/* Whether the candidate node is a neighbour in kind: whoever waits there is blocked as it should be. */
static bool is_neighbour(const struct lg_search *search, const struct step *step,
                         const struct tree_node *candidate)
{
    if (candidate->lock->not_a_lock)
        return false;
    if (search->direction == FORWARD)
        return is_blocked_by(step->node, candidate);
    return is_blocked_by(candidate, step->node);
}

/* The next instance that may extend the cycle at this step; NULL: there is none, or no budget. */
static struct lg_instance *next_candidate(struct lockgraph *graph, struct step *step)
{
    struct lg_search *search = graph->scratch;
    while (!step->next) {
        if (!spend(search))
            return NULL;
        step->candidate = search->direction == FORWARD ? next_node_forward(graph, step)
                                                       : next_node_backward(step);
        if (!step->candidate)
            return NULL;
        if (step->candidate->relevant == graph->search &&
            is_neighbour(search, step, step->candidate))
            step->next = step->candidate->instances;
    }
    if (!spend(search))
        return NULL;
    struct lg_instance *instance = step->next;
    step->next = instance->next;
    return instance;
}

/* --- closed cycles ----------------------------------------------------------------------------------- */

static struct lg_held find_held(const struct step *holder, const struct tree_node *waiting)
{
    const struct trail *trail = holder->instance->trail;
    struct lg_held found = {0};
    for (const struct tree_node *held = holder->node->parent; held->lock; held = held->parent) {
        if (held->lock == waiting->lock && modes_conflict(held->shared, waiting->shared))
            found = (struct lg_held){.uid = held->lock->uid,
                                     .stack = trail ? trail->stack : STACK_NONE,
                                     .mode = held->shared ? MODE_SHARED : MODE_EXCLUSIVE};
        trail = trail ? trail->outer : NULL;
    }
    return found;
}

/* The member of one step, whose predecessor in the order of waiting is `before`. */
static struct lg_member member_of(const struct step *step, const struct step *before)
{
    const struct tree_node *node = step->node;
    return (struct lg_member){
        .thread = step->instance->thread,
        .wants = node->lock->uid,
        .wants_mode = node->shared ? MODE_SHARED : MODE_EXCLUSIVE,
        .wants_stack = step->instance->stack,
        .holds = find_held(step, before->node),
        .node = tree_handle(node),
        .instance = step->instance,
    };
}

/* The same locks in the same order are the same mistake, whoever takes them: told once per search. */
static bool is_news(struct lg_search *search)
{
    lock_uid uids[NEWS_MAX];
    uint32_t length = search->depth < NEWS_MAX ? search->depth : NEWS_MAX;
    for (uint32_t i = 0; i < length; i++)
        uids[i] = search->steps[search->direction == FORWARD ? i : length - 1 - i].node->lock->uid;
    uint64_t key = lockgraph_locks_key(uids, length);
    for (uint32_t i = 0; i < search->found && i < NEWS_MAX; i++)
        if (search->told[i] == key)
            return false;
    if (search->found < NEWS_MAX)
        search->told[search->found] = key;
    return true;
}

static void hand_over(struct lockgraph *graph)
{
    struct lg_search *search = graph->scratch;
    uint32_t length = search->depth;
    bool forward = search->direction == FORWARD;
    for (uint32_t i = 0; i < length; i++) { /* steps[0] first, then in the order of waiting */
        uint32_t at = forward ? i : (length - i) % length;
        uint32_t before = forward ? (i + length - 1) % length : (at + 1) % length;
        search->members[i] = member_of(&search->steps[at], &search->steps[before]);
    }
    for (uint32_t i = 0; i < length; i++)
        search->members[i].behind_writer = !search->members[(i + 1) % length].holds.uid;
    struct lg_cycle cycle = {.graph = graph, .members = search->members, .length = length};
    search->found++;
    graph->env.on_cycle(graph->env.ctx, &cycle);
}

/* Extends the cycle by a candidate, or closes it. */
static void consider(struct lockgraph *graph, struct tree_node *node, struct lg_instance *instance)
{
    struct lg_search *search = graph->scratch;
    bool closes;
    graph->stats.cycles_checked++;
    if (instance->era != graph->era || is_same_thread(search, instance) || is_guarded(node) ||
        has_chord(search, node, &closes) || (!closes && !can_grow(search, search->depth + 1)) ||
        is_ordered(search, node, instance)) {
        graph->stats.cycles_pruned++;
        return;
    }
    if (!push(graph, node, instance) || !closes)
        return;
    if (is_news(search))
        hand_over(graph);
    pop(search);
    /* Other instances of the node that closes it make the same cycle. */
    search->steps[search->depth - 1].next = NULL;
}

static void extend(struct lockgraph *graph)
{
    struct lg_search *search = graph->scratch;
    while (search->depth && search->found < graph->limits.cycles) {
        struct step *step = &search->steps[search->depth - 1];
        struct lg_instance *instance = next_candidate(graph, step);
        if (instance)
            consider(graph, step->candidate, instance);
        else if (search->budget)
            pop(search);
        else
            break;
    }
}

/* Cycles of two, among what was visited on one side: they come first, and also when there was no time for
 * others. Leaves nothing but the start. */
static void look_at_pairs(struct lockgraph *graph, enum direction direction)
{
    struct lg_search *search = graph->scratch;
    const struct lg_list *visited = &search->frontiers[direction].visited;
    struct step *start = &search->steps[0];
    search->direction = FORWARD;
    for (uint32_t i = 0; i < visited->count && search->found < graph->limits.cycles; i++) {
        struct tree_node *node = visited->items[i];
        if (!is_neighbour(search, start, node) || !is_blocked_by(node, start->node))
            continue;
        for (start->next = node->instances; start->next;) {
            struct lg_instance *instance = start->next;
            start->next = instance->next;
            consider(graph, node, instance);
        }
    }
}

static void look_further(struct lockgraph *graph, struct tree_node *node, enum direction direction)
{
    struct lg_search *search = graph->scratch;
    search->direction = direction;
    search->steps[0].next = NULL;
    if (lg_mark_between(graph, node))
        extend(graph);
}

static void begin_search(struct lockgraph *graph, const struct lg_instance *instance)
{
    struct lg_search *search = graph->scratch;
    graph->stats.searches++;
    graph->search++;
    search->thread = instance->thread;
    search->budget = graph->limits.search_steps;
    if (search->budget > graph->allowance)
        search->budget = graph->allowance > ALLOWANCE_EACH ? (uint32_t)graph->allowance : ALLOWANCE_EACH;
    search->given = search->budget;
    search->found = 0;
    search->other_count = 0;
    search->depth = 0;
}

static void end_search(struct lockgraph *graph)
{
    const struct lg_search *search = graph->scratch;
    uint32_t spent = search->given - search->budget;
    graph->allowance -= spent < graph->allowance ? spent : graph->allowance;
    if (search->budget == 0)
        graph->stats.cut++;
}

void lg_search(struct lockgraph *graph, struct tree_node *node, struct lg_instance *instance)
{
    struct lg_search *search = graph->scratch;
    if (graph->clocks->lost) /* out of memory there: order is missing, and a report might be false */
        return;
    if (!node->lock->followed || node->lock->not_a_lock || !is_any_blocked_by(node) ||
        graph->thread_count < 2 || !lg_order_bounds(graph, node, &search->lowest, &search->highest))
        return;
    begin_search(graph, instance);
    if (push(graph, node, instance)) {
        bool explored = lg_explore(graph, node);
        enum direction direction = search->direction;
        look_at_pairs(graph, direction);
        if (explored)
            look_further(graph, node, direction);
        while (search->depth)
            pop(search);
    }
    end_search(graph);
}

bool lg_search_is_valid(const struct lockgraph *graph, const struct tree_lock *lock)
{
    return lock->held_exclusive == 0 && lock->held_shared == 0 &&
           lock->relevant <= graph->search && lock->seen[FORWARD] <= graph->search &&
           lock->seen[BACKWARD] <= graph->search;
}
