/* SPDX-License-Identifier: MIT */
/* Ends: of the process, by itself or by us, and the last records. Async-signal-safe. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/decimal.h"
#include "base/sys.h"
#include "runtime/monitor.h"
#include "runtime/runtime.h"
#include "runtime/takeover.h"

static void write_ended(const char *reason, int status)
{
    limits_write();
    record_begin(&runtime.writer, RECORD_ENDED);
    record_text(&runtime.writer, TAG_REASON, reason);
    record_u64(&runtime.writer, TAG_STATUS, (uint64_t)(unsigned)status);
    record_end(&runtime.writer);
}

/* Preloaded by hand: where the report is. With `quiet` and nothing found, there shall be none. */
static void tell_user(void)
{
    const char *path = runtime.writer.path;
    char count[DECIMAL_SIZE];
    if (runtime.found > 0)
        RUNTIME_SAY("detect: ", decimal(count, runtime.found),
                    runtime.found == 1 ? " finding in " : " findings in ", path,
                    "; read it with: detect report ", path);
    else if (!runtime.options.quiet)
        RUNTIME_SAY("detect: nothing found; details in ", path, ", read it with: detect report ",
                    path);
    else if (report_owns(&runtime.writer, runtime.writer.fd))
        sys_call(SYS_unlinkat, -100, (long)path, 0, 0, 0, 0);
}

void runtime_flush(const char *reason, int status)
{
    static bool told;
    if (!runtime.on || sys_getpid() != runtime.pid)
        return;
    struct self *self = self_current;
    int depth = self ? self->depth : 0;
    if (self)
        self->depth = 1;
    bool is_exec = reason[0] == 'e' && reason[2] == 'e';
    monitor_stop();
    write_ended(reason, status);
    takeover_dump();
    if (!runtime.under_run && !is_exec && !told) {
        told = true;
        tell_user();
    }
    if (self)
        self->depth = depth;
}

/* Times between two accounts grow with the time that has passed: their number is logarithmic. */
#define FIRST_ACCOUNT_NS 200000000u

void runtime_account(void)
{
    static uint64_t began, due;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    uint64_t ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    uint64_t expected = load_relaxed(&due);
    if (LIKELY(ns < expected))
        return;
    if (expected == 0)
        store_relaxed(&began, ns);
    uint64_t next = ns + FIRST_ACCOUNT_NS + (ns - load_relaxed(&began)) / 4;
    /* Of several threads one writes. */
    if (compare_exchange_acq_rel(&due, &expected, next) && expected > 0)
        limits_write();
}

/* What the destructor tells. */
static int exit_status;

int runtime_exiting(int status)
{
    bool changes = !runtime.under_run && runtime.options.exit_code_set && runtime.counted > 0;
    exit_status = changes ? runtime.options.exit_code : status;
    if (!runtime.under_run)
        runtime_keep_standard_error();
    return exit_status;
}

void runtime_end_stuck(void)
{
    if (runtime.options.on_deadlock == DEADLOCK_KILL) {
        write_ended("killed-by-detect", 128 + SIGKILL);
        sys_call(SYS_kill, runtime.pid, SIGKILL, 0, 0, 0, 0);
    } else if (runtime.options.on_deadlock == DEADLOCK_STOP) {
        write_ended("stopped-by-detect", 128 + SIGSTOP);
        sys_call(SYS_kill, runtime.pid, SIGSTOP, 0, 0, 0, 0);
    }
}

/* After the program's last destructor: ours was the first constructor. */
__attribute__((destructor)) static void end(void) { runtime_flush("exit", exit_status); }
