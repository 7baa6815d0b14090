/* SPDX-License-Identifier: MIT */
#include <dlfcn.h>
#include <stdio.h>
#include <unistd.h>

#include "show.h"

/* Hides the program's and libc's for who comes after this library only. */
void run_in_library(void)
{
    int (*next)(void) = (int (*)(void))dlsym(RTLD_NEXT, "getppid");
    int (*any)(void) = (int (*)(void))dlsym(RTLD_DEFAULT, "getppid");
    show("library: next %d, any is the program's %d", next != NULL, any != NULL && any() == 12345);
}
