/* SPDX-License-Identifier: MIT */
/* A function's static is made once and in order; a plain static that is filled by hand is not. */
/* EXPECT: race table on plain_table */
/* TWIN */
#include "hidden.h"
#include <vector>

static int plain_table[8];

static NOINLINE int *table()
{
    if (IS_TWIN) {
        static std::vector<int> made(8, 3);
        return made.data();
    }
    plain_table[1] = 3;
    return plain_table;
}

static void *first(void *)
{
    USE(table()[1]);
    hidden_done(1);
    return nullptr;
}

static void *second(void *)
{
    hidden_await(1);
    USE(table()[1]);
    return nullptr;
}

int main() { return both(first, second); }
