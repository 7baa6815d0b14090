/* SPDX-License-Identifier: MIT */
/* Takes a report file (report/format.h) apart into records. Called by model.c's users: `detect run`
 * reads files while they grow, `detect report` finished ones.
 *
 * Rules: no input makes it crash, loop or allocate more than the input's size warrants; whatever has a
 * good checksum is delivered, whatever lies between is counted as damage. */
#ifndef DETECT_CLI_READER_H
#define DETECT_CLI_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reader {
    unsigned char *buffer; /* read from the file and not yet taken */
    size_t used, capacity, taken;
    uint64_t offset;       /* in the file, of buffer[0] */
    uint64_t good;         /* records with a good checksum */
    uint64_t skipped;      /* damaged bytes */
    uint64_t damages;      /* separate damaged stretches */
    uint64_t first_damage; /* offset in the file of the first */
    uint64_t cut;          /* bytes of an incomplete last record */
    uint64_t search_budget; /* bytes that may still be summed in looking for the next good record */
    bool searching;        /* behind damage: the next good record ends the stretch */
};

struct record {
    unsigned type;
    const unsigned char *payload; /* valid until the next call */
    size_t size;
};

struct field {
    unsigned tag, wire;
    const unsigned char *bytes;
    size_t size;
};

struct cursor {
    const unsigned char *at, *end;
};

void reader_init(struct reader *reader);
void reader_free(struct reader *reader);
/* Appends bytes of the file. */
void reader_feed(struct reader *reader, const void *bytes, size_t size);
/* Reads what the file has beyond what was fed. 0 or -errno. */
int reader_fill(struct reader *reader, const char *path);
/* The next good record. False: there is none; then, if `final`, everything was used up or counted as
 * damage, otherwise more bytes may complete a record. */
bool reader_next(struct reader *reader, struct record *record, bool final);

/* The fields of a payload or group. False at the end; *well_formed is cleared if bytes are left over
 * that make no field. */
bool field_next(struct cursor *cursor, struct field *field, bool *well_formed);
/* 0 if the field is not of that wire type or too short. */
uint64_t field_u64(const struct field *field);
size_t field_u64_count(const struct field *field);
uint64_t field_u64_at(const struct field *field, size_t index);

#endif
