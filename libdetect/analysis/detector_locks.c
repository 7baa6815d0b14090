/* SPDX-License-Identifier: MIT */
/* Events of locks that the fast path of detector.c does not settle: mutexes, read-write and spin locks,
 * once routines. Under the analysis lock.
 *
 * What enters the acquisition tree: an acquisition, when it has succeeded. A request that gives up (its
 * time was up, a cancellation) is no order: it has shown that it does not wait for ever. A timed wait that
 * succeeds is held like any other lock, but cannot be the waiting side of a deadlock; so it enters the tree
 * when something else is taken while it is held. */
#include "analysis/misuse.h"
#include "analysis/state.h"
#include "analysis/sync.h"
#include "analysis/waitgraph.h"

#define FORGOTTEN_BEFORE_RENEWAL (128u << 10)

static bool never_waits_long(const struct event *event)
{
    return event->flags & (EVF_TRY | EVF_TIMED);
}

static unsigned tree_flags(const struct object *object, unsigned mode)
{
    return (mode == MODE_SHARED ? LG_SHARED : 0) |
           (object->flags & OBJ_WRITER_FIRST ? LG_WRITER_FIRST : 0);
}

/* --- the acquisition tree --------------------------------------------------------------------- */

/* The node of all that the thread holds; LG_UNKNOWN if there is no room for it. */
static lg_node current_node(struct detector *det, struct thread *thread)
{
    struct held_list *held = &thread->held;
    if (held->known > 0 && !lockgraph_alive(det->graph, held->locks[held->known - 1].node))
        held->known = 0; /* one of the locks has died */
    lg_node node = held->known ? held->locks[held->known - 1].node : LG_ROOT;
    while (held->known < held->count && node != LG_UNKNOWN) {
        struct held_lock *lock = &held->locks[held->known];
        node = lockgraph_child(det->graph, &thread->lg, node, lock->uid,
                               tree_flags(lock->object, lock->mode));
        lock->node = node;
        if (node != LG_UNKNOWN && held->known++ == 0 && lock->mode == MODE_EXCLUSIVE &&
            lock->object->uid == lock->uid)
            store_relaxed(&lock->object->alone, node);
    }
    return node;
}

static const struct lg_held *held_for_tree(struct detector *det, const struct held_list *held)
{
    if (held->count > det->scratch_capacity) {
        uint32_t capacity = held->capacity;
        struct lg_held *scratch = arena_alloc(det->arena, capacity * sizeof(*scratch));
        if (!scratch)
            return NULL;
        arena_free(det->arena, det->scratch, det->scratch_capacity * sizeof(*scratch));
        det->scratch = scratch;
        det->scratch_capacity = capacity;
    }
    for (uint32_t i = 0; i < held->count; i++)
        det->scratch[i] = (struct lg_held){.uid = held->locks[i].uid,
                                           .stack = held->locks[i].stack,
                                           .mode = held->locks[i].mode};
    return det->scratch;
}

/* Now and then all threads begin anew, so that what they still do is entered again. */
static void note_forgotten(struct detector *det)
{
    uint64_t forgotten = lockgraph_stats(det->graph).forgotten;
    if (LIKELY(forgotten - det->forgotten < FORGOTTEN_BEFORE_RENEWAL))
        return;
    det->forgotten = forgotten;
    for (struct thread *thread = det->threads; thread; thread = thread->next)
        thread_attend(thread, ATTENTION_FORGET);
}

static lg_node enter_tree(struct detector *det, struct thread *thread, struct object *object,
                          const struct event *event, stack_id stack)
{
    bool alone = thread->held.count == 0;
    if ((alone || never_waits_long(event)) &&
        !(object->flags & OBJ_WRITER_FIRST && event->mode == MODE_EXCLUSIVE))
        return LG_UNKNOWN;
    lg_node from = current_node(det, thread);
    const struct lg_held *held = held_for_tree(det, &thread->held);
    if (from == LG_UNKNOWN || (!held && !alone)) {
        det->losses.chains_full++;
        return LG_UNKNOWN;
    }
    struct lg_request request = {
        .thread = thread->id,
        .clock = &thread->clock,
        .held = held,
        .held_count = thread->held.count,
        .uid = object->uid,
        .flags = tree_flags(object, event->mode) | (never_waits_long(event) ? 0 : LG_WAITS),
        .stack = stack,
    };
    lg_node node = lockgraph_acquire(det->graph, &thread->lg, from, &request);
    note_forgotten(det);
    return node;
}

