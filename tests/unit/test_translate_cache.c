/* SPDX-License-Identifier: MIT */
/* The code cache at work: snippets in a mapping of our own, called natively and through the translator. */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "translate/cache.h"
#include "translate/ranges.h"
#include "translate/translator.h"

#define TEXT_BYTES 65536u

static struct arena arena;
static const struct tr_host host = {.arena = &arena};
static uint8_t *text;
static size_t text_used;

static void on_fault(int signo, siginfo_t *info, void *context)
{
    if (tr_fault(signo, info, context) == TR_FAULT_RESUMED)
        return;
    signal(signo, SIG_DFL);
}

/* In each test: cmocka has handlers of its own around each. */
static void handle_faults(void)
{
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER};
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGILL, &action, NULL);
}

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena);
    struct tr_options options = {0};
    if (getenv("TEST_FLUSH"))
        options.flush_every = (uint32_t)atoi(getenv("TEST_FLUSH"));
    if (getenv("TEST_ONE"))
        options.one_instruction = true;
    if (getenv("TEST_LINKS"))
        options.links = TR_LINKS_NEVER;
    if (getenv("TEST_LIMIT"))
        options.cache_limit = (size_t)atoi(getenv("TEST_LIMIT")) << 10;
    if (getenv("TEST_DUAL"))
        translator.prefer_dual = true;
    if (!tr_init(&options, NULL, &host))
        return 1;
    text = mmap(NULL, TEXT_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct tr_module module = {.start = (uintptr_t)text, .end = (uintptr_t)text + TEXT_BYTES,
        .low = (uintptr_t)text, .high = (uintptr_t)text + TEXT_BYTES, .protection = PROT_READ | PROT_WRITE | PROT_EXEC};
    return tr_module_add(&module) && tr_take_over() ? 0 : 1;
}

typedef long function(long, long);

/* The program address of the bytes. */
static uintptr_t put(const void *bytes, size_t size)
{
    text_used = (text_used + 15) & ~(size_t)15;
    uint8_t *at = text + text_used;
    memcpy(at, bytes, size);
    text_used += size;
    return (uintptr_t)at;
}

#define PUT(...) put((uint8_t[]){__VA_ARGS__}, sizeof((uint8_t[]){__VA_ARGS__}))

static long call(uintptr_t pc, long a, long b) { return ((function *)tr_entry(pc))(a, b); }

static void a_function_runs_from_the_cache(void **state)
{
    (void)state;
    handle_faults();
    uintptr_t add = PUT(0x48, 0x8d, 0x04, 0x37, 0xc3); /* lea (%rdi,%rsi),%rax; ret */
    uintptr_t code = tr_entry(add);
    assert_true(tr_in_cache(code));
    assert_int_equal(tr_origin(code), add);
    assert_int_equal(call(add, 40, 2), 42);
}

static void native_code_enters_by_a_fault(void **state)
{
    (void)state;
    handle_faults();
    uintptr_t add = PUT(0x48, 0x8d, 0x44, 0x37, 0x01, 0xc3);
    struct tr_stats before, after;
    tr_stats(&before);
    assert_int_equal(((function *)add)(1, 2), 4);
    tr_stats(&after);
    assert_int_equal(after.entry_faults, before.entry_faults + 1);
}

static void loops_link_and_branch(void **state)
{
    (void)state;
    handle_faults();
    /* xor %eax,%eax; 1: add %rdi,%rax; dec %rdi; jnz 1b; ret */
    uintptr_t sum = PUT(0x31, 0xc0, 0x48, 0x01, 0xf8, 0x48, 0xff, 0xcf, 0x75, 0xf8, 0xc3);
    assert_int_equal(call(sum, 1000, 0), 500500);
}

static void recursion_calls_and_returns(void **state)
{
    (void)state;
    handle_faults();
    /* fib: cmp $2,%rdi; jb 1f; push %rdi; dec %rdi; call fib; pop %rdi; push %rax; sub $2,%rdi; call fib; pop %rdx;
     * add %rdx,%rax; ret; 1: mov %rdi,%rax; ret */
    uintptr_t fib = PUT(0x48, 0x83, 0xff, 0x02, 0x72, 0x1e, 0x57, 0x48, 0xff, 0xcf, 0xe8, 0xf1, 0xff, 0xff, 0xff, 0x5f,
                        0x50, 0x48, 0x83, 0xef, 0x02, 0xe8, 0xe6, 0xff, 0xff, 0xff, 0x5a, 0x48, 0x01, 0xd0, 0xc3, 0x90,
                        0x90, 0x90, 0x90, 0x90, 0x48, 0x89, 0xf8, 0xc3);
    assert_int_equal(call(fib, 20, 0), 6765);
}

