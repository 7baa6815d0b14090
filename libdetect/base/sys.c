/* SPDX-License-Identifier: MIT */
/* Raw system calls; see sys.h. */
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>

#if defined(__x86_64__)

long sys_call(long number, long a, long b, long c, long d, long e, long f)
{
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ __volatile__("syscall"
                         : "=a"(result)
                         : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                         : "rcx", "r11", "memory");
    return result;
}

#elif defined(__aarch64__)

long sys_call(long number, long a, long b, long c, long d, long e, long f)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ __volatile__("svc 0"
                         : "+r"(x0)
                         : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                         : "memory");
    return x0;
}

#else

#include <dlfcn.h>

/* Other CPUs go through libc's syscall(), found behind our own interceptor, with errno kept. */
long sys_call(long number, long a, long b, long c, long d, long e, long f)
{
    static long (*real_syscall)(long, ...);
    if (!load_relaxed(&real_syscall))
        store_relaxed(&real_syscall, (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall"));
    int saved = errno;
    long result = real_syscall(number, a, b, c, d, e, f);
    if (result == -1)
        result = -errno;
    errno = saved;
    return result;
}

#endif

static bool is_error(long result) { return (unsigned long)result > -4096ul; }

static void *map(size_t bytes, int flags)
{
    long at = sys_call(SYS_mmap, 0, (long)bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
    return is_error(at) ? NULL : (void *)at;
}

void *sys_map(size_t bytes) { return map(bytes, 0); }

void *sys_reserve(size_t bytes)
{
    void *start = map(bytes, MAP_NORESERVE);
    if (start)
        sys_call(SYS_madvise, (long)start, (long)bytes, MADV_DONTDUMP, 0, 0, 0);
    return start;
}

/* The kernel reads the set before it looks at `how`: EFAULT or EINVAL, and nothing changes. */
bool sys_can_read(uintptr_t addr)
{
    return sys_call(SYS_rt_sigprocmask, ~0, (long)(addr & ~(uintptr_t)7), 0, 8, 0, 0) == -EINVAL;
}

bool sys_can_read_all(const volatile void *start, size_t bytes)
{
    uintptr_t last = (uintptr_t)start + bytes - 1;
    for (uintptr_t at = (uintptr_t)start; at <= last; at = (at | 4095) + 1)
        if (!sys_can_read(at))
            return false;
    return last >= (uintptr_t)start && sys_can_read(last);
}

void sys_unmap(void *start, size_t bytes)
{
    sys_call(SYS_munmap, (long)start, (long)bytes, 0, 0, 0, 0);
}

int sys_open(const char *path, int flags, int mode)
{
    return (int)sys_call(SYS_openat, AT_FDCWD, (long)path, flags, mode, 0, 0);
}

int sys_close(int fd) { return (int)sys_call(SYS_close, fd, 0, 0, 0, 0, 0); }

int sys_write_all(int fd, const void *data, size_t size)
{
    const char *next = data;
    while (size > 0) {
        long n = sys_call(SYS_write, fd, (long)next, (long)size, 0, 0, 0);
        if (n == -EINTR)
            continue;
        if (n < 0)
            return (int)n;
        if (n == 0)
            return -EIO;
        next += n;
        size -= (size_t)n;
    }
    return 0;
}

ssize_t sys_read(int fd, void *buffer, size_t size)
{
    return sys_call(SYS_read, fd, (long)buffer, (long)size, 0, 0, 0);
}

uint64_t sys_signal_mask(uint64_t mask)
{
    uint64_t before = 0;
    sys_call(SYS_rt_sigprocmask, SIG_SETMASK, (long)&mask, (long)&before, sizeof(mask), 0, 0);
    return before;
}

pid_t sys_getpid(void) { return (pid_t)sys_call(SYS_getpid, 0, 0, 0, 0, 0, 0); }
pid_t sys_gettid(void) { return (pid_t)sys_call(SYS_gettid, 0, 0, 0, 0, 0, 0); }

uint64_t sys_now_ns(void)
{
    struct timespec now = {0, 0};
    sys_call(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&now, 0, 0, 0, 0);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void sys_sleep_ns(uint64_t ns)
{
    struct timespec time = {(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};
    while (sys_call(SYS_nanosleep, (long)&time, (long)&time, 0, 0, 0, 0) == -EINTR) {
    }
}

void sys_futex_wait(uint32_t *word, uint32_t value, uint64_t timeout_ns)
{
    struct timespec time = {(time_t)(timeout_ns / 1000000000u), (long)(timeout_ns % 1000000000u)};
    sys_call(SYS_futex, (long)word, FUTEX_WAIT, value, timeout_ns ? (long)&time : 0, 0, 0);
}

void sys_futex_wake(uint32_t *word, int waiters)
{
    sys_call(SYS_futex, (long)word, FUTEX_WAKE, waiters, 0, 0, 0);
}

void sys_exit_group(int status)
{
    for (;;)
        sys_call(SYS_exit_group, status, 0, 0, 0, 0, 0);
}

int sys_tgkill(pid_t pid, pid_t tid, int signo)
{
    return (int)sys_call(SYS_tgkill, pid, tid, signo, 0, 0, 0);
}
