/* SPDX-License-Identifier: MIT */
// Deferred locks, locked together by std::lock in opposite orders.
/* EXPECT-NONE */
#include <mutex>
#include <thread>

#include "unseen.h"

static std::mutex a, b;

static __attribute__((noinline)) void take(std::mutex &one, std::mutex &two)
{
    std::unique_lock<std::mutex> first(one, std::defer_lock), second(two, std::defer_lock);
    std::lock(first, second);
}

int main()
{
    std::thread one([] { take(a, b); step_done(1); });
    std::thread two([] { await_step(1); take(b, a); });
    one.join();
    two.join();
}
