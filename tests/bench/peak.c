/* SPDX-License-Identifier: MIT */
/* Runs a command and writes "CPU-seconds wall-seconds peak-KiB" into a file: of the command with all that it waited for, whichever
 * process was the largest. A program of its own, because a child's peak begins with that of the process that forked it.
 *
 *   peak FILE COMMAND...       ends with the command's status */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds(struct timeval time) { return (double)time.tv_sec + 1e-6 * (double)time.tv_usec; }

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

int main(int argc, char **argv)
{
    struct rusage used;
    int status;
    double begin = now();
    if (argc < 3)
        return 2;
    pid_t child = fork();
    if (child == 0) {
        execvp(argv[2], &argv[2]);
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, &used) != child)
        return 2;
    FILE *file = fopen(argv[1], "w");
    if (!file || fprintf(file, "%.6f %.6f %ld\n", seconds(used.ru_utime) + seconds(used.ru_stime), now() - begin, used.ru_maxrss) < 0 ||
        fclose(file) != 0)
        return 2;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
