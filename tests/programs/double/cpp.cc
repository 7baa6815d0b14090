/* SPDX-License-Identifier: MIT */
// A method locks the object's std::mutex and calls another one that does so as well.
/* STUCK */
/* EXPECT: double-lock total/count */
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
    std::mutex mutex_;
    int count_ = 0;
};

int main()
{
    Store store;
    return store.total();
}
