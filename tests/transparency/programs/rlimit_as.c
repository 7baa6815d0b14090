/* SPDX-License-Identifier: MIT */
/* WITH: with_many_threads.c:PLAIN */
/* A limit on address space, set before exec: the program runs in it as before. */
#include <sys/resource.h>

#include "show.h"

int main(void)
{
    char path[4096];
    int status;
    struct rlimit limit = {400 << 20, 400 << 20};
    snprintf(path, sizeof(path), "%s-with_many_threads", program_invocation_name);
    if (fork() == 0) {
        setrlimit(RLIMIT_AS, &limit);
        execl(path, "limited", NULL);
        _exit(1);
    }
    wait(&status);
    show_status("limited", status);
    return 0;
}
