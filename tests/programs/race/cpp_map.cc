/* SPDX-License-Identifier: MIT */
/* A map is searched under a shared lock and filled under the exclusive one; the wrong one fills it under the shared. */
/* EXPECT: race fills */
/* TWIN */
#include "hidden.h"
#include <map>
#include <mutex>
#include <shared_mutex>

static std::shared_mutex lock;
static std::map<int, int> map;

static NOINLINE void fills(int key)
{
    if (IS_TWIN) {
        std::unique_lock<std::shared_mutex> guard(lock);
        map[key] = key;
    } else {
        std::shared_lock<std::shared_mutex> guard(lock);
        map[key] = key;
        hidden_meet(2);
    }
}

static void *first(void *)
{
    if (IS_TWIN) {
        std::shared_lock<std::shared_mutex> guard(lock);
        USE(map.size());
    }
    fills(1);
    hidden_done(1);
    return nullptr;
}

static void *second(void *)
{
    if (IS_TWIN)
        hidden_await(1);
    else
        SPIN_UNTIL(lseek(hidden_present, 0, SEEK_CUR) >= 1);
    fills(2);
    return nullptr;
}

int main() { return both(first, second); }
