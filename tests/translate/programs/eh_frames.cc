/* SPDX-License-Identifier: MIT */
/* Exceptions through frames of every kind. */
/* CFLAGS: -std=c++20 */
#include "eh.h"

#include <alloca.h>
#include <cstring>
#include <memory>
#include <vector>

struct Base {
    virtual ~Base() = default;
    virtual int number() const { return 1; }
};
struct Left : virtual Base {
    int number() const override { return 2; }
};
struct Right : virtual Base {
    int number() const override { return 3; }
};
struct Both : Left, Right {
    int number() const override { return 4; }
};

static volatile int sink;

NOINLINE static int deep(int depth)
{
    if (depth == 0)
        throw std::runtime_error("from the bottom");
    return deep(depth - 1) + 1;
}

NOINLINE static int deep_marked(int depth)
{
    static const char *const names[] = {"one", "two", "three", "four", "five"};
    Marked mark(names[depth % 5]);
    return depth == 0 ? deep(3) : deep_marked(depth - 1) + 1;
}

NOINLINE static int with_alloca(int bytes)
{
    char *room = static_cast<char *>(alloca(static_cast<size_t>(bytes)));
    std::memset(room, 1, static_cast<size_t>(bytes));
    sink = room[bytes / 2];
    return deep(2) + room[0];
}

/* Vector registers are not callee-saved; these are. */
NOINLINE static long with_registers(long a, long b, long c, long d, long e)
{
    long u = a * 3, v = b * 5, w = c * 7, x = d * 11, y = e * 13;
    try {
        deep(5);
    } catch (const std::exception &) {
        u++;
    }
    return u + v * 2 + w * 3 + x * 4 + y * 5;
}

NOINLINE static void throw_kind(int kind)
{
    switch (kind) {
    case 0: throw 42;
    case 1: throw "text";
    case 2: throw Both();
    case 3: throw std::make_unique<int>(7);
    case 4: throw std::string("a string long enough to be on the heap");
    case 5: throw std::out_of_range("derived");
    case 6: throw nullptr;
    default: throw 2.5L;
    }
}

NOINLINE static void catch_kind(int kind)
{
    try {
        throw_kind(kind);
    } catch (int i) {
        say("  int %d", i);
    } catch (const char *text) {
        say("  pointer %s", text == nullptr ? "null" : text);
    } catch (const Base &base) {
        say("  base %d", base.number());
    } catch (std::unique_ptr<int> &pointer) {
        say("  unique %d", *pointer);
    } catch (const std::string &string) {
        say("  string %s", string.c_str());
    } catch (const std::logic_error &error) {
        say("  logic %s", error.what());
    } catch (...) {
        say("  something");
    }
}

struct Member {
    const char *name;
    Member(const char *n, bool fails) : name(n)
    {
        if (fails)
            throw std::runtime_error(std::string("member ") + n);
    }
    ~Member() { say("  ~Member %s", name); }
};

struct Whole {
    Member first, second, third;
    explicit Whole(int failing) try : first("first", failing == 1), second("second", failing == 2),
                                      third("third", failing == 3) {
        if (failing == 4)
            throw std::runtime_error("body");
    } catch (const std::exception &error) {
        say("  function try: %s", error.what());
    }
};

struct Element {
    static int made;
    int number;
    Element() : number(made++)
    {
        if (made == 4)
            throw std::runtime_error("fourth element");
    }
    ~Element() { say("  ~Element %d", number); }
};
int Element::made;

struct Nothrow {
    ~Nothrow() { say("  uncaught in destructor: %d", std::uncaught_exceptions()); }
};

struct Thrower {
    ~Thrower() noexcept(false)
    {
        if (std::uncaught_exceptions() == 0)
            throw std::runtime_error("from a destructor");
        try {
            deep(4);
        } catch (const std::exception &error) {
            say("  caught while unwinding: %s", error.what());
        }
    }
};

static int attempts;
NOINLINE static int initial()
{
    if (++attempts % 3 != 0)
        throw std::runtime_error("not yet initialised");
    return attempts;
}

template <int N> NOINLINE static int statics()
{
    static int value = initial();
    return value;
}

NOINLINE static void rethrow(int times)
{
    try {
        if (times == 0)
            deep(1);
        rethrow(times - 1);
    } catch (const std::exception &) {
        Marked mark("rethrown");
        throw;
    }
}

NOINLINE static void nested()
{
    try {
        try {
            deep(1);
        } catch (...) {
            std::throw_with_nested(std::logic_error("outer"));
        }
    } catch (const std::exception &error) {
        say("  %s", error.what());
        try {
            std::rethrow_if_nested(error);
        } catch (const std::exception &inner) {
            say("  inner %s", inner.what());
        }
    }
}

template <typename F> static void caught(F &&run)
{
    try {
        run();
        say("  nothing thrown");
    } catch (const std::exception &error) {
        say("  caught %s", error.what());
    }
}

static void all()
{
    caught([] { deep(50); });
    caught([] { deep_marked(7); });
    caught([] { with_alloca(100); });
    caught([] { with_alloca(5000); });
    say("  registers %ld", with_registers(1, 2, 3, 4, 5));
    for (int kind = 0; kind < 8; kind++)
        catch_kind(kind);
    for (int failing = 0; failing < 5; failing++)
        caught([failing] { Whole whole(failing); });
    Element::made = 0;
    caught([] { delete[] new Element[6]; });
    caught([] {
        Nothrow nothrow;
        deep(1);
    });
    caught([] { Thrower thrower; });
    caught([] {
        Thrower thrower;
        throw std::runtime_error("the first");
    });
    for (int i = 0; i < 3; i++)
        caught([] { say("  static %d", statics<1>() > 0); });
    caught([] { rethrow(3); });
    nested();
    caught([] { std::vector<int>().at(3); });
    caught([] { std::string("abc").substr(10); });
    caught([] { say("  %d", std::stoi("none")); });
}

int main()
{
    everywhere("frames", all);
}
