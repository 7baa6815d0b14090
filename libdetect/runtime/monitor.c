/* SPDX-License-Identifier: MIT */
/* The helper process that finds out that a process can never go on; see monitor.h.
 *
 * It shares the program's memory but has a thread pointer, a stack and a table of descriptors of its
 * own. Rules of its code: raw system calls only, nothing of libc's that has state. All its signals are
 * blocked from before its birth: the handlers that it inherited are the program's. */
#include "runtime/monitor.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/atomic.h"
#include "base/decimal.h"
#include "base/sys.h"
#include "runtime/real.h"
#include "runtime/runtime.h"
#include "runtime/signals.h"

#define STACK_BYTES (64u << 10)
#define TLS_MARGIN (8u << 10)
/* Between two looks, and how many must be alike: a verdict comes after about 0.4 s. */
#define LOOK_NS 120000000u
#define LOOKS_ALIKE 3

enum { NONE, STARTING, RUNNING, UNAVAILABLE };

static struct {
    /* Changes by compare-exchange: NONE -> STARTING -> RUNNING -> NONE. `helper` is a process's number in
     * RUNNING only; who stops it in STARTING sets NONE, and the starter then ends what it started. */
    uint32_t state;
    pid_t helper, program;
    char *memory; /* thread pointer area, then stack */
    size_t bytes;
} monitor;

/* --- what the helper looks at ------------------------------------------------------------------------ */

static char *append(char *out, const char *text)
{
    while (*text)
        *out++ = *text++;
    *out = '\0';
    return out;
}

static char *append_number(char *out, unsigned long number)
{
    char digits[DECIMAL_SIZE];
    return append(out, decimal(digits, number));
}

/* The state letter of proc(5)'s stat: the word after the command's closing parenthesis. 0: unknown. */
static char task_state(const char *tid)
{
    char path[96], text[512];
    append(append(append(append_number(append(path, "/proc/"), (unsigned long)monitor.program), "/task/"), tid),
           "/stat");
    int fd = sys_open(path, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0)
        return 0;
    ssize_t n = sys_read(fd, text, sizeof(text));
    sys_close(fd);
    for (ssize_t i = n - 3; i > 0; i--)
        if (text[i] == ')')
            return text[i + 2];
    return 0;
}

struct census {
    uint32_t tasks, asleep, running;
};

/* Counts the tasks in one buffer of directory entries. */
static void count_entries(const char *buffer, long size, struct census *census)
{
    for (long at = 0; at < size;) {
        const struct dirent64 *entry = (const void *)(buffer + at);
        at += entry->d_reclen;
        if (entry->d_name[0] == '.')
            continue;
        char state = task_state(entry->d_name);
        if (state == 'Z' || state == 'X')
            continue; /* the main thread after pthread_exit */
        census->tasks++;
        census->asleep += state == 'S';
        census->running += state == 'R';
    }
}

static bool take_census(struct census *census)
{
    char path[64];
    append(append_number(append(path, "/proc/"), (unsigned long)monitor.program), "/task");
    int fd = sys_open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (fd < 0)
        return false;
    *census = (struct census){0, 0, 0};
    _Alignas(struct dirent64) char buffer[4096];
    long n;
    while ((n = sys_call(SYS_getdents64, fd, (long)buffer, sizeof(buffer), 0, 0, 0)) > 0)
        count_entries(buffer, n, census);
    sys_close(fd);
    return n == 0;
}

/* The kernel agrees: every task of the process is one that we know, and sleeps (or spins, if it waits for a
 * spin lock). A task that was woken and has not run yet is in state R. */
static bool nothing_moves(const struct detector_pulse *pulse)
{
    struct census census;
    return take_census(&census) && census.tasks == pulse->alive &&
           census.asleep + census.running == census.tasks && census.running <= pulse->spinning;
}

static bool all_wait(const struct detector_pulse *pulse)
{
    return pulse->alive > 0 && pulse->waiting == pulse->alive;
}

/* --- handlers that were installed without libc ---------------------------------------------------------- */

