/* SPDX-License-Identifier: MIT */
/* See libc_state.h.
 *
 * A descriptor's number is fresh when a call makes it, and the call writes it; use is a read, close a write. That a close has gone
 * through is noted: if the number is there again at a later use, nobody has seen it being made (it came from libc itself, say), and it
 * counts as fresh. */
#include "intercept/libc_state.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>

#include "base/decimal.h"
#include "base/sys.h"
#include "intercept/fd_classify.h"
#include "intercept/fd_table.h"
#include "intercept/libc_handlers.h"
#include "runtime/runtime.h"

#define STATE_BYTES 8u

/* Only their addresses matter: none of these pages is ever touched. */
static char states[STATE_COUNT][STATE_BYTES];
static char descriptors[FD_LIMIT][STATE_BYTES];

/* The lowest bit: closed. Above: how often the number was made. */
static uint32_t descriptor_lives[FD_LIMIT];

void libc_touch_state(struct libc_call *call, enum libc_state state, uint32_t access)
{
    libc_touch(call, states[state], STATE_BYTES, access | RACE_STATIC);
}

/* --- descriptors ------------------------------------------------------------------------------------------------------------- */

static bool is_number(int fd) { return fd >= 0 && fd < FD_LIMIT; }

static void fresh(struct libc_call *call, int fd)
{
    race_fresh(runtime.detector, call->self->thread, (uintptr_t)descriptors[fd], STATE_BYTES);
}

static void unseen(struct libc_call *call, int fd)
{
    if (sys_call(SYS_fcntl, fd, F_GETFD, 0, 0, 0, 0) < 0)
        return;
    fetch_and_relaxed(&descriptor_lives[fd], ~1u);
    fresh(call, fd);
}

void libc_uses_fd(struct libc_call *call, int fd)
{
    if (!is_number(fd))
        return;
    if (UNLIKELY(load_relaxed(&descriptor_lives[fd]) & 1))
        unseen(call, fd);
    libc_touch(call, descriptors[fd], STATE_BYTES, RACE_READ | RACE_DESCRIPTOR);
}

/* Whoever gets a number comes after the one who gave it back: the kernel sees to that. Servers keep what belongs to a
 * connection by its number. */
static uint64_t number_order[FD_LIMIT];

static void order_by_number(struct libc_call *call, int fd)
{
    libc_touch(call, &number_order[fd], sizeof(number_order[fd]), RACE_READ | RACE_WRITE | RACE_ATOMIC | RACE_RMW);
}

void libc_ends_fd(struct libc_call *call, int fd)
{
    if (!is_number(fd))
        return;
    order_by_number(call, fd);
    call->noted[2] = load_relaxed(&descriptor_lives[fd]);
    libc_touch(call, descriptors[fd], STATE_BYTES, RACE_WRITE | RACE_DESCRIPTOR);
}

/* Unless another thread has been given the number meanwhile. */
void libc_ended_fd(struct libc_call *call, int fd)
{
    uint32_t before = (uint32_t)call->noted[2];
    if (is_number(fd))
        (void)compare_exchange_acq_rel(&descriptor_lives[fd], &before, before | 1);
}

void libc_makes_fd(struct libc_call *call, int fd)
{
    if (!is_number(fd))
        return;
    uint32_t lives = load_relaxed(&descriptor_lives[fd]);
    store_relaxed(&descriptor_lives[fd], (lives | 1) + 1);
    order_by_number(call, fd);
    fresh(call, fd);
    libc_touch(call, descriptors[fd], STATE_BYTES, RACE_READ | RACE_WRITE | RACE_DESCRIPTOR);
}

/* --- names ----------------------------------------------------------------------------------------------------------------------- */

static size_t put(char *to, size_t room, size_t at, const char *text)
{
    for (; *text && at + 1 < room; text++)
        to[at++] = *text;
    to[at] = '\0';
    return at;
}

static size_t put_number(char *to, size_t room, size_t at, size_t number)
{
    char digits[DECIMAL_SIZE];
    return put(to, room, at, decimal(digits, number));
}

/* What the number stands for now: before a close, what is about to be closed. */
static size_t put_file(char *to, size_t room, size_t at, size_t fd)
{
    char link[48], path[64];
    put_number(link, sizeof(link), put(link, sizeof(link), 0, "/proc/self/fd/"), fd);
    long length = sys_call(SYS_readlinkat, AT_FDCWD, (long)link, (long)path, sizeof(path) - 1, 0, 0);
    if (length <= 0)
        return at;
    path[length] = '\0';
    return put(to, room, put(to, room, put(to, room, at, " ("), path), ")");
}

bool libc_state_name(uintptr_t address, char *to, size_t room)
{
    static const char *const names[] = {
#define STATE(name, text) text,
        LIBC_STATES(STATE)
#undef STATE
    };
    size_t state = (address - (uintptr_t)states) / STATE_BYTES, fd = (address - (uintptr_t)descriptors) / STATE_BYTES;
    if (state < STATE_COUNT)
        put(to, room, 0, names[state]);
    else if (fd < FD_LIMIT)
        put_file(to, room, put_number(to, room, put(to, room, 0, "descriptor "), fd), fd);
    return state < STATE_COUNT || fd < FD_LIMIT;
}

/* --- calls that make and end descriptors --------------------------------------------------------------------------------------- */

static int int_argument(const struct libc_call *call, unsigned index) { return (int)libc_argument(call, index); }

