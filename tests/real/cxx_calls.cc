// SPDX-License-Identifier: MIT
// Indirect calls and little else, for the bench of the translator and as a program to link: virtual calls over a
// shuffled mixture of classes, std::function, a table of functions, a switch, std::sort with a comparison by pointer,
// a map of strings, and deep recursion. `cxx_calls ROUNDS [SECTION]`; prints the same for the same arguments.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

namespace {

struct Random {
    uint64_t state;
    uint32_t next()
    {
        state = state * 6364136223846793005u + 1442695040888963407u;
        return static_cast<uint32_t>(state >> 33);
    }
};

struct Node {
    virtual ~Node() = default;
    virtual uint64_t value(uint64_t x) const = 0;
};
template <int N> struct Kind : Node {
    uint64_t value(uint64_t x) const override
    {
        return (x ^ static_cast<uint64_t>(N)) * (2 * N + 1) + (x >> (N % 7 + 1));
    }
};

std::vector<std::unique_ptr<Node>> make_nodes(size_t count)
{
    Random random{3};
    std::vector<std::unique_ptr<Node>> nodes;
    for (size_t i = 0; i < count; i++)
        switch (random.next() % 6) {
        case 0: nodes.push_back(std::make_unique<Kind<0>>()); break;
        case 1: nodes.push_back(std::make_unique<Kind<1>>()); break;
        case 2: nodes.push_back(std::make_unique<Kind<2>>()); break;
        case 3: nodes.push_back(std::make_unique<Kind<3>>()); break;
        case 4: nodes.push_back(std::make_unique<Kind<4>>()); break;
        default: nodes.push_back(std::make_unique<Kind<5>>()); break;
        }
    return nodes;
}

uint64_t virtual_calls(unsigned rounds)
{
    auto nodes = make_nodes(1000);
    uint64_t x = 1;
    for (unsigned i = 0; i < rounds / 2 + 1; i++)
        for (auto &node : nodes)
            x = node->value(x);
    return x;
}

uint64_t functions(unsigned rounds)
{
    std::vector<std::function<uint64_t(uint64_t)>> steps;
    for (uint64_t i = 0; i < 16; i++) {
        steps.emplace_back([i](uint64_t x) { return x * 3 + i; });
        steps.emplace_back([i](uint64_t x) { return (x >> 1) ^ i; });
    }
    uint64_t x = 1;
    for (unsigned i = 0; i < rounds * 40; i++)
        for (auto &step : steps)
            x = step(x);
    return x;
}

// A bytecode interpreter: one computed jump for each operation.
uint64_t interpreter(unsigned rounds)
{
    std::vector<uint8_t> code(256);
    Random random{9};
    for (auto &byte : code)
        byte = static_cast<uint8_t>(random.next() % 9);
    uint64_t a = 1, b = 2;
    for (unsigned i = 0; i < rounds * 4; i++)
        for (uint8_t operation : code)
            switch (operation) {
            case 0: a += b; break;
            case 1: b ^= a; break;
            case 2: a = (a << 7) | (a >> 57); break;
            case 3: b += 11; break;
            case 4: a *= 5; break;
            case 5: std::swap(a, b); break;
            case 6: a -= b >> 3; break;
            case 7: b = ~b; break;
            default: a ^= b << 2; break;
            }
    return a ^ b;
}

int compare(const void *a, const void *b)
{
    uint32_t x = *static_cast<const uint32_t *>(a), y = *static_cast<const uint32_t *>(b);
    return (x > y) - (x < y);
}

// The comparison is called back from libc.
uint64_t callbacks(unsigned rounds)
{
    uint64_t sum = 0;
    Random random{5};
    for (unsigned i = 0; i < rounds / 10 + 1; i++) {
        std::vector<uint32_t> numbers(500);
        for (auto &number : numbers)
            number = random.next();
        qsort(numbers.data(), numbers.size(), sizeof numbers[0], compare);
        sum = sum * 31 + numbers[250];
    }
    return sum;
}

uint64_t containers(unsigned rounds)
{
    std::map<std::string, int> ordered;
    std::unordered_map<std::string, int> hashed;
    Random random{7};
    for (unsigned i = 0; i < rounds * 10; i++) {
        std::string key = "key-" + std::to_string(random.next() % 500);
        ordered[key]++;
        hashed[key] += ordered[key];
    }
    uint64_t sum = 0;
    for (auto &[key, count] : ordered)
        sum = sum * 7 + static_cast<uint64_t>(hashed[key]);
    return sum;
}

struct Tree {
    std::unique_ptr<Tree> left, right;
    uint64_t key;
    explicit Tree(uint64_t k) : key(k) {}
};

void insert(std::unique_ptr<Tree> &tree, uint64_t key)
{
    if (!tree)
        tree = std::make_unique<Tree>(key);
    else
        insert(key < tree->key ? tree->left : tree->right, key);
}

__attribute__((noinline)) uint64_t walk(Tree *tree, uint64_t x)
{
    if (!tree)
        return x;
    tree->key += x & 1;
    return walk(tree->right.get(), walk(tree->left.get(), x) * 3 + tree->key);
}

uint64_t recursion(unsigned rounds)
{
    std::unique_ptr<Tree> tree;
    Random random{11};
    for (unsigned i = 0; i < 1000; i++)
        insert(tree, random.next());
    uint64_t x = 0;
    for (unsigned i = 0; i < rounds * 2; i++)
        x = walk(tree.get(), x);
    return x;
}

// Throws through four frames.
uint64_t thrower(unsigned depth, uint64_t x)
{
    if (depth == 0)
        throw x;
    return thrower(depth - 1, x + 1) + 1;
}

uint64_t exceptions(unsigned rounds)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < rounds * 2; i++)
        try {
            sum += thrower(4, i);
        } catch (uint64_t x) {
            sum += x;
        }
    return sum;
}

struct Section {
    const char *name;
    uint64_t (*run)(unsigned rounds);
};
const Section sections[] = {
    {"virtual", virtual_calls}, {"function", functions}, {"switch", interpreter}, {"qsort", callbacks},
    {"containers", containers}, {"recursion", recursion}, {"exceptions", exceptions},
};

} // namespace

int main(int argc, char **argv)
{
    unsigned rounds = argc > 1 ? static_cast<unsigned>(atoi(argv[1])) : 1000;
    for (auto &section : sections) {
        if (argc > 2 && strcmp(argv[2], section.name) != 0)
            continue;
        uint64_t result = 0;
        std::thread([&] { result = section.run(rounds); }).join();
        printf("%s %llx\n", section.name, static_cast<unsigned long long>(result));
    }
    return 0;
}
