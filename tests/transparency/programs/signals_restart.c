/* SPDX-License-Identifier: MIT */
/* SA_RESTART, siginterrupt and signal(): reads go on after a handler, or do not. */
#include "show.h"

static int fds[2], handled;
static pthread_t main_thread;
static void handler(int signo) { handled++; (void)signo; }

static void *kick_then_write(void *arg)
{
    for (int i = 0; i < 3; i++) {
        sleep_ms(20);
        pthread_kill(main_thread, SIGUSR1);
    }
    sleep_ms(20);
    write(fds[1], "x", 1);
    return arg;
}

static void try_read(const char *what)
{
    pthread_t t;
    char c = '-';
    handled = 0;
    pthread_create(&t, NULL, kick_then_write, NULL);
    errno = 0;
    long n = read(fds[0], &c, 1);
    show("%s: read %ld errno %d '%c'", what, n, errno, c);
    pthread_join(t, NULL);
    if (n < 0)
        read(fds[0], &c, 1);
    show("handled %d", handled);
}

int main(void)
{
    main_thread = pthread_self();
    pipe(fds);
    signal(SIGUSR1, handler);
    try_read("signal");
    siginterrupt(SIGUSR1, 1);
    try_read("siginterrupt 1");
    signal(SIGUSR1, handler);
    try_read("signal after siginterrupt");
    siginterrupt(SIGUSR1, 0);
    try_read("siginterrupt 0");
    struct sigaction now;
    sigaction(SIGUSR1, NULL, &now);
    show("flags %x", now.sa_flags & ~0x04000000);
    return 0;
}
