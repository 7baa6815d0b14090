/* SPDX-License-Identifier: MIT */
/* An exception that is carried from one thread to another by exception_ptr. */
/* EXPECT: race main on late */
/* TWIN */
#include "hidden.h"
#include <future>
#include <stdexcept>
#include <string>

static int late;

static NOINLINE int throws(int number)
{
    if (IS_TWIN)
        late = 1;
    throw std::runtime_error("number " + std::to_string(number));
}

int main()
{
    std::promise<int> promise;
    auto future = promise.get_future();
    std::thread thread([&] {
        try {
            throws(7);
        } catch (...) {
            promise.set_exception(std::current_exception());
        }
        if (!IS_TWIN)
            late = 1;
        hidden_done(1);
    });
    int status = 1;
    try {
        future.get();
    } catch (const std::runtime_error &error) {
        status = std::string(error.what()) != "number 7";
    }
    hidden_await(1);
    USE(*(volatile int *)&late);
    thread.join();
    return status;
}
