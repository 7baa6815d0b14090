/* SPDX-License-Identifier: MIT */
/* Functions of libc that exist in the ABI but in no header: what the compiler calls under _FORTIFY_SOURCE, what
 * start files call, and names that headers redirect to another symbol. Declared as they are in glibc 2.36, so
 * that real_system.def can name them. No code. */
#ifndef DETECT_RUNTIME_REAL_UNDECLARED_H
#define DETECT_RUNTIME_REAL_UNDECLARED_H

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

ssize_t __read_chk(int fd, void *buffer, size_t count, size_t buffer_size);
ssize_t __pread_chk(int fd, void *buffer, size_t count, off_t offset, size_t buffer_size);
ssize_t __pread64_chk(int fd, void *buffer, size_t count, off_t offset, size_t buffer_size);
ssize_t __recv_chk(int fd, void *buffer, size_t count, size_t buffer_size, int flags);
ssize_t __recvfrom_chk(int fd, void *buffer, size_t count, size_t buffer_size, int flags,
                       struct sockaddr *from, socklen_t *from_length);
int __poll_chk(struct pollfd *fds, nfds_t count, int timeout, size_t fds_size);
int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
                const sigset_t *mask, size_t fds_size);

int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv, void (*init)(void),
                      void (*fini)(void), void (*rtld_fini)(void), void *stack_end);

_Noreturn void __longjmp_chk(struct __jmp_buf_tag env[1], int value);
int __xpg_sigpause(int signo);

#endif
