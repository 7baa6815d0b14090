/* SPDX-License-Identifier: MIT */
/* Cases of libc_time.def, libc_file.def, libc_io.def; see effects.h. */
#include <aio.h>
#include <dirent.h>
#include <fcntl.h>
#include <glob.h>
#include <mqueue.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/times.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "effects.h"

#define ZERO(object) memset(object, 0, 512)
static int null(void) { return open("/dev/null", O_RDWR); }

/* --- numbers, tokens */
CASE(atoi, "r a 3") { text(a, "12,"); GO; USE(atoi(a)); }
CASE(atol, "r a 3") { text(a, "12"); GO; USE(atol(a)); }
CASE(atoll, "r a 3") { text(a, "12"); GO; USE(atoll(a)); }
CASE(atof, "r a 4") { text(a, "1.5"); GO; USE((long)atof(a)); }
#define INTEGER(name) CASE(name, "r a 3; w b 8") { text(a, "12,"); GO; USE(name(a, (char **)(void *)b, 10)); }
INTEGER(strtol) INTEGER(strtoul) INTEGER(strtoll) INTEGER(strtoull)
#define FLOATING(name) CASE(name, "r a 4; w b 8") { text(a, "1.5,"); GO; USE((long)name(a, (char **)(void *)b)); }
FLOATING(strtod) FLOATING(strtof) FLOATING(strtold)
CASE(strtol, "r a 4") { text(a, " -5"); GO; USE(strtol(a, NULL, 10)); }
CASE(ecvt, "w a 4; w b 4; w other 4") { GO; USE(ecvt(1.5, 3, (int *)(void *)a, (int *)(void *)b)); }
CASE(fcvt, "w a 4; w b 4; w other 5") { GO; USE(fcvt(1.5, 3, (int *)(void *)a, (int *)(void *)b)); }
CASE(gcvt, "w a 4") { GO; USE(gcvt(1.5, 3, a)); }
CASE(ecvt_r, "w a 4; w b 4; w c 20") { GO; ecvt_r(1.5, 3, (int *)(void *)a, (int *)(void *)b, c, 20); }
CASE(fcvt_r, "w a 4; w b 4; w c 20") { GO; fcvt_r(1.5, 3, (int *)(void *)a, (int *)(void *)b, c, 20); }
CASE(a64l, "r a 3") { text(a, "ab"); GO; USE(a64l(a)); }
CASE(l64a, "w other 3") { GO; USE(l64a(100)); }
CASE(strtok, "r a 3; r b 2; w a+2 1; w the place where strtok goes on 8") { text(a, "ab cd"); text(b, " "); GO; strtok(a, b); }
CASE(strtok_r, "r a 3; r b 2; w a+2 1; w c 8") { text(a, "ab cd"); text(b, " "); GO; strtok_r(a, b, (char **)(void *)c); }
CASE(strtok_r, "r a+3 3; r b 2; r c 8; w a+5 1; w c 8") { text(a, "ab cd"); text(b, " "); strtok_r(a, b, (char **)(void *)c); GO; strtok_r(NULL, b, (char **)(void *)c); }
CASE(strsep, "r a 3; r b 2; r c 8; w a+2 1; w c 8") { text(a, "ab cd"); text(b, " "); *(char **)(void *)c = a; GO; strsep((char **)(void *)c, b); }
CASE(strsep, "r a 3; r b 2; r c 8; w c 8") { text(a, "ab"); text(b, " "); *(char **)(void *)c = a; GO; strsep((char **)(void *)c, b); }

