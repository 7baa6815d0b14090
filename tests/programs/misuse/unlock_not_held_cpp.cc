/* SPDX-License-Identifier: MIT */
// std::mutex is unlocked by hand and then by its guard.
/* EXPECT: unlock-not-held main on m */
#include <mutex>

#include "unseen.h"

static std::mutex m;

int main()
{
    std::lock_guard<std::mutex> guard(m);
    m.unlock();
}