/* A hexadecimal number behind this label in the text, 0 if there is none. */
static uint64_t hexadecimal_after(const char *text, const char *label)
{
    uint64_t number = 0;
    const char *at = strstr(text, label);
    for (at = at ? at + strlen(label) : ""; *at && *at != '\n'; at++)
        if (*at != '\t')
            number = number << 4 | (uint64_t)(*at <= '9' ? *at - '0' : *at - 'a' + 10);
    return number;
}

/* The signals that the program catches, as the kernel knows it; but for those that need not be the program's. */
static uint64_t caught_signals(void)
{
    char path[64], text[4096];
    append(append_number(append(path, "/proc/"), (unsigned long)monitor.program), "/status");
    int fd = sys_open(path, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0)
        return 0;
    ssize_t n = sys_read(fd, text, sizeof(text) - 1);
    sys_close(fd);
    text[n > 0 ? n : 0] = '\0';
    return hexadecimal_after(text, "SigCgt:") & ~signals_reserved();
}

/* Whether the program catches signals that nobody told us of (sigaction by a system call of its own, by a libc that we do not
 * see). The analysis knows afterwards, and they do not count as new again. */
static bool learns_handlers(void)
{
    uint64_t unseen = caught_signals() & ~load_relaxed(&runtime.handled_signals);
    if (!unseen)
        return false;
    uint64_t before = fetch_or_relaxed(&runtime.handled_signals, unseen);
    detector_handled(runtime.detector, before | unseen);
    return true;
}

/* --- the helper ---------------------------------------------------------------------------------------- */

static void close_inherited(int keep)
{
    unsigned first = 0;
    if (keep >= 0) {
        if (keep > 0)
            sys_call(SYS_close_range, 0, keep - 1, 0, 0, 0, 0);
        first = (unsigned)keep + 1;
    }
    if (sys_call(SYS_close_range, (long)first, ~0u, 0, 0, 0, 0) == -ENOSYS)
        for (int fd = 0; fd < 65536; fd++)
            if (fd != keep)
                sys_close(fd);
}

static bool wanted(void)
{
    uint32_t state = load_acquire(&monitor.state);
    return (state == STARTING || state == RUNNING) &&
           sys_call(SYS_getppid, 0, 0, 0, 0, 0, 0) == monitor.program;
}

static int watch(void *unused)
{
    (void)unused;
    close_inherited(load_relaxed(&runtime.writer.fd));
    sys_call(SYS_chdir, (long)"/", 0, 0, 0, 0, 0); /* keeps no file system busy */
    sys_call(SYS_prctl, PR_SET_NAME, (long)"detect-monitor", 0, 0, 0, 0);
    struct detector_pulse last = {0};
    uint32_t judged = 0;
    bool any_judged = false;
    for (unsigned alike = 0; sys_sleep_ns(LOOK_NS), wanted();) {
        struct detector_pulse now = detector_pulse(runtime.detector);
        bool still = all_wait(&now) && now.sequence == last.sequence;
        alike = still && load_acquire(&monitor.state) == RUNNING ? alike + 1 : 0;
        last = now;
        if (alike + 1 < LOOKS_ALIKE || (any_judged && judged == now.sequence) || !nothing_moves(&now))
            continue;
        if (learns_handlers())
            continue;
        judged = now.sequence;
        any_judged = true;
        if (detector_report_stuck(runtime.detector))
            runtime_end_stuck();
    }
    return 0;
}

/* --- its life -------------------------------------------------------------------------------------------- */

/* A zeroed thread-local area around a thread pointer: every initial-exec variable of ours starts at zero,
 * and libc's stack protector finds the same canary as in the thread that starts the helper.
 * x86-64: variables lie below the pointer, which points at itself (ELF TLS ABI, variant II). AArch64:
 * above (variant I). */
