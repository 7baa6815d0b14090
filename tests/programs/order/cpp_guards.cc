/* SPDX-License-Identifier: MIT */
// std::lock_guard in opposite orders, in std::thread.
/* EXPECT: lock-order take_ab/take_ba on a,b */
#include <mutex>
#include <thread>

#include "unseen.h"

static std::mutex a, b;

static void take_ab()
{
    {
        std::lock_guard<std::mutex> first(a);
        std::lock_guard<std::mutex> second(b);
    }
    step_done(1);
}

static void take_ba()
{
    await_step(1);
    std::lock_guard<std::mutex> first(b);
    std::lock_guard<std::mutex> second(a);
}

int main()
{
    std::thread one(take_ab), two(take_ba);
    one.join();
    two.join();
}
