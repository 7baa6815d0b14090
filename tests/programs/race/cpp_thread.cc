/* SPDX-License-Identifier: MIT */
/* std::thread: its arguments are ordered before it, its effects before join; captures by reference are shared. */
/* EXPECT: race main on sum */
/* TWIN */
#include "hidden.h"
#include <thread>

int main()
{
    static int sum;
    int local = 1;
    std::thread thread([&] {
        local++;
        sum += local;
        hidden_done(1);
    });
    hidden_await(1);
    if (IS_TWIN)
        thread.join();
    sum++;
    COMPILER_BARRIER();
    if (!IS_TWIN)
        thread.join();
    return sum != 3 || local != 2;
}
