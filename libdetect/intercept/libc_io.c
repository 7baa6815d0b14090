/* SPDX-License-Identifier: MIT */
/* Effects of functions on descriptors that the table's language cannot say: vectors, messages, sets of descriptors, controls. What
 * is read before the call is copied, since it may not be there. */
#include <aio.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <termios.h>

#include "intercept/libc_handlers.h"
#include "intercept/libc_state.h"
#include "translate/translate.h"

#define MOST_PARTS 1024u /* IOV_MAX */

static const void *pointer(const struct libc_call *call, unsigned index) { return (const void *)libc_argument(call, index); }

static bool fetch(void *to, const void *from, size_t size) { return from && tr_copy_guarded(to, from, size) == 0; }

/* --- vectors -------------------------------------------------------------------------------------------------------------------- */

/* Touches `bytes` bytes of what the parts hold, in their order. The parts themselves are read. */
static void touch_parts(struct libc_call *call, const struct iovec *parts, size_t count, size_t bytes, uint32_t flags)
{
    struct iovec part;
    for (size_t i = 0; i < count && i < MOST_PARTS && bytes > 0 && fetch(&part, &parts[i], sizeof(part)); i++) {
        size_t now = part.iov_len < bytes ? part.iov_len : bytes;
        libc_touch(call, part.iov_base, now, flags);
        bytes -= now;
    }
}

static size_t part_count(const struct libc_call *call)
{
    size_t count = libc_argument(call, 2);
    return count < MOST_PARTS ? (uint32_t)count : 0;
}

void io_vector_read(struct libc_call *call) { libc_reads(call, pointer(call, 1), part_count(call) * sizeof(struct iovec)); }

void io_vector_fill(struct libc_call *call)
{
    touch_parts(call, pointer(call, 1), part_count(call), call->result, RACE_WRITE);
}

void io_vector_drain(struct libc_call *call)
{
    io_vector_read(call);
    touch_parts(call, pointer(call, 1), part_count(call), SIZE_MAX, RACE_READ);
}

/* --- addresses: a buffer, and its length, which becomes the address's ----------------------------------------------------------------- */

static void note_length(struct libc_call *call, unsigned index)
{
    socklen_t length = 0;
    if (fetch(&length, pointer(call, index), sizeof(length)))
        libc_reads(call, pointer(call, index), sizeof(length));
    call->noted[0] = length;
}

void io_note_length_3(struct libc_call *call) { note_length(call, 2); }
void io_note_length_6(struct libc_call *call) { note_length(call, 5); }
void io_note_length_7(struct libc_call *call) { note_length(call, 6); }

static void address(struct libc_call *call, unsigned index)
{
    const socklen_t *length = pointer(call, index + 1);
    if (!pointer(call, index) || !length)
        return;
    libc_writes(call, pointer(call, index), *length < call->noted[0] ? *length : call->noted[0]);
    libc_writes(call, length, sizeof(*length));
}

void io_address_2(struct libc_call *call) { address(call, 1); }
void io_address_5(struct libc_call *call) { address(call, 4); }
void io_address_6(struct libc_call *call) { address(call, 5); }

/* MSG_TRUNC: the result is the length of the whole datagram. */
void io_received(struct libc_call *call)
{
    size_t room = libc_argument(call, 2);
    libc_writes(call, pointer(call, 1), call->result < room ? call->result : room);
}

/* --- messages ----------------------------------------------------------------------------------------------------------------------- */

static void message_read(struct libc_call *call, const struct msghdr *at, struct msghdr *message)
{
    if (!fetch(message, at, sizeof(*message))) {
        *message = (struct msghdr){0};
        return;
    }
    libc_reads(call, at, sizeof(*at));
    libc_reads(call, message->msg_iov, message->msg_iovlen * sizeof(struct iovec));
}

static void message_sent(struct libc_call *call, const struct msghdr *at)
{
    struct msghdr message;
    message_read(call, at, &message);
    libc_reads(call, message.msg_name, message.msg_namelen);
    libc_reads(call, message.msg_control, message.msg_controllen);
    touch_parts(call, message.msg_iov, message.msg_iovlen, SIZE_MAX, RACE_READ);
}

/* Descriptors come with a message. */
static void descriptors_received(struct libc_call *call, const struct msghdr *message)
{
    for (const struct cmsghdr *part = CMSG_FIRSTHDR(message); part; part = CMSG_NXTHDR((struct msghdr *)(uintptr_t)message,
                                                                                      (struct cmsghdr *)(uintptr_t)part)) {
        size_t bytes = part->cmsg_len - CMSG_LEN(0);
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS || part->cmsg_len < CMSG_LEN(0))
            continue;
        for (size_t i = 0; i < bytes / sizeof(int); i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(part) + i * sizeof(fd), sizeof(fd));
            libc_makes_fd(call, fd);
        }
    }
}

