/* SPDX-License-Identifier: MIT */
/* WITH: with_print_env.c:PLAIN */
/* system and popen with a cleaned environment; scripts with and without a first line. */
#include <sys/stat.h>

#include "show.h"

static void script(const char *name, const char *text, mode_t mode)
{
    FILE *file = fopen(name, "w");
    fputs(text, file);
    fclose(file);
    chmod(name, mode);
}

static void execute(const char *name)
{
    pid_t pid = fork();
    if (pid == 0) {
        char *argv[] = {(char *)name, "argument", NULL};
        execvp(name, argv);
        show("%s: errno %d", name, errno);
        _exit(1);
    }
    int status;
    waitpid(pid, &status, 0);
    show_status(name, status);
}

int main(void)
{
    char command[5000], line[200];
    become_threaded();
    clearenv();
    setenv("V", "it's", 1);
    SHOW(system("echo \"$V\"; exit 3"));
    SHOW(system("kill -9 $$"));
    SHOW(system(""));
    SHOW(system(NULL));
    SHOW(system("no_such_command_xyz"));
    SHOW(system("cat <<E\nhere document\nE\n"));
    snprintf(command, sizeof(command), "%s-with_print_env popen", program_invocation_name);
    FILE *pipe = popen(command, "r");
    while (fgets(line, sizeof(line), pipe))
        show("popen: %.*s", (int)strcspn(line, "\n"), line);
    SHOW(pclose(pipe));
    pipe = popen("cat; exit 2", "w");
    fputs("to the child\n", pipe);
    SHOW(pclose(pipe));
    script("with", "#!/bin/sh -e\necho with $1\n", 0755);
    script("without", "echo without $1\n", 0755);
    script("unreadable-interpreter", "#!/no/such/interpreter\n", 0755);
    script("not-executable", "#!/bin/sh\n", 0644);
    script("empty", "", 0755);
    execute("./with");
    execute("./without");
    execute("./unreadable-interpreter");
    execute("./not-executable");
    execute("./empty");
    return 0;
}
