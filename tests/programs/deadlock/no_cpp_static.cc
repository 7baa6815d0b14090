/* SPDX-License-Identifier: MIT */
// The holder gives the mutex up before it calls the function.
/* EXPECT-NONE */
#include <mutex>
#include <thread>

#include "unseen.h"

static std::mutex m;

static int make()
{
    meet(2);
    std::lock_guard<std::mutex> guard(m);
    return 1;
}

static int instance()
{
    static int value = make();
    return value;
}

static void first()
{
    instance();
}

static void second()
{
    std::unique_lock<std::mutex> guard(m);
    meet(2);
    guard.unlock();
    instance();
}

int main()
{
    std::thread one(first), two(second);
    one.join();
    two.join();
}
