/* Races on memory of every sort: names.py looks at what it is called. Both threads are done with their barriers before either
 * ends, and no lock orders anything. */
#include <pthread.h>
#include <stdlib.h>

struct job {
    long id;
    int state;
};
struct pair {
    int a, b;
};

struct {
    long hits;
    struct pair pairs[4];
} stats;
static __thread int errors;
static int *volatile given;
static struct pair *volatile shared;
struct job *job;
static pthread_barrier_t barrier;

static void count(void)
{
    static int calls;
    calls++;
    stats.pairs[2].b++;
    job->state = 1;
}

static void *owner(void *unused)
{
    struct pair mine = {1, 2};
    shared = &mine;
    given = &errors;
    pthread_barrier_wait(&barrier);
    shared->b++;
    errors++;
    count();
    pthread_barrier_wait(&barrier);
    return unused;
}

static void *user(void *argument)
{
    int *number = argument;
    pthread_barrier_wait(&barrier);
    shared->b++;
    *given += 1;
    *number += 1;
    count();
    pthread_barrier_wait(&barrier);
    return NULL;
}

int main(void)
{
    pthread_t threads[2];
    int number = 0;
    job = calloc(1, sizeof(*job));
    pthread_barrier_init(&barrier, NULL, 2);
    pthread_create(&threads[0], NULL, owner, NULL);
    pthread_create(&threads[1], NULL, user, &number);
    number++;
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    return 0;
}
