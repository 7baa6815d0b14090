/* SPDX-License-Identifier: MIT */
/* Exceptions through libc's own frames: callbacks that throw. */
/* CFLAGS: -std=c++20 */
#include "eh.h"

#include <algorithm>
#include <functional>
#include <mutex>
#include <search.h>
#include <stdlib.h>
#include <vector>

static thread_local int calls;

static int by_value(const void *a, const void *b)
{
    Marked *none = nullptr;
    (void)none;
    if (++calls == 20)
        throw std::runtime_error("comparison 20");
    return *static_cast<const int *>(a) - *static_cast<const int *>(b);
}

static int by_value_with(const void *a, const void *b, void *limit)
{
    if (++calls == *static_cast<int *>(limit))
        throw std::runtime_error("comparison with an argument");
    return *static_cast<const int *>(a) - *static_cast<const int *>(b);
}

static void visit(const void *node, VISIT order, int)
{
    if (order == leaf && **static_cast<int *const *>(node) == 3)
        throw std::runtime_error("leaf 3");
}

static void all()
{
    int numbers[64];
    auto fill = [&] {
        for (int i = 0; i < 64; i++)
            numbers[i] = (i * 37) % 64;
    };
    auto caught = [](auto run) {
        calls = 0;
        try {
            Marked mark("callback");
            run();
            say("  done after %d", calls);
        } catch (const std::exception &error) {
            say("  caught %s", error.what());
        }
    };
    fill();
    caught([&] { qsort(numbers, 64, sizeof(int), by_value); });
    fill();
    caught([&] { qsort(numbers, 8, sizeof(int), by_value); });
    say("  %d %d %d", numbers[0], numbers[1], numbers[7]);
    for (int limit : {1, 100, 100000}) {
        fill();
        caught([&] { qsort_r(numbers, 64, sizeof(int), by_value_with, &limit); });
    }
    say("  sorted %d", std::is_sorted(numbers, numbers + 64));
    caught([&] {
        calls = 17;
        int key = 5;
        say("  found %d", bsearch(&key, numbers, 64, sizeof(int), by_value) != nullptr);
    });
    caught([&] {
        void *root = nullptr;
        std::vector<int> keys = {4, 2, 6, 1, 3, 5, 7};
        calls = -100;
        for (int &key : keys)
            tsearch(&key, &root, by_value);
        try {
            twalk(root, visit);
        } catch (const std::exception &error) {
            say("  walk: %s", error.what());
        }
        for (int &key : keys)
            tdelete(&key, &root, by_value);
        say("  empty %d", root == nullptr);
    });
    caught([&] {
        int key = 31;
        size_t count = 64;
        say("  linear %d", lfind(&key, numbers, &count, sizeof(int), by_value) != nullptr);
    });
    std::once_flag once;
    int runs = 0;
    for (int i = 0; i < 4; i++)
        caught([&] {
            std::call_once(once, [&] {
                if (++runs < 3)
                    throw std::runtime_error("once again");
                say("  once at last");
            });
        });
    std::function<void(int)> function = [&](int n) {
        if (n == 0)
            throw std::runtime_error("function");
        function(n - 1);
    };
    caught([&] { function(10); });
}

int main()
{
    everywhere("libc", all);
}
