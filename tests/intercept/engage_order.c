/* SPDX-License-Identifier: MIT */
/* Order through the kernel: two threads take two locks in opposite orders, and only something that passes from the
 * first to the second makes it harmless. `engage_order WAY` passes it that way; every way must be silent, but
 * "nothing", where the second thread waits for the first unseen. `engage_order` lists the ways.
 *
 * An interceptor that does not engage leaves the order unknown, and a lock-order cycle is reported. */
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static pthread_t taker_thread;
static pid_t taker_tid;
static int fds[2], extra[2], listener, epoll, queue, word, taker_ready, unseen;
static mqd_t mq;
static sigset_t usr1;
static volatile sig_atomic_t handled;
static struct sockaddr_in address;
static struct sockaddr_un path = {AF_UNIX, "engage.socket"};
static char byte = 'x';
static struct iovec part = {&byte, 1};
static struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
static struct mmsghdr messages = {.msg_hdr = {.msg_iov = &part, .msg_iovlen = 1}};
static struct { long type; char text[4]; } letter = {1, "abc"};
static const struct timespec minute = {60, 0};

static void lock_both(pthread_mutex_t *first, pthread_mutex_t *second)
{
    pthread_mutex_lock(first);
    pthread_mutex_lock(second);
    pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
}

static void check(long result)
{
    if (result < 0) {
        perror("engage_order");
        _exit(3);
    }
}

static void await(int *flag)
{
    while (!__atomic_load_n(flag, __ATOMIC_ACQUIRE))
        sched_yield();
}

static struct timespec in_a_minute(void)
{
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    time.tv_sec += 60;
    return time;
}

/* --- before the threads start -------------------------------------------------------------------- */

static void none(void) {}
static void with_pipe(void) { check(pipe(fds)); }
static void with_pair(void) { check(socketpair(AF_UNIX, SOCK_STREAM, 0, fds)); }
static void with_eventfd(void) { check(fds[0] = fds[1] = eventfd(0, 0)); }
static void with_timerfd(void) { check(fds[0] = timerfd_create(CLOCK_MONOTONIC, 0)); }
static void with_dup(void) { check(pipe(extra)); check(fds[0] = dup(extra[0])); check(fds[1] = dup(extra[1])); }
static void with_dup_of_pair(void)
{
    with_pair();
    check(extra[0] = dup(fds[0]));
    check(dup2(fds[1], 100));
    check(dup3(100, 101, O_CLOEXEC));
    check(extra[1] = fcntl(101, F_DUPFD, 200));
    close(fds[0]), close(fds[1]), close(100), close(101);
    fds[0] = extra[0], fds[1] = extra[1];
}
static void with_two_pipes(void) { check(pipe(fds)); check(pipe(extra)); }
static void with_epoll(void)
{
    struct epoll_event wanted = {EPOLLIN | EPOLLET, {.u64 = 12345}};
    with_eventfd();
    check(epoll = epoll_create1(0));
    check(epoll_ctl(epoll, EPOLL_CTL_ADD, fds[0], &wanted));
}

static void bind_here(int fd)
{
    socklen_t length = sizeof(address);
    address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    check(bind(fd, (struct sockaddr *)&address, sizeof(address)));
    check(getsockname(fd, (struct sockaddr *)&address, &length));
}
static void with_udp(void)
{
    check(fds[0] = socket(AF_INET, SOCK_DGRAM, 0));
    check(fds[1] = socket(AF_INET, SOCK_DGRAM, 0));
    bind_here(fds[0]);
}
static void with_connected_udp(void)
{
    with_udp();
    check(connect(fds[1], (struct sockaddr *)&address, sizeof(address)));
}
static void with_listener(void)
{
    check(listener = socket(AF_INET, SOCK_STREAM, 0));
    bind_here(listener);
    check(listen(listener, 1));
    check(fds[1] = socket(AF_INET, SOCK_STREAM, 0));
}
static void with_tcp(void)
{
    with_listener();
    check(connect(fds[1], (struct sockaddr *)&address, sizeof(address)));
    check(fds[0] = accept(listener, NULL, NULL));
}
static void with_unix_listener(void)
{
    unlink(path.sun_path);
    check(listener = socket(AF_UNIX, SOCK_STREAM, 0));
    check(bind(listener, (struct sockaddr *)&path, sizeof(path)));
    check(listen(listener, 1));
    check(fds[1] = socket(AF_UNIX, SOCK_STREAM, 0));
}
static void with_unix(void)
{
    with_unix_listener();
    check(connect(fds[1], (struct sockaddr *)&path, sizeof(path)));
    check(fds[0] = accept(listener, NULL, NULL));
    unlink(path.sun_path);
}
static void with_queue(void) { check(queue = msgget(IPC_PRIVATE, 0600)); }
static void with_set(void) { check(queue = semget(IPC_PRIVATE, 1, 0600)); }
static void with_mq(void)
{
    struct mq_attr attr = {.mq_maxmsg = 2, .mq_msgsize = 4};
    check(mq = mq_open("/detect-engage", O_RDWR | O_CREAT, 0600, &attr));
    mq_unlink("/detect-engage");
}
static void on_signal(int signo) { handled = signo; }
static void with_handler(void) { signal(SIGUSR1, on_signal); }
static void with_blocked(void) { pthread_sigmask(SIG_BLOCK, &usr1, NULL); }
static void with_signalfd(void) { with_blocked(); check(fds[0] = signalfd(-1, &usr1, 0)); }

