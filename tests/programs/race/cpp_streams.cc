/* SPDX-License-Identifier: MIT */
/* std::cout may be used by all threads; one std::ostringstream may not. */
/* EXPECT: race prints */
/* POSSIBLE */
/* TWIN */
#include "hidden.h"
#include <iostream>
#include <mutex>
#include <sstream>

static std::ostringstream shared;
static std::mutex lock;

static NOINLINE void prints(int number)
{
    std::unique_lock<std::mutex> guard(lock, std::defer_lock);
    if (IS_TWIN)
        guard.lock();
    shared << number << " and " << number + 1;
}

static void *first(void *)
{
    if (IS_TWIN)
        std::cout << "" << std::flush;
    prints(1);
    hidden_done(1);
    return nullptr;
}

static void *second(void *)
{
    hidden_await(1);
    if (IS_TWIN)
        std::cout << "" << std::flush;
    prints(2);
    return nullptr;
}

int main() { return both(first, second); }
