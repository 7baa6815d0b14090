/* SPDX-License-Identifier: MIT */
/* Calls that succeed leave errno alone, with several threads and as the first calls of a thread. */
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "show.h"

#define KEPT(call)                                                                                 \
    do {                                                                                           \
        errno = 77;                                                                                \
        (void)(call);                                                                              \
        if (errno != 77)                                                                           \
            show("%s: errno %d", #call, errno);                                                    \
    } while (0)

static void *nothing(void *arg) { return arg; }
static void handler(int signo) { (void)signo; }
static void routine(void) {}

static void *work(void *arg)
{
    pthread_mutex_t m;
    pthread_rwlock_t rw;
    pthread_spinlock_t spin;
    pthread_cond_t cond;
    pthread_barrier_t barrier;
    pthread_once_t once = PTHREAD_ONCE_INIT;
    sem_t sem;
    pthread_t t;
    int fds[2];
    char c;
    KEPT(pthread_mutex_init(&m, NULL));
    KEPT(pthread_mutex_lock(&m));
    KEPT(pthread_cond_init(&cond, NULL));
    KEPT(pthread_cond_signal(&cond));
    KEPT(pthread_mutex_unlock(&m));
    KEPT(pthread_rwlock_init(&rw, NULL));
    KEPT(pthread_rwlock_wrlock(&rw));
    KEPT(pthread_rwlock_unlock(&rw));
    KEPT(pthread_spin_init(&spin, 0));
    KEPT(pthread_spin_lock(&spin));
    KEPT(pthread_spin_unlock(&spin));
    KEPT(pthread_barrier_init(&barrier, NULL, 1));
    KEPT(pthread_barrier_wait(&barrier));
    KEPT(pthread_once(&once, routine));
    KEPT(sem_init(&sem, 0, 1));
    KEPT(sem_wait(&sem));
    KEPT(sem_post(&sem));
    KEPT(sem_trywait(&sem));
    KEPT(pthread_create(&t, NULL, nothing, NULL));
    KEPT(pthread_join(t, NULL));
    KEPT(pipe(fds));
    KEPT(write(fds[1], "x", 1));
    KEPT(poll(&(struct pollfd){fds[0], POLLIN, 0}, 1, -1));
    KEPT(read(fds[0], &c, 1));
    KEPT(dup2(fds[0], fds[1]));
    KEPT(close(fds[0]));
    KEPT(close(fds[1]));
    KEPT(close(eventfd(0, 0)));
    KEPT(socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
    KEPT(send(fds[0], "x", 1, 0));
    KEPT(recv(fds[1], &c, 1, 0));
    KEPT(signal(SIGUSR1, handler));
    KEPT(raise(SIGUSR1));
    sigset_t set;
    sigemptyset(&set);
    KEPT(pthread_sigmask(SIG_SETMASK, &set, NULL));
    KEPT(free(malloc(100)));
    KEPT(free(realloc(malloc(10), 10000)));
    KEPT(munmap(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 4096));
    KEPT(pthread_mutex_destroy(&m));
    KEPT(sem_destroy(&sem));
    KEPT(closefrom(400));
    pid_t pid;
    KEPT(pid = fork());
    if (pid == 0)
        _exit(0);
    wait(NULL);
    FILE *file = tmpfile();
    KEPT(fclose(file));
    return arg;
}

int main(void)
{
    pthread_t t;
    work(NULL);
    pthread_create(&t, NULL, work, NULL);
    pthread_join(t, NULL);
    show("done");
    return 0;
}
