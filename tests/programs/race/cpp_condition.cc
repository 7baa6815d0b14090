/* SPDX-License-Identifier: MIT */
/* A queue with std::mutex and std::condition_variable; the wrong consumer looks whether it is empty without the lock. */
/* EXPECT: race peeks/produces */
/* TWIN */
#include "hidden.h"
#include <condition_variable>
#include <deque>
#include <mutex>

static std::mutex lock;
static std::condition_variable filled;
static std::deque<int> queue;

static NOINLINE void *produces(void *)
{
    for (int i = 0; i < 10; i++) {
        std::lock_guard<std::mutex> guard(lock);
        queue.push_back(i);
        filled.notify_one();
    }
    hidden_done(1);
    return nullptr;
}

static NOINLINE bool peeks() { return queue.empty(); }

static void *consumes(void *)
{
    hidden_await(1);
    if (!IS_TWIN)
        USE(peeks());
    for (int i = 0; i < 10; i++) {
        std::unique_lock<std::mutex> guard(lock);
        filled.wait(guard, [] { return !peeks(); });
        queue.pop_front();
    }
    return nullptr;
}

int main() { return both(produces, consumes); }
