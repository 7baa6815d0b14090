/* SPDX-License-Identifier: MIT */
// A unique_lock that is unlocked knows it.
/* EXPECT-NONE */
#include <mutex>

#include "unseen.h"

static std::mutex m;

int main()
{
    std::unique_lock<std::mutex> guard(m);
    guard.unlock();
}
