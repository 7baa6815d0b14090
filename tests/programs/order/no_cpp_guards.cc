/* SPDX-License-Identifier: MIT */
// std::lock_guard in one order, in std::thread.
/* EXPECT-NONE */
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
    std::lock_guard<std::mutex> first(a);
    std::lock_guard<std::mutex> second(b);
}

int main()
{
    std::thread one(take_ab), two(take_ba);
    one.join();
    two.join();
}
