/* SPDX-License-Identifier: MIT */
/* Statically linked, so that nobody watches it: what a program inherits. */
#include <signal.h>
#include <stdio.h>

int main(void)
{
    sigset_t mask, pending;
    sigprocmask(SIG_BLOCK, NULL, &mask);
    sigpending(&pending);
    printf("blocked");
    for (int signo = 1; signo < NSIG; signo++) {
        struct sigaction act;
        if (sigismember(&mask, signo) == 1)
            printf(" %d%s", signo, sigismember(&pending, signo) == 1 ? " (pending)" : "");
        if (signo < 32 && sigaction(signo, NULL, &act) == 0 && act.sa_handler == SIG_IGN)
            printf(" %d ignored", signo);
    }
    printf("\n");
    return 0;
}
