/* SPDX-License-Identifier: MIT */
/* A handler of SIGSEGV takes a lock that ordinary code takes, and the signal is sent: it can arrive anywhere. */
/* EXPECT: lock-in-signal-handler on lock */
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char *page;
static int faults;

static void open_page(int signo)
{
    (void)signo;
    pthread_mutex_lock(&lock);
    faults++;
    pthread_mutex_unlock(&lock);
    mprotect(page, 4096, PROT_READ | PROT_WRITE);
}

static void *work(void *arg)
{
    pthread_mutex_lock(&lock);
    faults += 10;
    pthread_mutex_unlock(&lock);
    return arg;
}

int main(void)
{
    pthread_t thread;
    page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    signal(SIGSEGV, open_page);
    pthread_create(&thread, NULL, work, NULL);
    pthread_join(thread, NULL);
    raise(SIGSEGV);
    return faults == 11 ? 0 : 1;
}
