/* SPDX-License-Identifier: MIT */
/* std::atomic of each kind: flag, pointer, wait and notify, double; and an ordinary member next to them. */
/* CFLAGS: -std=c++20 */
/* EXPECT: race gives/takes on ordinary */
/* TWIN */
#include "hidden.h"
#include <atomic>

static std::atomic_flag spin = ATOMIC_FLAG_INIT;
static std::atomic<int> word;
static std::atomic<double> real;
static std::atomic<int *> pointer;
static int ordinary, guarded, target;

static NOINLINE void touch_all()
{
    while (spin.test_and_set(std::memory_order_acquire))
        sched_yield();
    guarded++;
    spin.clear(std::memory_order_release);
    real.store(real.load() + 1);
    pointer = &target;
}

static NOINLINE void *gives(void *)
{
    touch_all();
    if (IS_TWIN)
        ordinary = 1;
    word.store(1, std::memory_order_release);
    word.notify_all();
    if (!IS_TWIN)
        ordinary = 1;
    hidden_done(1);
    return nullptr;
}

static NOINLINE void *takes(void *)
{
    touch_all();
    word.wait(0, std::memory_order_acquire);
    hidden_await(1);
    USE(*(volatile int *)&ordinary);
    USE(pointer.load(std::memory_order_relaxed));
    return nullptr;
}

int main() { return both(gives, takes); }
