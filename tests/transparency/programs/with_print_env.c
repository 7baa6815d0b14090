/* SPDX-License-Identifier: MIT */
/* Prints its arguments, its environment (without what watching adds) and its descriptors. */
#include <dirent.h>

#include "show.h"

extern char **environ;

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        show("arg %s", argv[i]);
    for (char **entry = environ; *entry; entry++)
        if (strncmp(*entry, "LD_PRELOAD=", 11) && strncmp(*entry, "DETECT_", 7) && strncmp(*entry, "PWD", 3) &&
            strncmp(*entry, "OLDPWD", 6) && strncmp(*entry, "_=", 2) && strncmp(*entry, "SHLVL", 5))
            show("env %s", *entry);
    show_mask("child");
    for (int fd = 3; fd < 100; fd++)
        if (write(fd, "", 0) == 0 || errno != EBADF)
            show("descriptor %d", fd);
    return argc;
}
