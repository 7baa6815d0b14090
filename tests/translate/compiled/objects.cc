// SPDX-License-Identifier: MIT
// What C++ adds: virtual calls, member pointers, exceptions, lambdas, templates, static initialisers, threads.
#include <algorithm>
#include <cstdio>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <numeric>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <variant>
#include <vector>

struct Shape {
    virtual ~Shape() = default;
    virtual double area() const = 0;
    virtual std::string name() const { return "shape"; }
};
struct Named {
    virtual std::string label() const { return "named"; }
    virtual ~Named() = default;
};
struct Square : Shape, Named {
    double side;
    explicit Square(double s) : side(s) {}
    double area() const override { return side * side; }
    std::string name() const override { return "square"; }
    std::string label() const override { return "a " + name(); }
};
struct Circle : virtual Shape {
    double radius;
    explicit Circle(double r) : radius(r) {}
    double area() const override { return 3 * radius * radius; }
};

struct Counted {
    static int alive;
    Counted() { alive++; }
    Counted(const Counted &) { alive++; }
    ~Counted() { alive--; }
};
int Counted::alive;

static int thrower(int depth, int limit)
{
    Counted local;
    if (depth == limit)
        throw std::runtime_error("at " + std::to_string(depth));
    try {
        return thrower(depth + 1, limit) + 1;
    } catch (const std::logic_error &) {
        return -1;
    }
}

static std::string exceptions()
{
    std::string all;
    for (int limit = 1; limit < 40; limit += 7) {
        try {
            thrower(0, limit);
        } catch (const std::exception &error) {
            all += error.what();
            try {
                throw;
            } catch (std::runtime_error &) {
                all += "!";
            }
        }
    }
    try {
        (void)std::vector<int>(3).at(5);
    } catch (std::out_of_range &) {
        all += " range";
    }
    return all + " " + std::to_string(Counted::alive);
}

static const std::map<std::string, int> initialised = {{"one", 1}, {"two", 2}, {"three", 3}};

int main()
{
    std::setvbuf(stdout, nullptr, _IONBF, 0);
    std::vector<std::unique_ptr<Shape>> shapes;
    for (int i = 0; i < 20; i++) {
        if (i % 3)
            shapes.push_back(std::make_unique<Square>(i));
        else
            shapes.push_back(std::make_unique<Circle>(i));
    }
    double sum = 0;
    std::string names;
    for (auto &shape : shapes) {
        sum += shape->area();
        names += shape->name()[1];
        if (auto *named = dynamic_cast<Named *>(shape.get()))
            names += named->label()[2];
    }
    std::printf("shapes %g %s\n", sum, names.c_str());
    std::printf("exceptions %s\n", exceptions().c_str());

    double (Shape::*member)() const = &Shape::area;
    std::function<int(int)> chain = [](int n) { return n; };
    for (int i = 0; i < 10; i++)
        chain = [chain, i](int n) { return chain(n) * 3 + i; };
    std::printf("functions %g %d\n", (shapes[4].get()->*member)(), chain(2));

    std::vector<std::variant<int, double, std::string>> values = {1, 2.5, std::string("three")};
    std::ostringstream text;
    for (auto &value : values)
        std::visit([&](auto &v) { text << v << ';'; }, value);
    std::vector<int> numbers(1000);
    std::iota(numbers.begin(), numbers.end(), 0);
    std::stable_sort(numbers.begin(), numbers.end(), [](int a, int b) { return a * 37 % 101 < b * 37 % 101; });
    std::printf("values %s %d %d\n", text.str().c_str(), numbers[500], initialised.at("three"));

    std::vector<std::future<int>> results;
    for (int i = 0; i < 4; i++)
        results.push_back(std::async(std::launch::async, [i] {
            try {
                return thrower(0, i + 1);
            } catch (std::exception &) {
                if (i == 3)
                    throw;
                return i * 10;
            }
        }));
    for (auto &result : results) {
        try {
            std::printf("async %d\n", result.get());
        } catch (std::exception &error) {
            std::printf("async threw %s\n", error.what());
        }
    }
    return 0;
}
