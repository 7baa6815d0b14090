/* SPDX-License-Identifier: MIT */
/* Functions of the program that libc calls: comparisons, once, exit, thread-specific data, walks, streams. */
#include <ftw.h>
#include <search.h>

#include "show.h"

static int compare(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

static int compare_down(const void *a, const void *b, void *sign) { return *(int *)sign * compare(a, b); }

static unsigned sum_of(const int *numbers, int count)
{
    unsigned sum = 0;
    for (int i = 0; i < count; i++)
        sum = sum * 31 + (unsigned)numbers[i];
    return sum;
}

static int walked;

static void walk(const void *node, VISIT which, int depth)
{
    (void)node, (void)depth;
    walked += which == leaf || which == postorder;
}

static ssize_t stream_write(void *cookie, const char *bytes, size_t size)
{
    (void)bytes;
    *(size_t *)cookie += size;
    return (ssize_t)size;
}

static int file_seen(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
    (void)path, (void)status, (void)ftw;
    walked += type >= 0;
    return 0;
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static void initialise(void) { show("once"); }
static void destroy(void *value) { show("destroyed %ld", (long)value); }

static void *works(void *arg)
{
    static int numbers[4][1000];
    int *mine = numbers[(long)arg], sign = -1, wanted = 500;
    void *root = NULL;
    pthread_once(&once, initialise);
    for (int i = 0; i < 1000; i++)
        mine[i] = (int)((unsigned)i * 7919u % 1009u);
    qsort(mine, 1000, sizeof(int), compare);
    unsigned up = sum_of(mine, 1000);
    int *found = bsearch(&wanted, mine, 1000, sizeof(int), compare);
    qsort_r(mine, 1000, sizeof(int), compare_down, &sign);
    size_t count = 1000;
    int *linear = lfind(&wanted, mine, &count, sizeof(int), compare);
    for (int i = 0; i < 200; i++)
        tsearch(&mine[i], &root, compare);
    show("%u %u %d %d %d", up, sum_of(mine, 1000), found != NULL, linear != NULL, tfind(&mine[5], &root, compare) != NULL);
    walked = 0;
    twalk(root, walk);
    show("walked %d", walked);
    while (root)
        tdelete(*(void **)root, &root, compare);
    if ((long)arg == 3)
        pthread_setspecific(key, arg);
    return NULL;
}

static void at_end(void) { show("at exit"); }
static void at_end_with(int status, void *arg) { show("on exit %d %s", status, (char *)arg); }

int main(void)
{
    pthread_key_create(&key, destroy);
    for (long i = 0; i < 4; i++) {
        pthread_t thread;
        pthread_create(&thread, NULL, works, (void *)i);
        pthread_join(thread, NULL);
    }
    size_t written = 0;
    FILE *stream = fopencookie(&written, "w", (cookie_io_functions_t){.write = stream_write});
    for (int i = 0; i < 10000; i++)
        fprintf(stream, "line %d\n", i);
    fclose(stream);
    show("written %zu", written);
    walked = 0;
    nftw("/proc/self/fdinfo", file_seen, 4, 0);
    show("%s", walked > 2 ? "files" : "no files");
    atexit(at_end);
    on_exit(at_end_with, "now");
    return 0;
}
