/* SPDX-License-Identifier: MIT */
/* See child.h. */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "say.h"

static const int forwarded[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGTSTP};

/* A program that stops later than this after a SIGTSTP (which it may have ignored) does so for itself. */
#define STOP_TOGETHER_MS 2000

static sigset_t mask_before;
static struct sigaction chld_before;

/* Signals are taken from a descriptor. An ignored SIGCHLD would reap the program unseen. */
static int take_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGCONT);
    for (size_t i = 0; i < sizeof(forwarded) / sizeof(forwarded[0]); i++)
        sigaddset(&set, forwarded[i]);
    struct sigaction standard = {.sa_handler = SIG_DFL};
    sigaction(SIGCHLD, &standard, &chld_before);
    sigprocmask(SIG_BLOCK, &set, &mask_before);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* In the new process: everything as our caller left it. Reports errno through the pipe. */
static _Noreturn void become(const struct program *program, char **environment, int pipe)
{
    sigaction(SIGCHLD, &chld_before, NULL);
    sigprocmask(SIG_SETMASK, &mask_before, NULL);
    execve(program->path, program->argv, environment);
    int error = errno;
    if (write(pipe, &error, sizeof(error)) < 0)
        _exit(STATUS_NOT_EXECUTABLE);
    _exit(STATUS_NOT_EXECUTABLE);
}

/* The error of the exec, 0 if it succeeded and so closed the pipe. */
static int exec_error(int pipe)
{
    int error = 0;
    ssize_t n;
    do
        n = read(pipe, &error, sizeof(error));
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof(error) ? error : 0;
}

int child_start(struct child *child, const struct program *program, char **environment)
{
    int pipe[2];
    *child = (struct child){.signals = take_signals()};
    if (child->signals < 0 || pipe2(pipe, O_CLOEXEC) != 0) {
        say("cannot start %s: %s", program->path, strerror(errno));
        return STATUS_TROUBLE;
    }
    child->pid = fork();
    if (child->pid < 0) {
        say("cannot start %s: %s", program->path, strerror(errno));
        return STATUS_TROUBLE;
    }
    if (child->pid == 0)
        become(program, environment, pipe[1]);
    close(pipe[1]);
    int error = exec_error(pipe[0]);
    close(pipe[0]);
    if (!error)
        return 0;
    waitpid(child->pid, NULL, 0);
    say("%s: cannot be executed: %s", program->path, strerror(error));
    return error == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE;
}

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void look_at_program(struct child *child)
{
    int status;
    while (waitpid(child->pid, &status, WNOHANG | WUNTRACED | WCONTINUED) == child->pid) {
        if (WIFSTOPPED(status)) {
            child->stopped = true;
        } else if (WIFCONTINUED(status)) {
            child->stopped = false;
            child->stop_asked = 0;
        } else {
            child->ended = true;
            child->wait_status = status;
            return;
        }
    }
}

static void handle(struct child *child, const struct signalfd_siginfo *info,
                   bool (*is_ours)(void *ctx, pid_t pid), void *ctx)
{
    int signo = (int)info->ssi_signo;
    /* The terminal's signals (SI_KERNEL) went to the whole process group. */
    bool to_us_alone = info->ssi_code <= 0 && !is_ours(ctx, (pid_t)info->ssi_pid);
    if (signo == SIGCHLD)
        return;
    if (signo == SIGCONT) {
        look_at_program(child); /* it may have been continued along with us */
        if (child->stopped)
            kill(child->pid, SIGCONT);
        return;
    }
    if (signo == SIGTSTP)
        child->stop_asked = now_ms();
    if (to_us_alone)
        kill(child->pid, signo);
}

bool child_handle(struct child *child, bool (*is_ours)(void *ctx, pid_t pid), void *ctx)
{
    struct signalfd_siginfo info;
    while (read(child->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
        handle(child, &info, is_ours, ctx);
    look_at_program(child);
    return child->stopped && child->stop_asked && !child->ended &&
           now_ms() - child->stop_asked < STOP_TOGETHER_MS;
}

void child_stop_with(struct child *child)
{
    child->stop_asked = 0;
    raise(SIGSTOP);
}

int child_status(const struct child *child)
{
    return WIFSIGNALED(child->wait_status) ? 128 + WTERMSIG(child->wait_status)
                                           : WEXITSTATUS(child->wait_status);
}

void child_done(struct child *child)
{
    struct signalfd_siginfo info;
    /* A second Ctrl-C of an impatient user must not cost the report. */
    while (read(child->signals, &info, sizeof(info)) > 0)
        continue;
    close(child->signals);
    sigprocmask(SIG_SETMASK, &mask_before, NULL);
}