/* --- times */
CASE(time, "w a 8") { GO; time((time_t *)(void *)a); }
CASE(gettimeofday, "w a 16; w b 8") { GO; gettimeofday((void *)a, (void *)b); }
CASE(clock_gettime, "w a 16") { GO; clock_gettime(CLOCK_MONOTONIC, (void *)a); }
CASE(clock_gettime, "") { GO; clock_gettime(1000, (void *)a); }
CASE(clock_getres, "w a 16") { GO; clock_getres(CLOCK_MONOTONIC, (void *)a); }
CASE(clock_getcpuclockid, "w a 4") { GO; clock_getcpuclockid(0, (void *)a); }
CASE(timespec_get, "w a 16") { GO; timespec_get((void *)a, TIME_UTC); }
CASE(timespec_getres, "w a 16") { GO; timespec_getres((void *)a, TIME_UTC); }
CASE(times, "w a 32") { GO; times((void *)a); }
CASE(nanosleep, "r a 16") { ZERO(a); GO; nanosleep((void *)a, (void *)b); }
CASE(clock_nanosleep, "r a 16") { ZERO(a); GO; clock_nanosleep(CLOCK_MONOTONIC, 0, (void *)a, (void *)b); }
CASE(localtime, "r a 8; w other 56") { ZERO(a); GO; USE(localtime((void *)a)); }
CASE(gmtime, "r a 8; w other 56") { ZERO(a); GO; USE(gmtime((void *)a)); }
CASE(localtime_r, "r a 8; w b 56") { ZERO(a); GO; localtime_r((void *)a, (void *)b); }
CASE(gmtime_r, "r a 8; w b 56") { ZERO(a); GO; gmtime_r((void *)a, (void *)b); }
CASE(mktime, "r a 56; w a 56") { ZERO(a); a[12] = 1; GO; mktime((void *)a); }
CASE(timegm, "r a 56; w a 56") { ZERO(a); a[12] = 1; GO; timegm((void *)a); }
CASE(asctime, "r a 56; w other 26") { ZERO(a); GO; USE(asctime((void *)a)); }
CASE(asctime_r, "r a 56; w b 26") { ZERO(a); GO; asctime_r((void *)a, b); }
CASE(ctime, "r a 8; w other 26") { ZERO(a); GO; USE(ctime((void *)a)); }
CASE(ctime_r, "r a 8; w b 26") { ZERO(a); GO; ctime_r((void *)a, b); }
CASE(strftime, "r b 3; r c 56; w a 5") { text(b, "%Y"); ZERO(c); GO; strftime(a, 20, b, (void *)c); }
CASE(strptime, "r a 5; r b 3; w c 56") { text(a, "2020x"); text(b, "%Y"); GO; strptime(a, b, (void *)c); }
CASE(getitimer, "w a 32") { GO; getitimer(ITIMER_REAL, (void *)a); }
CASE(setitimer, "r a 32; w b 32") { ZERO(a); GO; setitimer(ITIMER_REAL, (void *)a, (void *)b); }
CASE(timerfd_settime, "r a 32; r descriptor 8; w b 32") { int fd = timerfd_create(CLOCK_MONOTONIC, 0); ZERO(a); GO; timerfd_settime(fd, 0, (void *)a, (void *)b); }
CASE(timerfd_gettime, "r descriptor 8; w a 32") { int fd = timerfd_create(CLOCK_MONOTONIC, 0); GO; timerfd_gettime(fd, (void *)a); }
CASE(utimes, "r a 2; r b 32") { text(a, "/"); a[0] = '\1'; GO; utimes(a, (void *)b); }
CASE(utimensat, "r a 2; r b 32") { text(a, "\1"); GO; utimensat(-1, a, (void *)b, 0); }

