/* SPDX-License-Identifier: MIT */
/* CFLAGS: -O1 */
/* Vector and floating-point state around handlers: of what was interrupted it comes back, all of it that the CPU has; a
 * handler starts with a fresh one; what it changes in the frame counts. For faults and for signals that are sent. */
#include <stdint.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <xmmintrin.h>

#include "show.h"

static char *page;
static volatile int fresh, change_control;

static void spoil(void)
{
    if (__builtin_cpu_supports("avx512f"))
        __asm__ volatile("vpternlogd $0xff, %%zmm0, %%zmm0, %%zmm0; vmovaps %%zmm0, %%zmm5; vmovaps %%zmm0, %%zmm20;"
                         "kxnorw %%k1, %%k1, %%k1; kxnorw %%k3, %%k3, %%k3" ::: "memory");
    else if (__builtin_cpu_supports("avx"))
        __asm__ volatile("vxorps %%ymm0, %%ymm0, %%ymm0; vxorps %%ymm5, %%ymm5, %%ymm5" ::: "memory");
    else
        __asm__ volatile("xorps %%xmm0, %%xmm0; xorps %%xmm5, %%xmm5" ::: "memory");
    __asm__ volatile("fninit; fld1; fldpi");
    _mm_setcsr(0x1f80 | 0x6000);
}

static void handler(int signo, siginfo_t *info, void *context_)
{
    ucontext_t *context = context_;
    uint16_t control;
    __asm__ volatile("fnstcw %0" : "=m"(control));
    fresh += _mm_getcsr() == 0x1f80 && control == 0x37f;
    if (signo == SIGSEGV)
        mprotect(page, 4096, PROT_READ | PROT_WRITE);
    if (change_control)
        context->uc_mcontext.fpregs->mxcsr |= 0x2000;
    spoil();
    (void)info;
}

static uint64_t sum(const void *bytes, size_t size)
{
    uint64_t result = 0;
    for (size_t i = 0; i < size; i++)
        result = result * 31 + ((const unsigned char *)bytes)[i];
    return result;
}

#define INTERRUPTED(load, store)                                                                                       \
    if (signo == SIGSEGV)                                                                                              \
        __asm__ volatile(load "movb $1, (%2)\n\t" store ::"r"(in), "r"(out), "r"(page) : "memory");                    \
    else                                                                                                               \
        __asm__ volatile(load "syscall\n\t" store ::"r"(in), "r"(out), "a"(234L), "D"((long)pid), "S"((long)tid),      \
                         "d"((long)signo)                                                                              \
                         : "rcx", "r11", "memory")

static void registers(int signo)
{
    __attribute__((aligned(64))) unsigned char in[512], out[512] = {0};
    pid_t pid = getpid(), tid = gettid();
    for (int i = 0; i < 512; i++)
        in[i] = (unsigned char)(i * 7 + 1);
    mprotect(page, 4096, PROT_NONE);
    if (__builtin_cpu_supports("avx512f")) {
        INTERRUPTED("vmovaps (%0), %%zmm0; vmovaps 64(%0), %%zmm5; vmovaps 128(%0), %%zmm20; kmovw 192(%0), %%k1;"
                    "kmovw 194(%0), %%k3\n\t",
                    "vmovaps %%zmm0, (%1); vmovaps %%zmm5, 64(%1); vmovaps %%zmm20, 128(%1); kmovw %%k1, 192(%1);"
                    "kmovw %%k3, 194(%1)\n\t");
        show("512 bits %d", sum(in, 196) == sum(out, 196));
    } else if (__builtin_cpu_supports("avx")) {
        INTERRUPTED("vmovaps (%0), %%ymm0; vmovaps 64(%0), %%ymm5\n\t", "vmovaps %%ymm0, (%1); vmovaps %%ymm5, 64(%1)\n\t");
        show("256 bits %d", sum(in, 32) == sum(out, 32) && sum(in + 64, 32) == sum(out + 64, 32));
    }
    mprotect(page, 4096, PROT_NONE);
    INTERRUPTED("movaps (%0), %%xmm0; movaps 64(%0), %%xmm5; fninit; fldl2e; fldln2\n\t",
                "movaps %%xmm0, (%1); movaps %%xmm5, 64(%1); fstpt 128(%1); fstpt 144(%1)\n\t");
    show("128 bits %d, stack of numbers %lx", sum(in, 16) == sum(out, 16) && sum(in + 64, 16) == sum(out + 64, 16),
         sum(out + 128, 10) + sum(out + 144, 10));
}

static void control(int signo)
{
    pid_t pid = getpid(), tid = gettid();
    unsigned in[1] = {0x1f80 | 0x4000}, out[1];
    mprotect(page, 4096, PROT_NONE);
    INTERRUPTED("ldmxcsr (%0)\n\t", "stmxcsr (%1)\n\t");
    show("control %x", out[0]);
    _mm_setcsr(0x1f80);
}

static void *all(void *arg)
{
    static const int signals[] = {SIGSEGV, SIGUSR1};
    for (int flags = 0; flags < 2; flags++) {
        struct sigaction act = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | (flags ? SA_ONSTACK : 0)};
        stack_t stack = {.ss_sp = malloc(65536), .ss_size = 65536};
        sigaltstack(&stack, NULL);
        for (int i = 0; i < 2; i++) {
            sigaction(signals[i], &act, NULL);
            fresh = 0;
            registers(signals[i]);
            change_control = 0;
            control(signals[i]);
            change_control = 1;
            control(signals[i]);
            change_control = 0;
            show("fresh %d", fresh);
        }
    }
    return arg;
}

int main(void)
{
    pthread_t thread;
    page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pthread_create(&thread, NULL, all, NULL);
    pthread_join(thread, NULL);
    all(NULL);
    return 0;
}
