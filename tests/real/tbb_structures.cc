/* SPDX-License-Identifier: MIT */
/* oneTBB: parallel loops, reductions, sorting, a pipeline, task groups, concurrent containers. Prints the same in every run.
 * Run natively and under detect by tests/real/run. */
#include <tbb/tbb.h>

#include <atomic>
#include <cstdio>
#include <string>
#include <vector>

static long fibonacci(int n)
{
    if (n < 10)
        return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
    long one, two;
    tbb::task_group group;
    group.run([&] { one = fibonacci(n - 1); });
    group.run([&] { two = fibonacci(n - 2); });
    group.wait();
    return one + two;
}

static void loops()
{
    std::vector<long> values(20000);
    tbb::parallel_for(tbb::blocked_range<size_t>(0, values.size()), [&](const auto &range) {
        for (size_t i = range.begin(); i != range.end(); i++)
            values[i] = long(i * 7919 % 20011);
    });
    long sum = tbb::parallel_reduce(
        tbb::blocked_range<size_t>(0, values.size()), 0L,
        [&](const auto &range, long so_far) {
            for (size_t i = range.begin(); i != range.end(); i++)
                so_far += values[i];
            return so_far;
        },
        std::plus<long>());
    tbb::parallel_sort(values);
    std::printf("loops %ld, sorted %ld %ld, fibonacci %ld\n", sum, values.front(), values.back(), fibonacci(18));
}

static void containers()
{
    tbb::concurrent_hash_map<int, std::string> map;
    tbb::concurrent_queue<int> queue;
    tbb::concurrent_vector<int> vector;
    tbb::enumerable_thread_specific<long> partial(0);
    tbb::spin_mutex mutex;
    long under_lock = 0;
    tbb::parallel_for(0, 500, [&](int i) {
        decltype(map)::accessor entry;
        map.insert(entry, i % 50);
        entry->second += 'x';
        entry.release();
        queue.push(i);
        vector.push_back(i);
        partial.local() += i;
        tbb::spin_mutex::scoped_lock lock(mutex);
        under_lock += i;
    });
    size_t length = 0;
    long from_queue = 0, from_vector = 0;
    for (const auto &pair : map)
        length += pair.second.size();
    for (int value; queue.try_pop(value);)
        from_queue += value;
    for (int value : vector)
        from_vector += value;
    std::printf("containers %zu %ld %ld %ld %ld\n", length, from_queue, from_vector,
                partial.combine(std::plus<long>()), under_lock);
}

static void pipeline()
{
    int next = 0;
    long sum = 0;
    tbb::parallel_pipeline(
        4, tbb::make_filter<void, int>(tbb::filter_mode::serial_in_order,
                                       [&](tbb::flow_control &control) { return next == 300 ? (control.stop(), 0) : next++; }) &
               tbb::make_filter<int, std::string>(tbb::filter_mode::parallel, [](int i) { return std::to_string(i * i); }) &
               tbb::make_filter<std::string, void>(tbb::filter_mode::serial_in_order,
                                                   [&](const std::string &text) { sum = (sum * 31 + std::stol(text)) % 1000003; }));
    std::printf("pipeline %ld\n", sum);
}

int main()
{
    tbb::global_control threads(tbb::global_control::max_allowed_parallelism, 4);
    loops();
    containers();
    pipeline();
}
