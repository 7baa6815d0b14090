/* SPDX-License-Identifier: MIT */
/* The wait-for graph: who waits for whom at this moment.
 *
 * Every wait that may block for long is registered, under the analysis lock, before the thread blocks. From
 * then on neither the wait nor what the thread holds changes until the wait ends, and an owner is on record
 * before it can begin a wait of its own. So the last wait of a cycle sees all of it, and a cycle that is
 * found is one: no snapshot of moving parts.
 *
 * Edges, from a waiting thread to
 *  - the owner of the mutex, spin lock or running once routine;
 *  - a rwlock's writer; for who wants to write, every reader too; for a reader of the writer-first kind,
 *    every waiting writer;
 *  - the target of a join;
 *  - the holder of a semaphore that behaves as a lock. Before it has ever been posted by its holder that is
 *    only a guess, used when the process is stuck for good (waitgraph_search, `guess`);
 *  - for a wait on a condition variable: the owner of its mutex, without which the wait cannot return
 *    even when it is signalled, or its time is up.
 * Other timed waits have no edges: they end by themselves. */
#ifndef DETECT_ANALYSIS_WAITGRAPH_H
#define DETECT_ANALYSIS_WAITGRAPH_H

#include "analysis/thread.h"

/* All under the analysis lock. */

/* Registers the wait and reports the cycle that it closes, if any. */
void waitgraph_begin(struct detector *det, struct thread *thread, const struct wait *wait);
/* Nothing if no wait is open. */
void waitgraph_end(struct detector *det, struct thread *thread);
/* What it waits for has happened, though its wait has not returned yet. */
void waitgraph_wake(struct detector *det, struct thread *thread);
/* A handler begins to run during the wait, or returns into it. */
void waitgraph_suspend(struct detector *det, struct thread *thread, struct wait *into);
void waitgraph_resume(struct detector *det, struct thread *thread, const struct wait *from);
/* Whether only another thread of this process can end a wait changes with the signals handled. */
void waitgraph_recount(struct detector *det);
/* Asks to be told, once the lock is free, if all threads wait. */
void waitgraph_note_all_waiting(struct detector *det);

/* Looks for a cycle through this thread's wait and reports it. */
bool waitgraph_search(struct detector *det, struct thread *thread, bool guess);
/* Every thread waits for good: finds what explains it, or reports a hang. */
bool waitgraph_report_stuck(struct detector *det);

bool waitgraph_is_valid(struct detector *det);

#endif
