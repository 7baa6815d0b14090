/* SPDX-License-Identifier: MIT */
// A thread ends without unlocking its std::mutex.
/* EXPECT: exit-holding-lock work on m */
#include <mutex>
#include <thread>

#include "unseen.h"

static std::mutex m;

static void work()
{
    m.lock();
}

int main()
{
    std::thread(work).join();
}
