/* SPDX-License-Identifier: MIT */
/* The entry of the analysis (detector.h): the fast path of lock operations, and the dispatch of all other
 * events under the analysis lock. Called by the runtime's emit() for everything that is watched.
 *
 * Rules of the fast path: no allocation but for the thread's own cache of objects; no lock and no clock, but the
 * object's own for semaphores and for mutexes that carry order; it touches the thread's own record and the object's cache
 * line (not its rest), and leaves everything unusual to the slow path. What is less common is in functions of its own, so that the
 * common case has no registers to save. */
#include "analysis/detector.h"

#include <string.h>

#include "analysis/hb.h"
#include "analysis/misuse.h"
#include "analysis/race_locks.h"
#include "analysis/state.h"
#include "analysis/sync.h"
#include "analysis/waitgraph.h"

/* --- the fast path ---------------------------------------------------------------------------- */

#define FAST_KINDS                                                                                 \
    (1u << OBJECT_MUTEX | 1u << OBJECT_MTX | 1u << OBJECT_RWLOCK | 1u << OBJECT_SPIN)
#define SLOW_FLAGS (OBJ_WRITER_FIRST | OBJ_ORPHANED | OBJ_OWNER_ENDED | OBJ_BLAMED)

static inline bool has_no_attention(const struct thread *thread, uintptr_t sp)
{
    return LIKELY(load_relaxed(&thread->attention) == 0 && sp <= load_relaxed(&thread->stack_watch));
}

/* The place of a lock that is held at the bottom, in the mode in which it is held. */
static inline lg_node first_node(const struct held_lock *lock)
{
    const struct object *object = lock->object;
    lg_node alone = lock->mode == MODE_EXCLUSIVE && object->uid == lock->uid
                        ? load_relaxed(&object->alone)
                        : LG_ROOT;
    return alone != LG_ROOT ? alone : LG_UNKNOWN;
}

/* The node of what is held, if the thread has made all these steps before. */
static ALWAYS_INLINE lg_node known_node(struct thread *thread)
{
    struct held_list *held = &thread->held;
    lg_node node = held->known ? held->locks[held->known - 1].node : LG_ROOT;
    for (; held->known < held->count && node != LG_UNKNOWN; held->known += node != LG_UNKNOWN) {
        struct held_lock *lock = &held->locks[held->known];
        lg_node first = held->known == 0 ? first_node(lock) : LG_UNKNOWN;
        node = first != LG_UNKNOWN
                   ? first
                   : lg_find(&thread->lg, node,
                             lg_key(lock->uid, lock->mode == MODE_SHARED ? LG_SHARED : 0), 0);
        lock->node = node;
    }
    return node;
}

/* The step in the acquisition tree; false if it is a new one. */
static ALWAYS_INLINE bool known_step(struct thread *thread, const struct object *object,
                                     struct lock_call call, lg_node *node)
{
    *node = LG_UNKNOWN;
    if (thread->held.count == 0) {
        lg_node alone = call.mode == MODE_EXCLUSIVE ? load_relaxed(&object->alone) : LG_ROOT;
        if (alone != LG_ROOT)
            *node = alone;
        return true;
    }
    /* Who does not wait is of interest once something else is taken inside: known_node() then. */
    if (call.flags & (EVF_TRY | EVF_TIMED))
        return true;
    lg_node from = known_node(thread);
    if (from == LG_UNKNOWN)
        return false;
    unsigned flags = (call.mode == MODE_SHARED ? LG_SHARED : 0) | LG_WAITS;
    *node = lg_find(&thread->lg, from, lg_key(object->uid, flags), thread->clock.epoch);
    return *node != LG_UNKNOWN;
}

static inline bool acquire_again(struct thread *thread, struct object *object)
{
    struct held_lock *held = held_find(&thread->held, object);
    if (!(object->flags & OBJ_RECURSIVE) || !held || held->mode == MODE_SHARED)
        return false;
    held->depth++;
    return true;
}

