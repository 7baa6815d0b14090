/* SPDX-License-Identifier: MIT */
/* Limits of address space that the program sets for itself: shadow memory, which counts as well, is added to them, and
 * left out of what the program is shown. A limit that was there before shadow memory is the kernel's business. */
#include "intercept/resource.h"

#include <errno.h>
#include <sys/resource.h>

#include "intercept/export.h"
#include "runtime/races.h"
#include "runtime/real.h"
#include "runtime/runtime.h"

/* The program has set these since there is shadow memory; a bit for each resource. */
static uint32_t raised;

static bool counts_shadow(unsigned resource)
{
    return (resource == RLIMIT_AS || resource == RLIMIT_DATA) && races_shadow_bytes() > 0;
}

static rlim_t moved(rlim_t limit, rlim_t by, bool up)
{
    if (limit == RLIM_INFINITY)
        return limit;
    return up ? limit + by : limit - by;
}

static struct rlimit with_shadow(struct rlimit limit, bool up)
{
    rlim_t bytes = races_shadow_bytes();
    return (struct rlimit){moved(limit.rlim_cur, bytes, up), moved(limit.rlim_max, bytes, up)};
}

static void show(unsigned resource, uint32_t before, struct rlimit *limit)
{
    if (limit && counts_shadow(resource) && (before >> resource & 1))
        *limit = with_shadow(*limit, false);
}

static int change(pid_t pid, unsigned resource, const struct rlimit *new, struct rlimit *old)
{
    uint32_t before = load_relaxed(&raised);
    if (!counts_shadow(resource) || (pid != 0 && pid != runtime.pid))
        return REAL(prlimit)(pid, (enum __rlimit_resource)resource, new, old);
    struct rlimit larger;
    if (new)
        larger = with_shadow(*new, true);
    int result = REAL(prlimit)(pid, (enum __rlimit_resource)resource, new ? &larger : NULL, old);
    if (result == 0 && new)
        fetch_or_relaxed(&raised, 1u << resource);
    if (result == 0)
        show(resource, before, old);
    return result;
}

INTERCEPT(int, prlimit, (pid_t pid, unsigned resource, const struct rlimit *new, struct rlimit *old))
{
    return change(pid, resource, new, old);
}

EXPORT int intercepted_prlimit64(pid_t, unsigned, const struct rlimit *, struct rlimit *) __asm__("prlimit64")
    __attribute__((alias("prlimit")));

INTERCEPT(int, setrlimit, (unsigned resource, const struct rlimit *limit))
{
    return LIKELY(!counts_shadow(resource)) ? REAL(setrlimit)((enum __rlimit_resource)resource, limit)
                                            : change(0, resource, limit, NULL);
}

EXPORT int intercepted_setrlimit64(unsigned, const struct rlimit *) __asm__("setrlimit64")
    __attribute__((alias("setrlimit")));

INTERCEPT(int, getrlimit, (unsigned resource, struct rlimit *limit))
{
    int result = REAL(getrlimit)((enum __rlimit_resource)resource, limit);
    if (result == 0)
        show(resource, load_relaxed(&raised), limit);
    return result;
}

EXPORT int intercepted_getrlimit64(unsigned, struct rlimit *) __asm__("getrlimit64") __attribute__((alias("getrlimit")));

/* --- exec ------------------------------------------------------------------------------------------------------------- */

static void move_all(bool up)
{
    int saved = errno;
    uint32_t set = load_relaxed(&raised);
    for (unsigned resource = 0; set >> resource; resource++) {
        struct rlimit limit;
        if (!(set >> resource & 1) || REAL(getrlimit)((enum __rlimit_resource)resource, &limit) != 0)
            continue;
        limit = with_shadow(limit, up);
        REAL(setrlimit)((enum __rlimit_resource)resource, &limit);
    }
    errno = saved;
}

void resource_before_exec(void) { move_all(false); }
/* Only a privileged process gets a finite hard limit back. */
void resource_exec_failed(void) { move_all(true); }