/* --- files by name: nothing of that name exists, where something would be changed */
#define PATH(name, ...) CASE(name, "r a 3") { text(a, "\1/"); GO; USE(name(a, ##__VA_ARGS__)); }
PATH(open, O_RDONLY) PATH(open64, O_RDONLY) PATH(creat, 0600) PATH(creat64, 0600) PATH(access, 0) PATH(eaccess, 0) PATH(chdir)
PATH(chmod, 0) PATH(lchmod, 0) PATH(chown, 0, 0) PATH(lchown, 0, 0) PATH(unlink) PATH(rmdir) PATH(mkfifo, 0) PATH(truncate, 0)
PATH(truncate64, 0) PATH(pathconf, 0) PATH(opendir)
CASE(mkdir, "r a 4") { text(a, "\1/x"); GO; mkdir(a, 0); }
CASE(mknod, "r a 4") { text(a, "\1/x"); GO; mknod(a, 0, 0); }
#define PATH_AT(name, ...) CASE(name, "r a 3") { text(a, "\1/"); GO; USE(name(-1, a, ##__VA_ARGS__)); }
PATH_AT(openat, O_RDONLY) PATH_AT(openat64, O_RDONLY) PATH_AT(faccessat, 0, 0) PATH_AT(fchmodat, 0, 0) PATH_AT(fchownat, 0, 0, 0)
PATH_AT(unlinkat, 0) PATH_AT(mkdirat, 0) PATH_AT(mkfifoat, 0) PATH_AT(mknodat, 0, 0) PATH_AT(inotify_add_watch, 0)
#define PATHS(name) CASE(name, "r a 3; r b 3") { text(a, "\1/"); text(b, "\1/"); GO; USE(name(a, b)); }
PATHS(link) PATHS(symlink)
CASE(open, "r a 10; w descriptor 8") { text(a, "/dev/null"); GO; open(a, O_RDONLY); }
CASE(shm_open, "r a 3") { text(a, "x/"); GO; shm_open(a, O_RDONLY, 0); }
CASE(memfd_create, "r a 3; w descriptor 8") { text(a, "ab"); GO; memfd_create(a, 0); }
CASE(mkstemp, "r a 16; w a 16; w descriptor 8") { text(a, "/tmp/efctXXXXXX"); GO; mkstemp(a); STOP; unlink(a); }
CASE(mkdtemp, "r a 16; w a 16") { text(a, "/tmp/efctXXXXXX"); GO; mkdtemp(a); STOP; rmdir(a); }
CASE(readlink, "r a 15; w b 3") { text(a, "/proc/self/cwd"); GO; USE(readlink(a, b, 3)); }
CASE(readlinkat, "r a 15; w b 3") { text(a, "/proc/self/cwd"); GO; USE(readlinkat(AT_FDCWD, a, b, 3)); }
CASE(realpath, "r a 6; w b 2") { text(a, "/tmp/../"); a[5] = 0; text(a, "/./.."); GO; USE(realpath(a, b)); }
CASE(getcwd, "w a 2") { chdir("/"); GO; USE(getcwd(a, 100)); }
CASE(get_current_dir_name, "w other 2") { unsetenv("PWD"); GO; USE(get_current_dir_name()); }
CASE(stat, "r a 2; w b 144") { text(a, "/"); GO; stat(a, (void *)b); }
CASE(stat, "r a 2") { text(a, "\1"); GO; stat(a, (void *)b); }
CASE(lstat, "r a 2; w b 144") { text(a, "/"); GO; lstat(a, (void *)b); }
CASE(fstat, "r descriptor 8; w b 144") { int fd = null(); GO; fstat(fd, (void *)b); }
CASE(fstatat, "r a 2; w b 144") { text(a, "/"); GO; fstatat(AT_FDCWD, a, (void *)b, 0); }
CASE(statx, "r a 2; w b 256") { text(a, "/"); GO; statx(AT_FDCWD, a, 0, STATX_ALL, (void *)b); }
CASE(statfs, "r a 2; w b 120") { text(a, "/"); GO; statfs(a, (void *)b); }
CASE(fstatfs, "r descriptor 8; w b 120") { int fd = null(); GO; fstatfs(fd, (void *)b); }
CASE(statvfs, "r a 2; w b 112") { text(a, "/"); GO; statvfs(a, (void *)b); }
CASE(fstatvfs, "r descriptor 8; w b 112") { int fd = null(); GO; fstatvfs(fd, (void *)b); }
CASE(getxattr, "r a 2; r b 7") { text(a, "/"); text(b, "user.x"); GO; getxattr(a, b, c, 10); }
CASE(setxattr, "r a 2; r b 7; r c 3") { text(a, "\1"); text(b, "user.x"); GO; setxattr(a, b, c, 3, 0); }
CASE(readdir, "w other 21; w other 8") { DIR *dir = opendir("/proc/self/fdinfo"); GO; readdir(dir); }
CASE(rewinddir, "r other 8") { DIR *dir = opendir("/"); GO; rewinddir(dir); }
CASE(telldir, "r other 8") { DIR *dir = opendir("/"); GO; telldir(dir); }
CASE(seekdir, "r other 8") { DIR *dir = opendir("/"); GO; seekdir(dir, 0); }
CASE(dirfd, "r other 8") { DIR *dir = opendir("/"); GO; dirfd(dir); }
CASE(closedir, "w descriptor 8") { DIR *dir = opendir("/"); GO; closedir(dir); }
CASE(fdopendir, "r descriptor 8") { int fd = open("/", O_RDONLY); GO; fdopendir(fd); }
CASE(globfree, "r b 72; w b 72") { glob("/proc", 0, NULL, (void *)b); GO; globfree((void *)b); }
CASE(glob, "r a 6; w b 72; w other 16; w other 6") { text(a, "/proc"); GO; glob(a, 0, NULL, (void *)b); }

