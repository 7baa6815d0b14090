/* SPDX-License-Identifier: MIT */
// Two unique_locks in opposite orders.
/* EXPECT: lock-order take_ab/take_ba on a,b */
#include <mutex>
#include <thread>

#include "unseen.h"

static std::mutex a, b;

static void take_ab()
{
    {
        std::unique_lock<std::mutex> first(a), second(b);
    }
    step_done(1);
}

static void take_ba()
{
    await_step(1);
    std::unique_lock<std::mutex> first(b), second(a);
}

int main()
{
    std::thread one(take_ab), two(take_ba);
    one.join();
    two.join();
}
