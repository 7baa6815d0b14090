/* SPDX-License-Identifier: MIT */
/* readv, writev, sendmsg and recvmsg touch each of their parts; the twin touches what lies between the parts. */
/* EXPECT: race call_writev/write_writev */
/* EXPECT: race call_readv/read_readv */
/* EXPECT: race call_sendmsg/write_sendmsg */
/* EXPECT: race call_recvmsg/read_recvmsg */
/* TWIN */
#include "hidden.h"
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/uio.h>

static int ends[2], zero_device, null_device;
static char out[64], in[64], sent[64], received[64];

static struct iovec *parts(struct iovec *two, char *base)
{
    two[0] = (struct iovec){base, 16};
    two[1] = (struct iovec){base + 32, 16};
    return two;
}

static NOINLINE void call_writev(void)
{
    struct iovec two[2];
    USE(writev(null_device, parts(two, out), 2));
}
static NOINLINE void call_readv(void)
{
    struct iovec two[2];
    USE(readv(zero_device, parts(two, in), 2));
}
static NOINLINE void call_sendmsg(void)
{
    struct iovec two[2];
    struct msghdr message = {.msg_iov = parts(two, sent), .msg_iovlen = 2};
    USE(sendmsg(ends[0], &message, 0));
}
static NOINLINE void call_recvmsg(void)
{
    struct iovec two[2];
    struct msghdr message = {.msg_iov = parts(two, received), .msg_iovlen = 2};
    USE(recvmsg(ends[1], &message, 0));
}

enum { AT = IS_TWIN ? 20 : 40 };
static NOINLINE void write_writev(void) { ((volatile char *)out)[AT] = 1; }
static NOINLINE void read_readv(void) { USE((int)((volatile char *)in)[AT]); }
static NOINLINE void write_sendmsg(void) { ((volatile char *)sent)[AT] = 1; }
static NOINLINE void read_recvmsg(void) { USE((int)((volatile char *)received)[AT]); }

static void *calls(void *none)
{
    call_writev(), call_readv(), call_sendmsg(), call_recvmsg();
    hidden_done(1);
    return NULL;
}

static void *touches(void *none)
{
    hidden_await(1);
    write_writev(), read_readv(), write_sendmsg(), read_recvmsg();
    return NULL;
}

int main(void)
{
    zero_device = open("/dev/zero", O_RDONLY);
    null_device = open("/dev/null", O_WRONLY);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
        return 1;
    return both(calls, touches);
}
