/* SPDX-License-Identifier: MIT */
/* Exceptions that go from thread to thread, and what ends the process. */
/* CFLAGS: -std=c++20 */
#include "eh.h"

#include <condition_variable>
#include <exception>
#include <future>
#include <mutex>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

NOINLINE static int deep(int depth, const char *text)
{
    if (depth == 0)
        throw std::runtime_error(text);
    Marked *none = nullptr;
    (void)none;
    return deep(depth - 1, text) + 1;
}

template <typename F> static void caught(F &&run)
{
    try {
        run();
    } catch (const std::exception &error) {
        say("  caught %s", error.what());
    }
}

static void futures()
{
    auto future = std::async(std::launch::async, [] { return deep(10, "async"); });
    caught([&] { future.get(); });
    auto deferred = std::async(std::launch::deferred, [] { return deep(10, "deferred"); });
    caught([&] { deferred.get(); });
    std::packaged_task<int(int)> task([](int depth) { return deep(depth, "packaged"); });
    auto result = task.get_future();
    std::thread thread(std::move(task), 5);
    caught([&] { result.get(); });
    thread.join();
    std::promise<int> promise;
    auto promised = promise.get_future();
    std::thread setter([&] {
        try {
            deep(3, "promise");
        } catch (...) {
            promise.set_exception(std::current_exception());
        }
    });
    caught([&] { promised.get(); });
    setter.join();
    caught([] {
        std::future<int> broken = std::promise<int>().get_future();
        broken.get();
    });
}

static void many_at_once()
{
    std::vector<std::exception_ptr> errors(8);
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; i++)
        threads.emplace_back([&errors, i] {
            for (int times = 0; times < 200; times++)
                try {
                    deep(i * 3, i % 2 ? "odd" : "even");
                } catch (...) {
                    errors[static_cast<size_t>(i)] = std::current_exception();
                }
        });
    for (auto &thread : threads)
        thread.join();
    for (auto &error : errors)
        caught([&] { std::rethrow_exception(error); });
}

/* One exception object, thrown again in two threads. */
static void shared()
{
    std::exception_ptr error;
    try {
        deep(2, "shared");
    } catch (...) {
        error = std::current_exception();
    }
    int seen[2] = {0, 0};
    std::thread threads[2];
    for (int i = 0; i < 2; i++)
        threads[i] = std::thread([&, i] {
            for (int times = 0; times < 100; times++)
                try {
                    std::rethrow_exception(error);
                } catch (const std::runtime_error &caught_here) {
                    seen[i] += std::string(caught_here.what()) == "shared";
                }
        });
    threads[0].join();
    threads[1].join();
    say("  seen %d %d", seen[0], seen[1]);
}

struct Local {
    int number = 0;
    ~Local() { say("  ~Local %d", number); }
};
static thread_local Local first, second;

struct LateThrower {
    ~LateThrower() { caught([] { deep(4, "in a thread_local's destructor"); }); }
};
static thread_local LateThrower late;

static void locals()
{
    std::thread([] {
        first.number = 1;
        second.number = 2;
        (void)&late;
        caught([] { deep(1, "locals"); });
    }).join();
}

NOINLINE static void no_throw(int depth) noexcept
{
    Marked mark("unseen");
    deep(depth, "through noexcept");
}

struct Throws {
    ~Throws() noexcept(false) { throw std::logic_error("second"); }
};

static void end(int how)
{
    switch (how) {
    case 0:
        std::thread([] { deep(3, "out of a thread"); }).join();
        break;
    case 1:
        std::thread([] { no_throw(3); }).join();
        break;
    case 2:
        deep(3, "out of main");
        break;
    case 3: {
        Throws throws;
        deep(3, "first");
        break;
    }
    case 4:
        std::set_terminate([] {
            caught([] { std::rethrow_exception(std::current_exception()); });
            std::fflush(stdout);
            _exit(3);
        });
        std::thread([] { deep(3, "for the handler"); }).join();
        break;
    case 5:
        throw 17;
    case 6:
        std::rethrow_exception(nullptr);
        break;
    case 7: {
        std::thread unjoined([] {});
        break;
    }
    default:
        throw;
    }
}

static void ends()
{
    for (int how = 0; how < 9; how++) {
        std::fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            dup2(1, 2);
            end(how);
            _exit(0);
        }
        int status = 0;
        waitpid(child, &status, 0);
        if (how != 6) /* undefined, only it must not hang */
            say("  end %d: %s %d", how, WIFSIGNALED(status) ? "signal" : "status",
                WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    }
}

int main()
{
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    everywhere("futures", futures);
    everywhere("many", many_at_once);
    everywhere("shared", shared);
    everywhere("locals", locals);
    ends();
}
