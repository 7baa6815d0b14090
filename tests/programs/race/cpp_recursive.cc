/* SPDX-License-Identifier: MIT */
/* Recursive, timed and scoped locks of C++; the wrong reader takes only one of two. */
/* EXPECT: race moves/sums on right_sum */
/* TWIN */
#include "hidden.h"
#include <mutex>

static std::recursive_mutex left;
static std::timed_mutex right;
static int left_sum = 10, right_sum = 10;

static NOINLINE void *moves(void *)
{
    {
        std::scoped_lock both_locks(left, right);
        std::lock_guard<std::recursive_mutex> again(left);
        left_sum--;
    }
    right.lock();
    right_sum++;
    right.unlock();
    hidden_done(1);
    return nullptr;
}

static NOINLINE void *sums(void *)
{
    hidden_await(1);
    std::lock_guard<std::recursive_mutex> guard(left);
    std::unique_lock<std::timed_mutex> other(right, std::defer_lock);
    if (IS_TWIN && !other.try_lock_for(std::chrono::seconds(100)))
        abort();
    USE(left_sum + right_sum);
    return nullptr;
}

int main() { return both(moves, sums); }
