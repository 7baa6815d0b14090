/* Never run: the tests of the CLI refer to its lines and variables. */
#include <pthread.h>
#include <stdlib.h>

struct shelf {
    int books;
    pthread_mutex_t lock;
};

static pthread_mutex_t a_lock = PTHREAD_MUTEX_INITIALIZER;
struct {
    char name[8];
    struct shelf shelves[2][3];
    union {
        pthread_rwlock_t map;
        long all;
    };
} library;

static void take_ab(void)
{
    pthread_mutex_lock(&a_lock); /* a before shelf */
    pthread_mutex_lock(&library.shelves[1][2].lock); /* shelf after a */
}

static void *worker(void *arg)
{
    pthread_mutex_lock(&library.shelves[1][2].lock); /* shelf before a */
    pthread_mutex_lock(&a_lock); /* a after shelf */
    pthread_rwlock_rdlock(&library.map);
    return arg;
}

static pthread_mutex_t *make_lock(void)
{
    pthread_mutex_t *lock = malloc(sizeof(*lock));
    pthread_mutex_init(lock, NULL); /* made */
    return lock;
}

static void once_only(void)
{
    static pthread_mutex_t hidden;
    pthread_mutex_lock(&hidden); /* hidden */
}

int main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, worker, NULL); /* create */
    take_ab(); /* call */
    pthread_mutex_t *heap = make_lock(); /* make */
    pthread_mutex_lock(heap); /* take heap */
    once_only(); /* once */
    pthread_join(thread, NULL);
    return 0;
}