/* --- bytes through descriptors */
CASE(read, "r descriptor 8; w a 3") { int fd = file_with("abc"); GO; read(fd, a, 10); }
CASE(read, "r descriptor 8") { int fd = file_with(""); GO; read(fd, a, 10); }
CASE(pread, "r descriptor 8; w a 2") { int fd = file_with("abc"); GO; pread(fd, a, 10, 1); }
#define PARTS(in, one, two) (((struct iovec *)(void *)in)[0] = (struct iovec){a, one}, ((struct iovec *)(void *)in)[1] = (struct iovec){b, two}, (struct iovec *)(void *)in)
CASE(readv, "r c 32; r descriptor 8; w a 2; w b 3") { int fd = file_with("abcde"); PARTS(c, 2, 10); GO; readv(fd, (void *)c, 2); }
CASE(preadv, "r c 32; r descriptor 8; w a 2; w b 2") { int fd = file_with("abcde"); PARTS(c, 2, 10); GO; preadv(fd, (void *)c, 2, 1); }
CASE(preadv2, "r c 32; r descriptor 8; w a 2; w b 2") { int fd = file_with("abcde"); PARTS(c, 2, 10); GO; preadv2(fd, (void *)c, 2, 1, 0); }
CASE(write, "r a 3; r descriptor 8") { int fd = null(); GO; write(fd, a, 3); }
CASE(pwrite, "r a 3; r descriptor 8") { int fd = null(); GO; pwrite(fd, a, 3, 0); }
CASE(writev, "r a 2; r b 10; r c 32; r descriptor 8") { int fd = null(); PARTS(c, 2, 10); GO; writev(fd, (void *)c, 2); }
CASE(pwritev, "r a 2; r b 10; r c 32; r descriptor 8") { int fd = file_with(""); PARTS(c, 2, 10); GO; pwritev(fd, (void *)c, 2, 0); }
CASE(pwritev2, "r a 2; r b 10; r c 32; r descriptor 8") { int fd = file_with(""); PARTS(c, 2, 10); GO; pwritev2(fd, (void *)c, 2, 0, 0); }
static int pair[2];
static void connected(int type) { socketpair(AF_UNIX, type, 0, pair); }
static void message(void *at)
{
    struct msghdr *head = at;
    memset(head, 0, sizeof(*head));
    head->msg_iov = PARTS(c, 2, 10);
    head->msg_iovlen = 2;
}
CASE(recv, "r descriptor 8; w a 3") { connected(SOCK_STREAM); write(pair[1], "abc", 3); GO; recv(pair[0], a, 10, 0); }
CASE(recvfrom, "r b 4; r descriptor 8; w a 3; w b 4") { connected(SOCK_STREAM); write(pair[1], "abc", 3); *(int *)(void *)b = 100; GO; recvfrom(pair[0], a, 10, 0, (void *)c, (void *)b); }
CASE(send, "r a 3; r descriptor 8") { connected(SOCK_STREAM); GO; send(pair[0], a, 3, 0); }
CASE(sendto, "r a 3; r descriptor 8") { connected(SOCK_STREAM); GO; sendto(pair[0], a, 3, 0, NULL, 0); }
CASE(sendmsg, "r a 2; r b 10; r c 32; r d 56; r descriptor 8") { connected(SOCK_STREAM); message(d); GO; sendmsg(pair[0], (void *)d, 0); }
CASE(recvmsg, "r c 32; r d 56; r descriptor 8; w a 2; w b 1; w d+40 8; w d+48 4; w d+8 4") { connected(SOCK_STREAM); write(pair[1], "abc", 3); message(d); GO; recvmsg(pair[0], (void *)d, 0); }
CASE(sendmmsg, "r a 2; r b 10; r c 32; r d 56; r descriptor 8; w d+56 4") { connected(SOCK_DGRAM); message(d); GO; sendmmsg(pair[0], (void *)d, 1, 0); }
CASE(recvmmsg, "r c 32; r d 56; r descriptor 8; w a 2; w b 1; w d+40 8; w d+48 4; w d+56 4; w d+8 4") { connected(SOCK_DGRAM); write(pair[1], "abc", 3); message(d); GO; recvmmsg(pair[0], (void *)d, 1, 0, NULL); }
CASE(eventfd_read, "r descriptor 8; w a 8") { int fd = eventfd(3, 0); GO; eventfd_read(fd, (void *)a); }
CASE(eventfd_write, "r descriptor 8") { int fd = eventfd(3, 0); GO; eventfd_write(fd, 1); }
CASE(sendfile, "r a 8; r descriptor 8; w a 8") { int from = file_with("abc"), to = file_with(""); ZERO(a); GO; sendfile(to, from, (void *)a, 3); }