/* --- what the first thread does last ----------------------------------------------------------------- */

static void give_write(void) { check(write(fds[1], "12345678", 8)); }
static void give_writev(void) { check(writev(fds[1], &part, 1)); }
static void give_send(void) { check(send(fds[1], "x", 1, 0)); }
static void give_sendto(void) { check(sendto(fds[1], "x", 1, 0, (struct sockaddr *)&address, sizeof(address))); }
static void give_sendmsg(void) { check(sendmsg(fds[1], &message, 0)); }
static void give_sendmmsg(void) { check(sendmmsg(fds[1], &messages, 1, 0)); }
static void give_eventfd_write(void) { check(eventfd_write(fds[1], 1)); }
static void give_timer(void)
{
    struct itimerspec soon = {{0, 0}, {0, 1000000}};
    check(timerfd_settime(fds[0], 0, &soon, NULL));
}
static void give_shutdown(void) { check(shutdown(fds[1], SHUT_WR)); }
static void give_close(void) { check(close(fds[1])); }
static void give_fclose(void) { fclose(fdopen(fds[1], "w")); }
static void give_close_by_number(void) { check(syscall(SYS_close, fds[1])); }
static void give_splice(void)
{
    check(write(extra[1], "x", 1));
    check(splice(extra[0], NULL, fds[1], NULL, 1, 0));
}
static void give_tee(void)
{
    check(write(extra[1], "x", 1));
    check(tee(extra[0], fds[1], 1, 0));
}
static void give_vmsplice(void) { check(vmsplice(fds[1], &part, 1, 0)); }
static void give_sendfile(void)
{
    int file = open("/proc/self/exe", O_RDONLY);
    check(sendfile(fds[1], file, NULL, 1));
}
static void give_connect(void) { check(connect(fds[1], (struct sockaddr *)&address, sizeof(address))); }
static void give_connect_unix(void) { check(connect(fds[1], (struct sockaddr *)&path, sizeof(path))); }
static void give_msgsnd(void) { check(msgsnd(queue, &letter, 4, 0)); }
static void give_semop(void) { check(semop(queue, &(struct sembuf){0, 1, 0}, 1)); }
static void give_semtimedop(void) { check(semtimedop(queue, &(struct sembuf){0, 1, 0}, 1, &minute)); }
static void give_mq_send(void) { check(mq_send(mq, "abc", 3, 1)); }
static void give_mq_timedsend(void)
{
    struct timespec until = in_a_minute();
    check(mq_timedsend(mq, "abc", 3, 1, &until));
}
static void give_futex(void)
{
    __atomic_store_n(&word, 1, __ATOMIC_RELEASE);
    check(syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0));
}
static void give_kill(void) { check(kill(getpid(), SIGUSR1)); }
static void give_killpg(void) { check(setpgid(0, 0)); check(killpg(getpid(), SIGUSR1)); }
static void give_pthread_kill(void) { check(-pthread_kill(taker_thread, SIGUSR1)); }
static void give_tgkill(void) { check(tgkill(getpid(), taker_tid, SIGUSR1)); }
static void give_sigqueue(void) { check(sigqueue(getpid(), SIGUSR1, (union sigval){0})); }
static void give_pthread_sigqueue(void) { check(-pthread_sigqueue(taker_thread, SIGUSR1, (union sigval){0})); }
static void callback(union sigval value)
{
    lock_both(&b, &a);
    __atomic_store_n((int *)value.sival_ptr, 1, __ATOMIC_RELEASE);
}
static void give_timer_thread(void)
{
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = callback,
                             .sigev_value.sival_ptr = &unseen};
    struct itimerspec soon = {{0, 0}, {0, 1000000}};
    check(timer_create(CLOCK_MONOTONIC, &event, &timer));
    check(timer_settime(timer, 0, &soon, NULL));
}
static void give_unseen(void) { __atomic_store_n(&unseen, 1, __ATOMIC_RELEASE); }