/* Takes what nobody holds exclusively. */
static ALWAYS_INLINE bool take_step(struct detector *det, struct thread *thread,
                                    struct object *object, struct lock_call call, stack_id stack)
{
    bool shared = call.mode == MODE_SHARED;
    if (UNLIKELY(thread->exposed && thread->exposed & ~object->exposed) ||
        (shared && thread->held.count > 0 && held_find(&thread->held, object)))
        return false;
    lg_node node;
    if (UNLIKELY(thread->held.count == thread->held.capacity) ||
        !known_step(thread, object, call, &node))
        return false;
    if (UNLIKELY(stack == STACK_NONE))
        stack = det->env.capture_stack(det->env.ctx);
    held_push(&thread->held, object, call.mode, stack)->node = node;
    thread->held.known += node != LG_UNKNOWN;
    object->acquired_at = stack;
    if (shared)
        fetch_add_relaxed(&object_rest(object)->readers, 1);
    else
        store_release(&object->owner, thread);
    return true;
}

/* The live record; NULL if there is none, or none was found while others were being added. */
static ALWAYS_INLINE struct object *find(struct detector *det, struct thread *thread,
                                         enum object_kind kind, uintptr_t addr)
{
    struct object *object = objects_cached(&thread->objects, kind, addr);
    if (LIKELY(object))
        return object;
    return objects_find_in(&det->objects, &thread->objects, kind, addr);
}

/* The commonest case: exclusively, by a thread that holds nothing. Its list has room then. */
static ALWAYS_INLINE void take_first(struct thread *thread, struct object *object, stack_id stack)
{
    lg_node alone = load_relaxed(&object->alone);
    held_push(&thread->held, object, MODE_EXCLUSIVE, stack)->node =
        alone != LG_ROOT ? alone : LG_UNKNOWN;
    thread->held.known = alone != LG_ROOT;
    object->acquired_at = stack;
    store_release(&object->owner, thread);
}

static NOINLINE bool acquire_known(struct detector *det, struct thread *thread,
                                   struct lock_call call, uintptr_t addr, stack_id stack)
{
    struct object *object = find(det, thread, call.kind, addr);
    if (UNLIKELY(!object || object->flags & SLOW_FLAGS))
        return false;
    struct thread *owner = load_relaxed(&object->owner);
    if (UNLIKELY(owner))
        return owner == thread && acquire_again(thread, object);
    if (!take_step(det, thread, object, call, stack))
        return false;
    if (UNLIKELY(object->flags & OBJ_ORDERED))
        sync_take(det, thread, object, call.mode);
    return true;
}

/* Of a thread to which nothing else is unusual than that its locks order. It is then ready for an event. */
static inline bool is_full_alone(struct detector *det, struct thread *thread, uintptr_t sp)
{
    if (load_relaxed(&thread->attention) != ATTENTION_FULL || sp > load_relaxed(&thread->stack_watch))
        return false;
    if (UNLIKELY(thread->race.pending))
        race_complete(det, thread);
    return true;
}

static NOINLINE bool acquire_full(struct detector *det, struct thread *thread,
                                  struct lock_call call, uintptr_t addr, stack_id stack)
{
    uint32_t version = thread->held.version;
    if (!acquire_known(det, thread, call, addr, stack))
        return false;
    race_lock_taken(thread, version);
    return true;
}

bool detector_acquire_fast(struct detector *det, struct thread *thread, struct lock_call call,
                           uintptr_t addr, stack_id stack, uintptr_t sp)
{
    if (UNLIKELY(!has_no_attention(thread, sp)))
        return is_full_alone(det, thread, sp) && acquire_full(det, thread, call, addr, stack);
    struct object *object = objects_cached(&thread->objects, call.kind, addr);
    if (LIKELY(object) && thread->held.count == 0 && call.mode == MODE_EXCLUSIVE &&
        !(object->flags & (SLOW_FLAGS | OBJ_ORDERED)) && !load_relaxed(&object->owner) &&
        !thread->exposed && stack != STACK_NONE) {
        take_first(thread, object, stack);
        return true;
    }
    return acquire_known(det, thread, call, addr, stack);
}

