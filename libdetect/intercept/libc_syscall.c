/* SPDX-License-Identifier: MIT */
/* syscall(number, …): the effects are those of the function that makes this system call, with the same arguments one further on.
 * Left out are those whose arguments or results libc's functions change (sigaction's struct, error numbers returned). */
#include <string.h>
#include <sys/syscall.h>

#include "intercept/libc_handlers.h"

static const struct {
    uint16_t number;
    const char *function;
} calls[] = {
    {SYS_read, "read"}, {SYS_write, "write"}, {SYS_pread64, "pread"}, {SYS_pwrite64, "pwrite"}, {SYS_readv, "readv"},
    {SYS_writev, "writev"}, {SYS_preadv, "readv"}, {SYS_pwritev, "writev"}, {SYS_recvfrom, "recvfrom"},
    {SYS_sendto, "sendto"}, {SYS_recvmsg, "recvmsg"}, {SYS_sendmsg, "sendmsg"}, {SYS_recvmmsg, "recvmmsg"},
    {SYS_sendmmsg, "sendmmsg"}, {SYS_openat, "openat"}, {SYS_close, "close"}, {SYS_dup, "dup"}, {SYS_dup3, "dup3"},
    {SYS_pipe2, "pipe2"}, {SYS_socket, "socket"}, {SYS_socketpair, "socketpair"}, {SYS_bind, "bind"},
    {SYS_connect, "connect"}, {SYS_accept, "accept"}, {SYS_accept4, "accept4"}, {SYS_getsockname, "getsockname"},
    {SYS_getpeername, "getpeername"}, {SYS_getsockopt, "getsockopt"}, {SYS_setsockopt, "setsockopt"},
    {SYS_shutdown, "shutdown"}, {SYS_listen, "listen"}, {SYS_ppoll, "ppoll"}, {SYS_epoll_ctl, "epoll_ctl"},
    {SYS_epoll_pwait, "epoll_pwait"}, {SYS_epoll_create1, "epoll_create1"}, {SYS_eventfd2, "eventfd"},
    {SYS_timerfd_create, "timerfd_create"}, {SYS_timerfd_settime, "timerfd_settime"},
    {SYS_timerfd_gettime, "timerfd_gettime"}, {SYS_fstat, "fstat"}, {SYS_newfstatat, "fstatat"}, {SYS_statx, "statx"},
    {SYS_statfs, "statfs"}, {SYS_fstatfs, "fstatfs"}, {SYS_getdents64, "getdents64"}, {SYS_readlinkat, "readlinkat"},
    {SYS_chdir, "chdir"}, {SYS_unlinkat, "unlinkat"}, {SYS_renameat, "renameat"}, {SYS_renameat2, "renameat2"},
    {SYS_ioctl, "ioctl"}, {SYS_lseek, "lseek"}, {SYS_fsync, "fsync"}, {SYS_ftruncate, "ftruncate"},
    {SYS_gettimeofday, "gettimeofday"}, {SYS_clock_gettime, "clock_gettime"}, {SYS_clock_getres, "clock_getres"},
    {SYS_nanosleep, "nanosleep"}, {SYS_getitimer, "getitimer"}, {SYS_setitimer, "setitimer"}, {SYS_times, "times"},
    {SYS_wait4, "wait4"}, {SYS_getrusage, "getrusage"}, {SYS_getrlimit, "getrlimit"}, {SYS_setrlimit, "setrlimit"},
    {SYS_prlimit64, "prlimit"}, {SYS_sysinfo, "sysinfo"}, {SYS_uname, "uname"}, {SYS_getrandom, "getrandom"},
    {SYS_getresuid, "getresuid"}, {SYS_getresgid, "getresgid"}, {SYS_getgroups, "getgroups"}, {SYS_getcpu, "getcpu"},
    {SYS_sendfile, "sendfile"}, {SYS_splice, "splice"}, {SYS_copy_file_range, "copy_file_range"},
    {SYS_process_vm_readv, "process_vm_readv"}, {SYS_process_vm_writev, "process_vm_writev"},
    {SYS_memfd_create, "memfd_create"}, {SYS_mincore, "mincore"}, {SYS_capget, "capget"},
#ifdef SYS_open /* newer architectures have only what takes a directory, or flags, as well */
    {SYS_open, "open"}, {SYS_creat, "creat"}, {SYS_dup2, "dup2"}, {SYS_pipe, "pipe"}, {SYS_poll, "poll"},
    {SYS_select, "select"}, {SYS_epoll_wait, "epoll_wait"}, {SYS_epoll_create, "epoll_create"}, {SYS_stat, "stat"},
    {SYS_lstat, "lstat"}, {SYS_readlink, "readlink"}, {SYS_access, "access"}, {SYS_mkdir, "mkdir"},
    {SYS_rmdir, "rmdir"}, {SYS_unlink, "unlink"}, {SYS_rename, "rename"},
#endif
};

static const struct libc_row *row_of(long number)
{
    for (size_t i = 0; i < ARRAY_LEN(calls); i++)
        if (calls[i].number == number)
            return libc_row_named(calls[i].function);
    return NULL;
}

/* What the handlers of that row have noted comes back by way of this call. */
static void tell_as(struct libc_call *call, bool after)
{
    const struct libc_row *row = row_of((long)libc_argument(call, 0));
    if (!row)
        return;
    struct libc_call as = {.row = row, .self = call->self, .result = call->result, .return_address = call->return_address};
    for (unsigned i = 0; i < 6; i++)
        as.registers[i] = libc_argument(call, i + 1);
    memcpy(as.noted, call->noted, sizeof(as.noted));
    libc_tell_effects(&as, after);
    memcpy(call->noted, as.noted, sizeof(as.noted));
}

void system_call_before(struct libc_call *call) { tell_as(call, false); }
void system_call_after(struct libc_call *call) { tell_as(call, true); }
