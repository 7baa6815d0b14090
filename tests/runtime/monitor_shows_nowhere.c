/* SPDX-License-Identifier: MIT */
/* The helper process of a program whose threads have all waited at once for a moment: it is nowhere to be seen but in
 * the list of children. "linger" as argument: stay, with the helper, until killed. */
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turn = PTHREAD_COND_INITIALIZER;
static int whose;

static void *play(void *me)
{
    for (int i = 0; i < 200; i++) {
        pthread_mutex_lock(&lock);
        while (whose != *(int *)me)
            pthread_cond_wait(&turn, &lock);
        whose = !whose;
        pthread_cond_broadcast(&turn);
        pthread_mutex_unlock(&lock);
    }
    return NULL;
}

static int entries(const char *path)
{
    int count = -2; /* . and .. */
    DIR *directory = opendir(path);
    while (readdir(directory))
        count++;
    closedir(directory);
    return count;
}

static int children(void)
{
    char text[64] = "";
    FILE *file = fopen("/proc/thread-self/children", "r");
    size_t size = file ? fread(text, 1, sizeof(text) - 1, file) : 0;
    int count = 0;
    for (size_t i = 0; i < size; i++)
        count += text[i] == ' ';
    if (file)
        fclose(file);
    return count;
}

int main(int argc, char **argv)
{
    int descriptors = entries("/proc/self/fd"), status;
    pthread_t threads[2];
    int number[2] = {0, 1};
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, play, &number[i]);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    printf("helpers=%d tasks=%d descriptors=%d", children(), entries("/proc/self/task"),
           entries("/proc/self/fd") - descriptors);
    pid_t any = waitpid(-1, &status, 0);
    printf(" wait=%d %s\n", any, any < 0 ? strerror(errno) : "");
    fflush(stdout);
    if (argc > 1 && strcmp(argv[1], "linger") == 0)
        for (;;)
            pause();
    return 0;
}
