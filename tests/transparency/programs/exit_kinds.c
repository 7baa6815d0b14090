/* SPDX-License-Identifier: MIT */
/* Statuses of all ends: exit codes, quick_exit, _exit, abort, deadly signals, exit_group by number. */
#include <sys/resource.h>
#include <sys/syscall.h>

#include "show.h"

static void handler(void) { show("atexit"); }
static void quick(void) { show("at_quick_exit"); }
static volatile int *null;

static void leave(int how)
{
    atexit(handler);
    at_quick_exit(quick);
    printf("lost or not %d\n", how);
    switch (how) {
    case 0: exit(256 + 9);
    case 1: _exit(10);
    case 2: _Exit(11);
    case 3: quick_exit(12);
    case 4: abort();
    case 5: *null = 1; break;
    case 6: raise(SIGTERM); break;
    case 7: syscall(SYS_exit_group, 13); break;
    case 8: __builtin_trap();
    case 9: fflush(stdout); syscall(SYS_exit, 14); break;
    case 10: raise(SIGKILL); break;
    }
}

int main(void)
{
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    setvbuf(stdout, NULL, _IOFBF, 4096);
    for (int threaded = 0; threaded < 2; threaded++) {
        for (int how = 0; how <= 10; how++) {
            int status;
            pid_t pid = fork();
            if (pid == 0) {
                if (threaded && how != 9)
                    become_threaded();
                leave(how);
                _exit(99);
            }
            waitpid(pid, &status, 0);
            show_status("end", status);
        }
    }
    return 0;
}
