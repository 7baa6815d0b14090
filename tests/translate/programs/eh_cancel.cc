/* SPDX-License-Identifier: MIT */
/* pthread_exit and cancellation, deferred and asynchronous, through C++ frames, cleanup handlers and catch (...). */
/* CFLAGS: -std=c++20 */
#include "eh.h"

#include <atomic>
#include <cxxabi.h>
#include <mutex>
#include <pthread.h>
#include <semaphore.h>
#include <unistd.h>

static sem_t ready, requested;
static std::atomic<long> turns;
static std::mutex mutex;

static void handler(void *name) { say("  handler %s", static_cast<const char *>(name)); }

static void throwing_handler(void *)
{
    try {
        throw std::runtime_error("inside a handler");
    } catch (const std::exception &error) {
        say("  caught %s", error.what());
    }
}

enum Way { EXIT, POINT, TEST, ASYNCHRONOUS, ASYNCHRONOUS_CALLS, LOCKED, READING };

NOINLINE static long turn(long n) { return turns.fetch_add(1) + n; }

/* Nothing to clean up in these: a compiler need not expect an exception in the midst of a loop. */
NOINLINE static void spin()
{
    int old;
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &old);
    sem_post(&ready);
    for (volatile long i = 0;; i = i + 1)
        ;
}

NOINLINE static long call_around()
{
    int old;
    long sum = 0;
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &old);
    sem_post(&ready);
    while (sum >= 0)
        sum = turn(sum) & 0xffff;
    return sum;
}

static void wait_here(Way way)
{
    int fds[2];
    char byte;
    switch (way) {
    case EXIT:
        pthread_exit(const_cast<char *>("exited"));
    case POINT:
        sem_post(&ready);
        for (;;)
            pause();
    case TEST:
        sem_post(&ready);
        for (;;)
            pthread_testcancel();
    case ASYNCHRONOUS:
        spin();
        break;
    case ASYNCHRONOUS_CALLS:
        call_around();
        break;
    case LOCKED: {
        std::lock_guard<std::mutex> lock(mutex);
        sem_post(&ready);
        for (;;)
            usleep(1000);
    }
    case READING:
        if (pipe(fds) != 0)
            return;
        sem_post(&ready);
        while (read(fds[0], &byte, 1) >= 0)
            ;
    }
}

NOINLINE static int deep(int depth, Way way)
{
    Marked mark(depth % 2 ? "odd" : "even");
    if (depth > 0)
        return deep(depth - 1, way) + 1;
    pthread_cleanup_push(handler, const_cast<char *>("inner"));
    wait_here(way);
    pthread_cleanup_pop(0);
    return 0;
}

NOINLINE static void catching(Way way)
{
    try {
        deep(3, way);
    } catch (abi::__forced_unwind &) {
        say("  forced");
        throw;
    } catch (...) {
        say("  something else");
        throw;
    }
}

static void *run(void *way)
{
    pthread_cleanup_push(handler, const_cast<char *>("outer"));
    pthread_cleanup_push(throwing_handler, nullptr);
    try {
        catching(*static_cast<Way *>(way));
    } catch (...) {
        say("  everything");
        throw;
    }
    pthread_cleanup_pop(1);
    pthread_cleanup_pop(1);
    return nullptr;
}

static void one(const char *name, Way way, bool cancels = true)
{
    say("%s", name);
    pthread_t thread;
    void *result;
    pthread_create(&thread, nullptr, run, &way);
    if (cancels) {
        sem_wait(&ready);
        pthread_cancel(thread);
    }
    pthread_join(thread, &result);
    say("  %s", result == PTHREAD_CANCELED ? "cancelled" : static_cast<char *>(result));
    say("  mutex free %d", mutex.try_lock());
    mutex.unlock();
}

static void *disabled(void *)
{
    int old;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
    sem_post(&ready);
    for (int i = 0; i < 100; i++)
        pthread_testcancel();
    try {
        throw std::runtime_error("while disabled");
    } catch (const std::exception &error) {
        say("  %s", error.what());
    }
    sem_wait(&requested);
    pthread_setcancelstate(old, nullptr);
    Marked mark("enabled");
    pthread_testcancel();
    return nullptr;
}

static void late()
{
    say("disabled");
    pthread_t thread;
    void *result;
    pthread_create(&thread, nullptr, disabled, nullptr);
    sem_wait(&ready);
    pthread_cancel(thread);
    sem_post(&requested);
    pthread_join(thread, &result);
    say("  %s", result == PTHREAD_CANCELED ? "cancelled" : "returned");
}

int main()
{
    sem_init(&ready, 0, 0);
    sem_init(&requested, 0, 0);
    for (int times = 0; times < 3; times++) {
        one("exit", EXIT, false);
        one("point", POINT);
        one("test", TEST);
        one("asynchronous", ASYNCHRONOUS);
        one("asynchronous with calls", ASYNCHRONOUS_CALLS);
        one("locked", LOCKED);
        one("reading", READING);
        late();
    }
    /* main's own frames are unwound, too. */
    Marked mark("main");
    deep(2, EXIT);
}
