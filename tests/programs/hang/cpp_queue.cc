/* SPDX-License-Identifier: MIT */
// The consumer of a queue is not told that no more items come.
/* STUCK */
/* EXPECT: hang pop */
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "unseen.h"

class Queue {
public:
    void push(int item)
    {
        std::lock_guard guard(mutex_);
        items_.push_back(item);
        changed_.notify_one();
    }
    void close()
    {
        std::lock_guard guard(mutex_);
        closed_ = true;
        changed_.notify_all();
    }
    __attribute__((noinline)) bool pop(int &item)
    {
        std::unique_lock guard(mutex_);
        changed_.wait(guard, [&] { return closed_ || !items_.empty(); });
        if (items_.empty())
            return false;
        item = items_.front();
        items_.pop_front();
        return true;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<int> items_;
    bool closed_ = false;
};

int main()
{
    Queue queue;
    int sum = 0;
    std::thread consumer([&] {
        int item;
        while (queue.pop(item))
            sum += item;
    });
    for (int i = 0; i < 10; i++)
        queue.push(i);
    consumer.join();
    return sum - 45;
}
