/* SPDX-License-Identifier: MIT */
/* C++20's latch, barrier, semaphore, jthread and stop_token order. */
/* CFLAGS: -std=c++20 */
/* EXPECT: race works/main on late */
/* TWIN */
/* NO-CLANG */
#include "hidden.h"
#include <barrier>
#include <latch>
#include <semaphore>
#include <thread>

static std::latch started(2);
static std::barrier<> met(2);
static std::binary_semaphore given(0);
static int early, between, late;

static NOINLINE void works(std::stop_token stop)
{
    early = 1;
    started.count_down();
    met.arrive_and_wait();
    between++;
    given.release();
    if (!IS_TWIN)
        late++;
    hidden_done(1);
    while (!stop.stop_requested())
        sched_yield();
    if (IS_TWIN)
        late++;
}

int main()
{
    std::jthread thread(works);
    started.arrive_and_wait();
    early++;
    between = 1;
    met.arrive_and_wait();
    given.acquire();
    between++;
    hidden_await(1);
    late++;
    thread.request_stop();
    thread.join();
    return late != 2;
}
