/* SPDX-License-Identifier: MIT */
/* A promise that nobody keeps, in a process that has one thread: its future is waited for in vain. */
/* EXPECT: hang main */
/* STUCK */
#include <future>

int main()
{
    std::promise<int> promise;
    auto future = promise.get_future();
    return future.get();
}
