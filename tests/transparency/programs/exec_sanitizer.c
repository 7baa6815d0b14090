/* SPDX-License-Identifier: MIT */
/* WITH: with_hello.c:ASAN */
/* REPORTS: 2 */
/* A program built with a sanitizer does not get us: it would abort. */
#include "show.h"

int main(void)
{
    char path[4096];
    int status;
    snprintf(path, sizeof(path), "%s-with_hello", program_invocation_name);
    if (fork() == 0)
        execl(path, "hello", NULL);
    wait(&status);
    show_status("sanitizer", status);
    return 0;
}
