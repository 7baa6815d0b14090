// Never run: the tests of the CLI refer to its lines and variables.
#include <mutex>
#include <vector>

namespace store {
class Queue {
public:
    void push(int value)
    {
        std::lock_guard<std::mutex> guard(lock_); // push
        items_.push_back(value);
    }

    static std::mutex shared;
    std::mutex lock_;

private:
    std::vector<int> items_;
};

std::mutex Queue::shared;
Queue queue;
} // namespace store

static inline __attribute__((always_inline)) void add_twice(int value)
{
    store::queue.push(value); // first
    store::queue.push(value); // second
}

template <typename T> __attribute__((noinline)) void fill(T value)
{
    add_twice(value); // inlined here
}

int main()
{
    fill<int>(3); // main
    return 0;
}
