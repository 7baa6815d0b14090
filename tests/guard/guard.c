/* SPDX-License-Identifier: MIT */
/* Counts the instructions of hot paths by single steps, natively and under detect, and compares what detect adds to each with a
 * limit: a guard against regressions that no noise of the machine can trip or hide.
 *
 *   guard LIBRARY GUARDED LIMITS     LIMITS has lines "MODE PATH INSTRUCTIONS"; # begins a comment
 */
#include "guard.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SKIPPED = 77 }; /* as meson has it */

static void fail(const char *what)
{
    perror(what);
    exit(2);
}

static void become(const char *library, const char *mode, char *guarded, char *path)
{
    char *const argv[] = {guarded, path, NULL};
    char options[64];
    if (mode) {
        snprintf(options, sizeof options, "mode=%s quiet output=/dev/null", mode);
        setenv("DETECT_OPTIONS", options, 1);
        setenv("LD_PRELOAD", library, 1);
    }
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0)
        execv(guarded, argv);
    _exit(127);
}

/* Goes on until the next breakpoint of the program's own; other signals are the program's business. Returns how many
 * stops there were on the way. */
static long run_to_break(pid_t child, int request)
{
    int status, passed_on = 0;
    siginfo_t info;
    for (long stops = 0;; stops++) {
        if (ptrace(request, child, NULL, (void *)(long)passed_on) != 0 || waitpid(child, &status, __WALL) != child)
            fail("ptrace");
        if (!WIFSTOPPED(status)) {
            fprintf(stderr, "guard: the program ended early: %x\n", status);
            exit(1);
        }
        if (ptrace(PTRACE_GETSIGINFO, child, NULL, &info) != 0)
            fail("PTRACE_GETSIGINFO");
        bool is_trap = WSTOPSIG(status) == SIGTRAP;
        if (is_trap && info.si_code == SI_KERNEL)
            return stops;
        passed_on = is_trap ? 0 : WSTOPSIG(status);
    }
}

/* Instructions of one round; mode NULL: natively. The last of three turns counts. */
static double count(const char *library, const char *mode, char *guarded, char *path)
{
    int status;
    pid_t child = fork();
    if (child == 0)
        become(library, mode, guarded, path);
    if (child < 0 || waitpid(child, &status, 0) != child)
        fail("fork");
    if (!WIFSTOPPED(status)) {
        puts("a process may not trace its child here");
        exit(SKIPPED);
    }
    for (int i = 0; i < 5; i++)
        run_to_break(child, PTRACE_CONT);
    long steps = run_to_break(child, PTRACE_SINGLESTEP);
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    return (double)steps / ROUNDS;
}

static int check(char **argv, const char *mode, char *path, double most)
{
    double native = count(argv[1], NULL, argv[2], path), watched = count(argv[1], mode, argv[2], path);
    bool met = watched - native <= most;
    printf("%-5s %-18s %7.1f instructions, %7.1f more than natively (at most %.0f)%s\n", mode, path, watched, watched - native, most,
           met ? "" : ": TOO MANY");
    return !met;
}

int main(int argc, char **argv)
{
    char line[256], mode[16], path[64];
    double most;
    int failed = 0;
    FILE *limits = argc == 4 ? fopen(argv[3], "r") : NULL;
    if (!limits)
        fail("usage: guard LIBRARY GUARDED LIMITS");
    while (fgets(line, sizeof line, limits))
        if (line[0] != '#' && sscanf(line, "%15s %63s %lf", mode, path, &most) == 3)
            failed += check(argv, mode, path, most);
    fclose(limits);
    return failed;
}
