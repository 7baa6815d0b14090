/* SPDX-License-Identifier: MIT */
/* A topological order of the locks, kept up to date as acquisitions come (the incremental algorithm of Pearce
 * and Kelly, "A Dynamic Topological Sort Algorithm for Directed Acyclic Graphs", JEA 2006). Called by
 * lockgraph.c; makes the cost of a correct program's new acquisitions independent of how many there are.
 *
 * Each lock has a rank. A node where somebody waits, but for those marked `against`, has a higher rank than all
 * locks on its path; so a cycle of any sort goes through a node that is `against`. Where there is none, there
 * is nothing to search; where there are few, a search need not go where none can be reached.
 *
 * A node becomes `against` when it closes a ring of locks (most of them harmless: one thread, a gate), when to
 * put things in order would take too many steps, or when there are too many such nodes already for the
 * order to be of use. */
#include "analysis/lockgraph_tree.h"

#define ORDER_STEPS 100000u

struct region {
    struct lg_list *locks;
    uint32_t budget;
    bool closed; /* a ring, or given up */
};

static void add(struct lockgraph *graph, struct region *region, struct tree_lock *lock,
                unsigned side)
{
    if (lock->seen[side] == graph->search)
        return;
    lock->seen[side] = graph->search;
    if (!lg_list_add(graph->arena, region->locks, lock))
        region->closed = true;
}

static bool is_edge(const struct tree_node *node) { return node->instances && !node->against; }

/* What comes after `lock` although it may have to come before rank `upper`. */
static void collect_after(struct lockgraph *graph, struct region *region, struct tree_lock *lock,
                          uint32_t upper)
{
    for (struct tree_node *top = lock->nodes; top; top = top->next_of_lock)
        for (struct tree_node *node = tree_next(top, top); node; node = tree_next(top, node)) {
            if (region->budget == 0 || region->closed) {
                region->closed = true;
                return;
            }
            region->budget--;
            if (!is_edge(node) || node->lock->rank > upper)
                continue;
            /* seen on the other side: one of the locks that the new node is to come after */
            region->closed |= node->lock->seen[1] == graph->search;
            add(graph, region, node->lock, 0);
        }
}

/* What comes before `lock` although it may have to come after rank `lower`. */
static void collect_before(struct lockgraph *graph, struct region *region, struct tree_lock *lock,
                           uint32_t lower)
{
    for (struct tree_node *top = lock->nodes; top; top = top->next_of_lock) {
        if (region->budget == 0 || region->closed) {
            region->closed = true;
            return;
        }
        region->budget--;
        if (!is_edge(top))
            continue;
        for (struct tree_node *held = top->parent; held->lock; held = held->parent)
            if (held->lock->rank >= lower)
                add(graph, region, held->lock, 1);
    }
}

/* By rank. A shell sort (gaps of M. Ciura): in place, no library. */
static void sort(struct lg_list *list)
{
    static const uint32_t gaps[] = {57000, 25000, 11000, 4800, 2100, 933, 415, 181, 79, 34, 15, 7, 4, 1};
    struct tree_lock **locks = (struct tree_lock **)list->items;
    for (unsigned g = 0; g < ARRAY_LEN(gaps); g++)
        for (uint32_t i = gaps[g]; i < list->count; i++) {
            struct tree_lock *lock = locks[i];
            uint32_t at = i;
            for (; at >= gaps[g] && locks[at - gaps[g]]->rank > lock->rank; at -= gaps[g])
                locks[at] = locks[at - gaps[g]];
            locks[at] = lock;
        }
}

