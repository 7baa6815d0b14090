/* SPDX-License-Identifier: MIT */
// The second one only tries.
/* EXPECT-NONE */
#include <mutex>
#include <shared_mutex>

#include "unseen.h"

static std::shared_mutex s;

static __attribute__((noinline)) void update()
{
    std::unique_lock<std::shared_mutex> writer(s, std::try_to_lock);
}

int main()
{
    std::shared_lock<std::shared_mutex> reader(s);
    update();
}