void fd_close(struct libc_call *call) { libc_ends_fd(call, int_argument(call, 0)); }
void fd_closed(struct libc_call *call) { libc_ended_fd(call, int_argument(call, 0)); }
void fd_made(struct libc_call *call) { libc_makes_fd(call, (int)call->result); }

static void made_pair(struct libc_call *call, unsigned index)
{
    const int *fds = (const int *)libc_argument(call, index);
    libc_makes_fd(call, fds[0]);
    libc_makes_fd(call, fds[1]);
}

void fd_made_pair_1(struct libc_call *call) { made_pair(call, 0); }
void fd_made_pair_4(struct libc_call *call) { made_pair(call, 3); }

void fd_made_pty(struct libc_call *call)
{
    libc_makes_fd(call, *(const int *)libc_argument(call, 0));
    libc_makes_fd(call, *(const int *)libc_argument(call, 1));
}

/* dup2: the number is another file's from one moment to the next, which programs rely on (a log that is opened anew). So what was
 * there is used like by any other call, not closed. */
void fd_replace(struct libc_call *call)
{
    int to = int_argument(call, 1);
    call->noted[1] = sys_call(SYS_fcntl, to, F_GETFD, 0, 0, 0, 0) < 0;
    if (!call->noted[1])
        libc_uses_fd(call, to);
}

void fd_replaced(struct libc_call *call)
{
    if (call->noted[1])
        libc_makes_fd(call, (int)call->result);
}

void fd_fcntl_made(struct libc_call *call)
{
    int command = int_argument(call, 1);
    if (command == F_DUPFD || command == F_DUPFD_CLOEXEC)
        libc_makes_fd(call, (int)call->result);
}

/* --- streams ----------------------------------------------------------------------------------------------------------------------- */

/* The stream may be none. */
static int fd_of_stream(uintptr_t stream)
{
    int fd;
    return stream && tr_copy_guarded(&fd, &((const FILE *)stream)->_fileno, sizeof(fd)) == 0 ? fd : -1;
}

/* Pipes, sockets and the like, where libc writes and reads by functions of its own. */
static void fd_orders(struct libc_call *call, int fd, enum event_type type)
{
    const struct description *description = fd_describe_in(call->self, fd);
    uintptr_t channel = type == EVENT_ORDER_RELEASE ? fd_out(description) : fd_in(description);
    struct call_site site = {call->return_address, (uintptr_t)call->stack};
    struct event event = {.type = (uint8_t)type, .object = OBJECT_FD, .addr = channel};
    if (channel)
        emit(call->self, &site, &event, false);
}

void libc_stream_releases(struct libc_call *call, uintptr_t stream) { fd_orders(call, fd_of_stream(stream), EVENT_ORDER_RELEASE); }
void libc_stream_acquires(struct libc_call *call, uintptr_t stream) { fd_orders(call, fd_of_stream(stream), EVENT_ORDER_ACQUIRE); }
void fd_written(struct libc_call *call) { fd_orders(call, int_argument(call, 0), EVENT_ORDER_RELEASE); }

void stream_made(struct libc_call *call) { libc_makes_fd(call, fd_of_stream(call->result)); }

/* What libc has allocated for it is freed, which is seen as any free; the standard streams are not. */
void stream_close(struct libc_call *call)
{
    uintptr_t stream = libc_argument(call, 0);
    if (stream == (uintptr_t)stdin || stream == (uintptr_t)stdout || stream == (uintptr_t)stderr)
        libc_touch(call, (const void *)stream, STATE_BYTES, RACE_WRITE | RACE_STATIC);
    libc_stream_releases(call, stream);
    call->noted[0] = (uintptr_t)fd_of_stream(stream);
    libc_ends_fd(call, (int)call->noted[0]);
}

void stream_closed(struct libc_call *call) { libc_ended_fd(call, (int)call->noted[0]); }

void directory_made(struct libc_call *call) { libc_makes_fd(call, *(const int *)call->result); }

/* A stream of entries begins with its descriptor (glibc's struct __dirstream). */
void directory_close(struct libc_call *call)
{
    int fd = -1;
    (void)tr_copy_guarded(&fd, (const void *)libc_argument(call, 0), sizeof(fd));
    call->noted[0] = (uintptr_t)fd;
    libc_ends_fd(call, fd);
}

/* flockfile: a lock that the program takes by hand. Streams in libc lock themselves for each call, which orders nothing that
 * the program may rely on, and is not told. */
static __thread struct {
    uintptr_t stream;
    uint32_t depth;
} held_stream __attribute__((tls_model("initial-exec")));

bool libc_holds_stream(uintptr_t stream) { return held_stream.depth > 0 && held_stream.stream == stream; }

static void stream_order(struct libc_call *call, enum event_type type)
{
    struct call_site site = {call->return_address, (uintptr_t)call->stack};
    struct event event = {.type = (uint8_t)type, .object = OBJECT_USER, .addr = libc_argument(call, 0)};
    emit(call->self, &site, &event, false);
}

void stdio_flockfile(struct libc_call *call)
{
    if (held_stream.depth == 0)
        held_stream.stream = libc_argument(call, 0);
    if (held_stream.stream == libc_argument(call, 0))
        held_stream.depth++;
    stream_order(call, EVENT_ORDER_ACQUIRE);
}

void stdio_funlockfile(struct libc_call *call)
{
    if (libc_holds_stream(libc_argument(call, 0)))
        held_stream.depth--;
    stream_order(call, EVENT_ORDER_RELEASE);
}
