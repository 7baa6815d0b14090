/* SPDX-License-Identifier: MIT */
/* A handler that interrupts itself 40 times (SA_NODEFER). */
#include "show.h"

static volatile int depth;
static void handler(int signo)
{
    if (++depth < 40)
        raise(signo);
    show("depth %d", depth--);
}

int main(void)
{
    struct sigaction act = {.sa_handler = handler, .sa_flags = SA_NODEFER};
    sigaction(SIGUSR1, &act, NULL);
    raise(SIGUSR1);
    show_mask("end");
    return 0;
}
