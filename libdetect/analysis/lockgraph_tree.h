/* SPDX-License-Identifier: MIT */
/* What the acquisition tree is made of; shared by lockgraph*.c alone. Everything under the caller's lock.
 *
 *   root ── a ── b          a tree_node per distinct way to hold locks
 *        └─ b ── a ── c     a tree_lock per lock, which lists the nodes that end in it
 *
 * A node that ends in m stands for "m was taken while the locks of the path to its parent were held", and
 * for holding all of them. */
#ifndef DETECT_ANALYSIS_LOCKGRAPH_TREE_H
#define DETECT_ANALYSIS_LOCKGRAPH_TREE_H

#include "analysis/lockgraph.h"
#include "base/chains.h"

/* A thread came to a node, and would have waited for its lock. */
struct lg_instance {
    struct lg_instance *next;   /* at this node, newest first */
    struct vc_time time;        /* hard clock */
    const struct trail *trail;  /* stacks of what was held; NULL: unknown */
    thread_id thread;
    stack_id stack;             /* of this acquisition */
    uint32_t era;               /* lockgraph.era: older ones are from before a fork */
};

/* The stacks of all held acquisitions, innermost first, each sequence once. Few and never freed: as many
 * as the program has ways to nest its calls. */
struct trail {
    struct chain_link link;
    const struct trail *outer; /* NULL: this is the only one */
    stack_id stack;
};

struct tree_node {
    struct chain_link link; /* by parent, lock and mode */
    struct tree_node *parent;
    struct tree_node *first_child, *next_sibling, *previous_sibling;
    struct tree_lock *lock; /* NULL: the root, or unused */
    struct tree_node *next_of_lock, *previous_of_lock;
    struct lg_instance *instances;
    uint32_t index, generation; /* lg_node */
    uint32_t seen[2];           /* search number in which it was reached, forward and backward */
    uint32_t relevant;          /* search number in which it lies on a way round */
    uint16_t instance_count;
    bool shared : 1;
    bool retry : 1;             /* a candidate through here was ruled out by order alone */
    bool against : 1;           /* lockgraph_order.c */
    uint16_t retries : 13;      /* searches for that reason; stays at its highest value */
};

_Static_assert(sizeof(struct tree_node) == 104, "memory per node");

struct tree_lock {
    struct chain_link link; /* by uid */
    lock_uid uid;
    struct tree_node *nodes; /* that end in it */
    uint32_t followed;       /* children of these */
    uint32_t wanted;         /* instances at these */
    uint32_t seen[2], relevant;  /* as in tree_node */
    uint32_t rank;               /* lockgraph_order.c */
    /* How many members of the cycle under construction hold it. */
    uint16_t held_exclusive, held_shared;
    bool writer_first;
    bool not_a_lock;
};

_Static_assert(sizeof(struct tree_lock) == 64, "memory per lock");

#define NODES_PER_CHUNK 1024u /* whole pages */

/* Work of all searches together, in steps of some nanoseconds: so much at most, and so much more with
 * each instance that is new. A program full of cycles is not to be slowed down for ever. */
#define ALLOWANCE_MAX 4000000u
#define ALLOWANCE_EACH 500u

#define AGAINST_MAX 64u
#define THREADS_MAX 32u

struct lg_list {
    void **items;
    uint32_t count, capacity;
};

struct lockgraph {
    struct arena *arena;
    struct vc_domain *clocks;
    struct lockgraph_env env;
    struct lockgraph_limits limits;
    struct lockgraph_stats stats;
    struct chains nodes, locks, trails;
    struct tree_node *root;
    struct tree_node **chunks; /* index -> node */
    uint32_t node_count;       /* indices ever used */
    struct tree_node *unused;  /* linked by next_sibling */
    uint32_t hand;             /* index of the node that was last looked at for one that can give way */
    uint32_t era;
    uint32_t search;           /* number of the last search */
    uint64_t orders_gone; /* pairs of locks of which one is dead by now */
    uint32_t last_rank;        /* UINT32_MAX: there are none left, and no order any more */
    uint32_t against_count;
    bool against_many;         /* the list has not all of them */
    struct tree_node *against[AGAINST_MAX];
    struct lg_list before, after; /* lockgraph_order.c */
    thread_id threads[THREADS_MAX]; /* that ever waited */
    uint32_t thread_count;          /* THREADS_MAX: perhaps more */
    uint64_t allowance;        /* steps that searches may take until more instances come */
    struct lg_search *scratch; /* lockgraph_search.c */
};

static inline lg_node tree_handle(const struct tree_node *node)
{
    return (lg_node)node->generation << LG_INDEX_BITS | node->index;
}

/* Next in pre-order inside the subtree of `top`; NULL at its end. */
static inline struct tree_node *tree_skip(const struct tree_node *top, struct tree_node *node)
{
    while (node != top) {
        if (node->next_sibling)
            return node->next_sibling;
        node = node->parent;
    }
    return NULL;
}

static inline struct tree_node *tree_next(const struct tree_node *top, struct tree_node *node)
{
    return node->first_child ? node->first_child : tree_skip(top, node);
}

static inline bool modes_conflict(bool shared_a, bool shared_b) { return !shared_a || !shared_b; }

/* False when out of memory. */
bool lg_list_add(struct arena *arena, struct lg_list *list, void *item);

/* The node got its first instance: enters it in the order of locks, or marks it `against`. */
void lg_order_add(struct lockgraph *graph, struct tree_node *node);
void lg_order_remove(struct lockgraph *graph, struct tree_node *node);
/* The ranks between which a cycle through this node must stay. False: there can be none. */
bool lg_order_bounds(const struct lockgraph *graph, const struct tree_node *node, uint32_t *lowest,
                     uint32_t *highest);
bool lg_order_is_valid(const struct lockgraph *graph, const struct tree_node *node);

/* Looks for cycles through this instance and hands them to env.on_cycle. */
void lg_search(struct lockgraph *graph, struct tree_node *node, struct lg_instance *instance);
/* NULL when out of memory. */
struct lg_search *lg_search_create(struct lockgraph *graph);
bool lg_search_is_valid(const struct lockgraph *graph, const struct tree_lock *lock);

#endif
