/* SPDX-License-Identifier: MIT */
/* The destructor of a base class changes the object's table of functions while another thread calls one. */
/* EXPECT: race|free-race calls/ends */
/* TWIN */
#include "hidden.h"

struct Base {
    virtual NOINLINE int work() { return 1; }
    virtual ~Base() { USE(this); }
};
struct Derived : Base {
    int work() override { return 2; }
};
static Base *object;

static NOINLINE void *calls(void *)
{
    USE(object->work());
    hidden_done(1);
    return nullptr;
}

static NOINLINE void ends(pthread_t thread)
{
    hidden_await(1);
    if (IS_TWIN)
        join(thread);
    delete object;
    if (!IS_TWIN)
        join(thread);
}

int main()
{
    object = new Derived;
    ends(start(calls, nullptr));
}
