/* SPDX-License-Identifier: MIT */
/* Order of atfork handlers, of fork's and _Fork's children, and of a grandchild. */
#include "show.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static char order[1000]; /* of this process: printed when the other one cannot come in between */
static void prepare(void) { strcat(order, "prepare "); pthread_mutex_lock(&mutex); }
static void parent(void) { pthread_mutex_unlock(&mutex); strcat(order, "parent "); }
static void child(void) { pthread_mutex_unlock(&mutex); strcat(order, "child "); }
static void prepare2(void) { strcat(order, "prepare2 "); }

static void reap(pid_t pid)
{
    int status;
    waitpid(pid, &status, 0);
    show("%s", order);
    show_status("reaped", status);
}

int main(void)
{
    become_threaded();
    pthread_atfork(prepare, parent, child);
    pthread_atfork(prepare2, NULL, NULL);
    pid_t pid = fork();
    if (pid == 0) {
        pid = fork();
        if (pid == 0) {
            show("%s", order);
            _exit(4);
        }
        reap(pid);
        _exit(3);
    }
    reap(pid);
    pid = _Fork();
    if (pid == 0) {
        pthread_mutex_lock(&mutex);
        _exit(5);
    }
    reap(pid);
    return 0;
}