/* --- descriptors */
CASE(close, "w descriptor 8") { int fd = null(); GO; close(fd); }
CASE(dup, "r descriptor 8; w descriptor 8") { GO; dup(0); }
CASE(dup2, "r descriptor 8") { int fd = null(); GO; dup2(0, fd); }
CASE(dup3, "r descriptor 8") { int fd = null(); GO; dup3(0, fd, 0); }
CASE(socket, "w descriptor 8") { GO; socket(AF_UNIX, SOCK_STREAM, 0); }
CASE(epoll_create, "w descriptor 8") { GO; epoll_create(1); }
CASE(epoll_create1, "w descriptor 8") { GO; epoll_create1(0); }
CASE(eventfd, "w descriptor 8") { GO; eventfd(0, 0); }
CASE(timerfd_create, "w descriptor 8") { GO; timerfd_create(CLOCK_MONOTONIC, 0); }
CASE(inotify_init, "w descriptor 8") { GO; inotify_init(); }
CASE(inotify_init1, "w descriptor 8") { GO; inotify_init1(0); }
CASE(signalfd, "r a 8; w descriptor 8") { ZERO(a); GO; signalfd(-1, (void *)a, 0); }
CASE(pipe, "w a 8; w descriptor 8") { GO; pipe((int *)(void *)a); }
CASE(pipe2, "w a 8; w descriptor 8") { GO; pipe2((int *)(void *)a, 0); }
CASE(socketpair, "w a 8; w descriptor 8") { GO; socketpair(AF_UNIX, SOCK_STREAM, 0, (int *)(void *)a); }
#define WITH_FD(name, ...) CASE(name, "r descriptor 8") { int fd = file_with("abc"); GO; USE(name(fd, ##__VA_ARGS__)); }
WITH_FD(lseek, 0, SEEK_SET) WITH_FD(lseek64, 0, SEEK_SET) WITH_FD(fsync) WITH_FD(fdatasync) WITH_FD(ftruncate, 2) WITH_FD(ftruncate64, 2)
WITH_FD(fallocate, 0, 0, 10) WITH_FD(fallocate64, 0, 0, 10) WITH_FD(posix_fallocate, 0, 10) WITH_FD(posix_fallocate64, 0, 10)
WITH_FD(posix_fadvise, 0, 0, 0) WITH_FD(posix_fadvise64, 0, 0, 0) WITH_FD(readahead, 0, 1) WITH_FD(lockf, F_TEST, 0) WITH_FD(lockf64, F_TEST, 0)
WITH_FD(fchmod, 0600) WITH_FD(fchown, -1, -1) WITH_FD(fchdir) WITH_FD(isatty) WITH_FD(listen, 1) WITH_FD(shutdown, 0) WITH_FD(tcgetpgrp)
WITH_FD(tcsetpgrp, 1) WITH_FD(tcdrain) WITH_FD(tcflush, 0) WITH_FD(sockatmark) WITH_FD(sync_file_range, 0, 0, 0)
CASE(fcntl, "r descriptor 8; w descriptor 8") { GO; fcntl(0, F_DUPFD, 0); }
CASE(fcntl, "r a 32; r descriptor 8; w a 32") { int fd = file_with("abc"); ZERO(a); GO; fcntl(fd, F_GETLK, a); }
CASE(fcntl64, "r descriptor 8") { GO; fcntl64(0, F_GETFD); }
CASE(ioctl, "r descriptor 8; w a 4") { connected(SOCK_STREAM); GO; ioctl(pair[0], FIONREAD, a); }
CASE(ioctl, "r a 4; r descriptor 8") { connected(SOCK_STREAM); ZERO(a); GO; ioctl(pair[0], FIONBIO, a); }
CASE(bind, "r a 3; r descriptor 8") { int fd = socket(AF_UNIX, SOCK_STREAM, 0); GO; bind(fd, (void *)a, 3); }
CASE(connect, "r a 3; r descriptor 8") { int fd = socket(AF_UNIX, SOCK_STREAM, 0); GO; connect(fd, (void *)a, 3); }
CASE(getsockname, "r b 4; r descriptor 8; w a 2; w b 4") { connected(SOCK_STREAM); *(int *)(void *)b = 100; GO; getsockname(pair[0], (void *)a, (void *)b); }
CASE(getpeername, "r b 4; r descriptor 8; w a 2; w b 4") { connected(SOCK_STREAM); *(int *)(void *)b = 100; GO; getpeername(pair[0], (void *)a, (void *)b); }
CASE(getsockopt, "r b 4; r descriptor 8; w a 4; w b 4") { connected(SOCK_STREAM); *(int *)(void *)b = 100; GO; getsockopt(pair[0], SOL_SOCKET, SO_TYPE, a, (void *)b); }
CASE(setsockopt, "r a 4; r descriptor 8") { connected(SOCK_STREAM); ZERO(a); GO; setsockopt(pair[0], SOL_SOCKET, SO_KEEPALIVE, a, 4); }

