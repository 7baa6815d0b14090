/* SPDX-License-Identifier: MIT */
/* WITH: with_hello.c:ASAN */
/* REPORTS: 1 */
/* A program built with a sanitizer does not get us, but keeps other preloaded libraries. */
#include "show.h"

int main(void)
{
    char path[4096], preload[9000];
    int status;
    snprintf(path, sizeof(path), "%s-with_hello", program_invocation_name);
    const char *before = getenv("LD_PRELOAD");
    snprintf(preload, sizeof(preload), "libnothing.so%s%s", before ? ":" : "", before ? before : "");
    show("%d", (int)strlen("libnothing.so"));
    if (fork() == 0)
        execl(path, "hello", NULL);
    wait(&status);
    show_status("sanitizer", status);
    return 0;
}
