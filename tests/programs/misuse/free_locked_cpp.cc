/* SPDX-License-Identifier: MIT */
// An object is deleted by a method that still holds the object's mutex.
/* EXPECT: free-locked leave */
#include <mutex>

#include "unseen.h"

class Session {
public:
    __attribute__((noinline)) void leave()
    {
        mutex_.lock();
        bool last = --users_ == 0;
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
