/* SPDX-License-Identifier: MIT */
/* The C++ library's threads, locks, futures and call_once with exceptions; thread-local destructors. */
/* CFLAGS: -std=c++20 */
#include <unistd.h>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <future>
#include <mutex>
#include <shared_mutex>
#include <stdexcept>
#include <thread>
#include <vector>

struct Local {
    std::mutex m;
    ~Local()
    {
        std::lock_guard<std::mutex> guard(m);
        dprintf(1, "thread-local destructor\n");
    }
};
thread_local Local local;

int main()
{
    std::mutex mutex;
    std::timed_mutex timed;
    std::recursive_mutex recursive;
    std::shared_mutex shared;
    long sum = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++)
        threads.emplace_back([&, i] {
            for (int j = 0; j < 1000; j++) {
                std::lock_guard<std::mutex> a(mutex);
                std::lock_guard<std::recursive_mutex> b(recursive), c(recursive);
                std::shared_lock<std::shared_mutex> d(shared);
                sum += i;
            }
        });
    for (auto &t : threads)
        t.join();
    dprintf(1, "sum %ld\n", sum);
    timed.lock();
    std::thread([&] { dprintf(1, "timed %d\n", timed.try_lock_for(std::chrono::milliseconds(20))); }).join();
    timed.unlock();
    std::thread([] { std::lock_guard<std::mutex> g(local.m); }).join();
    auto future = std::async(std::launch::async, [] { throw std::runtime_error("async"); return 1; });
    try {
        future.get();
    } catch (std::exception &e) {
        dprintf(1, "caught %s\n", e.what());
    }
    std::once_flag flag;
    for (int i = 0; i < 3; i++) {
        try {
            std::call_once(flag, [i] {
                dprintf(1, "once %d\n", i);
                if (i == 0)
                    throw i;
            });
        } catch (int) {
            dprintf(1, "caught in once\n");
        }
    }
    std::atomic<int> word{0};
    std::thread waker([&] { word = 1; word.notify_all(); });
    word.wait(0);
    waker.join();
    dprintf(1, "word %d\n", word.load());
    return 0;
}
