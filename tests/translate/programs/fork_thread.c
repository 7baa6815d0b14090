/* SPDX-License-Identifier: MIT */
/* A thread forks while others run; the child goes on with threads of its own, opens libraries, forks again. */
/* WITH: with_plugin.c:SHARED */
#include <dlfcn.h>

#include "show.h"

static char path[4096];
static volatile int stop;

static int twice(int value) { return 2 * value; }

static void *busy(void *arg)
{
    unsigned long sum = 0;
    while (!stop)
        sum = sum * 31 + (unsigned long)twice((int)sum);
    return (void *)(sum == 1 ? arg : NULL);
}

static void *computes(void *arg)
{
    long sum = 0;
    for (int i = 0; i < 100000; i++)
        sum = sum * 7 % 1000003 + twice(i % 10);
    return (void *)(sum + (long)arg);
}

static void work(const char *who)
{
    pthread_t threads[3];
    void *result;
    int (*plugin)(int (*)(int), int);
    for (long i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, computes, (void *)i);
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], &result);
        show("%s: %ld", who, (long)result);
    }
    void *handle = dlopen(path, RTLD_NOW);
    *(void **)&plugin = dlsym(handle, "plugin_work");
    show("%s: plugin %d", who, plugin(twice, 3));
    dlclose(handle);
}

static void *forks(void *arg)
{
    int status;
    (void)arg;
    pid_t pid = fork();
    if (pid == 0) {
        work("child");
        pid_t grandchild = fork();
        if (grandchild == 0) {
            work("grandchild");
            exit(4);
        }
        waitpid(grandchild, &status, 0);
        show_status("grandchild", status);
        _exit(3);
    }
    waitpid(pid, &status, 0);
    show_status("child", status);
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t others[2], thread;
    (void)argc;
    snprintf(path, sizeof(path), "%s-with_plugin.so", argv[0]);
    for (int i = 0; i < 2; i++)
        pthread_create(&others[i], NULL, busy, NULL);
    for (int i = 0; i < 3; i++) {
        pthread_create(&thread, NULL, forks, NULL);
        pthread_join(thread, NULL);
    }
    stop = 1;
    for (int i = 0; i < 2; i++)
        pthread_join(others[i], NULL);
    work("parent");
    return 0;
}
