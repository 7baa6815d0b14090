/* SPDX-License-Identifier: MIT */
/* A promise orders what came before set_value; what comes after it is not ordered. */
/* EXPECT: race fulfils/main on late */
/* TWIN */
#include "hidden.h"
#include <future>

static int early, late;

static NOINLINE int fulfils(std::promise<int> *promise)
{
    early = 1;
    if (IS_TWIN)
        late = 1;
    promise->set_value(5);
    if (!IS_TWIN)
        late = 1;
    hidden_done(1);
    return 0;
}

int main()
{
    std::promise<int> promise;
    auto result = promise.get_future();
    auto other = std::async(std::launch::async, fulfils, &promise);
    int sum = result.get() + early;
    hidden_await(1);
    sum += *(volatile int *)&late;
    return sum - 7 + other.get();
}
