/* SPDX-License-Identifier: MIT */
/* One search for cycles, between its stages: lockgraph_reach.c (2) and lockgraph_search.c (1, 3), which
 * describes them. */
#ifndef DETECT_ANALYSIS_LOCKGRAPH_SEARCH_H
#define DETECT_ANALYSIS_LOCKGRAPH_SEARCH_H

#include "analysis/lockgraph_tree.h"

enum direction { FORWARD, BACKWARD };

/* A member of the cycle under construction, and where the search for its neighbour stands. */
struct step {
    struct tree_node *node;
    struct lg_instance *instance;
    /* The candidate under consideration: forward, `candidate` lies under or at `top`, which ends in the
     * wanted lock; backward, `candidate` ends in the lock of `top`, which is this step's node or one
     * above. */
    struct tree_node *top, *candidate;
    struct lg_instance *next;
};

/* One direction of stage 2. */
struct frontier {
    struct lg_list locks; /* reached; the first `looked_at` of them were looked at */
    uint32_t looked_at;
    uint32_t level, level_end; /* how many members away those before level_end are */
    struct tree_node *top, *node; /* where the look at the last one of them stands */
    struct lg_list visited;       /* nodes */
    bool exhausted, failed;       /* everything was visited; out of memory */
};

#define NEWS_MAX 64u
#define OTHERS_MAX 32u

struct lg_search {
    struct frontier frontiers[2];
    struct step *steps;
    struct lg_member *members;
    uint32_t depth, capacity;
    const struct tree_lock *start; /* the lock that is wanted */
    thread_id thread;              /* by whom */
    uint32_t lowest, highest;      /* ranks between which cycles must stay */
    enum direction direction;
    uint32_t budget, given;
    thread_id others[OTHERS_MAX]; /* that wait somewhere between start and goals */
    uint32_t other_count;         /* OTHERS_MAX: more */
    uint32_t found;               /* cycles handed over */
    uint64_t told[NEWS_MAX]; /* their keys */
};

static inline bool spend(struct lg_search *search)
{
    if (search->budget == 0)
        return false;
    search->budget--;
    return true;
}

/* A writer that waits blocks readers, although it holds nothing of the lock. */
static inline bool is_blocking_writer(const struct tree_node *node)
{
    return node->lock->writer_first && !node->shared;
}

/* Whether nobody who holds this node's last lock can be in a cycle with the start: a gate. */
static inline bool is_gate(const struct tree_node *node)
{
    const struct tree_lock *lock = node->lock;
    return !lock->not_a_lock && (lock->held_exclusive || (lock->held_shared && !node->shared));
}

/* Whether somebody holds a gate there. */
static inline bool is_guarded(const struct tree_node *node)
{
    for (const struct tree_node *held = node->parent; held->lock; held = held->parent)
        if (is_gate(held))
            return true;
    return false;
}

/* Explores both sides of the start until one is exhausted: search->direction. False if the budget ran out
 * before. The start is pushed already. */
bool lg_explore(struct lockgraph *graph, struct tree_node *start);
/* Of what the exhausted side has visited, marks what lies between. False: nothing does; or the budget ran
 * out. */
bool lg_mark_between(struct lockgraph *graph, struct tree_node *start);

#endif
