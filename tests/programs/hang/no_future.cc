/* SPDX-License-Identifier: MIT */
/* Another thread keeps the promise. */
/* EXPECT-NONE */
#include <future>
#include <thread>

int main()
{
    std::promise<int> promise;
    auto future = promise.get_future();
    std::thread keeper([&promise] { promise.set_value(0); });
    int value = future.get();
    keeper.join();
    return value;
}
