/* SPDX-License-Identifier: MIT */
// The method has given the mutex up.
/* EXPECT-NONE */
#include <mutex>

#include "unseen.h"

class Session {
public:
    __attribute__((noinline)) void leave()
    {
        mutex_.lock();
        bool last = --users_ == 0;
        mutex_.unlock();
        if (last)
            delete this;
    }

private:
    int users_ = 1;
    std::mutex mutex_;
};

int main()
{
    auto *session = new Session;
    session->leave();
}
