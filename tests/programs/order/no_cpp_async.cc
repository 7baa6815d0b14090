/* SPDX-License-Identifier: MIT */
// The opposite order is taken after the result of std::async was fetched.
/* EXPECT-NONE */
#include <future>
#include <mutex>

#include "unseen.h"

static std::mutex a, b;

static int take_ab()
{
    std::lock_guard<std::mutex> first(a);
    std::lock_guard<std::mutex> second(b);
    step_done(1);
    return 0;
}

static int take_ba()
{
    std::lock_guard<std::mutex> first(b);
    std::lock_guard<std::mutex> second(a);
    return 0;
}

int main()
{
    auto result = std::async(std::launch::async, take_ab);
    int status = result.get();
    await_step(1);
    take_ba();
    return status;
}
