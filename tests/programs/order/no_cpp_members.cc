/* SPDX-License-Identifier: MIT */
// Objects on the heap that lock the one with the lower number first.
/* EXPECT-NONE */
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "unseen.h"

class Cell {
public:
    explicit Cell(int number) : number_(number) {}
    int number() const { return number_; }

    __attribute__((noinline)) void swap_with(Cell &other)
    {
        Cell *first = number() < other.number() ? this : &other;
        Cell *second = first == this ? &other : this;
        std::lock_guard<std::recursive_mutex> one(first->mutex_), two(second->mutex_);
        std::swap(value_, other.value_);
    }

private:
    int number_, value_ = 0;
    std::recursive_mutex mutex_;
};

int main()
{
    auto left = std::make_unique<Cell>(1), right = std::make_unique<Cell>(2);
    std::thread one([&] { left->swap_with(*right); step_done(1); });
    std::thread two([&] { await_step(1); right->swap_with(*left); });
    one.join();
    two.join();
}