/* One that was not the last to be taken. */
static NOINLINE bool release_inner(struct detector *det, struct thread *thread,
                                   enum object_kind kind, uintptr_t addr)
{
    struct object *object = find(det, thread, kind, addr);
    return object && locks_drop(thread, object);
}

static NOINLINE bool release_full(struct detector *det, struct thread *thread,
                                  enum object_kind kind, uintptr_t addr)
{
    struct held_lock *held = NULL;
    for (uint32_t i = thread->held.count; i-- > 0 && !held;)
        if (object_is(thread->held.locks[i].object, kind, addr))
            held = &thread->held.locks[i];
    if (!held || !held_is_current(held, thread))
        return false;
    if (held->depth <= 1)
        sync_give(det, thread, held->object, held->mode);
    uint32_t version = thread->held.version, index = (uint32_t)(held - thread->held.locks);
    bool was_last = index + 1 == thread->held.count;
    if (!locks_drop_at(thread, index))
        return false;
    race_lock_dropped(det, thread, addr, was_last, version);
    return true;
}

bool detector_release_fast(struct detector *det, struct thread *thread, enum object_kind kind,
                           uintptr_t addr, uintptr_t sp)
{
    if (UNLIKELY(!has_no_attention(thread, sp)))
        return is_full_alone(det, thread, sp) && release_full(det, thread, kind, addr);
    uint32_t count = thread->held.count;
    if (UNLIKELY(count == 0))
        return false;
    const struct held_lock *last = &thread->held.locks[count - 1];
    if (LIKELY(object_is(last->object, kind, addr) && last->object->uid == last->uid))
        return locks_drop_at(thread, count - 1);
    return release_inner(det, thread, kind, addr);
}

/* --- order ------------------------------------------------------------------------------------ */

/* The record, if there is one or the event makes one: a reader without the lock may miss it. */
static NOINLINE struct object *order_object(struct detector *det, struct thread *thread,
                                            const struct event *event)
{
    spin_lock(&det->lock);
    struct object *object = objects_find(&det->objects, event->object, event->addr);
    if (event->type == EVENT_ORDER_RELEASE)
        object = life_object(det, thread, event->object, event->addr, event);
    spin_unlock(&det->lock);
    return object;
}

/* Descriptors and the like need no analysis lock once their object is known. */
static void order_event(struct detector *det, struct thread *thread, const struct event *event)
{
    struct object *object =
        objects_find_in(&det->objects, &thread->objects, event->object, event->addr);
    if (!object)
        object = order_object(det, thread, event);
    if (object && object->kind == OBJECT_ONCE && event->type == EVENT_ORDER_ACQUIRE &&
        thread->held.count > 0) {
        spin_lock(&det->lock);
        locks_pass(det, thread, object, event);
        spin_unlock(&det->lock);
    }
    if (object && event->type == EVENT_ORDER_RELEASE)
        sync_release(det, thread, object);
    else if (object)
        sync_acquire(det, thread, object);
}

/* --- signals ---------------------------------------------------------------------------------- */

static void set_exposed(struct detector *det, struct thread *thread)
{
    uint64_t exposed = thread->handler_depth ? 0 : det->handled & ~thread->mask;
    store_relaxed(&thread->exposed, exposed);
}

static void handler_enter(struct detector *det, struct thread *thread, const struct event *event)
{
    if (thread->handler_depth < HANDLER_DEPTH) {
        struct handler_frame *frame = &thread->handlers[thread->handler_depth];
        frame->signo = (int)event->value;
        waitgraph_suspend(det, thread, &frame->interrupted);
    } else {
        waitgraph_end(det, thread);
        det->losses.handlers_nested++;
    }
    thread->handler_depth++;
    thread_attend(thread, ATTENTION_HANDLER);
    set_exposed(det, thread);
    if (thread->has_hb)
        hb_acquire(det, thread, &det->hb_handled);
}

