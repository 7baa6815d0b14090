/* SPDX-License-Identifier: MIT */
/* What a child's environment must contain for it to be watched: ourselves in LD_PRELOAD, the options, and the
 * directory of the run. A program may have cleaned it; the program's own entries stay as they are.
 *
 * Async-signal-safe, no memory of its own: the caller gives room, as the child of a vfork may not allocate. */
#ifndef DETECT_INTERCEPT_ENVIRONMENT_H
#define DETECT_INTERCEPT_ENVIRONMENT_H

#include "base/compiler.h"

enum child_watch {
    CHILD_WATCHED,    /* all three are there */
    CHILD_UNLOADABLE, /* we are not in LD_PRELOAD: it would do harm */
    CHILD_FREE,       /* none of the three is there: children=no */
};

/* Bytes of room for a changed environment; 0 if `envp` is right as it is. */
size_t environment_room(char *const envp[], enum child_watch watch);
/* The changed environment, inside `room`; entries that stay are not copied. */
char **environment_build(void *room, char *const envp[], enum child_watch watch);

/* Whether our library can be opened where it was (not after a chroot). */
bool environment_reachable(void);

/* A shell command that gives `command` the same: for system and popen, which use `environ` themselves.
 * environment_command_room() is 0 if `environ` is right. */
size_t environment_command_room(char *const envp[], const char *command);
const char *environment_command(char *room, const char *command);

#endif
