/* SPDX-License-Identifier: MIT */
/* thread_local objects are each thread's own; a static one in the same class is not. */
/* EXPECT: race counts on total */
/* TWIN */
#include "hidden.h"
#include <vector>

struct Counter {
    static thread_local std::vector<int> own;
    static int total;
};
thread_local std::vector<int> Counter::own;
int Counter::total;

static NOINLINE void counts(int number)
{
    for (int i = 0; i < 20; i++)
        Counter::own.push_back(i * number);
    if (!IS_TWIN)
        Counter::total += Counter::own[3];
}

static void *first(void *)
{
    counts(1);
    hidden_done(1);
    return nullptr;
}

static void *second(void *)
{
    hidden_await(1);
    counts(2);
    return nullptr;
}

int main() { return both(first, second); }
