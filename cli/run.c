/* SPDX-License-Identifier: MIT */
/* `detect run`: starts the program with the library preloaded, prints deadlocks the moment they are
 * reported, and the rest when the program has ended. */
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "assemble.h"
#include "atomics.h"
#include "child.h"
#include "commands.h"
#include "environment.h"
#include "output.h"
#include "rundir.h"
#include "say.h"
#include "survivors.h"

#define POLL_MS 100   /* without inotify */
#define GRACE_MS 200  /* for children that end together with the program */
#define GRACE_STEP_MS 20

struct run {
    struct arguments *arguments;
    struct pool *pool;
    struct program program;
    struct child child;
    struct rundir dir;
    struct atomics_server atomics;
    struct model model;
    struct inputs inputs;
    struct suppressions suppressions;
    struct assembly assembly;
    struct output output;
    const struct output_format *format;
};

/* --- while it runs ------------------------------------------------------------------------------------ */

static bool at_once(const struct raw_finding *finding)
{
    return strcmp(finding->kind, "deadlock") == 0 || strcmp(finding->kind, "hang") == 0 ||
           strcmp(finding->kind, "double-lock") == 0;
}

/* The program may wait for ever: what explains that cannot wait for its end. */
static void print_urgent(struct run *run)
{
    rundir_read(&run->dir, &run->inputs);
    for (size_t i = 0; i < run->model.process_count && run->format->finding; i++) {
        struct raw_process *process = run->model.processes[i];
        for (size_t j = 0; j < process->finding_count; j++) {
            struct raw_finding *raw = process->findings[j];
            struct doc_finding *finding =
                at_once(raw) ? assemble_now(&run->assembly, raw) : NULL;
            if (finding) {
                run->format->finding(&run->output, finding);
                finding->printed = true;
            }
        }
    }
}

static bool is_ours(void *ctx, pid_t pid)
{
    const struct run *run = ctx;
    for (size_t i = 0; i < run->model.process_count; i++)
        if (run->model.processes[i]->pid == (uint64_t)pid)
            return true;
    return pid == run->child.pid;
}

static void watch(struct run *run)
{
    struct pollfd events[3] = {{.fd = run->child.signals, .events = POLLIN},
                               {.fd = run->dir.changes, .events = POLLIN},
                               {.fd = run->atomics.socket, .events = POLLIN}};
    while (!run->child.ended) {
        poll(events, 3, run->dir.changes < 0 ? POLL_MS : -1);
        atomics_handle(&run->atomics);
        bool stop = child_handle(&run->child, is_ours, run);
        print_urgent(run);
        if (stop)
            child_stop_with(&run->child);
    }
}

/* --- when it has ended -------------------------------------------------------------------------------- */

static struct raw_process *process_of(const struct run *run, pid_t pid)
{
    struct raw_process *last = NULL;
    for (size_t i = 0; i < run->model.process_count; i++)
        if (run->model.processes[i]->pid == (uint64_t)pid)
            last = run->model.processes[i];
    return last;
}

/* Ctrl-C ends the program and its children at the same time, and we may look in between: those that
 * still run get a moment. Returns the others: daemons. */
static size_t wait_for_stragglers(struct run *run, struct survivor **daemons)
{
    struct timespec step = {.tv_nsec = GRACE_STEP_MS * 1000000L};
    size_t count = survivors_find(run->pool, run->dir.path, run->child.pid, daemons);
    for (int waited = 0; waited < GRACE_MS && count; waited += GRACE_STEP_MS) {
        nanosleep(&step, NULL);
        count = survivors_find(run->pool, run->dir.path, run->child.pid, daemons);
    }
    rundir_read(&run->dir, &run->inputs);
    return count;
}

/* A daemon's file is shown as far as it has got, and its directory stays. */
static void note_daemon(struct run *run, const struct survivor *daemon)
{
    struct raw_process *process = process_of(run, daemon->pid);
    if (process)
        process->alive = !process->ended;
    assemble_limit(&run->assembly, "still-running",
                   pool_printf(run->pool,
                               "process %ld (%s) still runs: what it finds from now on goes to %s",
                               (long)daemon->pid, daemon->command, run->dir.path));
}

static void describe(struct run *run)
{
    struct document *document = run->assembly.document;
    document->program = run->program.path;
    document->args = (const char *const *)run->program.argv + 1;
    while (document->args[document->arg_count])
        document->arg_count++;
    document->has_status = true;
    document->status = child_status(&run->child);
    if (!process_of(run, run->child.pid))
        assemble_limit(&run->assembly, "not-watched",
                       "the program left no report: it was not watched");
}

