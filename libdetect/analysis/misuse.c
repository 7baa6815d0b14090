/* SPDX-License-Identifier: MIT */
/* The steps that build a finding, and the one place where findings leave the analysis; see misuse.h. */
#include "analysis/misuse.h"

#define NUMBERED(text, letter)                                                                     \
    {text "%" letter "0", text "%" letter "1", text "%" letter "2", text "%" letter "3",           \
     text "%" letter "4", text "%" letter "5", text "%" letter "6", text "%" letter "7",           \
     text "%" letter "8", text "%" letter "9"}

#define NUMBERS 10u

const char *role_waits_for(uint32_t object)
{
    static const char *const roles[NUMBERS] = NUMBERED("waits for ", "O");
    return object < NUMBERS ? roles[object] : "waits";
}

const char *role_waits_again_for(uint32_t object)
{
    static const char *const roles[NUMBERS] =
        NUMBERED("waits for a condition, and needs to return from it: ", "O");
    return object < NUMBERS ? roles[object] : "waits for a condition";
}

const char *role_waits_behind_writer(uint32_t object)
{
    static const char *const roles[NUMBERS] = NUMBERED("waits, behind a waiting writer, for ", "O");
    return object < NUMBERS ? roles[object] : "waits behind a waiting writer";
}

const char *role_acquired(uint32_t object)
{
    static const char *const roles[NUMBERS] = NUMBERED("acquired ", "O");
    return object < NUMBERS ? roles[object] : "acquired what the one before waits for";
}

const char *role_joins(uint32_t thread)
{
    static const char *const roles[NUMBERS] = NUMBERED("waits for the end of ", "T");
    return thread < NUMBERS ? roles[thread] : "waits for the end of the next thread";
}

const char *role_was_woken(uint32_t mutex)
{
    static const char *const roles[NUMBERS] = NUMBERED("was woken, and waits for ", "O");
    return mutex < NUMBERS ? roles[mutex] : "was woken, and waits for the mutex";
}

const char *role_waits_for_ended(uint32_t object)
{
    static const char *const roles[NUMBERS] =
        NUMBERED("waits for a lock whose holder has ended: ", "O");
    return object < NUMBERS ? roles[object] : "waits for a lock whose holder has ended";
}

const char *role_last_woke(uint32_t object, bool signalled)
{
    static const char *const signals[NUMBERS] = NUMBERED("was the last to signal ", "O");
    static const char *const posts[NUMBERS] = NUMBERED("was the last to post ", "O");
    if (object >= NUMBERS)
        return "was the last to signal or post";
    return signalled ? signals[object] : posts[object];
}

void mistake_begin(struct detector *det, enum finding_kind kind,
                   enum finding_confidence confidence, const char *message)
{
    finding_begin(&det->finding, kind, confidence, message);
}

void mistake_describe(const struct object *object, struct finding_object *out)
{
    *out = (struct finding_object){
        .kind = object->kind,
        .addr = object->addr,
        .size = object_size(object->kind),
        .created_at = object_rest(object)->created_at,
        .static_init = object->flags & OBJ_STATIC,
    };
}

uint32_t mistake_object(struct detector *det, const struct object *object)
{
    struct finding_object described;
    mistake_describe(object, &described);
    return finding_add_object(&det->finding, &described);
}

void mistake_object_of(struct detector *det, const struct event *event)
{
    struct object *object = objects_find(&det->objects, event->object, event->addr);
    struct finding_object described = {.kind = event->object, .addr = event->addr,
                                       .size = object_size(event->object)};
    if (object)
        mistake_describe(object, &described);
    if (described.size > 0)
        finding_add_object(&det->finding, &described);
}

void mistake_thread(struct detector *det, thread_id thread)
{
    finding_add_thread(&det->finding, thread);
}

void mistake_stack(struct detector *det, const char *role, thread_id thread, stack_id stack)
{
    if (thread != THREAD_NONE)
        finding_add_thread(&det->finding, thread);
    finding_add_stack(&det->finding, role, thread, stack);
}

void mistake_held(struct detector *det, struct thread *thread)
{
    for (uint32_t i = 0; i < thread->held.count; i++) {
        const struct held_lock *lock = &thread->held.locks[i];
        if (held_is_current(lock, thread))
            finding_add_held(&det->finding, thread->id, mistake_object(det, lock->object),
                             lock->mode, lock->stack);
    }
}

uint64_t mistake_key(const struct detector *det, uint32_t stacks)
{
    const struct finding *finding = &det->finding;
    uint64_t key = hash_mix(finding->kind, finding->stack_count);
    for (uint32_t i = 0; i < finding->stack_count && i < stacks; i++)
        key = hash_mix(key, depot_top(det->depot, finding->stacks[i].stack));
    return key;
}

static bool has_a_place(const struct finding *finding)
{
    for (uint32_t i = 0; i < finding->stack_count; i++)
        if (finding->stacks[i].stack != STACK_NONE)
            return true;
    return false;
}

bool mistake_end(struct detector *det)
{
    const struct finding *finding = &det->finding;
    uint64_t key = mistake_key(det, 2);
    if (finding->object_count > 0)
        key = hash_mix(key, finding->objects[0].kind);
    /* Without any stack the object is all that tells mistakes apart. */
    if (!has_a_place(finding) && finding->object_count > 0)
        key = hash_mix(key, finding->objects[0].addr);
    return mistake_end_named(det, &key, 1);
}

bool mistake_end_named(struct detector *det, const uint64_t *keys, uint32_t key_count)
{
    struct finding *finding = &det->finding;
    if (!finding_is_new_any(&det->findings, keys, key_count, &finding->number))
        return false;
    det->env.on_finding(det->env.ctx, finding);
    return true;
}

/* --- findings that stand on a semaphore being a lock ------------------------------------------ */

struct reliance {
    struct reliance *next;
    lock_uid semaphore;
    uint32_t finding;
};

void mistake_relies_on_semaphores(struct detector *det)
{
    const struct finding *finding = &det->finding;
    for (uint32_t i = 0; i < finding->object_count; i++) {
        if (finding->objects[i].kind != OBJECT_SEM)
            continue;
        struct object *object =
            objects_find(&det->objects, OBJECT_SEM, finding->objects[i].addr);
        struct reliance *reliance = object ? arena_alloc(det->arena, sizeof(*reliance)) : NULL;
        if (!reliance)
            continue;
        *reliance = (struct reliance){det->reliances, object->uid, finding->number};
        det->reliances = reliance;
    }
}

void mistake_forget_reliances(struct detector *det)
{
    for (struct reliance *next, *reliance = det->reliances; reliance; reliance = next) {
        next = reliance->next;
        arena_free(det->arena, reliance, sizeof(*reliance));
    }
    det->reliances = NULL;
}

void mistake_withdraw(struct detector *det, lock_uid semaphore)
{
    for (struct reliance **link = &det->reliances; *link;) {
        struct reliance *reliance = *link;
        if (reliance->semaphore != semaphore) {
            link = &reliance->next;
            continue;
        }
        *link = reliance->next;
        if (det->env.on_withdrawn)
            det->env.on_withdrawn(det->env.ctx, reliance->finding);
        arena_free(det->arena, reliance, sizeof(*reliance));
    }
}
