/* SPDX-License-Identifier: MIT */
/* Programs that close everything they can, in all ways, and count; the numbers that they get next. */
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "show.h"

static int open_count(void)
{
    int count = 0;
    for (int fd = 0; fd < 2048; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

int main(void)
{
    become_threaded();
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    show("open %d", open_count());
    int closed = 0, failed = 0;
    for (int fd = 3; fd < 70000; fd++) {
        if (close(fd) == 0)
            closed++;
        else if (errno != EBADF)
            failed++;
    }
    show("closed %d failed %d", closed, failed);
    SHOW(open("/dev/null", O_RDONLY));
    SHOW(fcntl(0, F_DUPFD, 500));
    SHOW(fcntl(0, F_DUPFD_CLOEXEC, 500));
    closefrom(3);
    show("open %d", open_count());
    SHOW(open("/dev/null", O_RDONLY));
    SHOW(dup2(0, 900));
    SHOW(close_range(4, 899, 0));
    SHOW(fcntl(900, F_GETFD));
    SHOW(close_range(3, ~0u, CLOSE_RANGE_CLOEXEC));
    SHOW(fcntl(900, F_GETFD));
    SHOW(close_range(3, ~0u, 0));
    SHOW(close_range(7, 3, 0));
    show("open %d", open_count());
    SHOW(syscall(SYS_close, 3));
    SHOW(dup2(0, 1008));
    SHOW(dup3(0, 1009, O_CLOEXEC));
    SHOW(dup3(0, 0, 0));
    SHOW(dup2(0, 0));
    SHOW(dup2(77, 0));
    SHOW(dup2(0, -1));
    SHOW(dup(77));
    for (int fd = 1000; fd < 1024; fd++)
        if (dup2(0, fd) != fd)
            show("dup2 to %d: errno %d", fd, errno);
    show("open %d", open_count());
    pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&m);
    pthread_mutex_unlock(&m);
    return 0;
}
