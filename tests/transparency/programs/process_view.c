/* SPDX-License-Identifier: MIT */
/* What the program sees of its process: tasks, children, names; while all threads wait for each other, too. */
#include <dirent.h>
#include <sys/prctl.h>

#include "show.h"

static int tasks(void)
{
    int count = 0;
    DIR *directory = opendir("/proc/self/task");
    for (struct dirent *entry; (entry = readdir(directory));)
        count += entry->d_name[0] != '.';
    closedir(directory);
    return count;
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static int rounds;
static void *ping(void *arg)
{
    long me = (long)arg;
    pthread_mutex_lock(&mutex);
    for (; rounds < 2000; rounds++) {
        pthread_cond_signal(&cond);
        pthread_cond_wait(&cond, &mutex);
    }
    pthread_cond_broadcast(&cond);
    pthread_mutex_unlock(&mutex);
    return (void *)me;
}

int main(void)
{
    pthread_t a, b;
    char name[16];
    show("tasks %d", tasks());
    pthread_create(&a, NULL, ping, (void *)1);
    pthread_create(&b, NULL, ping, (void *)2);
    pthread_join(a, NULL);
    pthread_mutex_lock(&mutex);
    pthread_cond_broadcast(&cond);
    pthread_mutex_unlock(&mutex);
    pthread_join(b, NULL);
    show("tasks %d", tasks());
    SHOW(waitpid(-1, NULL, 0));
    SHOW(prctl(PR_SET_NAME, "new name"));
    prctl(PR_GET_NAME, name);
    show("%s", name);
    SHOW(pthread_setname_np(pthread_self(), "other"));
    SHOW(pthread_setname_np(pthread_self(), "a name that is too long"));
    pthread_getname_np(pthread_self(), name, sizeof(name));
    show("%s", name);
    return 0;
}
