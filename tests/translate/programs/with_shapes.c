/* SPDX-License-Identifier: MIT */
/* For non_pie, lazy, bind_now, ifunc: a library with an indirect function, called with floating point arguments too. */
#include <stdarg.h>

static int plus(int a, int b) { return a + b; }
static int (*resolve(void))(int, int) { return plus; }
int shape_sum(int a, int b) __attribute__((ifunc("resolve")));

double shape_mix(int a, double b, float c, long d, double e, int f, int g, int h, int i, double j)
{
    return a + b * 2 + (double)c * 3 + (double)d * 4 + e * 5 + f * 6 + g * 7 + h * 8 + i * 9 + j * 10;
}

double shape_list(int count, ...)
{
    va_list list;
    double sum = 0;
    va_start(list, count);
    for (int i = 0; i < count; i++)
        sum = sum * 2 + (i % 2 ? va_arg(list, double) : va_arg(list, int));
    va_end(list);
    return sum;
}

int shape_callback(int (*function)(int, int), int a, int b) { return function(shape_sum(a, 1), b); }
