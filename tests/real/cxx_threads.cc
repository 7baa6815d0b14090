// SPDX-License-Identifier: MIT
// C++ threads as programs use them: exceptions through several frames and threads, std::async, promises, condition
// variables, shared_mutex, call_once, thread_local destructors, std::function, virtual calls. Built and run by
// tests/real/run; prints the same in every run.
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <future>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <numeric>
#include <regex>
#include <shared_mutex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <variant>
#include <vector>

namespace {

struct Refused : std::runtime_error {
    int number;
    explicit Refused(int n) : std::runtime_error("refused " + std::to_string(n)), number(n) {}
};

struct Counted {
    static std::atomic<int> alive, made;
    Counted() { alive++, made++; }
    Counted(const Counted &) { alive++, made++; }
    ~Counted() { alive--; }
};
std::atomic<int> Counted::alive, Counted::made;

// Throws from the depth `depth`, with something to destroy in each frame.
int descend(int depth, int number)
{
    Counted here;
    std::string text(static_cast<size_t>(depth % 40), 'x');
    if (depth == 0) {
        if (number % 3 == 0)
            throw Refused(number);
        if (number % 3 == 1)
            throw number;
        return number;
    }
    int result = descend(depth - 1, number) + static_cast<int>(text.size());
    return result;
}

int attempt(int number)
{
    try {
        try {
            return descend(number % 25, number);
        } catch (const Refused &refused) {
            if (refused.number % 2)
                throw;
            return -refused.number;
        }
    } catch (const std::exception &e) {
        return static_cast<int>(std::string(e.what()).size());
    } catch (int n) {
        return 7 * n;
    }
}

void exceptions()
{
    std::vector<std::thread> threads;
    std::vector<long> sums(4);
    for (size_t t = 0; t < sums.size(); t++)
        threads.emplace_back([&sums, t] {
            for (int i = 0; i < 2000; i++)
                sums[t] += attempt(i + static_cast<int>(t));
        });
    for (auto &thread : threads)
        thread.join();
    for (long sum : sums)
        std::cout << "exceptions " << sum << "\n";
    std::cout << "alive " << Counted::alive << " made " << Counted::made << "\n";
}

// std::sort's comparison and qsort's throw: through translated and through native frames.
int compare_and_throw(const void *a, const void *b)
{
    int x = *static_cast<const int *>(a), y = *static_cast<const int *>(b);
    if (x == 13 || y == 13)
        throw Refused(13);
    return (x > y) - (x < y);
}

void throwing_callbacks()
{
    auto work = [] {
        int caught = 0;
        for (int round = 0; round < 50; round++) {
            std::vector<int> numbers(100);
            std::iota(numbers.begin(), numbers.end(), round % 2 ? 0 : 14);
            std::reverse(numbers.begin(), numbers.end());
            try {
                qsort(numbers.data(), numbers.size(), sizeof numbers[0], compare_and_throw);
            } catch (const Refused &) {
                caught++;
            }
        }
        return caught;
    };
    auto one = std::async(std::launch::async, work), two = std::async(std::launch::async, work);
    std::cout << "callbacks " << one.get() << " " << two.get() << "\n";
}

long fibonacci(int n)
{
    if (n < 2)
        return n;
    if (n < 14)
        return fibonacci(n - 1) + fibonacci(n - 2);
    auto first = std::async(std::launch::async, fibonacci, n - 1);
    long second = fibonacci(n - 2);
    return first.get() + second;
}

void futures()
{
    std::cout << "fibonacci " << fibonacci(18) << "\n";
    std::promise<std::string> promise;
    std::thread giver([&] {
        try {
            throw Refused(42);
        } catch (...) {
            promise.set_exception(std::current_exception());
        }
    });
    try {
        std::cout << promise.get_future().get();
    } catch (const Refused &refused) {
        std::cout << "future " << refused.what() << "\n";
    }
    giver.join();
    std::packaged_task<int(int)> task([](int x) { return x * x; });
    auto result = task.get_future();
    std::thread(std::move(task), 12).join();
    std::cout << "task " << result.get() << "\n";
    auto shared = std::async(std::launch::deferred, [] { return 5; }).share();
    std::cout << "deferred " << shared.get() + shared.get() << "\n";
}

class Channel {
    std::mutex mutex;
    std::condition_variable filled, drained;
    std::vector<int> items;
    bool closed = false;

public:
    void put(int item)
    {
        std::unique_lock lock(mutex);
        drained.wait(lock, [this] { return items.size() < 8; });
        items.push_back(item);
        filled.notify_one();
    }
    bool get(int &item)
    {
        std::unique_lock lock(mutex);
        filled.wait(lock, [this] { return !items.empty() || closed; });
        if (items.empty())
            return false;
        item = items.back();
        items.pop_back();
        drained.notify_one();
        return true;
    }
    void close()
    {
        std::lock_guard lock(mutex);
        closed = true;
        filled.notify_all();
    }
};

void channels()
{
    Channel channel;
    std::atomic<long> sum{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; t++)
        threads.emplace_back([&] {
            for (int item; channel.get(item);)
                sum += item;
        });
    for (int i = 0; i < 3000; i++)
        channel.put(i);
    channel.close();
    for (auto &thread : threads)
        thread.join();
    std::cout << "channel " << sum << "\n";
}

struct Shape {
    virtual ~Shape() = default;
    virtual double area() const = 0;
    virtual std::string name() const { return "shape"; }
};
struct Square : Shape {
    double side;
    explicit Square(double s) : side(s) {}
    double area() const override { return side * side; }
    std::string name() const override { return "square"; }
};
struct Circle : Shape {
    double radius;
    explicit Circle(double r) : radius(r) {}
    double area() const override { return 3 * radius * radius; }
};

void registry()
{
    std::shared_mutex mutex;
    std::map<std::string, std::unique_ptr<Shape>> shapes;
    std::once_flag once;
    std::atomic<int> set_up{0}, found{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; t++)
        threads.emplace_back([&, t] {
            std::call_once(once, [&] { set_up++; });
            for (int i = 0; i < 200; i++) {
                std::string key = "k" + std::to_string(t) + "-" + std::to_string(i);
                {
                    std::unique_lock lock(mutex);
                    if (i % 2)
                        shapes[key] = std::make_unique<Square>(i);
                    else
                        shapes[key] = std::make_unique<Circle>(i);
                }
                std::shared_lock lock(mutex);
                auto *square = dynamic_cast<Square *>(shapes[key].get());
                found += square != nullptr && square->name() == "square";
            }
        });
    for (auto &thread : threads)
        thread.join();
    double area = 0;
    for (auto &[key, shape] : shapes)
        area += shape->area();
    std::cout << "registry " << set_up << " " << found << " " << shapes.size() << " " << area << "\n";
}

void texts()
{
    auto work = [](int seed) {
        std::ostringstream out;
        std::regex pattern("([a-c]+)([0-9]+)");
        for (int i = 0; i < 60; i++) {
            std::string text = "ab" + std::to_string(i * seed) + " c" + std::to_string(i);
            out << std::regex_replace(text, pattern, "$2$1") << ";";
        }
        std::variant<int, std::string> value = out.str();
        return std::visit([](auto &v) {
            if constexpr (std::is_same_v<std::decay_t<decltype(v)>, int>)
                return size_t{0};
            else
                return std::hash<std::string>{}(v);
        }, value);
    };
    auto one = std::async(std::launch::async, work, 3), two = std::async(std::launch::async, work, 5);
    std::cout << "texts " << one.get() << " " << two.get() << "\n";
}

struct AtEnd {
    std::atomic<int> *count = nullptr;
    ~AtEnd()
    {
        if (count)
            ++*count;
    }
};
thread_local AtEnd at_end;

void thread_locals()
{
    std::atomic<int> ended{0};
    for (int round = 0; round < 20; round++) {
        std::jthread one([&] { at_end.count = &ended; });
        std::jthread two([&](std::stop_token token) {
            at_end.count = &ended;
            while (!token.stop_requested())
                std::this_thread::yield();
        });
    }
    std::cout << "ended " << ended << "\n";
}

} // namespace

int main()
{
    exceptions();
    throwing_callbacks();
    futures();
    channels();
    registry();
    texts();
    thread_locals();
    std::function<int(int)> nested = [](int x) { return x + 1; };
    for (int i = 0; i < 10; i++)
        nested = [inner = nested](int x) { return inner(x) * 2; };
    std::thread([&] { std::cout << "function " << nested(1) << "\n"; }).join();
    return 0;
}
