/* SPDX-License-Identifier: MIT */
/* Copies of a shared_ptr may be dropped anywhere; one shared_ptr object may not be assigned while it is copied. */
/* EXPECT: race copies/assigns on shared */
/* TWIN */
#include "hidden.h"
#include <memory>
#include <string>

static std::shared_ptr<std::string> shared = std::make_shared<std::string>("a text that lies in a block of its own");

static NOINLINE void *copies(void *)
{
    std::shared_ptr<std::string> mine = shared;
    USE((int)(*mine)[3]);
    mine.reset();
    hidden_done(1);
    return nullptr;
}

static NOINLINE void *assigns(void *argument)
{
    hidden_await(1);
    if (!IS_TWIN)
        shared = nullptr;
    auto *own = static_cast<std::shared_ptr<std::string> *>(argument);
    own->reset();
    return nullptr;
}

int main()
{
    auto second = shared, third = shared;
    pthread_t one = start(copies, nullptr), two = start(assigns, &second);
    join(one);
    join(two);
    if (IS_TWIN)
        shared.reset();
    return third->empty();
}