void __tsan_acquire(void *) __attribute__((weak));
void __tsan_release(void *) __attribute__((weak));
void AnnotateHappensBefore(const char *, int, const volatile void *) __attribute__((weak));
void AnnotateHappensAfter(const char *, int, const volatile void *) __attribute__((weak));
static void give_tsan(void)
{
    if (__tsan_release)
        __tsan_release(&word);
    give_unseen();
}
static void give_annotation(void)
{
    if (AnnotateHappensBefore)
        AnnotateHappensBefore(__FILE__, __LINE__, &word);
    give_unseen();
}

/* --- what the second thread does first ----------------------------------------------------------------- */

static void take_read(void) { char data[256]; check(read(fds[0], data, sizeof(data))); }
static void take_readv(void) { check(readv(fds[0], &part, 1)); }
static void take_recv(void) { check(recv(fds[0], &byte, 1, 0)); }
static void take_recvfrom(void) { check(recvfrom(fds[0], &byte, 1, 0, NULL, NULL)); }
static void take_recvmsg(void) { struct msghdr got = message; check(recvmsg(fds[0], &got, 0)); }
static void take_recvmmsg(void) { struct mmsghdr got = messages; check(recvmmsg(fds[0], &got, 1, 0, NULL)); }
static void take_eventfd_read(void) { eventfd_t value; check(eventfd_read(fds[0], &value)); }
static void take_poll(void) { check(poll(&(struct pollfd){fds[0], POLLIN, 0}, 1, -1)); }
static void take_ppoll(void) { check(ppoll(&(struct pollfd){fds[0], POLLIN, 0}, 1, &minute, NULL)); }
static void take_select(void)
{
    fd_set set;
    FD_ZERO(&set);
    FD_SET(fds[0], &set);
    check(select(fds[0] + 1, &set, NULL, NULL, NULL));
}
static void take_pselect(void)
{
    fd_set set;
    FD_ZERO(&set);
    FD_SET(fds[0], &set);
    check(pselect(fds[0] + 1, &set, NULL, NULL, NULL, NULL));
}
static void take_epoll_wait(void) { struct epoll_event got; check(epoll_wait(epoll, &got, 1, -1)); }
static void take_epoll_pwait(void) { struct epoll_event got; check(epoll_pwait(epoll, &got, 1, -1, NULL)); }
static void take_epoll_pwait2(void) { struct epoll_event got; check(epoll_pwait2(epoll, &got, 1, NULL, NULL)); }
static void take_splice(void) { check(splice(fds[0], NULL, extra[1], NULL, 1, 0)); }
static void take_accept(void) { check(accept(listener, NULL, NULL)); }
static void take_accept4(void) { check(accept4(listener, NULL, NULL, SOCK_CLOEXEC)); }
static void take_msgrcv(void) { check(msgrcv(queue, &letter, 4, 0, 0)); }
static void take_semop(void) { check(semop(queue, &(struct sembuf){0, -1, 0}, 1)); }
static void take_semtimedop(void) { check(semtimedop(queue, &(struct sembuf){0, -1, 0}, 1, &minute)); }
static void take_mq_receive(void) { char text[4]; check(mq_receive(mq, text, sizeof(text), NULL)); }
static void take_mq_timedreceive(void)
{
    char text[4];
    struct timespec until = in_a_minute();
    check(mq_timedreceive(mq, text, sizeof(text), NULL, &until));
}
static void take_futex(void)
{
    while (!__atomic_load_n(&word, __ATOMIC_ACQUIRE))
        syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
    syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0); /* EAGAIN, if it came late */
}
static void take_handler(void)
{
    pthread_sigmask(SIG_UNBLOCK, &usr1, NULL);
    while (!handled)
        sched_yield();
}
static void take_sigwait(void) { int signo; check(-sigwait(&usr1, &signo)); }
static void take_sigwaitinfo(void) { check(sigwaitinfo(&usr1, NULL)); }
static void take_sigtimedwait(void) { check(sigtimedwait(&usr1, NULL, &minute)); }
static void take_unseen(void) { await(&unseen); }
static void take_tsan(void)
{
    await(&unseen);
    if (__tsan_acquire)
        __tsan_acquire(&word);
}
static void take_annotation(void)
{
    await(&unseen);
    if (AnnotateHappensAfter)
        AnnotateHappensAfter(__FILE__, __LINE__, &word);
}

#define WAY(prepare, give, take) {#prepare "," #give "," #take, "nothing", prepare, give, take, 0}
#define WAY_NOT(prepare, give, take) {#prepare "," #give "," #take, "lock-order", prepare, give, take, 0}