static void handler_leave(struct detector *det, struct thread *thread)
{
    if (thread->handler_depth == 0)
        return;
    if (--thread->handler_depth == 0)
        thread_unattend(thread, ATTENTION_HANDLER);
    set_exposed(det, thread);
    if (thread->handler_depth < HANDLER_DEPTH)
        waitgraph_resume(det, thread, &thread->handlers[thread->handler_depth].interrupted);
}

static void mask_changed(struct detector *det, struct thread *thread, uint64_t mask)
{
    thread->mask = mask;
    set_exposed(det, thread);
    thread_count_interruptible(det, thread);
}

static void set_handled(struct detector *det, uint64_t handled)
{
    det->handled = handled;
    for (struct thread *other = det->threads; other; other = other->next) {
        set_exposed(det, other);
        thread_count_interruptible(det, other);
    }
}

static void handled_changed(struct detector *det, struct thread *thread, uint64_t handled)
{
    if (thread->has_hb)
        hb_release_join(det, thread, &det->hb_handled);
    set_handled(det, handled);
}

/* --- threads ---------------------------------------------------------------------------------- */

static void join_request(struct detector *det, struct thread *thread, const struct event *event)
{
    struct thread *target = thread_find(det, (thread_id)event->value);
    struct wait wait = {
        .reason = WAIT_JOIN,
        .timed = event->flags & EVF_TIMED,
        .target = target,
        .target_id = (thread_id)event->value,
        .stack = detector_stack(det, event),
    };
    waitgraph_begin(det, thread, &wait);
}

static void joined(struct detector *det, struct thread *thread, const struct event *event)
{
    waitgraph_end(det, thread);
    struct thread *target = thread_find(det, (thread_id)event->value);
    if (target && target != thread)
        thread_joined(det, thread, target);
}

static void detached(struct detector *det, const struct event *event)
{
    struct thread *target = thread_find(det, (thread_id)event->value);
    if (target)
        thread_detached(det, target);
}

static void process_exit(struct detector *det, struct thread *thread, const struct event *event)
{
    thread_refresh_held(thread);
    if (thread->held.count > 0)
        misuse_exit_holding(det, thread, event);
    for (const struct thread *other = det->threads; other; other = other->next)
        if (other->ended && !other->joined && !other->detached && other->creator != THREAD_NONE)
            misuse_thread_leak(det, other);
}

/* --- dispatch --------------------------------------------------------------------------------- */

/* A wait is over when its thread does something else, whatever became of it (a longjmp out of a handler);
 * the events that end it look at it first. */
static bool leaves_wait_open(const struct event *event)
{
    switch (event->type) {
    case EVENT_ACQUIRE:
    case EVENT_GIVE_UP:
    case EVENT_COND_WAKE:
    case EVENT_BARRIER_LEAVE:
    case EVENT_JOINED:
    case EVENT_HANDLER_ENTER:
    case EVENT_HANDLER_LEAVE:
    case EVENT_ERROR_RETURNED:
    case EVENT_INVALID:
        return true;
    default:
        return false;
    }
}

/* What was reported counts for the rest of that call only. */
static void begin_call(struct thread *thread, const struct event *event)
{
    bool same_call = thread->first_used || event->type == EVENT_GIVE_UP ||
                     event->type == EVENT_COND_WAKE || event->type == EVENT_ERROR_RETURNED;
    if (!same_call)
        thread->reported = 0;
    thread->first_used = event->type == EVENT_FIRST_USE;
    if (thread->first_used || thread->reported)
        thread_attend(thread, ATTENTION_CALL);
    else
        thread_unattend(thread, ATTENTION_CALL);
}