#if defined(__x86_64__)
static size_t tls_bytes(void)
{
    char *variable = (char *)&self_current;
    __asm__("" : "+r"(variable)); /* no operand of the subtraction: linkers cannot relax that for executables */
    size_t below = (size_t)((char *)__builtin_thread_pointer() - variable);
    return (below + 2 * TLS_MARGIN + 4095) & ~(size_t)4095;
}

static void *tls_make(char *area, size_t bytes)
{
    char *pointer = area + bytes - TLS_MARGIN;
    memcpy(pointer, __builtin_thread_pointer(), 0x40);
    memcpy(pointer, &pointer, sizeof(pointer));
    memcpy(pointer + 0x10, &pointer, sizeof(pointer));
    return pointer;
}
#elif defined(__aarch64__)
static size_t tls_bytes(void)
{
    size_t above = (size_t)((char *)&self_current - (char *)__builtin_thread_pointer());
    return (above + 2 * TLS_MARGIN + 4095) & ~(size_t)4095;
}

static void *tls_make(char *area, size_t bytes)
{
    (void)bytes;
    return area + TLS_MARGIN;
}
#else
static size_t tls_bytes(void) { return 0; }
static void *tls_make(char *area, size_t bytes) { return (void)bytes, (void)area, NULL; }
#endif

static pid_t clone_helper(void)
{
    size_t tls = tls_bytes();
    monitor.bytes = tls + STACK_BYTES;
    monitor.memory = tls ? sys_map(monitor.bytes) : NULL;
    if (!monitor.memory)
        return -1;
    void *pointer = tls_make(monitor.memory, tls);
    uint64_t before = sys_signal_mask(~0ull);
    pid_t helper = REAL(clone)(watch, monitor.memory + monitor.bytes,
                               CLONE_VM | CLONE_UNTRACED | CLONE_SETTLS, NULL, NULL, pointer, NULL);
    sys_signal_mask(before);
    if (helper < 0)
        sys_unmap(monitor.memory, monitor.bytes);
    return helper;
}

/* Waits for the end of a helper that is not wanted any more, and takes its memory back. */
static void end_helper(pid_t helper)
{
    sys_call(SYS_kill, helper, SIGKILL, 0, 0, 0, 0);
    /* Not SIGCHLD's child: only __WCLONE finds it. */
    sys_call(SYS_wait4, helper, 0, (long)__WCLONE, 0, 0, 0);
    sys_unmap(monitor.memory, monitor.bytes);
}

/* In state STARTING, which this thread has set. */
static void start(void)
{
    monitor.program = sys_getpid();
    uint32_t expected = STARTING;
    pid_t helper = clone_helper();
    monitor.helper = helper;
    /* Releases `helper` to monitor_stop() and monitor_is_caller(). */
    if (helper > 0 && !compare_exchange_acq_rel(&monitor.state, &expected, RUNNING))
        end_helper(helper);
    if (helper > 0)
        return;
    store_release(&monitor.state, UNAVAILABLE);
    runtime_limit("no-monitor", "The helper process that watches for a process that can never go on "
                                "could not be started: hangs are not reported.");
}

void monitor_wake(void)
{
    uint32_t expected = NONE;
    if (load_relaxed(&monitor.state) != NONE || sys_getpid() != runtime.pid ||
        !compare_exchange_acq_rel(&monitor.state, &expected, STARTING))
        return;
    int saved = errno;
    start();
    errno = saved;
}

void monitor_stop(void)
{
    if (monitor.program != sys_getpid())
        return;
    uint32_t expected = STARTING;
    if (compare_exchange_acq_rel(&monitor.state, &expected, NONE))
        return;
    expected = RUNNING;
    if (compare_exchange_acq_rel(&monitor.state, &expected, NONE))
        end_helper(monitor.helper);
}

bool monitor_is_caller(void)
{
    return load_relaxed(&monitor.state) == RUNNING && sys_getpid() == load_relaxed(&monitor.helper);
}

void monitor_forked(void)
{
    if (load_relaxed(&monitor.state) == RUNNING)
        sys_unmap(monitor.memory, monitor.bytes);
    store_relaxed(&monitor.state, NONE);
}