/* Lengths are the received ones by now. */
static void message_received(struct libc_call *call, const struct msghdr *message, size_t bytes)
{
    touch_parts(call, message->msg_iov, message->msg_iovlen, bytes, RACE_WRITE);
    if (message->msg_name)
        libc_writes(call, message->msg_name, message->msg_namelen);
    if (message->msg_control) {
        libc_writes(call, message->msg_control, message->msg_controllen);
        descriptors_received(call, message);
    }
    libc_writes(call, &message->msg_namelen, sizeof(message->msg_namelen));
    libc_writes(call, &message->msg_controllen, sizeof(message->msg_controllen));
    libc_writes(call, &message->msg_flags, sizeof(message->msg_flags));
}

void io_message_before(struct libc_call *call)
{
    struct msghdr message;
    message_read(call, pointer(call, 1), &message);
}

void io_message_received(struct libc_call *call) { message_received(call, pointer(call, 1), call->result); }
void io_message_sent(struct libc_call *call) { message_sent(call, pointer(call, 1)); }

static size_t message_count(const struct libc_call *call) { return (uint32_t)libc_argument(call, 2) % (MOST_PARTS + 1); }

void io_messages_before(struct libc_call *call)
{
    const struct mmsghdr *messages = pointer(call, 1);
    struct msghdr message;
    for (size_t i = 0; messages && i < message_count(call); i++)
        message_read(call, &messages[i].msg_hdr, &message);
    libc_reads(call, pointer(call, 4), sizeof(struct timespec));
}

void io_messages_received(struct libc_call *call)
{
    const struct mmsghdr *messages = pointer(call, 1);
    for (int i = 0; i < (int)call->result; i++) {
        message_received(call, &messages[i].msg_hdr, messages[i].msg_len);
        libc_writes(call, &messages[i].msg_len, sizeof(messages[i].msg_len));
    }
}

void io_messages_sent(struct libc_call *call)
{
    const struct mmsghdr *messages = pointer(call, 1);
    for (size_t i = 0; messages && i < message_count(call); i++)
        message_sent(call, &messages[i].msg_hdr);
}

void io_messages_counted(struct libc_call *call)
{
    const struct mmsghdr *messages = pointer(call, 1);
    for (int i = 0; i < (int)call->result; i++)
        libc_writes(call, &messages[i].msg_len, sizeof(messages[i].msg_len));
}

/* --- sets of descriptors ------------------------------------------------------------------------------------------------------------- */

static size_t poll_count(const struct libc_call *call)
{
    size_t count = libc_argument(call, 1);
    return count < (1u << 20) ? count : 0;
}

void io_poll_before(struct libc_call *call)
{
    const struct pollfd *fds = pointer(call, 0);
    struct pollfd entry;
    for (size_t i = 0; i < poll_count(call) && fetch(&entry, &fds[i], sizeof(entry)); i++) {
        libc_reads(call, &fds[i], offsetof(struct pollfd, revents));
        libc_uses_fd(call, entry.fd);
    }
}

void io_poll_after(struct libc_call *call)
{
    const struct pollfd *fds = pointer(call, 0);
    for (size_t i = 0; i < poll_count(call); i++)
        libc_writes(call, &fds[i].revents, sizeof(fds[i].revents));
}

/* The kernel handles whole words. */
static size_t select_bytes(const struct libc_call *call)
{
    int count = (int)libc_argument(call, 0);
    return count > 0 && count < (1 << 20) ? ((size_t)count + 63) / 64 * 8 : 0;
}

static void select_uses(struct libc_call *call, const uint64_t *set)
{
    uint64_t word;
    for (size_t i = 0; i < select_bytes(call) / 8 && fetch(&word, &set[i], sizeof(word)); i++)
        for (; word; word &= word - 1)
            libc_uses_fd(call, (int)(i * 64) + __builtin_ctzll(word));
}

void io_select_before(struct libc_call *call)
{
    for (unsigned i = 1; i <= 3; i++) {
        libc_reads(call, pointer(call, i), pointer(call, i) ? select_bytes(call) : 0);
        select_uses(call, pointer(call, i));
    }
}

void io_select_after(struct libc_call *call)
{
    for (unsigned i = 1; i <= 3; i++)
        if (pointer(call, i))
            libc_writes(call, pointer(call, i), select_bytes(call));
}

void io_epoll_ctl(struct libc_call *call)
{
    if ((int)libc_argument(call, 1) != EPOLL_CTL_DEL)
        libc_reads(call, pointer(call, 3), sizeof(struct epoll_event));
}

void io_epoll_events(struct libc_call *call)
{
    libc_writes(call, pointer(call, 1), (size_t)(int)call->result * sizeof(struct epoll_event));
}

/* --- controls ----------------------------------------------------------------------------------------------------------------------------- */