static void dispatch(struct detector *det, struct thread *thread, const struct event *event)
{
    switch (event->type) {
    case EVENT_INIT: life_init(det, thread, event); break;
    case EVENT_DESTROY: life_destroy(det, thread, event); break;
    case EVENT_FIRST_USE: life_first_use(det, thread, event); break;
    case EVENT_RANGE_GONE: life_range_gone(det, thread, event); break;
    case EVENT_REQUEST: locks_request(det, thread, event); break;
    case EVENT_ACQUIRE: locks_acquire(det, thread, event); break;
    case EVENT_GIVE_UP: locks_give_up(det, thread, event); break;
    case EVENT_RELEASE: locks_release(det, thread, event); break;
    case EVENT_POST: sems_post(det, thread, event); break;
    case EVENT_COND_WAIT: conds_wait(det, thread, event); break;
    case EVENT_COND_WAKE: conds_wake(det, thread, event); break;
    case EVENT_SIGNAL:
    case EVENT_BROADCAST: conds_signal(det, thread, event); break;
    case EVENT_BARRIER_ENTER: barriers_enter(det, thread, event); break;
    case EVENT_BARRIER_LEAVE: barriers_leave(det, thread, event); break;
    case EVENT_JOIN_REQUEST: join_request(det, thread, event); break;
    case EVENT_JOINED: joined(det, thread, event); break;
    case EVENT_DETACH: detached(det, event); break;
    case EVENT_HANDLER_ENTER: handler_enter(det, thread, event); break;
    case EVENT_HANDLER_LEAVE: handler_leave(det, thread); break;
    case EVENT_SIGNAL_MASK:
        mask_changed(det, thread, event->value);
        break;
    case EVENT_HANDLED: handled_changed(det, thread, event->value); break;
    case EVENT_INVALID: misuse_invalid(det, thread, event); break;
    case EVENT_ERROR_RETURNED: misuse_error_returned(det, thread, event); break;
    case EVENT_PROCESS_EXIT: process_exit(det, thread, event); break;
    default: det->losses.events_unknown++; break;
    }
}

/* So much of the acquisition tree has given way that what the thread knows of it is too often untrue. */
static COLD void forget_steps(struct detector *det, struct thread *thread)
{
    thread_unattend(thread, ATTENTION_FORGET);
    spin_lock(&det->lock);
    lg_cache_clear(&thread->lg, det->graph);
    spin_unlock(&det->lock);
}

static inline bool only_orders(const struct event *event)
{
    return event->type == EVENT_ORDER_RELEASE || event->type == EVENT_ORDER_ACQUIRE;
}

static NOINLINE void feed_slow(struct detector *det, struct thread *thread,
                               const struct event *event, uintptr_t sp)
{
    /* A handler may run on a stack of its own inside this one. */
    bool left = sp > thread->stack_watch && sp < thread->stack_high && thread->handler_depth == 0;
    if (UNLIKELY(load_relaxed(&thread->attention) & ATTENTION_FORGET))
        forget_steps(det, thread);
    if (UNLIKELY(thread->race.pending))
        race_complete(det, thread);
    if (only_orders(event) && !left) {
        order_event(det, thread, event);
        return;
    }
    spin_lock(&det->lock);
    if (left)
        life_stack_left(det, thread, sp, event);
    if (thread->wait.reason != WAIT_NONE && !leaves_wait_open(event))
        waitgraph_end(det, thread);
    if (thread->attention & ATTENTION_CALL || event->type == EVENT_FIRST_USE)
        begin_call(thread, event);
    if (!only_orders(event))
        dispatch(det, thread, event);
    detector_unlock(det);
    if (only_orders(event))
        order_event(det, thread, event);
}

static inline bool is_fast_kind(const struct event *event)
{
    return FAST_KINDS >> event->object & 1;
}

static inline struct lock_call lock_call(const struct event *event)
{
    return (struct lock_call){event->object, event->mode,
                              (uint16_t)(event->flags & (EVF_TIMED | EVF_TRY))};
}

/* A semaphore that behaves as a lock. */
static bool take_semaphore(struct detector *det, struct thread *thread, struct object *semaphore,
                           const struct event *event)
{
    return take_step(det, thread, semaphore, lock_call(event), event->stack);
}

