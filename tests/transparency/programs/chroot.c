/* SPDX-License-Identifier: MIT */
/* WITH: with_hello.c:STATIC */
/* A child in an empty root: the library cannot be opened there, and nobody complains. */
#include <sys/stat.h>

#include "show.h"

int main(void)
{
    char path[4096], command[9000];
    int status;
    become_threaded();
    snprintf(path, sizeof(path), "%s-with_hello", program_invocation_name);
    snprintf(command, sizeof(command), "mkdir root && cp %s root/hello", path);
    SHOW(system(command));
    pid_t pid = fork();
    if (pid == 0) {
        pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
        int refused = chroot("root") || chdir("/");
        pthread_mutex_lock(&m);
        pthread_mutex_unlock(&m);
        execl(refused ? "root/hello" : "/hello", "hello", NULL);
        _exit(1);
    }
    waitpid(pid, &status, 0);
    show_status("in the root", status);
    return 0;
}
