/* SPDX-License-Identifier: MIT */
// A std::shared_lock is held while std::unique_lock is asked for.
/* STUCK */
/* EXPECT: rwlock-upgrade update on s */
#include <mutex>
#include <shared_mutex>

#include "unseen.h"

static std::shared_mutex s;

static __attribute__((noinline)) void update()
{
    std::unique_lock<std::shared_mutex> writer(s);
}

int main()
{
    std::shared_lock<std::shared_mutex> reader(s);
    update();
}
