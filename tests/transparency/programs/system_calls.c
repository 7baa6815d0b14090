/* SPDX-License-Identifier: MIT */
/* syscall(2) and clone(2): futexes, copies of the process, ends. */
#include <linux/futex.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "show.h"

static int word, pipe_fds[2];
static long woken; /* shown by the other thread: both at once would print in any order */

static void *waker(void *arg)
{
    while (!(woken = syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0)))
        sleep_ms(1);
    __atomic_store_n(&word, 1, __ATOMIC_RELEASE);
    return arg;
}

static int copied(void *arg)
{
    pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&m);
    pthread_mutex_unlock(&m);
    return (int)(long)arg;
}

static void reap(const char *what, long pid)
{
    int status = 0;
    waitpid((pid_t)pid, &status, __WALL);
    show_status(what, status);
}

int main(void)
{
    pthread_t t;
    pthread_create(&t, NULL, waker, NULL);
    SHOW(syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0));
    pthread_join(t, NULL);
    SHOW(woken);
    SHOW(syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0));
    SHOW(syscall(SYS_getpid) == getpid());
    SHOW(syscall(SYS_write, 1, "written\n", 8));
    char *stack = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    long pid = syscall(SYS_fork);
    if (pid == 0) {
        copied(NULL);
        syscall(SYS_exit_group, 21);
    }
    reap("fork by number", pid);
    pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (pid == 0)
        _exit(22 + copied(NULL));
    reap("clone by number", pid);
    reap("clone", clone(copied, stack + 65536, SIGCHLD, (void *)24));
    reap("clone vfork", clone(copied, stack + 65536, SIGCHLD | CLONE_VM | CLONE_VFORK, (void *)25));
    pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
    SHOW(pthread_mutex_lock(&m));
    SHOW(pthread_mutex_unlock(&m));
    return 0;
}
