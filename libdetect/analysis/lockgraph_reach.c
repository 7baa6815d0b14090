/* SPDX-License-Identifier: MIT */
/* Stage 2 of a search for cycles, reachability; see lockgraph_search.c.
 *
 * Vertices are locks and nodes: a lock leads to the nodes that end in it, a node to its children, and a node
 * with instances to its lock; so the size is that of the tree. Neither side goes on from where the other one
 * started: what lies behind would be cut off by a chord (but writers that wait are found behind their lock). */
#include "analysis/lockgraph_search.h"

bool lg_list_add(struct arena *arena, struct lg_list *list, void *item)
{
    if (list->count == list->capacity) {
        uint32_t larger = list->capacity ? list->capacity * 2 : 256;
        void **grown = arena_grow(arena, list->items, list->capacity * sizeof(*grown),
                                  larger * sizeof(*grown));
        if (!grown)
            return false;
        list->items = grown;
        list->capacity = larger;
    }
    list->items[list->count++] = item;
    return true;
}

static void enqueue(struct lockgraph *graph, enum direction direction, struct tree_lock *lock)
{
    struct frontier *frontier = &graph->scratch->frontiers[direction];
    const struct lg_search *search = graph->scratch;
    if (lock->seen[direction] == graph->search ||
        (direction == FORWARD ? lock->rank > search->highest : lock->rank < search->lowest))
        return;
    lock->seen[direction] = graph->search;
    if (!lg_list_add(graph->arena, &frontier->locks, lock))
        frontier->failed = true;
}

/* The next lock to look at; NULL: none is left, or it is further away than there are threads. */
static struct tree_lock *dequeue(const struct lockgraph *graph, struct frontier *frontier)
{
    if (frontier->looked_at == frontier->locks.count)
        return NULL;
    if (frontier->looked_at == frontier->level_end) {
        if (graph->thread_count < THREADS_MAX && frontier->level + 2 >= graph->thread_count)
            return NULL;
        frontier->level++;
        frontier->level_end = frontier->locks.count;
    }
    return frontier->locks.items[frontier->looked_at++];
}

/* On to the next node that ends in a reached lock. False: there is none. */
static bool next_top(const struct lockgraph *graph, struct frontier *frontier)
{
    if (frontier->top)
        frontier->top = frontier->top->next_of_lock;
    while (!frontier->top) {
        struct tree_lock *lock = dequeue(graph, frontier);
        if (!lock)
            return false;
        frontier->top = lock->nodes;
    }
    frontier->node = frontier->top;
    return true;
}

/* Whether another thread than the one that searches waits there. */
static bool has_others(const struct lockgraph *graph, const struct tree_node *node)
{
    for (const struct lg_instance *i = node->instances; i; i = i->next)
        if (i->thread != graph->scratch->thread && i->era == graph->era)
            return true;
    return false;
}

/* The next node to look at: forward, through the subtrees of the nodes that end in a reached lock;
 * backward, from each node where a reached lock is wanted up to the root. What was seen is skipped. NULL:
 * everything was. */
static struct tree_node *advance_forward(struct lockgraph *graph, struct frontier *frontier)
{
    for (;;) {
        while (frontier->node && frontier->node->seen[FORWARD] == graph->search)
            frontier->node = tree_skip(frontier->top, frontier->node);
        if (frontier->node)
            return frontier->node;
        if (!next_top(graph, frontier))
            return NULL;
    }
}

static struct tree_node *advance_backward(struct lockgraph *graph, struct frontier *frontier)
{
    for (;;) {
        struct tree_node *node = frontier->node;
        if (node && node->lock && node->seen[BACKWARD] != graph->search)
            return node;
        if (!next_top(graph, frontier))
            return NULL;
    }
}

/* Whether the thread that searches holds it. During stage 2 no other members are marked. */
static bool is_goal(const struct tree_lock *lock)
{
    return lock->held_exclusive || lock->held_shared;
}

/* Whether the other direction starts at this lock, and nothing behind it matters. */
static bool is_end(const struct lockgraph *graph, enum direction direction,
                   const struct tree_lock *lock)
{
    if (lock->writer_first)
        return false;
    return direction == FORWARD ? is_goal(lock) : lock == graph->scratch->start;
}

/* Forward: the node is reached, as one who waits there and as what is held below it. */
static struct tree_node *visit_forward(struct lockgraph *graph, struct tree_node *top,
                                       struct tree_node *node)
{
    if (node == top && is_guarded(node))
        return NULL;
    if (has_others(graph, node) && !is_end(graph, FORWARD, node->lock))
        enqueue(graph, FORWARD, node->lock);
    return is_gate(node) ? tree_skip(top, node) : tree_next(top, node);
}

