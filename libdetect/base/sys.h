/* SPDX-License-Identifier: MIT */
/* Raw system calls: never the program's interposed wrappers, never its errno, no cancellation point.
 *
 * Each returns what the kernel returns: a value >= 0, or -errno. All are async-signal-safe. */
#ifndef DETECT_BASE_SYS_H
#define DETECT_BASE_SYS_H

#include <sys/types.h>

#include "base/compiler.h"

/* The number and up to six arguments, as in syscall(2), but -errno on failure. */
long sys_call(long number, long a, long b, long c, long d, long e, long f);

/* Anonymous private pages, zeroed; NULL if the kernel has none. `bytes` is rounded up to pages. */
void *sys_map(size_t bytes);
/* Address space that costs only what is touched (MAP_NORESERVE, MADV_DONTDUMP); NULL on failure. */
void *sys_reserve(size_t bytes);
void sys_unmap(void *start, size_t bytes);

/* Whether the 8-byte word that the address lies in can be read; needs no descriptor. */
bool sys_can_read(uintptr_t addr);
/* The same for a few bytes, or more. */
bool sys_can_read_all(const volatile void *start, size_t bytes);

int sys_open(const char *path, int flags, int mode);
int sys_close(int fd);
/* Writes all of it, retrying after EINTR and short writes. 0 or -errno. */
int sys_write_all(int fd, const void *data, size_t size);
ssize_t sys_read(int fd, void *buffer, size_t size);

pid_t sys_getpid(void);
/* The calling thread's signal mask; the one before. */
uint64_t sys_signal_mask(uint64_t mask);
pid_t sys_gettid(void);
/* CLOCK_MONOTONIC, in nanoseconds. */
uint64_t sys_now_ns(void);
void sys_sleep_ns(uint64_t ns);
/* Sleeps while *word == value, at most timeout_ns (0: without limit). */
void sys_futex_wait(uint32_t *word, uint32_t value, uint64_t timeout_ns);
void sys_futex_wake(uint32_t *word, int waiters);
/* Ends the whole process at once, no handlers. */
_Noreturn void sys_exit_group(int status);
int sys_tgkill(pid_t pid, pid_t tid, int signo);

#endif
