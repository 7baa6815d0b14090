/* SPDX-License-Identifier: MIT */
/* Appends records to this process's report file; see writer.h and format.h.
 *
 * Hard rules: raw system calls only, memory from the arena, one write per record. A write never raises
 * SIGXFSZ in the program: what would pass RLIMIT_FSIZE is not attempted. */
#include "report/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/atomic.h"
#include "base/decimal.h"
#include "base/sys.h"

_Static_assert(REPORT_FRAME_OFFSET_BITS == FRAME_OFFSET_BITS, "one layout of frames");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "records are little-endian: swap here");

#define FIRST_CAPACITY 4096u
#define NAMES_TRIED 1000
/* Above what programs get from open(), below what select() and small limits bear. */
#define HIGH_FD 1008

/* --- the file ----------------------------------------------------------------------------------------- */

static int file_control(int fd, int command, long argument)
{
    return (int)sys_call(SYS_fcntl, fd, command, argument, 0, 0, 0);
}

static int file_status(int fd, struct stat *status)
{
    return (int)sys_call(SYS_newfstatat, fd, (long)"", (long)status, AT_EMPTY_PATH, 0, 0);
}

static uint64_t limit_of(int resource)
{
    struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
    sys_call(SYS_prlimit64, 0, resource, 0, (long)&limit, 0, 0);
    return limit.rlim_cur;
}

/* While the report's file is opened the limit of descriptors is higher by a few, if it may be: the program can use up
 * all that it is allowed, before and after, and the report lies beyond. */
#define EXTRA_FDS 16
#define FD_LIMIT_MAX 65536u /* the kernel's table of descriptors is as long as the highest one */

static struct rlimit widen_fd_limit(void)
{
    struct rlimit before = {RLIM_INFINITY, RLIM_INFINITY};
    sys_call(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, (long)&before, 0, 0);
    struct rlimit wide = before;
    if (before.rlim_cur < before.rlim_max) {
        uint64_t room = before.rlim_max - before.rlim_cur;
        wide.rlim_cur += room < EXTRA_FDS ? room : EXTRA_FDS;
        sys_call(SYS_prlimit64, 0, RLIMIT_NOFILE, (long)&wide, 0, 0, 0);
    }
    return before;
}

static void restore_fd_limit(const struct rlimit *before)
{
    if (before->rlim_cur < before->rlim_max)
        sys_call(SYS_prlimit64, 0, RLIMIT_NOFILE, (long)before, 0, 0, 0);
}

/* Moves the descriptor out of the program's way. `limit` is the program's. */
static int move_high(int fd, const struct rlimit *limit)
{
    long lowest = HIGH_FD;
    if (limit->rlim_cur < limit->rlim_max && limit->rlim_cur <= FD_LIMIT_MAX)
        lowest = (long)limit->rlim_cur;
    else if (limit->rlim_cur <= HIGH_FD)
        lowest = (long)limit->rlim_cur - 1;
    int high = file_control(fd, F_DUPFD_CLOEXEC, lowest);
    if (high < 0)
        return fd;
    sys_close(fd);
    return high;
}

static int open_high(const char *path, int flags, int mode)
{
    struct rlimit limit = widen_fd_limit();
    int fd = sys_open(path, flags, mode);
    if (fd >= 0)
        fd = move_high(fd, &limit);
    restore_fd_limit(&limit);
    return fd;
}

static int adopt(struct report_writer *writer, int fd)
{
    struct stat status;
    int error = file_status(fd, &status);
    if (error < 0) {
        sys_close(fd);
        return error;
    }
    writer->device = status.st_dev;
    writer->inode = status.st_ino;
    writer->fd = fd;
    return 0;
}

static int copy_text(char *to, size_t size, size_t at, const char *text)
{
    size_t length = strlen(text);
    if (at + length >= size)
        return -ENAMETOOLONG;
    memcpy(to + at, text, length + 1);
    return (int)(at + length);
}

/* "-1", "-2" … after the first attempt. */
static int add_attempt(char *to, size_t size, int at, unsigned attempt)
{
    char number[DECIMAL_SIZE];
    if (attempt == 0)
        return at;
    at = copy_text(to, size, (size_t)at, "-");
    return at < 0 ? at : copy_text(to, size, (size_t)at, decimal(number, attempt));
}

