/* SPDX-License-Identifier: MIT */
/* What is decided about a program that is about to be executed, for exec.c and spawn.c. */
#ifndef DETECT_INTERCEPT_EXEC_H
#define DETECT_INTERCEPT_EXEC_H

#include <alloca.h>

#include "base/sys.h"
#include "intercept/environment.h"

/* A changed environment up to this size lies on the caller's stack. */
#define EXEC_STACK_ROOM (12u << 10)

struct exec_plan {
    enum child_watch watch;
    size_t room; /* 0: the environment is right */
    void *mapped;
};

/* Looks at the file and the environment; says in the report if the program cannot be watched. */
void exec_plan(struct exec_plan *plan, int directory, const char *path, char *const envp[]);
/* The same for a name that is looked up in PATH. */
void exec_plan_search(struct exec_plan *plan, const char *name, char *const envp[]);

static inline char *const *exec_build(struct exec_plan *plan, void *room, char *const envp[])
{
    return room ? environment_build(room, envp, plan->watch) : envp;
}

static inline void *exec_map(struct exec_plan *plan)
{
    plan->mapped = sys_map(plan->room);
    return plan->mapped;
}

/* The environment to execute with; only directly in the function that makes the call: it may lie on that
 * function's stack. */
#define EXEC_ENVIRONMENT(plan, envp)                                                               \
    ((plan)->room == 0 ? (envp)                                                                    \
                       : exec_build((plan),                                                        \
                                    (plan)->room <= EXEC_STACK_ROOM ? alloca((plan)->room)         \
                                                                    : exec_map(plan),              \
                                    (envp)))

/* The call came back: it failed, or was a spawn. errno is untouched. */
static inline void exec_done(struct exec_plan *plan)
{
    if (plan->mapped)
        sys_unmap(plan->mapped, plan->room);
}

#endif
