/* SPDX-License-Identifier: MIT */
/* Hooks at each function's entry and exit are told their caller. */
/* CFLAGS: -O1 -rdynamic -finstrument-functions -fno-optimize-sibling-calls */
#include <dlfcn.h>

#include "show.h"

#define UNWATCHED __attribute__((no_instrument_function, noinline))

static __thread int level;

UNWATCHED static const char *name_of(void *address)
{
    Dl_info info;
    return dladdr(address, &info) && info.dli_sname ? info.dli_sname : "?";
}

UNWATCHED void __cyg_profile_func_enter(void *function, void *caller)
{
    const char *from = name_of(caller);
    if (strncmp(from, "f_", 2) == 0)
        printf("%*s%s from %s\n", level, "", name_of(function), from);
    level++;
}

UNWATCHED void __cyg_profile_func_exit(void *function, void *caller)
{
    (void)function, (void)caller;
    level--;
}

__attribute__((noinline)) int f_leaf(int n) { return n * 2; }
__attribute__((noinline)) int f_middle(int n) { return n == 0 ? f_leaf(n) : f_middle(n - 1) + f_leaf(n); }
__attribute__((noinline)) int f_compare(const void *a, const void *b)
{
    return f_leaf(*(const int *)a) - f_leaf(*(const int *)b);
}

void *f_run(void *unused)
{
    int numbers[4] = {3, 1, 2, 0};
    printf("%d\n", f_middle(3));
    qsort(numbers, 4, sizeof(int), f_compare);
    printf("%d %d\n", numbers[0], numbers[3]);
    return unused;
}

int main(void)
{
    pthread_t thread;
    f_run(NULL);
    pthread_create(&thread, NULL, f_run, NULL);
    pthread_join(thread, NULL);
    f_run(NULL);
    return 0;
}
