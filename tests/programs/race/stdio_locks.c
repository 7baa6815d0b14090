/* SPDX-License-Identifier: MIT */
/* A stream has its own lock: printing from two threads is right, but it does not protect what is printed. */
/* EXPECT: race prints/changes */
/* TWIN */
#include "hidden.h"

static char word[16] = "one";
static char other_word[16];
static FILE *stream;

static void *prints(void *none)
{
    for (int i = 0; i < 10; i++)
        fprintf(stream, "%s %d\n", word, i);
    hidden_done(1);
    return NULL;
}

static void *changes(void *none)
{
    hidden_await(1);
    strcpy(IS_TWIN ? other_word : word, "two");
    fprintf(stream, "changed\n");
    return NULL;
}

int main(void)
{
    stream = fopen("/dev/null", "w");
    int status = both(prints, changes);
    fclose(stream);
    return status;
}
