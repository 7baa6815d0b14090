/* SPDX-License-Identifier: MIT */
/* What the programs about exceptions share: each case runs in the main thread before there is another one, in another
 * thread, and in the main thread after that. */
#ifndef EH_H
#define EH_H

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <thread>

#define NOINLINE __attribute__((noinline))

static inline void say(const char *format, auto... values)
{
    std::printf(format, values...);
    std::puts("");
}

/* Tells of its end; order shows. */
struct Marked {
    const char *name;
    explicit Marked(const char *n) : name(n) {}
    ~Marked() { say("  ~%s", name); }
};

template <typename F> static void everywhere(const char *name, F &&run)
{
    say("%s, main thread", name);
    run();
    say("%s, another thread", name);
    std::thread(run).join();
    say("%s, main thread again", name);
    run();
    std::fflush(stdout);
}

#endif
