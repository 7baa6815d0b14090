/* SPDX-License-Identifier: MIT */
// A handshake over std::condition_variable comes before the opposite order.
/* EXPECT-NONE */
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
    await_ready();
    await_step(1);
    {
        std::lock_guard<std::mutex> first(b), second(a);
    }
}

int main()
{
    std::thread one(take_ab), two(take_ba);
    one.join();
    two.join();
}
