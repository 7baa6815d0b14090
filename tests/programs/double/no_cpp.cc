/* SPDX-License-Identifier: MIT */
// The mutex is a recursive one.
/* EXPECT-NONE */
#include <mutex>

#include "unseen.h"

class Store {
public:
    __attribute__((noinline)) int count()
    {
        std::lock_guard guard(mutex_);
        return count_;
    }
    __attribute__((noinline)) int total()
    {
        std::lock_guard guard(mutex_);
        return count() * 2;
    }

private:
    std::recursive_mutex mutex_;
    int count_ = 0;
};

int main()
{
    Store store;
    return store.total();
}
