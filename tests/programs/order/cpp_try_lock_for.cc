/* SPDX-License-Identifier: MIT */
// std::timed_mutex, locked without limit in opposite orders.
/* EXPECT: lock-order take_ab/take_ba on a,b */
#include <chrono>
#include <mutex>
#include <thread>

#include "unseen.h"

static std::timed_mutex a, b;

static void take_ab()
{
    {
        std::lock_guard<std::timed_mutex> first(a), second(b);
    }
    step_done(1);
}

static void take_ba()
{
    await_step(1);
    std::lock_guard<std::timed_mutex> first(b);
    a.lock();
    a.unlock();
}

int main()
{
    std::thread one(take_ab), two(take_ba);
    one.join();
    two.join();
}
