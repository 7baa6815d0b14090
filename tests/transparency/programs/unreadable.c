/* SPDX-License-Identifier: MIT */
/* Arguments that cannot be read: the kernel refuses them, and the program goes on. */
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "show.h"

static void *ends(void *arg) { return arg; }

/* The last byte of a page behind which there is nothing. */
static char *edge(void)
{
    char *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(pages + 4096, 4096);
    return pages + 4095;
}

static void sockets(void *bad)
{
    int datagrams[2], stream = socket(AF_INET, SOCK_STREAM, 0), udp = socket(AF_INET, SOCK_DGRAM, 0);
    socketpair(AF_UNIX, SOCK_DGRAM, 0, datagrams);
    SHOW(sendmsg(datagrams[0], bad, 0));
    SHOW(sendmsg(stream, bad, MSG_FASTOPEN));
    SHOW(sendmmsg(datagrams[0], bad, 1, 0));
    SHOW(recvmsg(datagrams[0], bad, MSG_DONTWAIT));
    SHOW(connect(stream, bad, 16));
    SHOW(sendto(udp, "x", 1, 0, bad, 16));
    struct msghdr message = {.msg_name = bad, .msg_namelen = 16};
    SHOW(sendmsg(udp, &message, 0));
}

static void descriptors(void *bad)
{
    int ends_of_pipe[2], epoll = epoll_create1(0);
    SHOW(pipe(ends_of_pipe));
    SHOW(epoll_ctl(epoll, EPOLL_CTL_ADD, ends_of_pipe[0], bad));
    SHOW(poll(bad, 1, 0));
    SHOW(writev(ends_of_pipe[1], bad, 1));
    SHOW(read(ends_of_pipe[0], bad, 0));
    SHOW(open(bad, O_RDONLY));
}

static void queues_and_semaphores(void *bad)
{
    int semaphores = semget(IPC_PRIVATE, 1, 0600), queue = msgget(IPC_PRIVATE, 0600);
    SHOW(semop(semaphores, bad, 1));
    SHOW(semop(semaphores, bad, (size_t)1 << 40));
    SHOW(msgsnd(queue, bad, 1, IPC_NOWAIT));
    semctl(semaphores, 0, IPC_RMID);
    msgctl(queue, IPC_RMID, NULL);
}

static void programs(void *bad)
{
    char *const bad_list[] = {bad, NULL};
    SHOW(execve(bad, bad_list, NULL));
    SHOW(execve("/bin/true", bad, NULL));
    SHOW(execve("/bin/true", (char *[]){(char *)"true", NULL}, bad));
    SHOW(execve("/bin/true", (char *[]){(char *)"true", NULL}, bad_list));
}

static void system_calls(void *bad)
{
    SHOW(syscall(SYS_futex, bad, 1, 1, 0, 0, 0));
    SHOW(syscall(SYS_rt_sigaction, SIGUSR1, bad, NULL, 8));
    SHOW(syscall(SYS_rt_sigprocmask, SIG_BLOCK, bad, NULL, 8));
    SHOW(syscall(SYS_sendmsg, 0, bad, 0));
}

static void all(void *bad)
{
    sockets(bad);
    descriptors(bad);
    queues_and_semaphores(bad);
    programs(bad);
    system_calls(bad);
}

int main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, ends, NULL);
    pthread_join(thread, NULL);
    all((void *)16);
    char *last = edge();
    *last = 'x';
    all(last);
    return 0;
}
