/* SPDX-License-Identifier: MIT */
/* std::call_once orders, also for who finds it done. */
/* EXPECT: race use on limit */
/* TWIN */
#include "hidden.h"
#include <mutex>

static std::once_flag flag;
static int limit;

static NOINLINE int use()
{
    if (IS_TWIN)
        std::call_once(flag, [] { limit = 5; });
    else if (limit == 0)
        limit = 5;
    return *(volatile int *)&limit;
}

static void *first(void *)
{
    USE(use());
    hidden_done(1);
    return nullptr;
}

static void *second(void *)
{
    hidden_await(1);
    USE(use());
    return nullptr;
}

int main() { return both(first, second); }
