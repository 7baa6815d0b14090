/* SPDX-License-Identifier: MIT */
/* STATUS: -10 */
/* One-shot handlers: the second signal kills. */
#include "show.h"

static void handler(int signo)
{
    struct sigaction now;
    sigaction(signo, NULL, &now);
    show("in handler: default %d flags %x", now.sa_handler == SIG_DFL, now.sa_flags & ~0x04000000);
}

int main(void)
{
    struct sigaction act = {.sa_handler = handler, .sa_flags = SA_RESETHAND | SA_NODEFER}, now;
    sigaction(SIGUSR1, &act, NULL);
    sigaction(SIGUSR1, NULL, &now);
    show("before: ours %d flags %x", now.sa_handler == handler, now.sa_flags & ~0x04000000);
    raise(SIGUSR1);
    sigaction(SIGUSR1, NULL, &now);
    show("after: default %d flags %x", now.sa_handler == SIG_DFL, now.sa_flags & ~0x04000000);
    show("sysv_signal %d", sysv_signal(SIGUSR2, handler) == SIG_DFL);
    raise(SIGUSR2);
    show("signal %d", signal(SIGUSR2, SIG_IGN) == SIG_DFL);
    raise(SIGUSR1);
    show("not reached");
    return 0;
}
