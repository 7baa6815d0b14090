/* SPDX-License-Identifier: MIT */
// A handshake over std::condition_variable comes after the opposite order.
/* EXPECT: lock-order take_ab/take_ba on a,b */
#include <condition_variable>
#include <mutex>
#include <thread>

#include "unseen.h"

static std::mutex a, b, m;
static std::condition_variable ready;
static bool is_ready;

static void take_ab()
{
    {
        std::lock_guard<std::mutex> first(a), second(b);
    }
    step_done(1);
    std::lock_guard<std::mutex> guard(m);
    is_ready = true;
    ready.notify_one();
}

static void await_ready()
{
    std::unique_lock<std::mutex> guard(m);
    ready.wait(guard, [] { return is_ready; });
}

static void take_ba()
{
    await_step(1);
    {
        std::lock_guard<std::mutex> first(b), second(a);
    }
    await_ready();
}

int main()
{
    std::thread one(take_ab), two(take_ba);
    one.join();
    two.join();
}
