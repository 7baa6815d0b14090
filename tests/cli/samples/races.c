/* Never run: the tests of the CLI refer to its lines and variables. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct node {
    struct node *next;
    int value;
    unsigned ready : 1, dirty : 3, wide : 12;
    unsigned alone : 4;
};

struct job {
    char name[24];
    long id;
    int state;
    int users;
};

static struct {
    long hits, misses;
    union {
        double ratio;
        struct {
            short low, high;
        } parts;
    } u;
} stats;
struct node table[4][2];
static volatile int stop;
static int started;
static __thread int errors;
_Thread_local struct node mine;
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t map = PTHREAD_RWLOCK_INITIALIZER;

static int once_only(void)
{
    static int calls;
    return calls++; /* calls */
}

static void *worker(void *arg)
{
    int *number = arg;
    pthread_mutex_lock(&m); /* lock m */
    stats.hits++; /* hit */
    pthread_mutex_unlock(&m);
    pthread_rwlock_rdlock(&map); /* read map */
    stats.misses++; /* miss */
    pthread_rwlock_unlock(&map);
    table[3][1].next = NULL; /* next */
    table[2][0].ready = 1; /* ready */
    mine.value += errors; /* mine */
    while (!stop) /* spin */
        continue;
    return number + *number; /* number */
}

static struct job *make_job(void)
{
    struct job *job = malloc(sizeof(*job)); /* allocate */
    memset(job, 0, sizeof(*job)); /* clear */
    return job;
}

static void drop(struct job *job)
{
    if (--job->users == 0) /* count */
        free(job); /* free */
}

static void finish(struct job *job)
{
    job->state = 1; /* state */
    drop(job); /* drop */
}

int main(void)
{
    pthread_t threads[2];
    struct job *job = make_job(); /* make */
    for (int i = 0; i < 2; i++) {
        int *shared = &i;
        pthread_create(&threads[i], NULL, worker, shared); /* create */
    }
    if (!started) /* check */
        started = 1; /* set */
    stats.hits = 0; /* reset */
    stats.u.parts.high = 1; /* high */
    table[2][0].dirty = 2; /* dirty */
    table[2][0].alone = 2; /* alone */
    stop = 1; /* stop */
    finish(job); /* finish */
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL); /* join */
    return once_only(); /* once */
}