static void indirect_jumps_keep_registers_and_flags(void **state)
{
    (void)state;
    handle_faults();
    /* target: setc %al; movzx %al,%eax; lea (%rax,%rcx,2),%rax; ret; rcx and CF come from the caller */
    uintptr_t target = PUT(0x0f, 0x92, 0xc0, 0x0f, 0xb6, 0xc0, 0x48, 0x8d, 0x04, 0x48, 0xc3);
    /* mov %rdi,%rcx; stc; call *%rsi; add $100,%rax; ret */
    uintptr_t caller = PUT(0x48, 0x89, 0xf9, 0xf9, 0xff, 0xd6, 0x48, 0x83, 0xc0, 0x64, 0xc3);
    for (long i = 0; i < 5; i++)
        assert_int_equal(call(caller, i, (long)target), 2 * i + 1 + 100);
    /* mov %rdi,%rcx; clc; jmp *%rsi */
    uintptr_t jumper = PUT(0x48, 0x89, 0xf9, 0xf8, 0xff, 0xe6);
    for (long i = 0; i < 5; i++)
        assert_int_equal(call(jumper, i, (long)target), 2 * i);
}

static long native_twice(long a, long b) { return 2 * a + b; }

static void native_functions_are_called_and_call_back(void **state)
{
    (void)state;
    handle_faults();
    /* sub $8,%rsp; mov %rsi,%rax; mov $7,%esi; call *%rax; add $8,%rsp; ret */
    uintptr_t caller = PUT(0x48, 0x83, 0xec, 0x08, 0x48, 0x89, 0xf0, 0xbe, 7, 0, 0, 0, 0xff, 0xd0, 0x48, 0x83, 0xc4, 0x08, 0xc3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(call(caller, 5, (long)native_twice), 17);
}

static void many_targets_share_low_bits(void **state)
{
    (void)state;
    handle_faults();
    /* jmp *%rdi through memory: mov $k,%eax; ret at many places */
    uintptr_t jumper = PUT(0xff, 0xe7);
    uintptr_t targets[300];
    for (int i = 0; i < 300; i++)
        targets[i] = PUT(0xb8, (uint8_t)i, (uint8_t)(i >> 8), 0, 0, 0xc3);
    for (int round = 0; round < 3; round++)
        for (int i = 0; i < 300; i++)
            assert_int_equal(call(jumper, (long)targets[i], 0), i);
}

static void eviction_is_not_noticed(void **state)
{
    (void)state;
    handle_faults();
    uintptr_t fib = (uintptr_t)text; /* the first snippet: lea */
    uintptr_t old = tr_entry(fib);
    spin_lock(&translator.lock);
    evict_all();
    spin_unlock(&translator.lock);
    assert_int_equal(map_find(fib), 0);
    assert_int_equal(((function *)old)(3, 4), 7); /* faults, and goes on */
    assert_int_equal(tr_origin(old), fib);
    assert_int_not_equal(tr_entry(fib), old);
}

static void *fresh_thread(void *code) { return (void *)((function *)code)(20, 0); }

static void a_thread_without_a_stack_gets_one(void **state)
{
    (void)state;
    handle_faults();
    /* call *%rsi with a new target each time: the dispatcher is needed */
    uintptr_t sum = PUT(0x31, 0xc0, 0xeb, 0x00, 0x48, 0x01, 0xf8, 0x48, 0xff, 0xcf, 0x75, 0xf8, 0xc3);
    uintptr_t code = tr_entry(sum);
    pthread_t thread;
    void *result;
    pthread_create(&thread, NULL, fresh_thread, (void *)code);
    pthread_join(thread, &result);
    assert_int_equal((long)result, 210);
}

static void a_module_that_comes_again_is_translated_anew(void **state)
{
    (void)state;
    handle_faults();
    uintptr_t region_before = 0;
    for (int i = 0; i < 2000; i++) {
        uint8_t *plugin = mmap((void *)0x7e0000000000, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
        uint8_t code[] = {0xb8, (uint8_t)i, (uint8_t)(i >> 8), 0, 0, 0xc3};
        memcpy(plugin, code, sizeof(code));
        struct tr_module module = {.start = (uintptr_t)plugin, .end = (uintptr_t)plugin + 4096,
            .low = (uintptr_t)plugin, .high = (uintptr_t)plugin + 4096, .protection = PROT_READ | PROT_WRITE | PROT_EXEC};
        assert_true(tr_module_add(&module));
        assert_int_equal(((function *)plugin)(0, 0), i);
        tr_module_remove((uintptr_t)plugin, (uintptr_t)plugin + 4096);
        assert_false(tr_is_translated((uintptr_t)plugin));
        munmap(plugin, 4096);
        if (i == 10)
            region_before = arena.reserved;
    }
    assert_true(arena.reserved <= region_before + (512u << 10));
}

static void a_module_at_a_low_address_leaves_room_for_the_heap(void **state)
{
    (void)state;
    handle_faults();
    uint8_t *low = mmap((void *)0x400000, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (low != (void *)0x400000)
        skip();
    memcpy(low, "\x8b\x05\xfa\x00\x00\x00\xc3", 7); /* mov 0x400100(%rip),%eax; ret */
    low[0x100] = 42;
    struct tr_module module = {.start = (uintptr_t)low, .end = (uintptr_t)low + 4096,
        .low = (uintptr_t)low, .high = (uintptr_t)low + 4096, .protection = PROT_READ | PROT_WRITE | PROT_EXEC};
    assert_true(tr_module_add(&module));
    assert_int_equal(((function *)low)(0, 0), 42);
    struct tr_region *region = cache_region_of(tr_entry((uintptr_t)low));
    assert_true(region->start > 0x50000000 && region->end <= 0x400000 + ((uintptr_t)1 << 31));
}

static void a_forked_child_goes_on_alone(void **state)
{
    (void)state;
    handle_faults();
    /* mov %edi,%eax; add $5,%eax; ret */
    uintptr_t plus = PUT(0x89, 0xf8, 0x83, 0xc0, 0x05, 0xc3);
    uintptr_t fresh = PUT(0x89, 0xf8, 0x83, 0xc0, 0x06, 0xc3);
    uintptr_t code = tr_entry(plus);
    tr_fork_prepare();
    pid_t child = fork();
    if (child == 0) {
        tr_fork_child();
        _exit(((function *)code)(1, 0) == 6 && call(fresh, 1, 0) == 7 ? 0 : 1);
    }
    tr_fork_parent();
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(((function *)code)(1, 0), 6);
    assert_int_equal(map_find(fresh), 0); /* the child's translation is its own */
}

static void *run_and_stop(void *code)
{
    for (int i = 0; i < 20000; i++) {
        if (((function *)code)(100, 0) != 5050)
            return (void *)1;
    }
    return NULL;
}

static void threads_run_while_others_evict(void **state)
{
    (void)state;
    handle_faults();
    uintptr_t sum = PUT(0x31, 0xc0, 0x48, 0x01, 0xf8, 0x48, 0xff, 0xcf, 0x75, 0xf8, 0xc3);
    uintptr_t code = tr_entry(sum);
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, run_and_stop, (void *)code);
    for (int i = 0; i < 200; i++) {
        spin_lock(&translator.lock);
        evict_all();
        spin_unlock(&translator.lock);
        sched_yield();
    }
    for (int i = 0; i < 3; i++) {
        void *result;
        pthread_join(threads[i], &result);
        assert_null(result);
    }
}

static void text_is_read_as_the_file_has_it(void **state)
{
    (void)state;
    char path[] = "/tmp/detect-text-XXXXXX";
    int fd = mkstemp(path);
    uint8_t content[4096] = {0xb8, 7, 0, 0, 0, 0xc3}; /* mov $7,%eax; ret */
    assert_int_equal(write(fd, content, sizeof(content)), sizeof(content));
    uint8_t *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE, fd, 0);
    at[0] = 0xcc; /* a debugger's breakpoint */
    struct tr_module module = {.start = (uintptr_t)at, .end = (uintptr_t)at + 4096, .low = (uintptr_t)at,
        .high = (uintptr_t)at + 4096, .path = path, .protection = PROT_READ | PROT_WRITE | PROT_EXEC};
    assert_true(tr_module_add(&module));
    assert_int_equal(call((uintptr_t)at, 0, 0), 7);
    tr_module_remove((uintptr_t)at, (uintptr_t)at + 4096);
    munmap(at, 4096);
    close(fd);
    unlink(path);
}

static void detach_goes_on_natively(void **state)
{
    (void)state;
    handle_faults();
    uintptr_t fib = (uintptr_t)text;
    uintptr_t old = tr_entry(fib);
    uintptr_t sum = PUT(0x31, 0xc0, 0x48, 0x01, 0xf8, 0x48, 0xff, 0xcf, 0x75, 0xf8, 0xc3);
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, run_and_stop, (void *)tr_entry(sum));
    tr_detach();
    for (int i = 0; i < 3; i++) {
        void *result;
        pthread_join(threads[i], &result);
        assert_null(result);
    }
    assert_int_equal(((function *)old)(3, 4), 7);
    assert_int_equal(((function *)fib)(3, 4), 7);
    assert_int_equal(tr_entry(fib), fib);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_function_runs_from_the_cache),
        cmocka_unit_test(native_code_enters_by_a_fault),
        cmocka_unit_test(loops_link_and_branch),
        cmocka_unit_test(recursion_calls_and_returns),
        cmocka_unit_test(indirect_jumps_keep_registers_and_flags),
        cmocka_unit_test(native_functions_are_called_and_call_back),
        cmocka_unit_test(many_targets_share_low_bits),
        cmocka_unit_test(a_thread_without_a_stack_gets_one),
        cmocka_unit_test(eviction_is_not_noticed),
        cmocka_unit_test(a_module_that_comes_again_is_translated_anew),
        cmocka_unit_test(a_module_at_a_low_address_leaves_room_for_the_heap),
        cmocka_unit_test(a_forked_child_goes_on_alone),
        cmocka_unit_test(threads_run_while_others_evict),
        cmocka_unit_test(text_is_read_as_the_file_has_it),
        cmocka_unit_test(detach_goes_on_natively),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
