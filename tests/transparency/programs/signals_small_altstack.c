/* SPDX-License-Identifier: MIT */
/* The smallest alternate stack that sysconf promises to be enough, with a sem_post in the handler. */
#include "show.h"

static sem_t posted;
static void handler(int signo) { sem_post(&posted); (void)signo; }

int main(void)
{
    size_t size = (size_t)sysconf(_SC_MINSIGSTKSZ) + 2048;
    stack_t set = {.ss_sp = malloc(size), .ss_size = size};
    sem_init(&posted, 0, 0);
    become_threaded();
    sigaltstack(&set, NULL);
    struct sigaction act = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
    sigaction(SIGUSR1, &act, NULL);
    for (int i = 0; i < 100; i++)
        raise(SIGUSR1);
    int value;
    sem_getvalue(&posted, &value);
    show("posted %d", value);
    return 0;
}