static const struct way {
    const char *name, *kind;
    void (*prepare)(void), (*give)(void), (*take)(void);
    int by_callback; /* the second order is taken by the callback, not by the second thread */
} ways[] = {
    WAY_NOT(none, give_unseen, take_unseen),
    WAY_NOT(with_two_pipes, give_unseen, take_unseen),
    WAY(with_pipe, give_write, take_read),
    WAY(with_pipe, give_writev, take_readv),
    WAY(with_pipe, give_close, take_read),
    WAY(with_pipe, give_fclose, take_read),
    WAY(with_pipe, give_close_by_number, take_read),
    WAY(with_pipe, give_vmsplice, take_read),
    WAY(with_pipe, give_sendfile, take_read),
    WAY(with_pipe, give_write, take_select),
    WAY(with_pipe, give_write, take_pselect),
    WAY(with_dup, give_write, take_read),
    WAY(with_two_pipes, give_splice, take_read),
    WAY(with_two_pipes, give_tee, take_read),
    WAY(with_two_pipes, give_write, take_splice),
    WAY(with_pair, give_write, take_read),
    WAY(with_pair, give_send, take_recv),
    WAY(with_pair, give_sendmsg, take_recvmsg),
    WAY(with_pair, give_sendmmsg, take_recvmmsg),
    WAY(with_pair, give_shutdown, take_recv),
    WAY(with_dup_of_pair, give_write, take_read),
    WAY(with_eventfd, give_eventfd_write, take_eventfd_read),
    WAY(with_eventfd, give_write, take_read),
    WAY(with_eventfd, give_eventfd_write, take_poll),
    WAY(with_eventfd, give_eventfd_write, take_ppoll),
    WAY(with_epoll, give_eventfd_write, take_epoll_wait),
    WAY(with_epoll, give_eventfd_write, take_epoll_pwait),
    WAY(with_epoll, give_eventfd_write, take_epoll_pwait2),
    WAY(with_timerfd, give_timer, take_read),
    WAY(with_udp, give_sendto, take_recvfrom),
    WAY(with_connected_udp, give_send, take_recv),
    WAY(with_tcp, give_send, take_recv),
    WAY(with_tcp, give_write, take_poll),
    WAY(with_listener, give_connect, take_accept),
    WAY(with_listener, give_connect, take_accept4),
    WAY(with_unix_listener, give_connect_unix, take_accept),
    WAY(with_unix, give_send, take_recv),
    WAY(with_queue, give_msgsnd, take_msgrcv),
    WAY(with_set, give_semop, take_semop),
    WAY(with_set, give_semtimedop, take_semtimedop),
    WAY(with_mq, give_mq_send, take_mq_receive),
    WAY(with_mq, give_mq_timedsend, take_mq_timedreceive),
    WAY(none, give_futex, take_futex),
    WAY(with_handler, give_kill, take_handler),
    WAY(with_handler, give_pthread_kill, take_handler),
    WAY(with_handler, give_tgkill, take_handler),
    WAY(with_handler, give_sigqueue, take_handler),
    WAY(with_handler, give_pthread_sigqueue, take_handler),
    WAY(with_blocked, give_kill, take_sigwait),
    WAY(with_blocked, give_killpg, take_sigwaitinfo),
    WAY(with_blocked, give_kill, take_sigtimedwait),
    WAY(with_signalfd, give_kill, take_read),
    WAY(none, give_tsan, take_tsan),
    WAY(none, give_annotation, take_annotation),
    {"none,give_timer_thread,take_unseen", "nothing", none, give_timer_thread, take_unseen, 1},
};

static void *giver(void *way)
{
    await(&taker_ready);
    lock_both(&a, &b);
    ((const struct way *)way)->give();
    return NULL;
}

static void *taker(void *way)
{
    taker_tid = (pid_t)syscall(SYS_gettid);
    taker_thread = pthread_self();
    __atomic_store_n(&taker_ready, 1, __ATOMIC_RELEASE);
    ((const struct way *)way)->take();
    if (!((const struct way *)way)->by_callback)
        lock_both(&b, &a);
    return NULL;
}

static void run(const struct way *way)
{
    pthread_t first, second;
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &usr1, NULL); /* for the second thread only */
    way->prepare();
    pthread_create(&first, NULL, giver, (void *)way);
    pthread_create(&second, NULL, taker, (void *)way);
    pthread_join(first, NULL);
    pthread_join(second, NULL);
}

int main(int argc, char **argv)
{
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        if (argc < 2)
            printf("%s %s\n", ways[i].name, ways[i].kind);
        else if (strcmp(argv[1], ways[i].name) == 0)
            run(&ways[i]);
    }
    return 0;
}
