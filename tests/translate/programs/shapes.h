/* SPDX-License-Identifier: MIT */
/* What non_pie, lazy, bind_now, far_library and textrel_library have in common: calls in all directions between program and library, with
 * indirect functions on both sides, tables of jumps, many arguments. */
#include "show.h"

int shape_sum(int a, int b);
double shape_mix(int a, double b, float c, long d, double e, int f, int g, int h, int i, double j);
double shape_list(int count, ...);
int shape_callback(int (*function)(int, int), int a, int b);

static int minus(int a, int b) { return a - b; }
static int (*resolve(void))(int, int) { return minus; }
int own_difference(int a, int b) __attribute__((ifunc("resolve")));

static int choose(int which)
{
    switch (which) {
    case 0: return 17;
    case 1: return own_difference(which, 9);
    case 2: return shape_sum(which, 9);
    case 3: return (int)shape_list(4, 1, 2.5, 3, 4.5);
    case 4: return (int)shape_mix(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
    case 5: return shape_callback(own_difference, 5, 3);
    case 6: return shape_callback(shape_sum, 5, 3);
    default: return -which;
    }
}

static void *chooses(void *arg)
{
    long sum = 0;
    for (int i = 0; i < 1000; i++)
        sum = sum * 3 % 1000003 + choose(i % 9);
    *(long *)arg = sum;
    return NULL;
}

int main(void)
{
    pthread_t threads[3];
    long sums[3];
    int (*function)(int, int) = shape_sum;
    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, chooses, &sums[i]);
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
        show("%ld", sums[i]);
    }
    for (int i = 0; i < 9; i++)
        show("%d: %d", i, choose(i));
    show("through a pointer: %d, same: %d", function(3, 4), function == shape_sum);
    return 0;
}