static bool fcntl_locks(const struct libc_call *call)
{
    int command = (int)libc_argument(call, 1);
    return command == F_SETLK || command == F_SETLKW || command == F_GETLK || command == F_OFD_SETLK ||
           command == F_OFD_SETLKW || command == F_OFD_GETLK;
}

void io_fcntl_before(struct libc_call *call)
{
    if (fcntl_locks(call))
        libc_reads(call, pointer(call, 2), sizeof(struct flock));
}

void io_fcntl_after(struct libc_call *call)
{
    int command = (int)libc_argument(call, 1);
    if ((int)call->result == 0 && (command == F_GETLK || command == F_OFD_GETLK))
        libc_writes(call, pointer(call, 2), sizeof(struct flock));
}

/* The known ones that have no size in their number; newer ones say direction and size themselves (_IOC). */
static const struct {
    unsigned request;
    uint16_t reads, writes;
} controls[] = {
    {FIONREAD, 0, sizeof(int)},       {FIONBIO, sizeof(int), 0},
    {FIOASYNC, sizeof(int), 0},       {TIOCOUTQ, 0, sizeof(int)},
    {TIOCGWINSZ, 0, sizeof(struct winsize)}, {TIOCSWINSZ, sizeof(struct winsize), 0},
    {TIOCGPGRP, 0, sizeof(pid_t)},    {TIOCSPGRP, sizeof(pid_t), 0},
    {TIOCMGET, 0, sizeof(int)},       {TIOCMSET, sizeof(int), 0},
    {TIOCMBIS, sizeof(int), 0},       {TIOCMBIC, sizeof(int), 0},
    {TCGETS, 0, 36},                  {TCSETS, 36, 0},
    {TCSETSW, 36, 0},                 {TCSETSF, 36, 0},
    {TIOCGSID, 0, sizeof(pid_t)},     {TIOCPKT, sizeof(int), 0},
    {0x8912 /* SIOCGIFCONF */, 16, 16},
};
#define IFREQ_BYTES 40

/* Bytes that the argument of an ioctl points to, in both directions. */
static void control_sizes(unsigned request, size_t *reads, size_t *writes)
{
    *reads = *writes = 0;
    for (size_t i = 0; i < ARRAY_LEN(controls); i++)
        if (controls[i].request == request) {
            *reads = controls[i].reads;
            *writes = controls[i].writes;
            return;
        }
    if (request >= 0x8900 && request < 0x8a00) { /* SIOC…: a struct ifreq */
        *reads = *writes = IFREQ_BYTES;
    } else {
        *reads = _IOC_DIR(request) & _IOC_WRITE ? _IOC_SIZE(request) : 0;
        *writes = _IOC_DIR(request) & _IOC_READ ? _IOC_SIZE(request) : 0;
    }
}

void io_ioctl_before(struct libc_call *call)
{
    size_t reads, writes;
    control_sizes((unsigned)libc_argument(call, 1), &reads, &writes);
    libc_reads(call, pointer(call, 2), reads);
}

void io_ioctl_after(struct libc_call *call)
{
    size_t reads, writes;
    control_sizes((unsigned)libc_argument(call, 1), &reads, &writes);
    libc_writes(call, pointer(call, 2), writes);
}

/* --- queues --------------------------------------------------------------------------------------------------------------------------------- */

void io_msgsnd(struct libc_call *call) { libc_reads(call, pointer(call, 1), libc_argument(call, 2) + sizeof(long)); }

void io_control_before(struct libc_call *call)
{
    if (((int)libc_argument(call, 1) & 0xff) == IPC_SET)
        libc_reads(call, pointer(call, 2), sizeof(struct msqid_ds));
}

void io_msgctl(struct libc_call *call)
{
    if (((int)libc_argument(call, 1) & 0xff) == IPC_STAT)
        libc_writes(call, pointer(call, 2), sizeof(struct msqid_ds));
}

void io_shmctl(struct libc_call *call)
{
    if (((int)libc_argument(call, 1) & 0xff) == IPC_STAT)
        libc_writes(call, pointer(call, 2), sizeof(struct shmid_ds));
}

void io_semop(struct libc_call *call)
{
    size_t count = libc_argument(call, 2);
    libc_reads(call, pointer(call, 1), count < MOST_PARTS ? count * sizeof(struct sembuf) : 0);
}

void io_aio_write(struct libc_call *call)
{
    struct aiocb request;
    if (fetch(&request, pointer(call, 0), sizeof(request)))
        libc_reads(call, (const void *)(uintptr_t)request.aio_buf, request.aio_nbytes);
}

/* What was read has been in the buffer for some time: known now at the latest. */
void io_aio_return(struct libc_call *call)
{
    const struct aiocb *request = pointer(call, 0);
    if (request->aio_lio_opcode == LIO_READ)
        libc_writes(call, (const void *)(uintptr_t)request->aio_buf, call->result);
}
