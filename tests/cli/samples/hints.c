/* Never run: the tests of the hints refer to its lines and variables. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct job {
    long id;
    int state, users;
    unsigned low : 4, high : 4;
    unsigned : 0;
    unsigned other : 4;
};

int ready, total, plain, copied;
volatile int stop;
struct job job;
static __thread int mine;
pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER, n = PTHREAD_MUTEX_INITIALIZER;
pthread_rwlock_t map = PTHREAD_RWLOCK_INITIALIZER;

static void set_up(void)
{
    if (!ready) { /* test */
        pthread_mutex_lock(&m); /* lock */
        ready = 1; /* set up */
        pthread_mutex_unlock(&m);
    }
    total = ready; /* no test */
}

static int copies(void)
{
    int copy = copied; /* copy */
    if (!copy) {
        pthread_mutex_lock(&m);
        copied = copy = 1; /* set copied */
        pthread_mutex_unlock(&m);
    }
    int late = copied; /* copy elsewhere */
    return copy + late;
}

static void drops(struct job *gone)
{
    job.users--; /* drop in two */
    if (job.users == 0)
        free(gone);
    job.users--; /* drop without end */
    if (job.users == 0)
        total = 0;
}

static void other_function(void)
{
    ready = 2; /* elsewhere */
    if (plain) /* another variable */
        ready = 3; /* not tested */
}

static void *worker(void *arg)
{
    total++; /* add */
    total = 5; /* assign */
    while (!ready) /* spin */
        continue;
    int copy = ready; /* no spin */
    struct job *mine_too = arg;
    if (--mine_too->users == 0) /* drop */
        free(mine_too); /* free */
    if (--plain == 0) /* no drop */
        total = copy;
    total--; /* leave */
    strtok(arg, ","); /* strtok */
    time((time_t *)arg); /* time */
    return arg;
}

static struct job *publish(void)
{
    struct job *fresh = malloc(sizeof(*fresh)); /* allocate */
    fresh->state = 1; /* fill in */
    return fresh;
}

static void later(struct job *old)
{
    old->state = 2; /* later */
}

static void shared_lines(void)
{
    total++; plain = 0; /* first of two */
    plain = 0; total++; /* not the first */
    enum { FIRST_OF_MANY, SECOND_OF_MANY, THIRD_OF_MANY, FOURTH_OF_MANY, LAST_OF_MANY }; total = LAST_OF_MANY; /* far */
}

int main(void)
{
    pthread_t threads[2];
    int value = 0;
    for (int i = 0; i < 2; i++) { /* loop */
        if (value)
            pthread_create(&threads[i], NULL, worker, &i); /* create */
        else
            pthread_create(&threads[i], NULL, worker, (void *)(long)i); /* create by value */
        job.low = 1; /* low */
        job.high = 1; /* high */
        job.other = 1; /* other */
        stop = 1; /* stop */
        mine++; /* mine */
    }
    later(publish());
    set_up();
    other_function();
    copies();
    drops(NULL);
    shared_lines();
    return value;
}