/* --- taking and dropping ---------------------------------------------------------------------- */

void locks_take_away(struct object *object)
{
    struct thread *owner = load_relaxed(&object->owner);
    if (!owner)
        return;
    store_release(&object->owner, NULL);
    /* The owner's own list is its own to change: at its next event. */
    thread_attend(owner, ATTENTION_HELD);
}

/* A lock held already is taken once more. False: it was not, or that was another life of it. */
static bool take_again(struct detector *det, struct thread *thread, struct object *object,
                       const struct event *event, stack_id stack)
{
    struct held_lock *held = held_find(&thread->held, object);
    if (!held)
        return false;
    bool recursive = event->mode == MODE_SHARED ? held->mode == MODE_SHARED
                                                : held->mode == MODE_EXCLUSIVE &&
                                                      (object->flags & OBJ_RECURSIVE);
    if (!recursive) {
        life_reappeared(det, thread, object, event);
        held = held_find(&thread->held, object);
        if (held)
            held_remove_at(&thread->held, (uint32_t)(held - thread->held.locks));
        return false;
    }
    /* Reading again can wait for a writer in between, which waits for this thread. */
    if (object->flags & OBJ_WRITER_FIRST && event->mode == MODE_SHARED)
        enter_tree(det, thread, object, event, stack);
    held->depth++;
    return true;
}

static void expose(struct detector *det, struct thread *thread, struct object *object,
                   stack_id stack)
{
    uint64_t fresh = thread->exposed & ~object->exposed;
    if (!fresh)
        return;
    object->exposed |= fresh;
    object_rest(object)->exposed_at = stack;
    if (object->more && object->more->handlers & fresh)
        misuse_in_handler(det, object, object->more->handler_thread, object->more->handler_stack,
                          thread->id, stack);
}

static void expose_in_handler(struct detector *det, struct thread *thread, struct object *object,
                              const struct event *event)
{
    uint32_t depth = thread->handler_depth < HANDLER_DEPTH ? thread->handler_depth : HANDLER_DEPTH;
    struct object_more *more = life_more(det, object);
    if (!more || never_waits_long(event) || object->flags & OBJ_SIGNALLING)
        return;
    uint64_t signal = 1ull << (thread->handlers[depth - 1].signo - 1);
    more->handlers |= signal;
    more->handler_thread = thread->id;
    more->handler_stack = detector_stack(det, event);
    if (object->exposed & signal)
        misuse_in_handler(det, object, thread->id, more->handler_stack, THREAD_NONE,
                          object_rest(object)->exposed_at);
}

static void note_signals(struct detector *det, struct thread *thread, struct object *object,
                         const struct event *event, stack_id stack)
{
    if (thread->handler_depth > 0)
        expose_in_handler(det, thread, object, event);
    else
        expose(det, thread, object, stack);
}

void locks_take(struct detector *det, struct thread *thread, struct object *object,
                const struct event *event)
{
    stack_id stack = detector_stack(det, event);
    thread_refresh_held(thread);
    object->flags &= ~(OBJ_ORPHANED | OBJ_OWNER_ENDED | OBJ_BLAMED);
    note_signals(det, thread, object, event, stack);
    if (take_again(det, thread, object, event, stack))
        return;
    if (load_relaxed(&object->owner) != thread)
        locks_take_away(object);
    if (!held_grow(&thread->held, det->arena)) {
        det->losses.out_of_memory++;
        return;
    }
    lg_node node = enter_tree(det, thread, object, event, stack);
    struct held_lock *held = held_push(&thread->held, object, event->mode, stack);
    held->node = node;
    if (node != LG_UNKNOWN && thread->held.known == thread->held.count - 1)
        thread->held.known++;
    object->acquired_at = stack;
    if (event->mode == MODE_SHARED)
        fetch_add_relaxed(&object_rest(object)->readers, 1);
    else
        store_release(&object->owner, thread);
}

void locks_pass(struct detector *det, struct thread *thread, struct object *once,
                const struct event *event)
{
    thread_refresh_held(thread);
    if (thread->held.count > 0 && !sync_is_known(det, thread, once))
        enter_tree(det, thread, once, event, detector_stack(det, event));
}

/* --- requests --------------------------------------------------------------------------------- */

/* With a timeout it is a mistake too: it can only run out. But not for a semaphore: whoever waits with a timeout
 * for one that behaved as a lock so far may well mean that another thread will post it. */
