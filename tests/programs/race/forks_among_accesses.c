/* SPDX-License-Identifier: MIT */
/* A program forks while its threads access memory and take locks all the time: each child has all memory for itself, and
 * none waits for what a thread had in hand that was not copied. */
/* EXPECT-NONE */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 3, FORKS = 15, BYTES = 1024 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char bytes[BYTES];
static int rounds, stop;

static void *works(void *number)
{
    long first = (long)number;
    while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
        pthread_mutex_lock(&lock);
        rounds++;
        for (int i = 0; i < BYTES; i += 8)
            bytes[i + first]++;
        pthread_mutex_unlock(&lock);
        char *block = malloc(100);
        memset(block, 1, 100);
        free(block);
    }
    return NULL;
}

static int child(void)
{
    for (int i = 0; i < BYTES; i++)
        bytes[i]++;
    rounds++;
    return 0;
}

int main(void)
{
    pthread_t threads[THREADS];
    int status, failed = 0;
    for (long i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, works, (void *)i);
    for (int i = 0; i < FORKS; i++) {
        pid_t pid = fork();
        if (pid == 0)
            _exit(child());
        waitpid(pid, &status, 0);
        failed |= status;
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    return failed != 0;
}
