/* SPDX-License-Identifier: MIT */
/* Ends and copies of the process, for the functions that make them by system call number. */
#ifndef DETECT_INTERCEPT_PROCESS_H
#define DETECT_INTERCEPT_PROCESS_H

#include <sys/syscall.h>

#include "runtime/runtime.h"

/* The process ends here, without handlers: the last that is heard of it. */
int process_ends(int status, const struct call_site *site);

/* A system call that copies the process (fork, clone without CLONE_VM), or starts something that runs in
 * our memory (with it). */
long process_forks(long number, const long arguments[6]);
long process_clones(long number, uint64_t flags, const long arguments[6]);

/* The program is about to forbid itself system calls. */
void process_restricts(void);

/* exec.c: syscall(SYS_execve, …) and SYS_execveat. */
long exec_by_number(long number, const long arguments[6]);

#endif
