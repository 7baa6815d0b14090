/* SPDX-License-Identifier: MIT */
/* Static buffers inside libc that two threads fill; the twin uses the functions that are given a buffer. */
/* EXPECT: libc-race first_strtok/second_strtok */
/* EXPECT: libc-race first_localtime/second_localtime */
/* EXPECT: libc-race first_asctime/second_asctime */
/* TWIN */
#include "hidden.h"

static char one[] = "a b c", two[] = "d e f";

static NOINLINE void first_strtok(void)
{
    char *rest;
    USE(IS_TWIN ? strtok_r(one, " ", &rest) : strtok(one, " "));
}
static NOINLINE void second_strtok(void)
{
    char *rest;
    USE(IS_TWIN ? strtok_r(two, " ", &rest) : strtok(two, " "));
}
static NOINLINE void first_localtime(void)
{
    time_t now = 1;
    struct tm out;
    USE(IS_TWIN ? localtime_r(&now, &out) : localtime(&now));
}
static NOINLINE void second_localtime(void)
{
    time_t now = 2;
    struct tm out;
    USE(IS_TWIN ? localtime_r(&now, &out) : localtime(&now));
}
static NOINLINE void first_asctime(void)
{
    struct tm when = {.tm_mday = 1};
    char text[64];
    USE(IS_TWIN ? asctime_r(&when, text) : asctime(&when));
}
static NOINLINE void second_asctime(void)
{
    struct tm when = {.tm_mday = 2};
    char text[64];
    USE(IS_TWIN ? asctime_r(&when, text) : asctime(&when));
}

static void *first(void *none)
{
    first_strtok(), first_localtime(), first_asctime();
    hidden_done(1);
    return NULL;
}

static void *second(void *none)
{
    hidden_await(1);
    second_strtok(), second_localtime(), second_asctime();
    return NULL;
}

int main(void) { return both(first, second); }
