/* SPDX-License-Identifier: MIT */
/* A task of a pool of one thread waits for the result of a task that this thread would have to run. */
/* EXPECT: hang worker */
/* STUCK */
#include <condition_variable>
#include <functional>
#include <future>
#include <mutex>
#include <queue>
#include <thread>

static std::mutex m;
static std::condition_variable filled;
static std::queue<std::function<void()>> tasks;

static void put(std::function<void()> task)
{
    {
        std::lock_guard<std::mutex> guard(m);
        tasks.push(std::move(task));
    }
    filled.notify_one();
}

static void worker()
{
    for (int left = 2; left > 0; left--) {
        std::unique_lock<std::mutex> lock(m);
        filled.wait(lock, [] { return !tasks.empty(); });
        auto task = std::move(tasks.front());
        tasks.pop();
        lock.unlock();
        task();
    }
}

int main()
{
    std::promise<int> inner;
    put([&inner] {
        put([&inner] { inner.set_value(1); });
        inner.get_future().get();
    });
    std::thread thread(worker);
    thread.join();
}
