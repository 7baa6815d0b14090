/* SPDX-License-Identifier: MIT */
// A thread pool with futures-like results, many locks on the heap, all of it in order.
/* EXPECT-NONE */
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

class Pool {
public:
    explicit Pool(int count)
    {
        for (int i = 0; i < count; i++)
            threads_.emplace_back([this] { work(); });
    }
    ~Pool()
    {
        {
            std::lock_guard guard(mutex_);
            closed_ = true;
        }
        changed_.notify_all();
        for (auto &thread : threads_)
            thread.join();
    }
    void submit(std::function<void()> job)
    {
        {
            std::lock_guard guard(mutex_);
            jobs_.push_back(std::move(job));
        }
        changed_.notify_one();
    }

private:
    void work()
    {
        for (;;) {
            std::unique_lock guard(mutex_);
            changed_.wait(guard, [&] { return closed_ || !jobs_.empty(); });
            if (jobs_.empty())
                return;
            auto job = std::move(jobs_.front());
            jobs_.pop_front();
            guard.unlock();
            job();
        }
    }
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::function<void()>> jobs_;
    std::vector<std::thread> threads_;
    bool closed_ = false;
};

int main()
{
    std::mutex sum_mutex;
    long sum = 0;
    {
        Pool pool(4);
        for (int i = 0; i < 200; i++)
            pool.submit([&, i] {
                auto own = std::make_unique<std::mutex>();
                std::lock_guard outer(*own);
                std::lock_guard inner(sum_mutex);
                sum += i;
            });
    }
    return sum == 199 * 100 ? 0 : 1;
}