/* Appends "[-n]suffix" to the stem that writer->path holds, for the first n that is free. */
static int open_free_name(struct report_writer *writer, struct arena *arena, int stem_end,
                          const char *suffix)
{
    writer->arena = arena;
    writer->fd = -1;
    spin_init(&writer->lock, RANK_REPORT);
    for (unsigned attempt = 0; stem_end >= 0 && attempt < NAMES_TRIED; attempt++) {
        int end = add_attempt(writer->path, sizeof(writer->path), stem_end, attempt);
        if (end >= 0)
            end = copy_text(writer->path, sizeof(writer->path), (size_t)end, suffix);
        if (end < 0)
            return end;
        int fd = open_high(writer->path, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0)
            return adopt(writer, fd);
        if (fd != -EEXIST)
            return fd;
    }
    return stem_end < 0 ? stem_end : -EEXIST;
}

int report_open_stem(struct report_writer *writer, struct arena *arena, const char *stem,
                     const char *suffix)
{
    int end = copy_text(writer->path, sizeof(writer->path), 0, stem);
    return open_free_name(writer, arena, end, suffix);
}

int report_open(struct report_writer *writer, struct arena *arena, const char *directory, int pid)
{
    char number[DECIMAL_SIZE];
    int end = copy_text(writer->path, sizeof(writer->path), 0, directory);
    if (end >= 0)
        end = copy_text(writer->path, sizeof(writer->path), (size_t)end, "/detect.");
    if (end >= 0)
        end = copy_text(writer->path, sizeof(writer->path), (size_t)end, decimal(number, (uint64_t)pid));
    return open_free_name(writer, arena, end, REPORT_SUFFIX);
}

void report_close(struct report_writer *writer)
{
    if (writer->fd >= 0)
        sys_close(writer->fd);
    writer->fd = -1;
}

void report_forget(struct report_writer *writer)
{
    /* The child's own copy of the descriptor; the parent keeps its own. */
    report_close(writer);
    spin_reset(&writer->lock);
    writer->depth = 0;
    writer->overflow = false;
    writer->lost = 0;
}

bool report_owns(const struct report_writer *writer, int fd)
{
    return fd >= 0 && fd == load_relaxed(&writer->fd);
}

/* --- building a record ----------------------------------------------------------------------------------- */

/* Room for `bytes` more, or NULL: the record is then given up as a whole. */
static char *room(struct report_writer *writer, size_t bytes)
{
    size_t needed = writer->used + bytes;
    if (writer->overflow || needed > REPORT_MAX_RECORD)
        goto overflow;
    if (needed > writer->capacity) {
        size_t capacity = writer->capacity ? writer->capacity * 2 : FIRST_CAPACITY;
        while (capacity < needed)
            capacity *= 2;
        char *larger = arena_grow(writer->arena, writer->buffer, writer->capacity, capacity);
        if (!larger)
            goto overflow;
        writer->buffer = larger;
        writer->capacity = capacity;
    }
    char *at = writer->buffer + writer->used;
    writer->used = needed;
    return at;
overflow:
    writer->overflow = true;
    return NULL;
}

static void field(struct report_writer *writer, enum report_tag tag, enum report_wire wire,
                  const void *bytes, size_t size)
{
    struct report_field head = {(uint16_t)tag, (uint16_t)wire, (uint32_t)size};
    char *at = room(writer, sizeof(head) + size);
    if (!at)
        return;
    memcpy(at, &head, sizeof(head));
    if (size > 0)
        memcpy(at + sizeof(head), bytes, size);
}

static void start(struct report_writer *writer, enum report_record type)
{
    struct report_header header = {REPORT_SYNC, (uint16_t)type, 0, 0, 0};
    writer->used = 0;
    writer->depth = 0;
    writer->overflow = false;
    char *at = room(writer, sizeof(header));
    if (at)
        memcpy(at, &header, sizeof(header));
}

void record_begin(struct report_writer *writer, enum report_record type)
{
    spin_lock(&writer->lock);
    start(writer, type);
}

void record_u64(struct report_writer *writer, enum report_tag tag, uint64_t value)
{
    field(writer, tag, WIRE_U64, &value, sizeof(value));
}

void record_text(struct report_writer *writer, enum report_tag tag, const char *text)
{
    field(writer, tag, WIRE_TEXT, text, strlen(text));
}