void detector_feed(struct detector *det, struct thread *thread, const struct event *event,
                   uintptr_t sp)
{
    bool settled = false;
    if (event->object == OBJECT_SEM)
        settled = (has_no_attention(thread, sp) || is_full_alone(det, thread, sp)) &&
                  ((event->type == EVENT_ACQUIRE && sems_acquire_fast(det, thread, event, take_semaphore)) ||
                   (event->type == EVENT_POST && sems_post_fast(det, thread, event)));
    else if (event->type == EVENT_ACQUIRE && is_fast_kind(event))
        settled = detector_acquire_fast(det, thread, lock_call(event), event->addr, event->stack, sp);
    else if (event->type == EVENT_RELEASE && is_fast_kind(event) && !(event->flags & EVF_REFUSED))
        settled = detector_release_fast(det, thread, event->object, event->addr, sp);
    if (!settled)
        feed_slow(det, thread, event, sp);
}

stack_id detector_stack(struct detector *det, const struct event *event)
{
    return event->stack ? event->stack : det->env.capture_stack(det->env.ctx);
}

void detector_unlock(struct detector *det)
{
    bool tell = det->all_waiting;
    det->all_waiting = false;
    spin_unlock(&det->lock);
    if (tell && det->env.on_all_waiting)
        det->env.on_all_waiting(det->env.ctx);
}

/* --- questions -------------------------------------------------------------------------------- */

bool detector_knows(struct detector *det, struct thread *thread, enum object_kind kind,
                    uintptr_t addr)
{
    return objects_cached(&thread->objects, kind, addr) ||
           objects_find_in(&det->objects, &thread->objects, kind, addr);
}

bool detector_may_hold_objects(struct detector *det, uintptr_t addr, size_t size)
{
    return objects_may_hold(&det->objects, addr, size);
}

bool detector_holds(struct detector *det, struct thread *thread, uintptr_t addr)
{
    (void)det;
    for (uint32_t i = thread->held.count; i-- > 0;)
        if (thread->held.locks[i].object->addr == addr &&
            held_is_current(&thread->held.locks[i], thread))
            return true;
    return false;
}

struct detector_pulse detector_pulse(const struct detector *det)
{
    return (struct detector_pulse){
        .alive = load_acquire(&det->alive),
        .waiting = load_acquire(&det->waiting),
        .spinning = load_acquire(&det->spinning),
        .sequence = load_acquire(&det->sequence),
    };
}

bool detector_report_stuck(struct detector *det)
{
    spin_lock(&det->lock);
    bool stands = waitgraph_report_stuck(det);
    spin_unlock(&det->lock);
    return stands;
}

void detector_handled(struct detector *det, uint64_t signals)
{
    spin_lock(&det->lock);
    set_handled(det, signals);
    spin_unlock(&det->lock);
}

/* --- life of the detector --------------------------------------------------------------------- */

static void on_cycle(void *ctx, const struct lg_cycle *cycle) { misuse_lock_order(ctx, cycle); }

struct detector *detector_create(struct arena *arena, struct stackdepot *depot,
                                 const struct detector_env *env)
{
    struct detector *det = arena_alloc(arena, sizeof(*det));
    if (!det)
        return NULL;
    spin_init(&det->lock, RANK_ANALYSIS);
    for (unsigned i = 0; i < ORDER_STRIPES; i++)
        spin_init(&det->order_locks[i], RANK_OBJECT);
    spin_init(&det->orders_lock, RANK_ORDERS);
    det->arena = arena;
    det->depot = depot;
    det->env = *env;
    objects_init(&det->objects, arena);
    vc_domain_init(&det->clocks, arena, VC_SLOTS_DEFAULT, VC_EPOCH_BITS_DEFAULT);
    struct lockgraph_env graph_env = {.ctx = det, .on_cycle = on_cycle};
    det->graph = lockgraph_create(arena, &det->clocks, &graph_env, NULL);
    finding_table_init(&det->findings, arena);
    hash_init(&det->threads_by_id, arena);
    return det->graph ? det : NULL;
}