/* Backward: somebody waits at the top, holding what is on its path. */
static struct tree_node *visit_backward(struct lockgraph *graph, struct tree_node *node)
{
    if (!is_end(graph, BACKWARD, node->lock))
        enqueue(graph, BACKWARD, node->lock);
    return node->parent;
}

/* One node further. False when there is nothing left: everything that can be reached has been. */
static bool expand(struct lockgraph *graph, enum direction direction)
{
    struct frontier *frontier = &graph->scratch->frontiers[direction];
    struct tree_node *node = direction == FORWARD ? advance_forward(graph, frontier)
                                                  : advance_backward(graph, frontier);
    if (!node) {
        frontier->exhausted = !frontier->failed;
        return false;
    }
    if (direction == BACKWARD && node == frontier->top &&
        (!has_others(graph, node) || is_guarded(node))) {
        frontier->node = NULL; /* nobody of interest waits there, but somebody below may */
        return true;
    }
    node->seen[direction] = graph->search;
    frontier->node = direction == FORWARD ? visit_forward(graph, frontier->top, node)
                                          : visit_backward(graph, node);
    return lg_list_add(graph->arena, &frontier->visited, node);
}

static void begin_frontiers(struct lockgraph *graph, struct tree_node *node)
{
    for (int i = 0; i < 2; i++) {
        struct frontier *frontier = &graph->scratch->frontiers[i];
        frontier->locks.count = frontier->looked_at = frontier->visited.count = 0;
        frontier->level = 0;
        frontier->top = frontier->node = NULL;
        frontier->exhausted = frontier->failed = false;
    }
    graph->scratch->start = node->lock;
    enqueue(graph, FORWARD, node->lock);
    if (is_blocking_writer(node))
        enqueue(graph, BACKWARD, node->lock);
    for (struct tree_node *held = node->parent; held->lock; held = held->parent)
        enqueue(graph, BACKWARD, held->lock);
    for (int i = 0; i < 2; i++)
        graph->scratch->frontiers[i].level_end = graph->scratch->frontiers[i].locks.count;
}

bool lg_explore(struct lockgraph *graph, struct tree_node *start)
{
    struct lg_search *search = graph->scratch;
    enum direction direction = FORWARD;
    begin_frontiers(graph, start);
    search->direction = FORWARD;
    while (expand(graph, direction)) {
        if (!spend(search))
            return false;
        direction = !direction;
    }
    search->direction = direction;
    return search->frontiers[direction].exhausted;
}

static void note_threads(struct lg_search *search, const struct tree_node *node)
{
    for (const struct lg_instance *instance = node->instances; instance; instance = instance->next) {
        uint32_t i = 0;
        while (i < search->other_count && search->others[i] != instance->thread)
            i++;
        if (i == search->other_count && i < OTHERS_MAX && instance->thread != search->thread)
            search->others[search->other_count++] = instance->thread;
    }
}

/* Forward: marks a node where something relevant is wanted, and what is above it; tells whether that is
 * news. */
static bool mark_forward(const struct lockgraph *graph, struct tree_node *node)
{
    uint32_t number = graph->search;
    if (node->relevant == number || !node->instances || node->lock->relevant != number)
        return false;
    for (; node->seen[FORWARD] == number && node->relevant != number; node = node->parent) {
        node->relevant = node->lock->relevant = number;
        note_threads(graph->scratch, node);
    }
    return true;
}

/* Backward: marks a node that something relevant leads to. */
static bool mark_backward(const struct lockgraph *graph, struct tree_node *node)
{
    uint32_t number = graph->search;
    if (node->relevant == number ||
        (node->lock->relevant != number && node->parent->relevant != number))
        return false;
    node->relevant = number;
    if (node->instances)
        node->lock->relevant = number;
    note_threads(graph->scratch, node);
    return true;
}

/* In reverse order of the visit, in which most is right after one pass. */
bool lg_mark_between(struct lockgraph *graph, struct tree_node *start)
{
    struct lg_search *search = graph->scratch;
    struct frontier *frontier = &search->frontiers[search->direction];
    uint32_t number = graph->search;
    if (search->direction == FORWARD) {
        for (struct tree_node *held = start->parent; held->lock; held = held->parent)
            held->lock->relevant = number;
        if (is_blocking_writer(start))
            start->lock->relevant = number;
    } else {
        start->lock->relevant = number;
    }
    bool any = false, news = true;
    while (news) {
        news = false;
        for (uint32_t i = frontier->visited.count; i-- > 0;) {
            if (!spend(search))
                return any;
            news |= search->direction == FORWARD
                        ? mark_forward(graph, frontier->visited.items[i])
                        : mark_backward(graph, frontier->visited.items[i]);
        }
        any |= news;
    }
    return any;
}
