/* SPDX-License-Identifier: MIT */
/* Appends records (format.h) to this process's report file.
 *
 * The descriptor is high-numbered and close-on-exec; the program may close it all the same (closefrom,
 * close_range): each write checks that it is still ours and opens the file again if not. A record that
 * cannot be written (full disk) is cut off again with ftruncate, counted, and named in the next record
 * that can be. Thread-safe: one ranked lock per writer. */
#ifndef DETECT_REPORT_WRITER_H
#define DETECT_REPORT_WRITER_H

#include "analysis/finding.h"
#include "analysis/stackdepot.h"
#include "base/spin.h"
#include "report/format.h"

struct report_writer {
    struct spin lock;
    int fd; /* -1: not open */
    uint64_t device, inode; /* of the file behind fd, to recognise it */
    uint64_t lost, lost_told; /* records that could not be written; of those, told in the file */
    char path[4096];
    char *buffer;  /* one record */
    size_t used, capacity;
    size_t group[8]; /* offsets of the open groups' fields */
    unsigned depth;
    bool overflow;
    struct arena *arena;
};

/* Opens (O_CREAT|O_EXCL) `directory`/detect.`pid`[-n].report. 0 or -errno. The writer must be zeroed. */
int report_open(struct report_writer *writer, struct arena *arena, const char *directory, int pid);
/* The same for `stem`[-n]`suffix`. */
int report_open_stem(struct report_writer *writer, struct arena *arena, const char *stem,
                     const char *suffix);
void report_close(struct report_writer *writer);
/* Child of a fork: forgets the parent's file without closing it for the parent. */
void report_forget(struct report_writer *writer);
/* The kernel closed or will close it: whether `fd` is the report's own descriptor, which the program's
 * close, dup2 and close_range must spare. */
bool report_owns(const struct report_writer *writer, int fd);

/* One record: begin (takes the lock), fields, end (writes and releases it). end: 0 or -errno. */
void record_begin(struct report_writer *writer, enum report_record type);
void record_u64(struct report_writer *writer, enum report_tag tag, uint64_t value);
void record_text(struct report_writer *writer, enum report_tag tag, const char *text);
void record_text_n(struct report_writer *writer, enum report_tag tag, const char *text, size_t n);
void record_u64s(struct report_writer *writer, enum report_tag tag, const uint64_t *values, size_t n);
void record_group(struct report_writer *writer, enum report_tag tag);
void record_group_end(struct report_writer *writer);
int record_end(struct report_writer *writer);
/* A TAG_STACK group inside an open record. */
void report_stack(struct report_writer *writer, const struct stackdepot *depot, const char *role,
                  thread_id thread, stack_id stack);

struct report_block {
    uintptr_t start;
    size_t size;
    stack_id allocated_at;
    thread_id allocated_by;
};

/* A call under way: a place in the function's code (0: it has made no call itself), and its canonical frame address. */
struct report_frame {
    frame_t place;
    uintptr_t cfa;
    frame_t caller;
};

/* What a finding needs beyond itself: names of things that only the runtime knows. Those about memory are asked for
 * OBJECT_MEMORY only, and may be NULL. Called before a record is begun: they may write records themselves. */
struct report_places {
    void *ctx;
    /* frame_t of a data address in a module, 0 if it is in none. */
    frame_t (*place_of)(void *ctx, uintptr_t addr);
    /* Thread on whose stack the address lies, THREAD_NONE if on none. */
    thread_id (*stack_owner)(void *ctx, uintptr_t addr);
    /* The live heap block that contains the address. */
    bool (*block_of)(void *ctx, uintptr_t addr, struct report_block *block);
    /* The thread in whose thread-local storage it lies, or THREAD_NONE; *place: the module and the offset in its segment. */
    thread_id (*tls_owner)(void *ctx, uintptr_t addr, frame_t *place);
    /* Text for what is no memory of the program's though it has an address (a descriptor, state of libc's). False: it is. */
    bool (*state_of)(void *ctx, uintptr_t addr, char *to, size_t room);
    /* The frame of that thread that it lies in. False: unknown. */
    bool (*frame_of)(void *ctx, thread_id thread, uintptr_t addr, struct report_frame *frame);
};

/* The record of a finding, or of its further objects; modules and threads it names must have been written before. */
int report_finding(struct report_writer *writer, const struct finding *finding,
                   const struct stackdepot *depot, const struct report_places *places);

#endif
