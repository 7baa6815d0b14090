/* SPDX-License-Identifier: MIT */
/* CFLAGS: -O1 */
/* STATUS: 0 */
/* Deaths by signals, of which the parent is told the same: raised by an instruction or sent, in a thread or not, blocked,
 * ignored, with a handler that resets itself or returns to where it all begins again. */
#include <assert.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "show.h"

static volatile int zero;

static void segv(void) { *(volatile int *)24 = 1; }
static void fpe(void) { zero = 5 / zero; }
static void ill(void) { __asm__ volatile("ud2"); }
static void trap(void) { __asm__ volatile("int3"); }
static void call_null(void) { ((void (*volatile)(void))NULL)(); }
static void by_abort(void) { abort(); }
static void by_assert(void) { assert(zero == 1); }
static void by_raise(void) { raise(SIGSEGV); }
static void by_kill(void) { kill(getpid(), SIGSEGV), sleep(10); }
static void by_term(void) { raise(SIGTERM); }
static void by_quit(void) { kill(getpid(), SIGQUIT), sleep(10); }
static void by_number(void) { raise(SIGRTMIN + 3); }

static void block_all(void)
{
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
}

static void blocked_segv(void) { block_all(), segv(); }
static void blocked_fpe(void) { block_all(), fpe(); }

static void ignored_segv(void)
{
    signal(SIGSEGV, SIG_IGN);
    raise(SIGSEGV);
    show("a sent one is ignored");
    segv();
}

static void count_first(int signo)
{
    show("handler of %d", signo);
}

static void once(void)
{
    struct sigaction act = {.sa_handler = count_first, .sa_flags = SA_RESETHAND};
    sigaction(SIGSEGV, &act, NULL);
    segv();
}

static void faults_itself(int signo)
{
    show("handler of %d faults", signo);
    segv();
}

static void in_handler(void)
{
    signal(SIGSEGV, faults_itself);
    segv();
}

static void again(int signo)
{
    signal(signo, SIG_DFL);
    raise(signo);
}

static void by_handler(void)
{
    signal(SIGSEGV, again);
    segv();
}

static void abort_handled(void)
{
    signal(SIGABRT, count_first);
    abort();
}

static void *run(void *function)
{
    ((void (*)(void))function)();
    return NULL;
}

static void die(const char *what, void (*function)(void), int threaded)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        freopen("/dev/null", "w", stderr);
        pthread_t thread;
        if (threaded) {
            pthread_create(&thread, NULL, run, function);
            pthread_join(thread, NULL);
        }
        function();
        _exit(1);
    }
    waitpid(pid, &status, 0);
    show_status(what, status);
}

#define DIE(function)                                                                                                  \
    do {                                                                                                               \
        die(#function, function, 0);                                                                                   \
        die(#function " in a thread", function, 1);                                                                    \
    } while (0)

static void all(void)
{
    DIE(segv);
    DIE(fpe);
    DIE(ill);
    DIE(trap);
    DIE(call_null);
    DIE(by_abort);
    DIE(by_assert);
    DIE(by_raise);
    DIE(by_kill);
    DIE(by_term);
    DIE(by_quit);
    DIE(by_number);
    DIE(blocked_segv);
    DIE(blocked_fpe);
    DIE(ignored_segv);
    DIE(once);
    DIE(in_handler);
    DIE(by_handler);
    DIE(abort_handled);
}

static void *idle_now(void *arg) { return arg; }

int main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, idle_now, NULL);
    pthread_join(thread, NULL);
    all();
    return 0;
}