static bool ended_by_us(const struct run *run)
{
    const struct raw_process *last = process_of(run, run->child.pid);
    return last && last->reason && strcmp(last->reason, "killed-by-detect") == 0;
}

static int finish(struct run *run)
{
    const struct options *options = &run->arguments->options;
    struct document *document = run->assembly.document;
    struct survivor *daemons;
    print_urgent(run);
    size_t daemon_count = wait_for_stragglers(run, &daemons);
    child_done(&run->child);
    for (size_t i = 0; i < daemon_count; i++)
        note_daemon(run, &daemons[i]);
    for (size_t i = 0; i < run->inputs.count; i++)
        input_read(&run->inputs, run->inputs.list[i], !run->inputs.list[i]->process->alive);
    describe(run);
    assemble_rest(&run->assembly, false);
    for (size_t i = 0; i < document->count && run->format->finding; i++)
        if (!document->findings[i]->printed)
            run->format->finding(&run->output, document->findings[i]);
    run->format->finish(&run->output, document, options->quiet);
    if (!daemon_count)
        rundir_remove(&run->dir);
    if (!output_close(&run->output, options->output))
        return STATUS_TROUBLE;
    return document->counting || ended_by_us(run) ? options->exit_code : document->status;
}

/* --- the run ------------------------------------------------------------------------------------------ */

static bool load_suppressions(struct run *run)
{
    suppress_init(&run->suppressions, run->pool);
    for (size_t i = 0; i < run->arguments->suppression_count; i++)
        if (!suppress_load(&run->suppressions, run->arguments->suppressions[i]))
            return false;
    return true;
}

/* Everything that can go wrong should do so before the program has done anything. */
static int prepare(struct run *run, char ***environment)
{
    const struct options *options = &run->arguments->options;
    const char *library = program_library(run->pool);
    if (!library || !load_suppressions(run))
        return STATUS_TROUBLE;
    int status = program_find(run->pool, run->arguments->operands, &run->program);
    if (!status)
        status = program_check(run->pool, &run->program, library);
    if (status)
        return status;
    FILE *file = output_open(options->output, STDERR_FILENO);
    if (!file)
        return STATUS_TROUBLE;
    output_prepare(&run->output, file, options->color);
    run->format = output_format(options->format);
    if (!rundir_open(&run->dir, run->pool, options->report_dir))
        return STATUS_TROUBLE;
    *environment = environment_for(run->pool, options, library, run->dir.path);
    return 0;
}

static int start_and_watch(struct run *run, char **environment)
{
    assemble_init(&run->assembly, run->pool, &run->model, &run->inputs, &run->arguments->options,
                  &run->suppressions);
    atomics_open(&run->atomics, run->pool, &run->arguments->options, run->dir.path);
    int status = child_start(&run->child, &run->program, environment);
    if (status) {
        atomics_close(&run->atomics);
        rundir_remove(&run->dir);
    } else {
        signal(SIGPIPE, SIG_IGN); /* a lost reader of the report must not cost the status */
        run->assembly.program_pid = (uint64_t)run->child.pid;
        watch(run);
        atomics_close(&run->atomics);
        status = finish(run);
    }
    assemble_free(&run->assembly);
    return status;
}

/* The command line goes before the environment, whatever the order in which they are read. */
static bool add_environment(struct arguments *arguments)
{
    struct options given = arguments->options;
    if (!arguments_environment(arguments))
        return false;
#define OPTION(type, field, name, def, value, scope, help)                                         \
    if (given.field##_set) {                                                                       \
        arguments->options.field = given.field;                                                    \
        arguments->options.field##_set = true;                                                     \
    }
#include "report/options.def"
#undef OPTION
    return true;
}

int command_run(struct arguments *arguments)
{
    if (!arguments->operand_count) {
        say("which program? detect run [OPTIONS] [--] PROGRAM [ARGS...]");
        return STATUS_TROUBLE;
    }
    if (!add_environment(arguments))
        return STATUS_TROUBLE;
    struct run run = {.arguments = arguments, .pool = arguments->pool};
    model_init(&run.model, run.pool);
    inputs_init(&run.inputs, &run.model);
    char **environment;
    int status = prepare(&run, &environment);
    if (!status)
        status = start_and_watch(&run, environment);
    inputs_free(&run.inputs);
    return status;
}
