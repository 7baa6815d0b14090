/* SPDX-License-Identifier: MIT */
/* What only people write: coroutines that switch stacks by hand, returns that go elsewhere, jumps into the middle of
 * instructions, the direction flag, flags that live across computed jumps, the red zone, system calls. */
#include <cpuid.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* --- coroutines ---------------------------------------------------------------------------------------------------------- */

void *switch_stack(void **save, void *to, void *value);
__asm__(".text\n.globl switch_stack\n.type switch_stack,@function\nswitch_stack:\n"
        "push %rbp; push %rbx; push %r12; push %r13; push %r14; push %r15\n"
        "mov %rsp, (%rdi)\nmov %rsi, %rsp\nmov %rdx, %rax\n"
        "pop %r15; pop %r14; pop %r13; pop %r12; pop %rbx; pop %rbp\nret\n"
        /* The same, popping its return address and jumping there. */
        ".globl switch_by_jump\n.type switch_by_jump,@function\nswitch_by_jump:\n"
        "pop %rcx\npush %rcx; push %rbp; push %rbx; push %r12; push %r13; push %r14; push %r15\n"
        "mov %rsp, (%rdi)\nmov %rsi, %rsp\nmov %rdx, %rax\n"
        "pop %r15; pop %r14; pop %r13; pop %r12; pop %rbx; pop %rbp; pop %rcx\njmp *%rcx\n");
void *switch_by_jump(void **save, void *to, void *value);

static void *(*switch_to)(void **, void *, void *);
static void *main_stack, *generator_stack;

static void generator(void)
{
    for (long n = 1;; n = n * 3 % 1000003)
        switch_to(&generator_stack, main_stack, (void *)n);
}

static void coroutines(void)
{
    static void *(*const ways[])(void **, void *, void *) = {switch_stack, switch_by_jump};
    static _Alignas(16) char stack[65536];
    for (int way = 0; way < 2; way++) {
        void **top = (void **)(stack + sizeof stack) - 2;
        long sum = 0;
        *--top = (void *)generator;
        for (int i = 0; i < 6; i++)
            *--top = NULL;
        generator_stack = top;
        switch_to = ways[way];
        for (int i = 0; i < 1000; i++)
            sum += (long)switch_to(&main_stack, generator_stack, NULL);
        printf("coroutines %ld\n", sum);
    }
}

/* --- calls and returns -------------------------------------------------------------------------------------------------------- */

long after_data(long n), push_return(long n), retpoline(long n), skip_lock(long n), overlapping(long n), get_pc(void);
long two_ways(long n), carry_over(long n), red_zone(long n), unbalanced(long n), return_elsewhere(long n);
__asm__(".text\n"
        /* The callee finds data behind the call and returns behind it. */
        "after_data: call 1f\n.quad 1234567\nadd %rdi, %rax\nret\n1: pop %rcx\nmov (%rcx), %rax\nadd $8, %rcx\njmp *%rcx\n"
        "push_return: lea 1f(%rip), %rax\npush %rax\nret\nud2\n1: lea 3(%rdi), %rax\nret\n"
        "retpoline: lea 3f(%rip), %r11\ncall 1f\n2: pause\nlfence\njmp 2b\n1: mov %r11, (%rsp)\nret\n"
        "3: lea 5(%rdi,%rdi), %rax\nret\n"
        "skip_lock: mov %rdi, -16(%rsp)\nmov $7, %eax\ntest $1, %dil\nje 1f+1\n"
        "1: lock xadd %rax, -16(%rsp)\nadd -16(%rsp), %rax\nret\n"
        "overlapping: mov %edi, %eax\n.byte 0xeb, 0xff, 0xc0\nadd $2, %eax\nret\n" /* jmp .+1: inc %eax */
        "get_pc: call 1f\n1: pop %rax\nlea 1b(%rip), %rcx\nsub %rcx, %rax\nret\n"
        "two_ways: test $1, %dil\nlea 1f(%rip), %rax\nlea 2f(%rip), %rcx\ncmovne %rcx, %rax\njmp *%rax\n"
        "1: lea (%rdi,%rdi,2), %rax\nret\n2: lea 1(%rdi,%rdi,4), %rax\nret\n"
        /* Flags set before an indirect jump, used behind it. */
        "carry_over: lea 1f(%rip), %rcx\ncmp $500, %rdi\njmp *%rcx\nud2\n1: sbb %rax, %rax\nseta %al\nadc %rdi, %rax\nret\n"
        "red_zone: mov %rdi, -8(%rsp)\nmovq $3, -128(%rsp)\nlea 1f(%rip), %rax\njmp *%rax\n"
        "1: mov -8(%rsp), %rax\nadd -128(%rsp), %rax\nret\n"
        /* Its caller's frame is gone when it returns. */
        "unbalanced: call 1f\nud2\n1: add $8, %rsp\nlea 9(%rdi), %rax\nret\n"
        "return_elsewhere: call 1f\nmov $-1, %rax\nret\n2: mov %rdi, %rax\nret\n1: lea 2b(%rip), %rax\nmov %rax, (%rsp)\nret\n");

