/* SPDX-License-Identifier: MIT */
/* What became of the threads whose pthread_t a program may still use: a memory of recent handles.
 *
 * A fixed direct-mapped table that takes no lock, so that it survives fork. It may forget (another handle
 * took the entry: a mistake is then not noticed), but what it says is true: states change only from that
 * of the very thread, by its number, so that a handle that libc has given to a new thread is safe. */
#ifndef DETECT_INTERCEPT_HANDLES_H
#define DETECT_INTERCEPT_HANDLES_H

#include "event/event.h"

/* HANDLE_ENDED: joinable, and its function has returned. */
enum handle_state { HANDLE_UNKNOWN, HANDLE_JOINABLE, HANDLE_DETACHED, HANDLE_JOINED, HANDLE_ENDED };

/* A new thread has this handle. */
void handles_add(uintptr_t handle, thread_id id, enum handle_state state);
/* The last thread that had it; *id is its number. */
enum handle_state handles_look(uintptr_t handle, thread_id *id);
/* False if that thread is no longer in this state, or forgotten. */
bool handles_change(uintptr_t handle, thread_id id, enum handle_state from, enum handle_state to);
/* From joinable, whether it has ended or not. */
static inline bool handles_take(uintptr_t handle, thread_id id, enum handle_state to)
{
    return handles_change(handle, id, HANDLE_JOINABLE, to) || handles_change(handle, id, HANDLE_ENDED, to);
}

/* Child of a fork: no other thread exists, and libc gives their handles to new ones. */
void handles_keep_only(uintptr_t handle);

#endif