/* What the parent has found and seen is in the parent's report. */
static void forget_parent(struct detector *det)
{
    uint64_t locks = det->stats.locks_alive;
    finding_table_clear(&det->findings);
    mistake_forget_reliances(det);
    det->stats = (struct detector_stats){
        .threads_seen = 1, .threads_peak = 1, .locks_alive = locks, .locks_peak = locks};
    det->losses = (struct detector_losses){0};
    det->all_waiting = false;
}

void detector_forked(struct detector *det, struct thread *self)
{
    spin_reset(&det->lock);
    for (unsigned i = 0; i < ORDER_STRIPES; i++)
        spin_reset(&det->order_locks[i]);
    spin_reset(&det->orders_lock);
    vc_domain_forked(&det->clocks);
    if (detector_is_full(det))
        hb_reset_locks(det);
    if (det->races) /* its locks are free then: threads that are gone give back what they had */
        races_forked(det);
    spin_lock(&det->lock);
    threads_forked(det, self);
    if (detector_is_full(det))
        hb_forked(det, self);
    lockgraph_forked(det->graph);
    if (self) {
        lg_cache_clear(&self->lg, det->graph);
        self->held.known = 0;
    }
    forget_parent(det);
    spin_unlock(&det->lock);
}

/* The thread that forks holds the locks over the fork itself: no record is half changed in the child. */
void detector_freeze(struct detector *det)
{
    spin_lock(&det->lock);
    spin_lock_all(det->order_locks, ORDER_STRIPES, sizeof(*det->order_locks));
    if (det->races)
        races_freeze(det);
    spin_lock(&det->orders_lock);
    if (detector_is_full(det))
        hb_freeze(det);
}

void detector_thaw(struct detector *det)
{
    if (detector_is_full(det))
        hb_thaw(det);
    if (det->races)
        races_thaw(det);
    spin_unlock(&det->orders_lock);
    spin_unlock_all(det->order_locks, ORDER_STRIPES, sizeof(*det->order_locks));
    spin_unlock(&det->lock);
}

struct detector_stats detector_stats(struct detector *det)
{
    spin_lock(&det->lock);
    struct lockgraph_stats graph = lockgraph_stats(det->graph);
    struct detector_stats stats = det->stats;
    stats.threads_alive = det->alive;
    stats.lock_orders = lockgraph_order_count(det->graph, 1000000);
    stats.chains = graph.nodes;
    stats.cycles_checked = graph.cycles_checked;
    stats.cycles_pruned = graph.cycles_pruned;
    spin_unlock(&det->lock);
    return stats;
}

struct detector_losses detector_losses(struct detector *det)
{
    spin_lock(&det->lock);
    struct lockgraph_stats graph = lockgraph_stats(det->graph);
    struct detector_losses losses = det->losses;
    losses.out_of_memory += det->objects.lost + det->clocks.lost + det->hb.lost;
    losses.chains_full += graph.full;
    losses.chains_forgotten = graph.forgotten;
    losses.searches_cut += graph.cut;
    losses.slots_reused_early += det->clocks.reused_early + det->hb.reused_early;
    losses.epochs_exhausted = det->hb.stuck;
    if (det->races)
        races_count_losses(det->races, &losses);
    spin_unlock(&det->lock);
    return losses;
}

void detector_counts(struct detector *det,
                     void (*visit)(void *ctx, uint32_t finding_number, uint64_t count), void *ctx)
{
    spin_lock(&det->lock);
    finding_table_visit(&det->findings, visit, ctx);
    spin_unlock(&det->lock);
}

bool detector_is_valid(struct detector *det)
{
    spin_lock(&det->lock);
    bool valid = objects_is_valid(&det->objects) && threads_are_valid(det) &&
                 waitgraph_is_valid(det) && vc_domain_is_valid(&det->clocks) &&
                 (!detector_is_full(det) || hb_is_valid(det)) &&
                 lockgraph_is_valid(det->graph);
    spin_unlock(&det->lock);
    return valid;
}