/* Deals the ranks of all locks of both lists out again: first those of `before`, then of `after`. */
static bool reorder(struct lockgraph *graph, struct lg_list *before, struct lg_list *after)
{
    uint32_t count = before->count + after->count, b = 0, a = 0;
    uint32_t *ranks = arena_alloc(graph->arena, count * sizeof(*ranks));
    if (!ranks)
        return false;
    sort(before);
    sort(after);
    struct tree_lock **firsts = (struct tree_lock **)before->items;
    struct tree_lock **lasts = (struct tree_lock **)after->items;
    for (uint32_t i = 0; i < count; i++) {
        bool from_before =
            a == after->count || (b < before->count && firsts[b]->rank < lasts[a]->rank);
        ranks[i] = from_before ? firsts[b++]->rank : lasts[a++]->rank;
    }
    for (uint32_t i = 0; i < count; i++)
        *(i < before->count ? &firsts[i]->rank : &lasts[i - before->count]->rank) = ranks[i];
    arena_free(graph->arena, ranks, count * sizeof(*ranks));
    return true;
}

/* The highest rank on the path to the node. */
static uint32_t highest_held(const struct tree_node *node)
{
    uint32_t highest = 0;
    for (const struct tree_node *held = node->parent; held->lock; held = held->parent)
        if (highest < held->lock->rank)
            highest = held->lock->rank;
    return highest;
}

/* Whether the node can be brought in order. */
static bool put_in_order(struct lockgraph *graph, struct tree_node *node, uint32_t upper)
{
    uint32_t lower = node->lock->rank;
    struct lg_list *before = &graph->before, *after = &graph->after;
    struct region first = {.locks = before, .budget = ORDER_STEPS};
    struct region last = {.locks = after, .budget = ORDER_STEPS};
    graph->search++;
    before->count = after->count = 0;
    for (struct tree_node *held = node->parent; held->lock; held = held->parent)
        if (held->lock->rank >= lower)
            add(graph, &first, held->lock, 1);
    if (node->lock->seen[1] == graph->search) /* held already: read once more */
        return false;
    add(graph, &last, node->lock, 0);
    for (uint32_t i = 0; i < after->count && !last.closed; i++)
        collect_after(graph, &last, after->items[i], upper);
    for (uint32_t i = 0; i < before->count && !last.closed && !first.closed; i++)
        collect_before(graph, &first, before->items[i], lower);
    return !first.closed && !last.closed && reorder(graph, before, after);
}

void lg_order_add(struct lockgraph *graph, struct tree_node *node)
{
    uint32_t upper = highest_held(node);
    if (graph->last_rank == UINT32_MAX || node->against || upper < node->lock->rank)
        return;
    if (!graph->against_many && put_in_order(graph, node, upper))
        return;
    node->against = true;
    if (graph->against_count == AGAINST_MAX)
        graph->against_many = true;
    if (!graph->against_many)
        graph->against[graph->against_count] = node;
    graph->against_count++;
}

void lg_order_remove(struct lockgraph *graph, struct tree_node *node)
{
    if (!node->against)
        return;
    node->against = false;
    graph->against_count--;
    for (uint32_t i = 0; i < graph->against_count && !graph->against_many; i++)
        if (graph->against[i] == node)
            graph->against[i] = graph->against[graph->against_count];
    if (graph->against_count == 0)
        graph->against_many = false;
}

bool lg_order_bounds(const struct lockgraph *graph, const struct tree_node *node, uint32_t *lowest,
                     uint32_t *highest)
{
    *lowest = 0;
    *highest = UINT32_MAX;
    if (graph->against_many || graph->last_rank == UINT32_MAX)
        return true;
    *lowest = node->lock->rank;
    *highest = highest_held(node);
    if (node->lock->writer_first && *highest < node->lock->rank)
        *highest = node->lock->rank; /* it may be a writer that readers wait behind */
    for (uint32_t i = 0; i < graph->against_count; i++) {
        const struct tree_node *against = graph->against[i];
        uint32_t held = highest_held(against);
        *highest = *highest < held ? held : *highest;
        *lowest = *lowest > against->lock->rank ? against->lock->rank : *lowest;
    }
    return graph->against_count > 0 && node->lock->rank <= *highest;
}

bool lg_order_is_valid(const struct lockgraph *graph, const struct tree_node *node)
{
    return !is_edge(node) || highest_held(node) < node->lock->rank ||
           graph->last_rank == UINT32_MAX;
}
