/* SPDX-License-Identifier: MIT */
/* A std::string that one thread appends to while another reads its length. */
/* EXPECT: race appends/measures on text */
/* TWIN */
#include "hidden.h"
#include <mutex>
#include <string>

static std::mutex lock;
static std::string text = "short";

static NOINLINE void *appends(void *)
{
    std::unique_lock<std::mutex> guard(lock, std::defer_lock);
    if (IS_TWIN)
        guard.lock();
    text += " and much more, so that it does not fit into the object itself any more";
    hidden_done(1);
    return nullptr;
}

static NOINLINE void *measures(void *)
{
    hidden_await(1);
    std::unique_lock<std::mutex> guard(lock, std::defer_lock);
    if (IS_TWIN)
        guard.lock();
    USE(text.size());
    return nullptr;
}

int main() { return both(appends, measures); }
