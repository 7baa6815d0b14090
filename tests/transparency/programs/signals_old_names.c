/* SPDX-License-Identifier: MIT */
/* CFLAGS: -Wno-deprecated-declarations */
/* System V's and BSD's functions: what they return and what they leave behind. */
#include "show.h"

static void a(int signo) { show("a %d", signo); }
static void b(int signo) { show("b %d", signo); }

static const char *name(sighandler_t handler)
{
    return handler == a ? "a" : handler == b ? "b" : handler == SIG_DFL ? "dfl" : handler == SIG_IGN ? "ign"
           : handler == SIG_ERR ? "err" : handler == SIG_HOLD ? "hold" : "other";
}

int main(void)
{
    int s = SIGUSR1;
    show("signal %s", name(signal(s, a)));
    show("bsd_signal %s", name(bsd_signal(s, b)));
    show("ssignal %s", name(ssignal(s, a)));
    show("sigset %s", name(sigset(s, b)));
    show("sigset hold %s", name(sigset(s, SIG_HOLD)));
    show_mask("held");
    raise(s);
    show("sigset again %s", name(sigset(s, a)));
    SHOW(sighold(s));
    raise(s);
    SHOW(sigrelse(s));
    SHOW(sigignore(s));
    raise(s);
    show("signal %s", name(signal(s, SIG_DFL)));
    show("bad %s errno %d", name(signal(0, a)), errno);
    show("bad %s errno %d", name(signal(SIGKILL, a)), errno);
    show("bad %s errno %d", name(signal(33, a)), errno);
    SHOW(sigaction(SIGKILL, &(struct sigaction){.sa_handler = a}, NULL));
    SHOW(sigaction(65, NULL, NULL));
    SHOW(sigblock(sigmask(SIGUSR2)));
    SHOW(sigsetmask(sigmask(SIGHUP)));
    show_mask("sigsetmask");
    SHOW(sigsetmask(0));
    SHOW(sighold(100));
    SHOW(sigprocmask(77, &(sigset_t){0}, NULL));
    SHOW(pthread_sigmask(77, &(sigset_t){0}, NULL));
    return 0;
}
