/* SPDX-License-Identifier: MIT */
/* An address in its code, which the dynamic linker writes there. */
/* CFLAGS: -Wl,-z,notext -Wno-all */
#include "with_shapes.c"

extern int shape_number;
int shape_number = 42;

int shape_textrel(void)
{
    int *address;
    __asm__("movabs $shape_number, %0" : "=r"(address));
    return *address;
}
