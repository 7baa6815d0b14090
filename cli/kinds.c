/* SPDX-License-Identifier: MIT */
/* See kinds.h. A kind without a hint does not compile. */
#include "kinds.h"

#include <string.h>

#define HINT_RACE "guard both accesses with the same lock, or make the variable atomic"
#define HINT_FREE_RACE "free the block only after its last user is done: join, or count references"
#define HINT_FD_RACE "close the descriptor only after its last user is done"
#define HINT_LIBC_RACE "use the re-entrant variant (strtok_r, localtime_r, ...)"
#define HINT_LOCK_ORDER "take these locks in the same order everywhere"
#define HINT_DEADLOCK "take the locks in one order everywhere, and join only without a lock that the other thread needs"
#define HINT_HANG "set the condition and signal under the mutex, test it in a loop, and post as often as you wait"
#define HINT_DOUBLE_LOCK "unlock before, split off a function that expects the lock to be held, or make the mutex recursive"
#define HINT_UNLOCK_NOT_HELD "lock and unlock in pairs on every path"
#define HINT_UNLOCK_NOT_OWNER "unlock in the thread that locked; to wake another thread use a condition variable or a semaphore"
#define HINT_RWLOCK_UPGRADE "unlock before asking for the write lock, and test again what was read"
#define HINT_DESTROY_LOCKED "unlock before destroying"
#define HINT_DESTROY_IN_USE "destroy it only after all its users were joined or told"
#define HINT_FREE_LOCKED "unlock and destroy the lock before its memory goes"
#define HINT_REINIT_IN_USE "initialise once, before any thread uses it"
#define HINT_USE_AFTER_DESTROY "destroy it only after its last use"
#define HINT_UNINITIALISED_OBJECT "call its init function first, or use a static initialiser"
#define HINT_COND_MUTEX_MISMATCH "use one mutex with each condition variable"
#define HINT_COND_WAIT_UNLOCKED "lock the mutex before waiting"
#define HINT_INVALID_ARGUMENT "check what is passed, and what the call returned"
#define HINT_EXIT_HOLDING_LOCK "unlock before the thread ends; pthread_cleanup_push() covers cancellation"
#define HINT_THREAD_LEAK "join the thread, or detach it"
#define HINT_FORK_HOLDING_LOCK "take the lock in a pthread_atfork() handler, or call only exec in the child"
#define HINT_LOCK_IN_SIGNAL_HANDLER "block the signal while the lock is held, or only set a flag in the handler"
#define HINT_SIGNAL_UNLOCKED "nothing to do if the condition itself is changed under the mutex"
#define HINT_ERROR_RETURNED "nothing to do if the program expects this error"

const struct kind_info kind_table[KIND_COUNT] = {
#define KIND(id, name, group, line, text) {name, line, text, group, HINT_##id},
#include "analysis/kinds.def"
#undef KIND
};

const struct kind_info *kind_find(const char *name)
{
    for (size_t i = 0; i < KIND_COUNT; i++)
        if (strcmp(kind_table[i].name, name) == 0)
            return &kind_table[i];
    return NULL;
}

static const char *kind_name(size_t i) { return kind_table[i].name; }

const char *kind_nearest(const char *name)
{
    return options_nearest(name, strlen(name), kind_name, KIND_COUNT);
}

const char *group_name(enum finding_group group)
{
    static const char *const names[] = {[GROUP_RACE] = "races", [GROUP_DEADLOCK] = "deadlocks",
                                        [GROUP_MISUSE] = "misuse", [GROUP_NOTE] = "notes"};
    return names[group];
}
