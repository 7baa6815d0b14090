/* SPDX-License-Identifier: MIT */
/* The program walks its own stack with GNU's libunwind, the library that the detector uses as well. */
/* CFLAGS: -O1 -rdynamic -fno-optimize-sibling-calls -Wl,--no-as-needed -lunwind */
#define UNW_LOCAL_ONLY
#include <libunwind.h>

#include "show.h"

#define NOINLINE __attribute__((noinline))

NOINLINE void f_walk(void)
{
    unw_context_t context;
    unw_cursor_t cursor;
    char line[1000] = "", name[100];
    unw_word_t offset;
    int count = 0;
    unw_getcontext(&context);
    unw_init_local(&cursor, &context);
    do {
        if (unw_get_proc_name(&cursor, name, sizeof(name), &offset) == 0 && strncmp(name, "f_", 2) == 0)
            snprintf(line + strlen(line), sizeof(line) - strlen(line), " %s+%lx", name, (unsigned long)offset);
    } while (unw_step(&cursor) > 0 && count++ < 50);
    show("%s", line);
}

NOINLINE int f_deep(int depth)
{
    if (depth == 0) {
        void *frames[50];
        f_walk();
        show("more than five: %d", unw_backtrace(frames, 50) > 5);
        return 1;
    }
    return f_deep(depth - 1) + 1;
}

NOINLINE void *f_thread(void *unused)
{
    f_deep(5);
    f_deep(2);
    return unused;
}

int main(void)
{
    pthread_t thread;
    f_thread(NULL);
    pthread_create(&thread, NULL, f_thread, NULL);
    pthread_join(thread, NULL);
    f_thread(NULL);
    return 0;
}