void record_text_n(struct report_writer *writer, enum report_tag tag, const char *text, size_t n)
{
    field(writer, tag, WIRE_TEXT, text, n);
}

void record_u64s(struct report_writer *writer, enum report_tag tag, const uint64_t *values, size_t n)
{
    field(writer, tag, WIRE_U64S, values, n * sizeof(*values));
}

void record_group(struct report_writer *writer, enum report_tag tag)
{
    if (writer->depth >= ARRAY_LEN(writer->group)) {
        writer->overflow = true;
        return;
    }
    writer->group[writer->depth++] = writer->used;
    field(writer, tag, WIRE_GROUP, NULL, 0);
}

void record_group_end(struct report_writer *writer)
{
    if (writer->overflow || writer->depth == 0)
        return;
    char *head = writer->buffer + writer->group[--writer->depth];
    uint32_t size = (uint32_t)((size_t)(writer->buffer + writer->used - head) -
                               sizeof(struct report_field));
    memcpy(head + offsetof(struct report_field, size), &size, sizeof(size));
}

/* --- appending ------------------------------------------------------------------------------------------- */

/* CRC-32 of IEEE 802.3, four bits at a time. */
static uint32_t crc32_add(uint32_t crc, const void *data, size_t size)
{
    static const uint32_t table[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
        0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
        0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
    const unsigned char *byte = data;
    crc = ~crc;
    for (size_t i = 0; i < size; i++) {
        crc = table[(crc ^ byte[i]) & 15] ^ crc >> 4;
        crc = table[(crc ^ (uint32_t)(byte[i] >> 4)) & 15] ^ crc >> 4;
    }
    return ~crc;
}

static void seal(struct report_writer *writer)
{
    struct report_header header;
    memcpy(&header, writer->buffer, sizeof(header));
    header.size = (uint32_t)(writer->used - sizeof(header));
    uint32_t crc = crc32_add(0, &header.type, offsetof(struct report_header, crc) -
                                                  offsetof(struct report_header, type));
    header.crc = crc32_add(crc, writer->buffer + sizeof(header), header.size);
    memcpy(writer->buffer, &header, sizeof(header));
}

/* Whether the descriptor still is the report, with the file's size; opens the file again if not. */
static int check_file(struct report_writer *writer, uint64_t *size)
{
    struct stat status;
    if (writer->fd < 0)
        return -EBADF;
    for (int attempt = 0; attempt < 2; attempt++) {
        int error = file_status(writer->fd, &status);
        if (error == 0 && status.st_dev == writer->device && status.st_ino == writer->inode) {
            *size = (uint64_t)status.st_size;
            return 0;
        }
        int fd = open_high(writer->path, O_WRONLY | O_APPEND | O_CLOEXEC, 0);
        if (fd < 0)
            return fd;
        writer->fd = fd;
    }
    return -EBADF;
}

/* The whole buffer or nothing. */
static int append(struct report_writer *writer)
{
    uint64_t size;
    int error = check_file(writer, &size);
    if (error < 0)
        return error;
    if (size + writer->used > limit_of(RLIMIT_FSIZE))
        return -EFBIG;
    error = sys_write_all(writer->fd, writer->buffer, writer->used);
    if (error < 0) /* what was written of it is cut off; a reader would skip it all the same */
        sys_call(SYS_ftruncate, writer->fd, (long)size, 0, 0, 0, 0);
    return error;
}

/* Says in the file that records are missing before this point. */
static int tell_lost(struct report_writer *writer)
{
    start(writer, RECORD_LIMIT);
    record_text(writer, TAG_CODE, "records-lost");
    record_text(writer, TAG_TEXT, "records could not be written to the report file (full disk?)");
    record_u64(writer, TAG_COUNT, writer->lost);
    if (writer->overflow)
        return -ENOMEM;
    seal(writer);
    return append(writer);
}

int record_end(struct report_writer *writer)
{
    int error = -ENOMEM;
    while (writer->depth > 0 && !writer->overflow)
        record_group_end(writer);
    if (!writer->overflow) {
        seal(writer);
        error = append(writer);
    }
    if (error < 0)
        writer->lost++;
    else if (writer->lost > writer->lost_told && tell_lost(writer) == 0)
        writer->lost_told = writer->lost;
    spin_unlock(&writer->lock);
    return error;
}
