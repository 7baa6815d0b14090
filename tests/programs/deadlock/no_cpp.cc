/* SPDX-License-Identifier: MIT */
// The second thread only tries.
/* EXPECT-NONE */
#include <mutex>
#include <shared_mutex>
#include <thread>

#include "unseen.h"

static std::mutex m;
static std::shared_mutex s;

static void take_ms()
{
    std::lock_guard<std::mutex> first(m);
    meet(2);
    std::unique_lock<std::shared_mutex> second(s);
}

static void take_sm()
{
    std::shared_lock<std::shared_mutex> first(s);
    meet(2);
    std::unique_lock<std::mutex> second(m, std::try_to_lock);
}

int main()
{
    std::thread one(take_ms), two(take_sm);
    one.join();
    two.join();
}
