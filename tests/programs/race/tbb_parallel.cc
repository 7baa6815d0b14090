/* SPDX-License-Identifier: MIT */
/* TBB: a parallel loop and a reduction, with a plain sum and with none. */
/* PACKAGES: tbb */
/* NO-CLANG */
/* EXPECT: race adds on plain */
/* TWIN */
#include "hidden.h"
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/parallel_reduce.h>
#include <tbb/task_arena.h>

static long plain;
static long cells[3000];

static NOINLINE void adds() { plain++; }

int main()
{
    tbb::global_control two(tbb::global_control::max_allowed_parallelism, 2);
    tbb::parallel_for(0, 3000, [](int i) { cells[i] = i; });
    long sum = tbb::parallel_reduce(
        tbb::blocked_range<int>(0, 3000), 0L,
        [](const tbb::blocked_range<int> &range, long start) {
            for (int i = range.begin(); i < range.end(); i++)
                start += cells[i];
            return start;
        },
        [](long left, long right) { return left + right; });
    tbb::task_arena arena(2); /* also on one CPU */
    if (!IS_TWIN)
        arena.execute([] {
            tbb::parallel_for(0, 2, [](int) {
                adds();
                hidden_meet(2);
            });
        });
    return sum != 2999L * 1500;
}
