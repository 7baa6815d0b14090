/* SPDX-License-Identifier: MIT */
/* As many descriptors as the limit allows, counted with low and lowered limits. */
#include <fcntl.h>
#include <sys/resource.h>

#include "show.h"

static int open_all(void)
{
    int count = 0, fd, last = 0;
    while ((fd = open("/dev/null", O_RDONLY)) >= 0)
        count++, last = fd;
    show("opened %d, last %d, errno %d", count, last, errno);
    for (fd = 3; fd <= last; fd++)
        close(fd);
    return count;
}

int main(void)
{
    become_threaded();
    struct rlimit limit = {256, 4096};
    SHOW(setrlimit(RLIMIT_NOFILE, &limit));
    open_all();
    limit.rlim_cur = 20;
    SHOW(setrlimit(RLIMIT_NOFILE, &limit));
    open_all();
    pid_t pid = fork();
    if (pid == 0) {
        open_all();
        execl("/bin/sh", "sh", "-c", "for i in 3 4 5 6 7 8 9; do eval \"exec $i</dev/null\" || exit 9; done; exit 3", NULL);
    }
    int status;
    waitpid(pid, &status, 0);
    show_status("limited", status);
    limit.rlim_cur = 3;
    SHOW(setrlimit(RLIMIT_NOFILE, &limit));
    open_all();
    pid = fork();
    if (pid == 0)
        _exit(5);
    waitpid(pid, &status, 0);
    show_status("no descriptor", status);
    return 0;
}
