/* SPDX-License-Identifier: MIT */
/* See atomics_ask.h. Raw system calls only; every descriptor is closed before it returns. */
#include "runtime/atomics_ask.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>

#include "base/decimal.h"
#include "base/sys.h"
#include "runtime/runtime.h"

#define PATIENCE_S 120 /* for a process that answers, but does not get on */

/* --- the socket ---------------------------------------------------------------------------------------------------------------- */

static char *append(char *to, const char *end, const char *text)
{
    while (*text && to < end)
        *to++ = *text++;
    return to;
}

/* In a directory whose path is too long for an address, through its descriptor. */
static bool make_address(struct sockaddr_un *address, int directory)
{
    char digits[DECIMAL_SIZE];
    char *end = address->sun_path + sizeof(address->sun_path) - 1, *to = address->sun_path;
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    to = append(to, end, "/proc/self/fd/");
    to = append(to, end, decimal(digits, (uint64_t)directory));
    to = append(to, end, "/" ATOMICS_SOCKET);
    return to < end;
}

static int connect_in(const char *directory)
{
    struct sockaddr_un address;
    struct timeval patience = {.tv_sec = PATIENCE_S};
    int place = sys_open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
    if (place < 0)
        return place;
    long fd = sys_call(SYS_socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, 0, 0, 0), error = -ENAMETOOLONG;
    if (fd >= 0 && make_address(&address, place)) {
        sys_call(SYS_setsockopt, fd, SOL_SOCKET, SO_RCVTIMEO, (long)&patience, sizeof(patience), 0);
        do
            error = sys_call(SYS_connect, fd, (long)&address, sizeof(address), 0, 0, 0);
        while (error == -EINTR);
    }
    sys_close(place);
    if (fd >= 0 && error < 0) {
        sys_close((int)fd);
        return (int)error;
    }
    return (int)fd;
}

static bool send_question(int fd, const char *path, const char *build_id)
{
    struct iovec parts[2] = {{(char *)(uintptr_t)build_id, strlen(build_id) + 1},
                             {(char *)(uintptr_t)path, strlen(path) + 1}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    long sent;
    do
        sent = sys_call(SYS_sendmsg, fd, (long)&message, MSG_NOSIGNAL, 0, 0, 0);
    while (sent == -EINTR);
    return sent > 0;
}

/* The descriptor in the answer; -1: it has none; -2: there was no answer. */
static int receive(int fd)
{
    char byte;
    struct iovec part = {&byte, 1};
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes,
                             .msg_controllen = sizeof(control.bytes)};
    long size;
    do
        size = sys_call(SYS_recvmsg, fd, (long)&message, MSG_CMSG_CLOEXEC, 0, 0, 0);
    while (size == -EINTR);
    struct cmsghdr *header = size == 1 ? CMSG_FIRSTHDR(&message) : NULL;
    int file = size == 1 ? -1 : -2;
    if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
        header->cmsg_len == CMSG_LEN(sizeof(int)))
        memcpy(&file, CMSG_DATA(header), sizeof(int));
    return file;
}

/* --- the table ------------------------------------------------------------------------------------------------------------------ */

/* What is looked up later stays within the file, whatever it says. */
static bool is_whole(const struct atomics_header *header, uint64_t size)
{
    if (size < sizeof(*header) || header->magic != ATOMICS_MAGIC || header->version != ATOMICS_VERSION ||
        header->size != size)
        return false;
    uint64_t places = ((uint64_t)header->place_count * sizeof(struct atomics_place) + 7) & ~(uint64_t)7;
    uint64_t objects = (uint64_t)header->object_count * sizeof(struct atomics_object);
    return sizeof(*header) + places + objects + header->text_size == size;
}

static const struct atomics_header *map(int file)
{
    struct stat st;
    if (sys_call(SYS_newfstatat, file, (long)"", (long)&st, AT_EMPTY_PATH, 0, 0) != 0 || st.st_size <= 0)
        return NULL;
    long start = sys_call(SYS_mmap, 0, (long)st.st_size, PROT_READ, MAP_PRIVATE, file, 0);
    if (start < 0 && start > -4096)
        return NULL;
    const struct atomics_header *header = (const struct atomics_header *)start;
    if (is_whole(header, (uint64_t)st.st_size))
        return header;
    sys_unmap((void *)start, (size_t)st.st_size);
    return NULL;
}

enum atomics_answer atomics_ask(const char *path, const char *build_id, const struct atomics_header **table)
{
    *table = NULL;
    int fd = runtime.under_run && runtime.directory ? connect_in(runtime.directory) : -1;
    if (fd < 0)
        return ATOMICS_NOBODY_THERE;
    int file = send_question(fd, path, build_id) ? receive(fd) : -2;
    sys_close(fd);
    if (file < 0)
        return file == -1 ? ATOMICS_NOTHING_KNOWN : ATOMICS_NOBODY_THERE;
    *table = map(file);
    sys_close(file);
    return *table ? ATOMICS_ANSWERED : ATOMICS_NOTHING_KNOWN;
}
