/* SPDX-License-Identifier: MIT */
/* WITH: with_hello.c:STATIC */
/* REPORTS: 2 */
/* A static program is executed as it is. */
#include "show.h"

int main(void)
{
    char path[4096];
    int status;
    snprintf(path, sizeof(path), "%s-with_hello", program_invocation_name);
    if (fork() == 0)
        execl(path, "hello", NULL);
    wait(&status);
    show_status("static", status);
    return 0;
}
