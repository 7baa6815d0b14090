/* SPDX-License-Identifier: MIT */
// std::shared_mutex in opposite orders, exclusive.
/* EXPECT: lock-order take_ab/take_ba on a,b */
#include <mutex>
#include <shared_mutex>
#include <thread>

#include "unseen.h"

static std::shared_mutex a, b;
using guard = std::unique_lock<std::shared_mutex>;

static void take_ab()
{
    {
        guard first(a), second(b);
    }
    step_done(1);
}

static void take_ba()
{
    await_step(1);
    guard first(b), second(a);
}

int main()
{
    std::thread one(take_ab), two(take_ba);
    one.join();
    two.join();
}