static void control(void)
{
    static long (*const functions[])(long) = {after_data, push_return, retpoline, skip_lock, overlapping, two_ways,
                                              carry_over, red_zone, unbalanced, return_elsewhere};
    for (unsigned f = 0; f < sizeof functions / sizeof *functions; f++) {
        long sum = 0;
        for (long i = 0; i < 1000; i++)
            sum = (sum * 31 + functions[f](i)) % 1000000007;
        printf("control %u %ld\n", f, sum);
    }
    printf("own address %ld\n", get_pc());
}

/* --- the direction flag, segments, system calls, counters ----------------------------------------------------------------------- */

static void strings(void)
{
    char from[64] = "the quick brown fox jumps over the lazy dog", to[64] = "";
    void *s = from + 43, *d = to + 43;
    size_t count = 44;
    __asm__ volatile("std\n\trep movsb\n\tcld" : "+S"(s), "+D"(d), "+c"(count)::"memory");
    d = from;
    count = 64;
    __asm__ volatile("repne scasb" : "+D"(d), "+c"(count) : "a"('q') : "memory", "cc");
    printf("strings %s %ld %zu\n", to, (long)((char *)d - from), count);
}

static void segments(void)
{
    uint32_t words[4] = {11, 22, 33, 44}, value = 0;
    uintptr_t before, after;
    if (syscall(SYS_arch_prctl, 0x1004, &before) || syscall(SYS_arch_prctl, 0x1001, words))
        return;
    __asm__ volatile("movl %%gs:8, %0" : "=r"(value));
    syscall(SYS_arch_prctl, 0x1004, &after);
    printf("segments %u %d\n", value, after == (uintptr_t)words);
    syscall(SYS_arch_prctl, 0x1001, before);
}

static void system_calls(void)
{
    long result;
    static char text[] = "inline\n";
    __asm__ volatile("syscall" : "=a"(result) : "a"(SYS_write), "D"(1), "S"(text), "d"(7) : "rcx", "r11", "memory");
    struct timespec a, b;
    clock_gettime(CLOCK_MONOTONIC, &a);
    clock_gettime(CLOCK_MONOTONIC, &b);
    printf("system calls %ld %d\n", result, b.tv_sec >= a.tv_sec && time(NULL) > 1000000000);
}

static void counters(void)
{
    unsigned a, b, c, d, aux;
    uint64_t first = __builtin_ia32_rdtsc(), second = __builtin_ia32_rdtscp(&aux);
    __cpuid(0, a, b, c, d);
    printf("counters %d %x %x %x\n", second >= first, b, c, d);
}

static void xsaves(void)
{
    static _Alignas(64) char area[8192];
    double before = 1.25, after = 0;
    __asm__ volatile("movsd %1, %%xmm7\n\txsave64 %2\n\txorps %%xmm7, %%xmm7\n\txrstor64 %2\n\tmovsd %%xmm7, %0"
                     : "=m"(after) : "m"(before), "m"(area), "a"(7), "d"(0) : "xmm7", "memory");
    printf("xsave %g\n", after);
}

int main(void)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    coroutines();
    control();
    strings();
    segments();
    counters();
    xsaves();
    system_calls();
    return 0;
}