static bool waits_for_itself(const struct thread *thread, const struct object *object,
                             const struct event *event)
{
    if (load_relaxed(&object->owner) != thread)
        return false;
    if (object->kind == OBJECT_SEM)
        return (object->flags & OBJ_CONFIRMED) && !(event->flags & EVF_TIMED);
    return !(object->flags & (OBJ_RECURSIVE | OBJ_ERRORCHECK));
}

/* Reports a wait that the thread itself is in the way of; whether it lasts for ever. */
static bool blocks_itself(struct detector *det, struct thread *thread, struct object *object,
                          const struct event *event)
{
    if (waits_for_itself(thread, object, event)) {
        misuse_double_lock(det, thread, object, event);
        return !(event->flags & EVF_TIMED);
    }
    if (object->kind != OBJECT_RWLOCK || event->mode == MODE_SHARED ||
        !held_find(&thread->held, object) || load_relaxed(&object->owner))
        return false;
    misuse_upgrade(det, thread, object, event);
    return !(event->flags & EVF_TIMED);
}

void locks_request(struct detector *det, struct thread *thread, const struct event *event)
{
    struct object *object = life_object(det, thread, event->object, event->addr, event);
    if (!object)
        return;
    det->stats.waits++;
    thread_refresh_held(thread);
    struct wait wait = {
        .reason = WAIT_LOCK,
        .mode = event->mode,
        .timed = event->flags & EVF_TIMED,
        .spinning = event->flags & EVF_SPINNING,
        .shared = (event->flags & EVF_SHARED) || (object->flags & OBJ_SHARED),
        .object = object,
        .uid = object->uid,
        .stack = detector_stack(det, event),
    };
    if (object->flags & OBJ_ORPHANED) {
        misuse_orphaned(det, thread, object, event);
        wait.deadlocked = !wait.timed;
    } else {
        wait.deadlocked = blocks_itself(det, thread, object, event);
    }
    if (thread->handler_depth > 0 && thread->reported != object->addr)
        expose_in_handler(det, thread, object, event);
    waitgraph_begin(det, thread, &wait);
}

void locks_give_up(struct detector *det, struct thread *thread, const struct event *event)
{
    (void)event;
    waitgraph_end(det, thread);
}

/* --- acquisitions and releases ---------------------------------------------------------------- */

void locks_acquire(struct detector *det, struct thread *thread, const struct event *event)
{
    waitgraph_end(det, thread);
    struct object *object = life_object(det, thread, event->object, event->addr, event);
    if (!object)
        return;
    if (object->kind == OBJECT_SEM) {
        sems_acquire(det, thread, object, event);
        return;
    }
    locks_take(det, thread, object, event);
    if (object->kind == OBJECT_ONCE)
        sync_acquire(det, thread, object);
    else if (object->flags & OBJ_ORDERED)
        sync_take(det, thread, object, event->mode);
}

void locks_publish(struct detector *det, struct thread *thread, struct object *object)
{
    const struct held_lock *held = held_find(&thread->held, object);
    if (!detector_is_full(det) || object->kind == OBJECT_ONCE)
        return;
    if (!held && !(object->flags & OBJ_ERRORCHECK))
        sync_give_join(det, thread, object);
    else if (held && held->depth <= 1)
        sync_give(det, thread, object, held->mode);
}

/* The library did what was asked of it, though by the wrong thread. */
void locks_release_for_others(struct object *object)
{
    if (load_relaxed(&object->owner))
        locks_take_away(object);
    else if (load_relaxed(&object_rest(object)->readers) > 0)
        fetch_add_relaxed(&object_rest(object)->readers, -1);
    object->flags &= ~OBJ_OWNER_ENDED;
}

void locks_release(struct detector *det, struct thread *thread, const struct event *event)
{
    struct object *object = life_object(det, thread, event->object, event->addr, event);
    if (!object)
        return;
    thread_refresh_held(thread);
    if (object->kind == OBJECT_ONCE)
        sync_release(det, thread, object);
    if (!(event->flags & EVF_REFUSED))
        locks_publish(det, thread, object);
    if (!(event->flags & EVF_REFUSED) && locks_drop(thread, object))
        return;
    if (object->flags & OBJ_ORPHANED) {
        object->flags &= ~OBJ_ORPHANED; /* an atfork handler puts things right */
        return;
    }
    if (!(object->flags & OBJ_ERRORCHECK) && !(event->flags & EVF_ERRORCHECK))
        misuse_unlock(det, thread, object, event);
    if (!(event->flags & EVF_REFUSED) && !(object->flags & OBJ_ERRORCHECK))
        locks_release_for_others(object);
}
