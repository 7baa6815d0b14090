/* SPDX-License-Identifier: MIT */
// std::timed_mutex, the second one with a limit: the thread gives up.
/* EXPECT-NONE */
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
    if (a.try_lock_for(std::chrono::minutes(1)))
    a.unlock();
}

int main()
{
    std::thread one(take_ab), two(take_ba);
    one.join();
    two.join();
}
