/* SPDX-License-Identifier: MIT */
/* What the client is told of each form of memory operand: snippets run translated, with a client that writes down every
 * access to one buffer. Snippets get the buffer in rdi (its address has 32 bits), and their stack in rsp. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "base/arena.h"
#include "translate/translate.h"

#define BUFFER 8192
#define GENERAL_ONLY __attribute__((target("general-regs-only")))

enum { R = TR_READ, W = TR_WRITE, RW = R | W, A = TR_ATOMIC, S = TR_STRING, K = TR_STACK, M = TR_MASKED,
       P = TR_MOV };

struct seen {
    long offset; /* from the buffer's middle */
    size_t size;
    uint32_t kind;
};

static struct arena arena;
static uint8_t *buffer, *middle, *text;
static size_t text_used;
static struct seen seen[256];
static unsigned seen_count;
static uintptr_t calls[16][2], returns[16][2];
static unsigned call_count, return_count;

/* --- the client ------------------------------------------------------------------------------------------------------ */

static bool wants(struct tr_access *access)
{
    (void)access;
    return true;
}

GENERAL_ONLY static void on_access(uintptr_t address, size_t size, uint32_t kind, uintptr_t pc)
{
    (void)pc;
    if (address - (uintptr_t)buffer < BUFFER && seen_count < ARRAY_LEN(seen))
        seen[seen_count++] = (struct seen){(long)(address - (uintptr_t)middle), size, kind};
}

GENERAL_ONLY static void on_call(uintptr_t return_pc, uintptr_t sp)
{
    if (call_count < ARRAY_LEN(calls)) {
        calls[call_count][0] = return_pc;
        calls[call_count++][1] = sp;
    }
}

GENERAL_ONLY static void on_return(uintptr_t pc, uintptr_t sp)
{
    if (return_count < ARRAY_LEN(returns)) {
        returns[return_count][0] = pc;
        returns[return_count++][1] = sp;
    }
}

