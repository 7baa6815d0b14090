/* SPDX-License-Identifier: MIT */
/* The report file: the whole contract between the preload library, which writes one per process, and
 * the CLI, which reads, symbolises and prints them. Nothing else is shared.
 *
 * A file is a sequence of records, each appended by one write(2), so that a crash, SIGKILL or a full disk
 * costs at most the record under way. All numbers are little-endian whatever the CPU.
 *
 *   record  = sync:u32 type:u16 reserved:u16 size:u32 crc:u32 payload[size]
 *             crc is CRC-32 (IEEE 802.3, as in zlib) over type, reserved, size and payload.
 *             A reader that finds damage looks for the next `sync` with a good crc.
 *   payload = field*
 *   field   = tag:u16 wire:u16 size:u32 bytes[size]
 *             wire: U64 (8 bytes), TEXT (not terminated), U64S (8*n bytes), GROUP (field*)
 *
 * Version rule: a new record type or tag needs no new version, readers skip what they do not know. A
 * change of the meaning of an existing one raises REPORT_VERSION, and readers refuse a higher one. */
#ifndef DETECT_REPORT_FORMAT_H
#define DETECT_REPORT_FORMAT_H

#include "analysis/kinds.h"
#include "report/options.h"

#define REPORT_VERSION 1
#define REPORT_SYNC 0x52544544u /* "DETR" */
#define REPORT_MAX_RECORD (16u << 20)
#define REPORT_SUFFIX ".report"

/* Environment between `detect run` and the library. */
#define REPORT_ENV_OPTIONS "DETECT_OPTIONS"
/* Set by the CLI: the directory for report files; its presence means "run by the CLI". */
#define REPORT_ENV_DIR "DETECT_RUN_DIR"

enum report_wire { WIRE_U64 = 1, WIRE_TEXT = 2, WIRE_U64S = 3, WIRE_GROUP = 4 };

enum report_record {
    RECORD_HELLO = 1, /* first: VERSION PID PARENT PROGRAM ARG* MODE UNDER_RUN TIME */
    RECORD_MODULE,    /* INDEX PATH BUILD_ID(text, hex) BIAS SIZE; before its first use in a frame */
    RECORD_THREAD,    /* THREAD NAME TID CREATOR STACK(group); again when the name changes */
    RECORD_FINDING,   /* NUMBER KIND CONFIDENCE MESSAGE BECAUSE REPLACES THREADS STACK* OBJECT* HELD* TRUNCATED */
    RECORD_WITHDRAWN, /* NUMBER */
    RECORD_COUNT,     /* NUMBER COUNT; the last one counts */
    RECORD_LIMIT,     /* CODE TEXT COUNT; the last one for a code and text counts */
    RECORD_STAT,      /* (NAME COUNT)*; the last one for a name counts */
    RECORD_ENDED,     /* REASON STATUS; last, missing after a crash */
    RECORD_FURTHER,   /* NUMBER OBJECT*: found again, by the same code, with other objects */
    RECORD_ATOMIC,    /* CODE TEXT FRAMES: an instruction, what it was taken for, and by which rule (explain-atomics) */
};

enum report_tag {
    TAG_VERSION = 1,
    TAG_PID,
    TAG_PARENT,
    TAG_PROGRAM, /* path of the executable */
    TAG_ARG,     /* once per argument, argv[0] first */
    TAG_MODE,    /* enum option_mode as it was asked for */
    TAG_UNDER_RUN,
    TAG_TIME, /* of day, nanoseconds since 1970 */
    TAG_INDEX,
    TAG_PATH,
    TAG_BUILD_ID,
    TAG_BIAS,
    TAG_SIZE,
    TAG_THREAD,
    TAG_NAME,
    TAG_TID,
    TAG_CREATOR, /* thread number, 0 unknown */
    TAG_STACK,   /* GROUP: ROLE THREAD FRAMES ACCESS */
    TAG_ROLE,
    TAG_FRAMES, /* U64S: frame_t of analysis/stackdepot.h, innermost first */
    TAG_NUMBER,
    TAG_KIND,       /* TEXT: the name in kinds.def */
    TAG_CONFIDENCE, /* TEXT: certain, predicted, possible, note */
    TAG_MESSAGE,    /* TEXT with %T0 … %O9 */
    TAG_REPLACES,
    TAG_THREADS, /* U64S */
    TAG_OBJECT,  /* GROUP: WHAT ADDRESS SIZE NAME PLACE ON_STACK_OF STACK_FRAME TLS_OF TLS_PLACE BLOCK STACK BY_FIRST_USE */
    TAG_WHAT,    /* TEXT: mutex, rwlock, … */
    TAG_ADDRESS,
    TAG_PLACE,        /* frame_t of the address when it lies in a module's data, else absent */
    TAG_ON_STACK_OF,  /* thread number when it lies on a thread's stack, else absent */
    TAG_BY_FIRST_USE, /* 1: the object's STACK is its first use, not its initialisation */
    TAG_HELD,         /* GROUP: THREAD OBJECT_INDEX SHARED STACK */
    TAG_OBJECT_INDEX,
    TAG_SHARED,
    TAG_TRUNCATED,
    TAG_COUNT,
    TAG_CODE, /* TEXT: short name of a limit */
    TAG_TEXT,
    TAG_REASON, /* TEXT: exit, exec, killed-by-detect, stopped-by-detect */
    TAG_STATUS,
    TAG_ACCESS,       /* GROUP: FLAGS ADDRESS SIZE: the stack is that of an access to memory */
    TAG_FLAGS,        /* bits of enum report_access */
    TAG_BLOCK,        /* GROUP: ADDRESS SIZE THREAD STACK: the heap block that the object lies in, who allocated it, where */
    TAG_TLS_OF,       /* thread number when it lies in a thread's thread-local storage, else absent */
    TAG_TLS_PLACE,    /* frame_t: the module, and the offset in its segment of thread-local storage */
    TAG_STACK_FRAME, /* U64S (frame_t, address, frame_t): of an object on a stack, the call under way in whose frame it lies: a
                      * place in the function's code (0: where that thread is), its canonical frame address (DWARF 5, 6.4),
                      * and the place that it was called at (0: the thread began with it) */
    TAG_BECAUSE,      /* TEXT: what a possible finding assumes, or what proves a certain one */
};

/* As enum race_flag of analysis/race.h. */
enum report_access {
    ACCESS_READ = 1 << 0,
    ACCESS_WRITE = 1 << 1,
    ACCESS_ATOMIC = 1 << 2,
    ACCESS_RMW = 1 << 3, /* atomic, reads and writes */
    ACCESS_MOV = 1 << 4,
    ACCESS_SOURCE_KNOWN = 1 << 5,
    ACCESS_LIBRARY = 1 << 6,
    ACCESS_LIBC = 1 << 7,
    ACCESS_FREE = 1 << 8,
    ACCESS_UNMAP = 1 << 9,
    ACCESS_VOLATILE = 1 << 10,
    ACCESS_STATIC = 1 << 11,
    ACCESS_SPIN = 1 << 12,
    ACCESS_DESCRIPTOR = 1 << 14,
};

struct report_header {
    uint32_t sync;
    uint16_t type;
    uint16_t reserved;
    uint32_t size;
    uint32_t crc;
};

struct report_field {
    uint16_t tag;
    uint16_t wire;
    uint32_t size;
};

_Static_assert(sizeof(struct report_header) == 16, "on-disk layout");
_Static_assert(sizeof(struct report_field) == 8, "on-disk layout");

#define REPORT_FRAME_OFFSET_BITS 48 /* as FRAME_OFFSET_BITS; checked in writer.c */

#endif
