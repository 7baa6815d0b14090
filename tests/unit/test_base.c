/* SPDX-License-Identifier: MIT */
/* The base room: arena, tables, ranked locks, raw system calls. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/atomic.h"
#include "base/hash.h"
#include "base/spin.h"
#include "base/sys.h"

static void arena_blocks_are_zeroed_and_aligned(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    for (size_t bytes = 1; bytes < 200000; bytes += bytes / 3 + 1) {
        unsigned char *block = arena_alloc(&arena, bytes);
        assert_non_null(block);
        assert_int_equal((uintptr_t)block % 16, 0);
        if (bytes >= CACHE_LINE)
            assert_int_equal((uintptr_t)block % CACHE_LINE, 0);
        for (size_t i = 0; i < bytes; i++)
            assert_int_equal(block[i], 0);
        memset(block, 0xaa, bytes);
        if (bytes % 2)
            arena_free(&arena, block, bytes);
        assert_true(arena_is_valid(&arena));
    }
}

static void arena_reuses_what_was_freed(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    for (int i = 0; i < 100000; i++) {
        size_t bytes = 24 + (size_t)(i % 50) * 40;
        arena_free(&arena, arena_alloc(&arena, bytes), bytes);
    }
    assert_int_equal(arena.used, 0);
    assert_true(arena.reserved < 4u << 20);
}

static void arena_blocks_do_not_overlap(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    enum { COUNT = 3000 };
    static unsigned char *blocks[COUNT];
    static size_t sizes[COUNT];
    unsigned seed = 1;
    for (int i = 0; i < COUNT; i++) {
        seed = seed * 1103515245u + 12345u;
        sizes[i] = 1 + seed / 65536u % 700;
        blocks[i] = arena_alloc(&arena, sizes[i]);
        memset(blocks[i], i & 0xff, sizes[i]);
    }
    for (int i = 0; i < COUNT; i++)
        for (size_t k = 0; k < sizes[i]; k++)
            assert_int_equal(blocks[i][k], i & 0xff);
}

static void arena_says_no_at_its_limit(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    arena.limit = 1u << 20;
    assert_null(arena_alloc(&arena, 2u << 20));
    assert_int_equal(arena.failed, 1);
    char *block = arena_alloc(&arena, 100);
    memcpy(block, "kept", 5);
    assert_null(arena_grow(&arena, block, 100, 4u << 20));
    assert_string_equal(block, "kept");
    block = arena_grow(&arena, block, 100, 1000);
    assert_string_equal(block, "kept");
}

struct item {
    struct hash_node node;
    int value;
};

static void hash_finds_what_was_added(void **state)
{
    (void)state;
    struct arena arena;
    struct hash_table table;
    arena_init(&arena);
    hash_init(&table, &arena);
    enum { COUNT = 20000 };
    static struct item items[COUNT];
    for (int i = 0; i < COUNT; i++) {
        items[i].value = i;
        assert_true(hash_add(&table, &items[i].node, (uint64_t)i * 4096));
    }
    assert_int_equal(hash_count(&table), COUNT);
    for (int i = 0; i < COUNT; i += 2)
        hash_remove(&table, &items[i].node);
    assert_int_equal(hash_count(&table), COUNT / 2);
    for (int i = 0; i < COUNT; i++) {
        struct hash_node *found = hash_find(&table, (uint64_t)i * 4096);
        if (i % 2 == 0)
            assert_null(found);
        else
            assert_int_equal(hash_entry(found, struct item, node)->value, i);
    }
    int expected = 1;
    for (struct hash_node *n = hash_first(&table); n; n = hash_next(n), expected += 2)
        assert_int_equal(hash_entry(n, struct item, node)->value, expected);
    hash_clear(&table);
    assert_null(hash_find(&table, 4096));
    assert_int_equal(arena.used, 0);
}

static void hash_survives_a_lack_of_memory(void **state)
{
    (void)state;
    struct arena arena;
    struct hash_table table;
    arena_init(&arena);
    arena.limit = 1; /* not even the first buckets */
    hash_init(&table, &arena);
    struct item item = {.value = 1};
    assert_false(hash_add(&table, &item.node, 7));
    assert_null(hash_find(&table, 7));
    arena.limit = 0;
    assert_true(hash_add(&table, &item.node, 7));
    assert_ptr_equal(hash_find(&table, 7), &item.node);
}

static struct spin counter_lock = SPIN_INIT(RANK_THREADS);
static unsigned long counter;

static void *count_up(void *arg)
{
    for (int i = 0; i < 20000; i++) {
        spin_lock(&counter_lock);
        counter++;
        spin_unlock(&counter_lock);
    }
    return arg;
}

static void spin_excludes(void **state)
{
    (void)state;
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count_up, NULL), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(counter, 80000);
    assert_true(spin_trylock(&counter_lock));
    assert_false(spin_trylock(&counter_lock));
    spin_unlock(&counter_lock);
}

#ifndef NDEBUG
static void spin_traps_on_a_wrong_rank(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        signal(SIGILL, SIG_DFL);
        struct spin outer = SPIN_INIT(RANK_THREADS), inner = SPIN_INIT(RANK_REPORT);
        spin_lock(&inner);
        spin_lock(&outer);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
}
#endif

static void raw_calls_leave_errno_alone(void **state)
{
    (void)state;
    errno = 77;
    assert_int_equal(sys_open("/no/such/file", O_RDONLY, 0), -ENOENT);
    assert_int_equal(sys_close(-1), -EBADF);
    assert_int_equal(errno, 77);
    assert_int_equal(sys_getpid(), getpid());
    char *page = sys_map(1);
    page[4095] = 1;
    sys_unmap(page, 4096);
    uint64_t before = sys_now_ns();
    sys_sleep_ns(1000000);
    assert_true(sys_now_ns() - before >= 1000000);
    assert_int_equal(errno, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arena_blocks_are_zeroed_and_aligned),
        cmocka_unit_test(arena_reuses_what_was_freed),
        cmocka_unit_test(arena_blocks_do_not_overlap),
        cmocka_unit_test(arena_says_no_at_its_limit),
        cmocka_unit_test(hash_finds_what_was_added),
        cmocka_unit_test(hash_survives_a_lack_of_memory),
        cmocka_unit_test(spin_excludes),
#ifndef NDEBUG
        cmocka_unit_test(spin_traps_on_a_wrong_rank),
#endif
        cmocka_unit_test(raw_calls_leave_errno_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
