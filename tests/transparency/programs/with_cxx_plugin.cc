/* SPDX-License-Identifier: MIT */
/* Objects with destructors around blocking calls and pthread_exit; exceptions through libc's callbacks. */
#include <semaphore.h>
#include <unistd.h>
#include <pthread.h>
#include <cstdio>
#include <cstdlib>
#include <condition_variable>
#include <mutex>
#include <stdexcept>

namespace {
struct Object {
    const char *name;
    explicit Object(const char *n) : name(n) {}
    ~Object() { dprintf(1, "destructor %s\n", name); }
};

std::mutex mutex;
std::condition_variable cond;

int compare(const void *, const void *) { throw std::runtime_error("from qsort"); }
pthread_once_t control = PTHREAD_ONCE_INIT;
void routine() { throw std::runtime_error("from once"); }
}

extern "C" void *run(void *arg)
{
    Object outer("outer");
    switch (reinterpret_cast<long>(arg)) {
    case 0: {
        Object inner("around read");
        int fds[2];
        char c;
        pipe(fds);
        read(fds[0], &c, 1);
        break;
    }
    case 1: {
        Object inner("around pthread_exit");
        pthread_exit(nullptr);
    }
    case 2: {
        Object inner("around wait");
        std::unique_lock<std::mutex> lock(mutex);
        cond.wait(lock, [] { return false; });
        break;
    }
    case 3: {
        Object inner("around sem_wait");
        sem_t sem;
        sem_init(&sem, 0, 0);
        while (true)
            sem_wait(&sem);
    }
    default: {
        std::unique_lock<std::mutex> lock(mutex); /* free again after the cancelled wait */
        Object inner("around sleep");
        sleep(100);
    }
    }
    return nullptr;
}

extern "C" void throw_and_catch(void (*callback)())
{
    int numbers[] = {3, 2, 1};
    try {
        Object object("qsort");
        qsort(numbers, 3, sizeof(int), compare);
    } catch (std::exception &e) {
        dprintf(1, "caught %s\n", e.what());
    }
    for (int i = 0; i < 2; i++) {
        try {
            Object object("once");
            pthread_once(&control, routine);
        } catch (std::exception &e) {
            dprintf(1, "caught %s\n", e.what());
        }
    }
    callback();
}
