/* SPDX-License-Identifier: MIT */
/* push_back by one thread against an index by another, that may point into a freed block. */
/* EXPECT: race|free-race pushes/indexes */
/* TWIN */
#include "hidden.h"
#include <mutex>
#include <vector>

static std::mutex lock;
static std::vector<int> numbers(16, 1);

static NOINLINE void *indexes(void *)
{
    std::unique_lock<std::mutex> guard(lock);
    if (!IS_TWIN)
        guard.unlock();
    USE(*(volatile int *)&numbers[7]);
    if (IS_TWIN)
        guard.unlock();
    hidden_done(1);
    return nullptr;
}

static NOINLINE void *pushes(void *)
{
    hidden_await(1);
    std::lock_guard<std::mutex> guard(lock);
    numbers.push_back(2);
    return nullptr;
}

int main() { return both(indexes, pushes); }