/* --- waiting */
CASE(poll, "r a 6; r descriptor 8; w a+6 2") { *(struct pollfd *)(void *)a = (struct pollfd){null(), POLLOUT, 0x7777}; GO; poll((void *)a, 1, 0); }
CASE(ppoll, "r a 6; r b 16; r c 8; r descriptor 8; w a+6 2") { *(struct pollfd *)(void *)a = (struct pollfd){null(), POLLOUT, 0x7777}; ZERO(b); ZERO(c); GO; ppoll((void *)a, 1, (void *)b, (void *)c); }
CASE(select, "r a 8; r b 16; r descriptor 8; w a 8; w b 16") { ZERO(a); ZERO(b); FD_SET(dup2(null(), 50), (fd_set *)(void *)a); GO; select(60, (void *)a, NULL, NULL, (void *)b); }
CASE(pselect, "r a 8; r b 16; r c 8; r descriptor 8; w a 8") { ZERO(a); ZERO(b); ZERO(c); FD_SET(dup2(null(), 50), (fd_set *)(void *)a); GO; pselect(60, (void *)a, NULL, NULL, (void *)b, (void *)c); }
static int watching(void)
{
    int epoll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN};
    epoll_ctl(epoll, EPOLL_CTL_ADD, eventfd(1, 0), &event);
    return epoll;
}
CASE(epoll_ctl, "r a 12; r descriptor 8") { int fd = eventfd(1, 0), epoll = epoll_create1(0); GO; epoll_ctl(epoll, EPOLL_CTL_ADD, fd, (void *)a); }
CASE(epoll_wait, "r descriptor 8; w a 12") { int epoll = watching(); GO; epoll_wait(epoll, (void *)a, 10, 0); }
CASE(epoll_pwait, "r b 8; r descriptor 8; w a 12") { int epoll = watching(); ZERO(b); GO; epoll_pwait(epoll, (void *)a, 10, 0, (void *)b); }
CASE(msgsnd, "r a 13") { GO; msgsnd(-1, a, 5, 0); }
