/* SPDX-License-Identifier: MIT */
// A thread throws while a guard holds the std::mutex.
/* EXPECT-NONE */
#include <mutex>
#include <thread>

#include "unseen.h"

static std::mutex m;

static void work()
{
    try {
        std::lock_guard<std::mutex> guard(m);
        throw 1;
    } catch (int) {
    }
}

int main()
{
    std::thread(work).join();
}
