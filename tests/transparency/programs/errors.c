/* SPDX-License-Identifier: MIT */
/* Failing calls return the errors that they return. */
#include <mqueue.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "show.h"

static void all(void)
{
    char c;
    struct iovec part = {&c, 1};
    struct sembuf op = {0, 1, 0};
    struct pollfd poller = {-1, POLLIN, 0};
    SHOW(read(-1, &c, 1));
    SHOW(read(77, &c, 1));
    SHOW(read(1 << 30, &c, 1));
    SHOW(readv(0, &part, -1));
    SHOW(write(77, "x", 1));
    SHOW(recv(0, &c, 1, 0));
    SHOW(send(1, "x", 1, 0));
    SHOW(sendto(77, "x", 1, 0, NULL, 0));
    SHOW(sendto(77, "x", 1, 0, (struct sockaddr *)&c, 1));
    SHOW(close(-1));
    SHOW(close(77));
    SHOW(connect(77, NULL, 0));
    SHOW(accept(77, NULL, NULL));
    SHOW(poll(&poller, 1, 0));
    SHOW(epoll_ctl(77, EPOLL_CTL_ADD, 0, NULL));
    SHOW(epoll_wait(77, NULL, 0, 0));
    SHOW(eventfd(0, 12345678));
    SHOW(timerfd_create(99, 0));
    SHOW(fcntl(77, F_GETFD));
    SHOW(fcntl(0, 9999));
    SHOW(msgsnd(-1, &part, 1, 0));
    SHOW(msgrcv(-1, &part, 1, 0, 0));
    SHOW(semop(-1, &op, 1));
    SHOW(mq_close(77));
    SHOW(munmap((void *)1, 4096));
    SHOW(munmap(NULL, 0));
    SHOW(mmap(NULL, 0, 0, 0, -1, 0));
    SHOW(mmap(NULL, 4096, PROT_READ, MAP_SHARED, 77, 0));
    SHOW(mremap((void *)4096, 4096, 8192, MREMAP_MAYMOVE));
    SHOW(realloc(NULL, (size_t)-1));
    SHOW(reallocarray(NULL, (size_t)-1, 8));
    SHOW(kill(-1000000, 0));
    SHOW(kill(getpid(), 99));
    SHOW(pthread_kill(pthread_self(), 99));
    SHOW(raise(-1));
    SHOW(sigqueue(getpid(), 99, (union sigval){0}));
    SHOW(syscall(12345));
    SHOW(syscall(SYS_close, 77));
    SHOW(syscall(SYS_futex, NULL, 0, 0, NULL, NULL, 0));
}

int main(void)
{
    alarm(20);
    all();
    become_threaded();
    all();
    return 0;
}
