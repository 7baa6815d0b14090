/* SPDX-License-Identifier: MIT */
/* TCP, UDP and Unix sockets between threads; descriptors passed; select, poll, epoll. */
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <fcntl.h>

#include "show.h"

static struct sockaddr_in address;
static void *client(void *arg)
{
    char text[100] = "";
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    SHOW(connect(fd, (struct sockaddr *)&address, sizeof(address)));
    SHOW(send(fd, "hello", 5, 0));
    SHOW(shutdown(fd, SHUT_WR));
    int n = 0, got;
    while ((got = (int)recv(fd, text + n, sizeof(text) - n, 0)) > 0)
        n += got;
    show("client got %s", text);
    SHOW(close(fd));
    return arg;
}

static void tcp(void)
{
    char text[100] = "";
    socklen_t length = sizeof(address);
    pthread_t t;
    int listener = socket(AF_INET, SOCK_STREAM, 0), n = 0, got;
    address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    bind(listener, (struct sockaddr *)&address, sizeof(address));
    getsockname(listener, (struct sockaddr *)&address, &length);
    listen(listener, 5);
    pthread_create(&t, NULL, client, NULL);
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    while ((got = (int)recvfrom(fd, text + n, sizeof(text) - n, 0, NULL, NULL)) > 0)
        n += got;
    sleep_ms(20);
    write(fd, text, n);
    write(fd, "!", 1);
    close(fd);
    close(listener);
    pthread_join(t, NULL);
}

static void udp(void)
{
    char text[10] = "";
    socklen_t length = sizeof(address);
    int a = socket(AF_INET, SOCK_DGRAM, 0), b = socket(AF_INET, SOCK_DGRAM, 0);
    address.sin_port = 0;
    bind(a, (struct sockaddr *)&address, sizeof(address));
    getsockname(a, (struct sockaddr *)&address, &length);
    SHOW(sendto(b, "udp", 3, 0, (struct sockaddr *)&address, sizeof(address)));
    SHOW(recv(a, text, sizeof(text), 0));
    SHOW(connect(b, (struct sockaddr *)&address, sizeof(address)));
    struct iovec part = {"iov", 3};
    struct mmsghdr messages[2] = {{.msg_hdr = {.msg_iov = &part, .msg_iovlen = 1}}};
    messages[1] = messages[0];
    SHOW(sendmmsg(b, messages, 2, 0));
    SHOW(recv(a, text, sizeof(text), 0));
    show("%s", text);
    close(a), close(b);
}

static void passing(void)
{
    int pair[2], fds[2], received;
    char c = 'x', control[CMSG_SPACE(sizeof(int))];
    struct iovec part = {&c, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    pipe(fds);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    *header = (struct cmsghdr){CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
    memcpy(CMSG_DATA(header), &fds[1], sizeof(int));
    SHOW(sendmsg(pair[0], &message, 0));
    SHOW(recvmsg(pair[1], &message, 0));
    memcpy(&received, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(int));
    SHOW(write(received, "p", 1));
    SHOW(read(fds[0], &c, 1));
    close(fds[1]);
    close(received);
    SHOW(read(fds[0], &c, 1));
    SHOW(write(pair[0], "1234", 4));
    SHOW(splice(pair[1], NULL, fds[0], NULL, 4, 0));
    close(pair[0]), close(pair[1]), close(fds[0]);
}

static void waiting(void)
{
    int event = eventfd(3, EFD_NONBLOCK), epoll = epoll_create1(0);
    eventfd_t value;
    struct epoll_event wanted = {EPOLLIN | EPOLLET, {.u64 = 99}}, got[4];
    SHOW(epoll_ctl(epoll, EPOLL_CTL_ADD, event, &wanted));
    SHOW(epoll_ctl(epoll, EPOLL_CTL_ADD, event, &wanted));
    SHOW(epoll_wait(epoll, got, 4, -1));
    show("data %llu", (unsigned long long)got[0].data.u64);
    SHOW(epoll_pwait2(epoll, got, 4, &(struct timespec){0, 1000000}, NULL));
    SHOW(poll(&(struct pollfd){event, POLLIN | POLLOUT, 0}, 1, 0));
    fd_set set;
    FD_ZERO(&set);
    FD_SET(event, &set);
    SHOW(select(event + 1, &set, NULL, NULL, NULL));
    SHOW(eventfd_read(event, &value));
    SHOW(eventfd_read(event, &value));
    SHOW(eventfd_write(event, 8));
    int copy = dup(event);
    SHOW(close(event));
    SHOW(read(copy, &value, sizeof(value)));
    show("value %llu", (unsigned long long)value);
}

int main(void)
{
    for (int threaded = 0; threaded < 2; threaded++) {
        tcp();
        udp();
        passing();
        waiting();
        become_threaded();
    }
    return 0;
}