static const struct tr_client client = {
    .wants_access = wants, .on_access = on_access, .on_call = on_call, .on_return = on_return};

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena);
    static const struct tr_options options;
    static struct tr_host host;
    host.arena = &arena;
    if (!tr_init(&options, &client, &host))
        return 1;
    int protection = PROT_READ | PROT_WRITE | PROT_EXEC;
    text = mmap(NULL, 1 << 20, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    buffer = mmap(NULL, BUFFER, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    middle = buffer + BUFFER / 2;
    struct tr_module module = {.start = (uintptr_t)text, .end = (uintptr_t)text + (1 << 20), .low = (uintptr_t)text,
                               .high = (uintptr_t)text + (1 << 20), .protection = protection};
    return tr_module_add(&module) && tr_take_over() ? 0 : 1;
}

/* --- snippets ---------------------------------------------------------------------------------------------------------- */

static uintptr_t run(const uint8_t *from, const uint8_t *to)
{
    uint8_t *at = text + text_used;
    memcpy(at, from, (size_t)(to - from));
    text_used += (size_t)(to - from) + 16;
    seen_count = call_count = return_count = 0;
    ((void (*)(void *))tr_entry((uintptr_t)at))(middle);
    return (uintptr_t)at;
}

static void check(const uint8_t *from, const uint8_t *to, const struct seen *want, unsigned count, const char *code)
{
    memset(buffer, 0, BUFFER);
    run(from, to);
    bool same = seen_count == count;
    for (unsigned i = 0; i < count && same; i++)
        same = seen[i].offset == want[i].offset && seen[i].size == want[i].size && seen[i].kind == want[i].kind;
    for (unsigned i = 0; !same && i < seen_count; i++)
        print_error("%s: seen %ld size %zu kind %u\n", code, seen[i].offset, seen[i].size, seen[i].kind);
    if (!same)
        fail_msg("%s: %u accesses, not %u, or others", code, seen_count, count);
}

/* CHECK("code", {offset, size, kind}...): code runs with rdi = the middle of the buffer. */
#define CHECK(code, ...) \
    do { \
        const uint8_t *from_, *to_; \
        const struct seen want_[] = {__VA_ARGS__}; \
        __asm__ volatile("lea 771f(%%rip), %0; lea 772f(%%rip), %1; jmp 772f; 771: " code "; ret; 772:" \
                         : "=r"(from_), "=r"(to_)); \
        check(from_, to_, want_, sizeof(want_) / sizeof(want_[0]), code); \
    } while (0)
/* The same, with the stack in the buffer. */
#define CHECK_STACK(code, ...) \
    CHECK("mov %%rsp, %%r11; mov %%rdi, %%rsp; " code "; mov %%r11, %%rsp", __VA_ARGS__)
/* Nothing is told. */
#define CHECK_NONE(code) \
    do { \
        CHECK("movb $0, (%%rdi); " code, {0, 1, W | P}); \
    } while (0)

static void plain_operands(void **state)
{
    (void)state;
    CHECK("mov (%%rdi), %%eax", {0, 4, R | P});
    CHECK("mov %%al, 5(%%rdi)", {5, 1, W | P});
    CHECK("mov $3, %%esi; mov %%ax, -6(%%rdi,%%rsi,4)", {6, 2, W | P});
    CHECK("mov $-2, %%rsi; mov (%%rdi,%%rsi,8), %%rax", {-16, 8, R | P});
    CHECK("addl $1, 8(%%rdi)", {8, 4, RW});
    CHECK("cmpq $1, 8(%%rdi)", {8, 8, R});
    CHECK("lock addl $1, (%%rdi)", {0, 4, RW | A});
    CHECK("xchg %%eax, (%%rdi)", {0, 4, RW | A});
    CHECK("xor %%eax, %%eax; mov $1, %%ecx; cmpxchg %%ecx, (%%rdi)", {0, 4, RW});
    CHECK("mov 4(%%edi), %%eax", {4, 4, R | P});
    CHECK("mov $-4, %%esi; mov 4(%%edi,%%esi), %%eax", {0, 4, R | P});
    CHECK("movdqu 1(%%rdi), %%xmm0", {1, 16, R});
    CHECK("movups %%xmm0, 1(%%rdi)", {1, 16, W});
    CHECK("movss (%%rdi), %%xmm0", {0, 4, R});
    CHECK("cvtsi2sdq (%%rdi), %%xmm0", {0, 8, R});
    CHECK("movzbl (%%rdi), %%eax", {0, 1, R | P});
}

/* One that fails only reads. */
static void exchanges(void **state)
{
    (void)state;
    CHECK("xor %%eax, %%eax; lock cmpxchg %%rcx, (%%rdi)", {0, 8, RW | A});
    CHECK("mov $0x100, %%eax; lock cmpxchg %%cl, (%%rdi)", {0, 1, RW | A});
    CHECK("mov $0x100, %%eax; lock cmpxchg %%cx, (%%rdi)", {0, 2, R | A});
    CHECK("mov $0x100000000, %%rax; lock cmpxchg %%ecx, (%%rdi)", {0, 4, RW | A});
    CHECK("mov $0x100000000, %%rax; lock cmpxchg %%rcx, (%%rdi)", {0, 8, R | A});
    CHECK("push %%rbx; xor %%eax, %%eax; xor %%edx, %%edx; lock cmpxchg16b (%%rdi); pop %%rbx", {0, 16, RW | A});
    CHECK("push %%rbx; xor %%eax, %%eax; mov $1, %%edx; lock cmpxchg16b (%%rdi); pop %%rbx", {0, 16, R | A});
    CHECK("push %%rbx; xor %%eax, %%eax; mov $1, %%edx; lock cmpxchg8b (%%rdi); pop %%rbx", {0, 8, R | A});
}

static void nothing_is_touched(void **state)
{
    (void)state;
    CHECK_NONE("lock orl $0, (%%rsp)");
    CHECK_NONE("lock addq $0, -8(%%rsp)");
    CHECK_NONE("nopw 64(%%rdi)");
    CHECK_NONE("prefetcht0 (%%rdi)");
    CHECK_NONE("lea (%%rdi), %%rax");
    CHECK_NONE("clflush (%%rdi)");
    CHECK_NONE("endbr64");
}

static void stack_operands(void **state)
{
    (void)state;
    CHECK_STACK("push %%rax", {-8, 8, W | K});
    CHECK_STACK("push $1", {-8, 8, W | K});
    CHECK_STACK("pushw $1", {-2, 2, W | K});
    CHECK_STACK("pop %%rax", {0, 8, R | K});
    CHECK_STACK("push 64(%%rsp)", {64, 8, R}, {-8, 8, W | K});
    CHECK_STACK("pop 64(%%rsp)", {72, 8, W}, {0, 8, R | K});
    CHECK_STACK("pop (%%rdi)", {0, 8, W}, {0, 8, R | K});
    CHECK_STACK("pushf; popf", {-8, 8, W | K}, {-8, 8, R | K});
    CHECK_STACK("mov %%rbp, %%r10; mov %%rdi, %%rbp; leave; mov %%r10, %%rbp", {0, 8, R | K});
    CHECK_STACK("mov %%rbp, %%r10; enter $16, $0; mov %%r10, %%rbp", {-8, 8, W | K});
    CHECK_STACK("call 5f; jmp 6f; 5: ret; 6:", {-8, 8, W | K}, {-8, 8, R | K});
    CHECK_STACK("lea 5f(%%rip), %%rax; call *%%rax; jmp 6f; 5: ret $16; 6:", {-8, 8, W | K}, {-8, 8, R | K});
}

static void strings(void **state)
{
    (void)state;
    CHECK("mov %%rdi, %%rsi; add $256, %%rdi; mov $10, %%ecx; rep movsb", {256, 10, W | S}, {0, 10, R | S});
    CHECK("mov $3, %%ecx; rep stosq", {0, 24, W | S});
    CHECK("movb $0, (%%rdi); xor %%ecx, %%ecx; rep stosq", {0, 1, W | P});
    CHECK("mov $3, %%ecx; std; rep stosl; cld", {-8, 12, W | S});
    CHECK("stosb", {0, 1, W});
    CHECK("lea 16(%%rdi), %%rsi; movsl", {0, 4, W}, {16, 4, R});
    CHECK("mov %%rdi, %%rsi; lodsw", {0, 2, R});
    CHECK("movb $1, 5(%%rdi); mov $1, %%al; mov $100, %%ecx; repne scasb", {5, 1, W | P}, {0, 6, R | S});
    CHECK("movb $1, 5(%%rdi); mov $1, %%al; mov $-1, %%rcx; repne scasb", {5, 1, W | P}, {0, 6, R | S});
    CHECK("mov $4, %%ecx; xor %%eax, %%eax; std; repe scasw; cld", {-6, 8, R | S});
    CHECK("movb $1, 2(%%rdi); lea 256(%%rdi), %%rsi; mov $8, %%ecx; repe cmpsb", {2, 1, W | P}, {256, 3, R | S},
          {0, 3, R | S});
    CHECK("lea 256(%%rdi), %%rsi; cmpsq", {256, 8, R}, {0, 8, R});
    CHECK("mov $0x100000002, %%rcx; rep stosb (%%edi)", {0, 2, W | S});
}

static void bits_and_tables(void **state)
{
    (void)state;
    CHECK("mov $100, %%eax; bt %%eax, (%%rdi)", {12, 4, R});
    CHECK("mov $-1, %%rax; btsq %%rax, (%%rdi)", {-8, 8, RW});
    CHECK("mov $130, %%rax; lock btcq %%rax, (%%rdi)", {16, 8, RW | A});
    CHECK("mov $17, %%ax; btrw %%ax, (%%rdi)", {2, 2, RW});
    CHECK("btl $5, (%%rdi)", {0, 4, R});
    CHECK("mov %%rbx, %%r10; mov %%rdi, %%rbx; mov $0x1203, %%eax; xlat; mov %%r10, %%rbx", {3, 1, R});
}

static void saved_state(void **state)
{
    (void)state;
    CHECK("fnstenv (%%rdi); fldenv (%%rdi)", {0, 28, W}, {0, 28, R});
    CHECK("fnsave (%%rdi); frstor (%%rdi)", {0, 108, W}, {0, 108, R});
    CHECK("fldpi; fstpt (%%rdi)", {0, 10, W});
    CHECK("fnstcw (%%rdi)", {0, 2, W});
    CHECK("stmxcsr (%%rdi)", {0, 4, W});
    CHECK("fxsave (%%rdi)", {0, 512, W});
    if (__builtin_cpu_supports("avx"))
        CHECK("xor %%edx, %%edx; mov $7, %%eax; xsave (%%rdi)", {0, 832, RW});
    CHECK("xor %%edx, %%edx; mov $3, %%eax; xsave (%%rdi)", {0, 576, RW});
}

/* mask: elements 0 and 2 of four. */
#define DWORD_MASK "xor %%eax, %%eax; not %%eax; movd %%eax, %%xmm1; pshufd $0xcc, %%xmm1, %%xmm1; "
/* indices 0, 10, 20, 30 */
#define DWORD_INDICES \
    "movabs $0xa00000000, %%rax; movq %%rax, %%xmm2; movabs $0x1e00000014, %%rax; movq %%rax, %%xmm3;" \
    "punpcklqdq %%xmm3, %%xmm2; "

static void masked_vectors(void **state)
{
    (void)state;
    CHECK(DWORD_MASK "push %%rdi; maskmovdqu %%xmm1, %%xmm0; pop %%rdi", {0, 1, W | M}, {1, 1, W | M}, {2, 1, W | M},
          {3, 1, W | M}, {8, 1, W | M}, {9, 1, W | M}, {10, 1, W | M}, {11, 1, W | M});
    CHECK("mov $0x80ff, %%eax; movd %%eax, %%mm1; maskmovq %%mm1, %%mm0; emms", {0, 1, W | M}, {1, 1, W | M});
    if (!__builtin_cpu_supports("avx2"))
        return;
    CHECK(DWORD_MASK "vmaskmovps (%%rdi), %%xmm1, %%xmm0", {0, 4, R | M}, {8, 4, R | M});
    CHECK(DWORD_MASK "vmaskmovps %%xmm0, %%xmm1, 4(%%rdi)", {4, 4, W | M}, {12, 4, W | M});
    CHECK("pcmpeqd %%xmm1, %%xmm1; vpmaskmovq %%ymm0, %%ymm1, (%%rdi)", {0, 8, W | M}, {8, 8, W | M});
}

static void gathers(void **state)
{
    (void)state;
    if (!__builtin_cpu_supports("avx2"))
        return;
    CHECK(DWORD_MASK DWORD_INDICES "vpgatherdd %%xmm1, (%%rdi,%%xmm2,4), %%xmm0", {0, 4, R | M}, {80, 4, R | M});
    CHECK(DWORD_INDICES "pcmpeqd %%xmm1, %%xmm1; vpgatherdq %%xmm1, -8(%%rdi,%%xmm2,1), %%xmm0", {-8, 8, R | M},
          {2, 8, R | M});
    CHECK("mov $-3, %%rax; movq %%rax, %%xmm2; pcmpeqd %%xmm1, %%xmm1; vpgatherqd %%xmm1, (%%rdi,%%xmm2,8), %%xmm0",
          {-24, 4, R | M}, {0, 4, R | M});
}

static void opmasks(void **state)
{
    (void)state;
    if (!__builtin_cpu_supports("avx512vl") || !__builtin_cpu_supports("avx512bw"))
        return;
#define MASK "mov $0x24, %%eax; kmovd %%eax, %%k1; " /* bits 2 and 5 */
    CHECK(MASK "vmovdqu32 (%%rdi), %%zmm16%{%%k1%}", {8, 4, R | M}, {20, 4, R | M});
    CHECK(MASK "vmovdqu8 %%ymm0, (%%rdi)%{%%k1%}", {2, 1, W | M}, {5, 1, W | M});
    CHECK(MASK "vaddpd (%%rdi), %%zmm0, %%zmm0%{%%k1%}%{z%}", {16, 8, R | M}, {40, 8, R | M});
    CHECK(MASK "vaddps (%%rdi)%{1to16%}, %%zmm0, %%zmm0%{%%k1%}", {0, 4, R | M});
    CHECK(MASK "vbroadcasti32x4 (%%rdi), %%zmm0%{%%k1%}", {4, 4, R | M}, {8, 4, R | M});
    CHECK(MASK "vpmovdb %%zmm0, (%%rdi)%{%%k1%}", {2, 1, W | M}, {5, 1, W | M});
    CHECK(MASK "vpmovzxbd (%%rdi), %%zmm0%{%%k1%}", {2, 1, R | M}, {5, 1, R | M});
    CHECK(MASK "vpcompressd %%zmm0, (%%rdi)%{%%k1%}", {0, 4, W | M}, {4, 4, W | M});
    CHECK(MASK "vpexpandd (%%rdi), %%zmm0%{%%k1%}", {0, 4, R | M}, {4, 4, R | M});
    CHECK(MASK "vpcmpeqd (%%rdi), %%zmm0, %%k2%{%%k1%}", {8, 4, R | M}, {20, 4, R | M});
    CHECK(MASK "vpshufb (%%rdi), %%zmm0, %%zmm0%{%%k1%}", {0, 64, R}); /* reads all of it, whatever the mask */
    CHECK("mov $5, %%eax; kmovd %%eax, %%k1; " DWORD_INDICES "vpgatherdd (%%rdi,%%xmm2,2), %%xmm0%{%%k1%}", {0, 4, R | M},
          {40, 4, R | M});
    CHECK("mov $2, %%eax; kmovd %%eax, %%k1; " DWORD_INDICES "vpscatterdq %%xmm0, (%%rdi,%%xmm2,8)%{%%k1%}",
          {80, 8, W | M});
    CHECK("kxnorq %%k1, %%k1, %%k1; vmovdqu8 %%zmm0, (%%rdi)", {0, 64, W}); /* no mask in the instruction */
    CHECK("vzeroupper; vmovdqa64 (%%rdi), %%zmm17", {0, 64, R});
}

/* Every register of the program comes through a call-out. */
static void registers_survive(void **state)
{
    (void)state;
    const uint8_t *from, *to;
    __asm__ volatile("lea 771f(%%rip), %0; lea 772f(%%rip), %1; jmp 772f; 771:"
                     "push %%rbx; push %%rbp; push %%r12; push %%r13; push %%r14; push %%r15;"
                     "mov $1, %%eax; mov $2, %%ecx; mov $3, %%edx; mov $4, %%ebx; mov $5, %%ebp; mov $6, %%esi;"
                     "mov $8, %%r8d; mov $9, %%r9d; mov $10, %%r10d; mov $11, %%r11d; mov $12, %%r12d;"
                     "mov $13, %%r13d; mov $14, %%r14d; mov $15, %%r15d; stc;"
                     "mov %%rax, (%%rdi); mov %%rcx, 8(%%rdi); mov %%rdx, 16(%%rdi); mov %%rbx, 24(%%rdi);"
                     "mov %%rbp, 40(%%rdi); mov %%rsi, 48(%%rdi); mov %%rdi, 56(%%rdi); mov %%r8, 64(%%rdi);"
                     "mov %%r9, 72(%%rdi); mov %%r10, 80(%%rdi); mov %%r11, 88(%%rdi); mov %%r12, 96(%%rdi);"
                     "mov %%r13, 104(%%rdi); mov %%r14, 112(%%rdi); mov %%r15, 120(%%rdi); setc 32(%%rdi);"
                     "pop %%r15; pop %%r14; pop %%r13; pop %%r12; pop %%rbp; pop %%rbx; ret; 772:"
                     : "=r"(from), "=r"(to));
    memset(buffer, 0, BUFFER);
    run(from, to);
    const uint64_t *values = (const void *)middle;
    for (uint64_t reg = 0; reg < 16; reg++) {
        uint64_t want = reg == 4 ? 1 : reg == 7 ? (uintptr_t)middle : reg < 4 ? reg + 1 : reg;
        assert_int_equal(values[reg], want);
    }
    assert_int_equal(seen_count, 16);
}

static void calls_and_returns(void **state)
{
    (void)state;
    const uint8_t *from, *to;
    __asm__ volatile("lea 771f(%%rip), %0; lea 772f(%%rip), %1; jmp 772f; 771:"
                     "mov %%rsp, (%%rdi); call 5f; ret; 5: ret; 772:" : "=r"(from), "=r"(to));
    uintptr_t at = run(from, to), sp = *(uintptr_t *)(void *)middle;
    assert_int_equal(call_count, 1);
    assert_int_equal(calls[0][0], at + 8);
    assert_int_equal(calls[0][1], sp);
    assert_int_equal(return_count, 2);
    assert_int_equal(returns[0][0], at + 9);
    assert_int_equal(returns[0][1], sp - 8);
    assert_int_equal(returns[1][1], sp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_operands), cmocka_unit_test(exchanges), cmocka_unit_test(nothing_is_touched),
        cmocka_unit_test(stack_operands),
        cmocka_unit_test(strings),        cmocka_unit_test(bits_and_tables),    cmocka_unit_test(saved_state),
        cmocka_unit_test(masked_vectors), cmocka_unit_test(gathers),            cmocka_unit_test(opmasks),
        cmocka_unit_test(registers_survive), cmocka_unit_test(calls_and_returns),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
