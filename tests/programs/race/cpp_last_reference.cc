/* SPDX-License-Identifier: MIT */
/* The last owner destroys the object after all uses by the others. */
/* EXPECT: race uses/drops on counted */
/* TWIN */
#include "hidden.h"
#include <memory>

static int counted;
struct Object {
    int value = 1;
    ~Object() { value = 0; }
};

static std::shared_ptr<Object> one, two;

static NOINLINE void *uses(void *)
{
    one->value++;
    one.reset();
    if (!IS_TWIN)
        counted++;
    hidden_done(1);
    return nullptr;
}

static NOINLINE void *drops(void *)
{
    hidden_await(1);
    two.reset();
    if (!IS_TWIN)
        counted++;
    return nullptr;
}

int main()
{
    one = std::make_shared<Object>();
    two = one;
    return both(uses, drops) || counted > 2;
}
