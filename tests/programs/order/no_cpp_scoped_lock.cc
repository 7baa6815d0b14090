/* SPDX-License-Identifier: MIT */
// std::scoped_lock in opposite orders: it waits for one lock and tries the other.
/* EXPECT-NONE */
#include <mutex>
#include <thread>

#include "unseen.h"

static std::mutex a, b;

static void take_ab()
{
    {
        std::scoped_lock both(a, b);
    }
    step_done(1);
}

static void take_ba()
{
    await_step(1);
    std::scoped_lock both(b, a);
}

int main()
{
    std::thread one(take_ab), two(take_ba);
    one.join();
    two.join();
}
