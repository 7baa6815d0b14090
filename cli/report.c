/* SPDX-License-Identifier: MIT */
/* `detect report`: prints what was recorded earlier. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "assemble.h"
#include "commands.h"
#include "output.h"
#include "say.h"

/* False after a message. */
static bool add_path(struct inputs *inputs, const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0) {
        say("%s: cannot be read: %s", path, strerror(errno));
        return false;
    }
    if (!S_ISDIR(st.st_mode)) {
        inputs_add(inputs, path);
        return true;
    }
    size_t before = inputs->count;
    int added = inputs_add_directory(inputs, path);
    if (added < 0)
        say("%s: cannot be read: %s", path, strerror(-added));
    else if (inputs->count == before)
        say("%s: no report files (*%s) in this directory", path, REPORT_SUFFIX);
    return added > 0;
}

/* Program, arguments and status are those of the oldest process. */
static void describe_program(struct document *document, const struct model *model)
{
    if (!model->process_count || !model->processes[0]->has_hello)
        return;
    const struct raw_process *first = model->processes[0];
    document->program = first->program;
    document->args = first->arg_count ? first->args + 1 : NULL;
    document->arg_count = first->arg_count ? first->arg_count - 1 : 0;
    for (size_t i = 0; i < model->process_count; i++) {
        const struct raw_process *process = model->processes[i];
        if (process->pid != first->pid || !process->ended || !process->reason)
            continue; /* after an exec the same process goes on with another file */
        document->has_status = strcmp(process->reason, "exec") != 0;
        document->status = (int)process->status;
    }
}

static int status_of(const struct options *options, const struct document *document, bool complete)
{
    if (!complete)
        return STATUS_TROUBLE;
    bool asked = options->exit_code_set || options->fail_on_set;
    return asked && document->counting ? options->exit_code : 0;
}

static int print(struct arguments *arguments, struct assembly *assembly, bool complete)
{
    const struct options *options = &arguments->options;
    FILE *file = output_open(options->output, STDOUT_FILENO);
    if (!file)
        return STATUS_TROUBLE;
    struct output output = {0};
    output_prepare(&output, file, options->color);
    const struct output_format *format = output_format(options->format);
    for (size_t i = 0; i < assembly->inputs->count; i++)
        input_read(assembly->inputs, assembly->inputs->list[i], true);
    if (assemble_rest(assembly, true) > 0)
        complete = false;
    struct document *document = assembly->document;
    describe_program(document, assembly->model);
    for (size_t i = 0; i < document->count && format->finding; i++)
        format->finding(&output, document->findings[i]);
    format->finish(&output, document, options->quiet);
    return output_close(&output, options->output) ? status_of(options, document, complete)
                                                  : STATUS_TROUBLE;
}

int command_report(struct arguments *arguments)
{
    if (!arguments->operand_count) {
        say("which report? detect report FILE|DIR...");
        return STATUS_TROUBLE;
    }
    struct model model;
    struct inputs inputs;
    struct suppressions suppressions;
    struct assembly assembly;
    model_init(&model, arguments->pool);
    inputs_init(&inputs, &model);
    suppress_init(&suppressions, arguments->pool);
    for (size_t i = 0; i < arguments->suppression_count; i++)
        if (!suppress_load(&suppressions, arguments->suppressions[i]))
            return STATUS_TROUBLE;
    bool complete = true;
    for (int i = 0; i < arguments->operand_count; i++)
        if (!add_path(&inputs, arguments->operands[i]))
            complete = false;
    assemble_init(&assembly, arguments->pool, &model, &inputs, &arguments->options, &suppressions);
    int status = print(arguments, &assembly, complete);
    assemble_free(&assembly);
    inputs_free(&inputs);
    return status;
}
