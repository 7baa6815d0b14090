/* SPDX-License-Identifier: MIT */
/* CFLAGS: -O2 -ldl */
/* Programs driven by page faults: a handler makes the page accessible and returns, and the instruction happens. Every kind
 * of instruction that touches memory, in several threads at once; what the handler is told is right each time. */
#include <dlfcn.h>
#include <stdint.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "show.h"

#define PAGE 4096
#define PAGES 64

struct area {
    char *pages;
    int faults, wrong;
};
static __thread struct area *mine;

static int is_program_text(uintptr_t pc)
{
    extern char __executable_start, etext;
    return pc >= (uintptr_t)&__executable_start && pc < (uintptr_t)&etext;
}

static void open_page(int signo, siginfo_t *info, void *context_)
{
    ucontext_t *context = context_;
    struct area *area = mine;
    char *address = info->si_addr;
    if (address < area->pages || address >= area->pages + PAGES * PAGE)
        _exit(9);
    area->faults++;
    if (info->si_code != SEGV_ACCERR || !is_program_text(context->uc_mcontext.gregs[REG_RIP]) || signo != SIGSEGV)
        area->wrong++;
    mprotect((void *)((uintptr_t)address & -PAGE), PAGE, PROT_READ | PROT_WRITE);
}

static void close_all(void) { mprotect(mine->pages, PAGES * PAGE, PROT_NONE); }

static long touch_plain(void)
{
    long sum = 0;
    volatile long *words = (volatile long *)mine->pages;
    for (int i = 0; i < PAGES * PAGE / 8; i += 100) {
        words[i] = i;
        sum += words[i];
    }
    return sum;
}

static long touch_other(void)
{
    char *p = mine->pages;
    long result = 0, count = 3 * PAGE;
    char *from = p + 100, *to = p + 10 * PAGE - 50;
    __asm__ volatile("lock incl (%0)" ::"r"(p + 20 * PAGE) : "memory");
    __asm__ volatile("rep movsb" : "+S"(from), "+D"(to), "+c"(count)::"memory");
    result += count + (to - p) + (from - p);
    __asm__ volatile("movups %%xmm0, -8(%0)" ::"r"(p + 31 * PAGE) : "memory");
    __asm__ volatile("push (%1); pop %0" : "=r"(count) : "r"(p + 33 * PAGE));
    result += count;
    __asm__ volatile("xor %%eax, %%eax; cmpl $0, (%1); sete %%al; movzbl %%al, %%eax; mov %%rax, %0"
                     : "=r"(count) : "r"(p + 35 * PAGE) : "rax");
    result += count;
    __asm__ volatile("fldpi; fstpl (%0)" ::"r"(p + 37 * PAGE) : "memory");
    return result + *(double *)(p + 37 * PAGE);
}

/* What the handler does not change is as it was, the flags too. */
static long touch_between(void)
{
    long registers = 0;
    for (int i = 0; i < PAGES; i++) {
        long ok;
        __asm__ volatile("mov $1, %%ebx; mov $2, %%ecx; mov $3, %%edx; mov $4, %%esi; mov $5, %%edi; mov $6, %%r8d\n\t"
                         "mov $7, %%r9d; mov $8, %%r10d; mov $9, %%r11d; mov $10, %%r12d; mov $11, %%r13d; stc\n\t"
                         "movb $1, (%1)\n\t"
                         "adc $0, %%rbx; add %%rcx, %%rbx; add %%rdx, %%rbx; add %%rsi, %%rbx; add %%rdi, %%rbx\n\t"
                         "add %%r8, %%rbx; add %%r9, %%rbx; add %%r10, %%rbx; add %%r11, %%rbx; add %%r12, %%rbx\n\t"
                         "add %%r13, %%rbx; mov %%rbx, %0"
                         : "=a"(ok)
                         : "a"(mine->pages + i * PAGE)
                         : "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "memory", "cc");
        registers += ok;
    }
    return registers;
}

static void *work(void *area)
{
    mine = area;
    mine->pages = mmap(NULL, PAGES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    long result = 0;
    for (int round = 0; round < 20; round++) {
        close_all();
        result += touch_plain();
        close_all();
        result += touch_other();
        close_all();
        result += touch_between();
    }
    return (void *)result;
}

int main(void)
{
    struct sigaction act = {.sa_sigaction = open_page, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &act, NULL);
    struct area areas[3] = {{0}};
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, work, &areas[i]);
    for (int i = 0; i < 3; i++) {
        void *result;
        pthread_join(threads[i], &result);
        show("result %ld, faults %d, wrong %d", (long)result, areas[i].faults, areas[i].wrong);
    }
    struct area area = {0};
    show("result %ld, faults %d, wrong %d", (long)work(&area), area.faults, area.wrong);
    return 0;
}
