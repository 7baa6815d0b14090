/* SPDX-License-Identifier: MIT */
/* The `detect` command: chooses the subcommand. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "help.h"
#include "say.h"

static const struct {
    const char *name;
    int (*run)(struct arguments *arguments);
} commands[COMMAND_COUNT] = {
    [COMMAND_RUN] = {"run", command_run},
    [COMMAND_REPORT] = {"report", command_report},
    [COMMAND_LIST] = {"list", command_list},
};

static const char *command_name(size_t i) { return commands[i].name; }

/* If our caller closed one of the three, no file of ours may take its number. The program that we start
 * must find it closed, as it would without us. */
static void fill_standard_descriptors(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

static int flushed(void) { return fflush(stdout) == 0 && !ferror(stdout) ? 0 : STATUS_TROUBLE; }

static int run_command(enum command command, char **words)
{
    struct pool pool;
    pool_init(&pool);
    struct arguments arguments = {.pool = &pool, .command = command};
    options_default(&arguments.options);
    int status;
    if (!arguments_parse(&arguments, words)) {
        status = STATUS_TROUBLE;
    } else if (arguments.help) {
        help_command(stdout, command);
        status = flushed();
    } else {
        status = commands[command].run(&arguments);
    }
    pool_free(&pool);
    return status;
}

static int other(const char *word)
{
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0) {
        help_print(stdout);
        return flushed();
    }
    if (strcmp(word, "--version") == 0 || strcmp(word, "version") == 0) {
        printf("detect %s (report format %d)\n", DETECT_VERSION, REPORT_VERSION);
        return flushed();
    }
    const char *nearest = options_nearest(word, strlen(word), command_name, COMMAND_COUNT);
    if (nearest)
        say("unknown command '%s', did you mean '%s'?", word, nearest);
    else if (strchr(word, '/'))
        say("unknown command '%s': a program is watched by detect run %s", word, word);
    else
        say("unknown command '%s': see detect --help", word);
    return STATUS_TROUBLE;
}

int main(int argc, char **argv)
{
    fill_standard_descriptors();
    if (argc < 2) {
        help_print(stderr);
        return STATUS_TROUBLE;
    }
    for (int i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return run_command((enum command)i, argv + 2);
    return other(argv[1]);
}
