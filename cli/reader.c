/* SPDX-License-Identifier: MIT */
/* Report files into records; see reader.h. */
#include "reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/format.h"
#include "say.h"

#define SEARCH_BUDGET (1ull << 30)

static uint16_t get16(const unsigned char *p) { return (uint16_t)(p[0] | p[1] << 8); }
static uint32_t get32(const unsigned char *p) { return get16(p) | (uint32_t)get16(p + 2) << 16; }
static uint64_t get64(const unsigned char *p) { return get32(p) | (uint64_t)get32(p + 4) << 32; }

void reader_init(struct reader *reader)
{
    *reader = (struct reader){.search_budget = SEARCH_BUDGET};
}

void reader_free(struct reader *reader) { free(reader->buffer); }

/* Room for `more` bytes behind what is there; what was taken makes way first. */
static void make_room(struct reader *reader, size_t more)
{
    if (reader->taken) {
        memmove(reader->buffer, reader->buffer + reader->taken, reader->used - reader->taken);
        reader->offset += reader->taken;
        reader->used -= reader->taken;
        reader->taken = 0;
    }
    if (reader->capacity - reader->used >= more)
        return;
    size_t capacity = (reader->used + more) * 2;
    unsigned char *larger = realloc(reader->buffer, capacity);
    if (!larger) {
        say("out of memory");
        _exit(STATUS_TROUBLE);
    }
    reader->buffer = larger;
    reader->capacity = capacity;
}

void reader_feed(struct reader *reader, const void *bytes, size_t size)
{
    if (!size)
        return;
    make_room(reader, size);
    memcpy(reader->buffer + reader->used, bytes, size);
    reader->used += size;
}

static int read_on(struct reader *reader, int fd)
{
    for (;;) {
        make_room(reader, 64u << 10);
        ssize_t got = pread(fd, reader->buffer + reader->used, reader->capacity - reader->used,
                            (off_t)(reader->offset + reader->used));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? -errno : 0;
        reader->used += (size_t)got;
    }
}

int reader_fill(struct reader *reader, const char *path)
{
    /* O_NONBLOCK: a FIFO in its place must not hold us up. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return -errno;
    struct stat st;
    int error = 0;
    if (fstat(fd, &st) < 0)
        error = -errno;
    else if (!S_ISREG(st.st_mode))
        error = S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
    else
        error = read_on(reader, fd);
    close(fd);
    return error;
}

/* CRC-32 (IEEE 802.3), a nibble at a time: reports are small. */
static uint32_t crc32_add(uint32_t crc, const unsigned char *bytes, size_t size)
{
    static const uint32_t table[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
        0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
        0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
    for (size_t i = 0; i < size; i++) {
        crc = crc >> 4 ^ table[(crc ^ bytes[i]) & 15];
        crc = crc >> 4 ^ table[(crc ^ bytes[i] >> 4) & 15];
    }
    return crc;
}

/* The sum covers type, reserved and size (bytes 4 to 11 of the header) and the payload. */
static uint32_t record_crc(const unsigned char *start, uint32_t size)
{
    uint32_t crc = crc32_add(0xffffffffu, start + 4, 8);
    return ~crc32_add(crc, start + sizeof(struct report_header), size);
}

enum verdict { RECORD_GOOD, RECORD_INCOMPLETE, RECORD_BAD };

static enum verdict judge(struct reader *reader, const unsigned char *start, size_t available,
                          struct record *record)
{
    unsigned char sync[4] = {'D', 'E', 'T', 'R'};
    _Static_assert(REPORT_SYNC == 0x52544544u, "DETR, little-endian");
    if (memcmp(start, sync, available < 4 ? available : 4) != 0)
        return RECORD_BAD;
    if (available < sizeof(struct report_header))
        return RECORD_INCOMPLETE;
    uint32_t size = get32(start + offsetof(struct report_header, size));
    if (size > REPORT_MAX_RECORD)
        return RECORD_BAD;
    if (size > available - sizeof(struct report_header))
        return RECORD_INCOMPLETE;
    if (reader->searching) {
        if (size > reader->search_budget)
            return RECORD_BAD;
        reader->search_budget -= size;
    }
    if (record_crc(start, size) != get32(start + offsetof(struct report_header, crc)))
        return RECORD_BAD;
    record->type = get16(start + offsetof(struct report_header, type));
    record->payload = start + sizeof(struct report_header);
    record->size = size;
    return RECORD_GOOD;
}

/* One byte is damage, and with it all up to the next byte that could begin a record. */
static void skip_damage(struct reader *reader)
{
    const unsigned char *start = reader->buffer + reader->taken;
    size_t left = reader->used - reader->taken;
    const unsigned char *next = left > 1 ? memchr(start + 1, 'D', left - 1) : NULL;
    size_t skip = next ? (size_t)(next - start) : left;
    if (!reader->searching && reader->damages++ == 0)
        reader->first_damage = reader->offset + reader->taken;
    reader->searching = true;
    reader->skipped += skip;
    reader->taken += skip;
}

/* The file ends within a record: a process that was killed while it wrote. */
static bool at_cut_record(struct reader *reader, bool final)
{
    if (!final)
        return false;
    const unsigned char *start = reader->buffer + reader->taken;
    size_t left = reader->used - reader->taken;
    const unsigned char *next = memmem(start + 1, left - 1, "DETR", 4);
    if (next || reader->searching)
        return false; /* rather a damaged size: look behind it */
    reader->cut = left;
    reader->taken = reader->used;
    return true;
}

bool reader_next(struct reader *reader, struct record *record, bool final)
{
    while (reader->taken < reader->used) {
        const unsigned char *start = reader->buffer + reader->taken;
        switch (judge(reader, start, reader->used - reader->taken, record)) {
        case RECORD_GOOD:
            reader->taken += sizeof(struct report_header) + record->size;
            reader->searching = false;
            reader->good++;
            return true;
        case RECORD_INCOMPLETE:
            if (!final || at_cut_record(reader, final))
                return false;
            skip_damage(reader);
            break;
        case RECORD_BAD:
            skip_damage(reader);
            break;
        }
    }
    return false;
}

bool field_next(struct cursor *cursor, struct field *field, bool *well_formed)
{
    size_t left = (size_t)(cursor->end - cursor->at);
    if (left == 0)
        return false;
    if (left < sizeof(struct report_field) ||
        get32(cursor->at + offsetof(struct report_field, size)) > left - sizeof(struct report_field)) {
        *well_formed = false;
        return false;
    }
    field->tag = get16(cursor->at);
    field->wire = get16(cursor->at + offsetof(struct report_field, wire));
    field->size = get32(cursor->at + offsetof(struct report_field, size));
    field->bytes = cursor->at + sizeof(struct report_field);
    cursor->at = field->bytes + field->size;
    return true;
}

uint64_t field_u64(const struct field *field)
{
    return field->wire == WIRE_U64 && field->size >= 8 ? get64(field->bytes) : 0;
}

size_t field_u64_count(const struct field *field)
{
    return field->wire == WIRE_U64S ? field->size / 8 : 0;
}

uint64_t field_u64_at(const struct field *field, size_t index) { return get64(field->bytes + index * 8); }
