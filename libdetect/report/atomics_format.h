/* SPDX-License-Identifier: MIT */
/* What the CLI tells the library of one module's debug information: a file, one per build-id, kept in the user's cache and
 * mapped by each process. And how the library asks for it.
 *
 *   file    = header, places[place_count] (ascending, not overlapping; then to a multiple of 8 bytes), objects[object_count],
 *             text[text_size]: paths of source files that were missing, each terminated (for the CLI alone)
 *
 * A process connects to the socket ATOMICS_SOCKET in its run directory (AF_UNIX, SOCK_SEQPACKET), sends one message,
 * "build-id in hex" NUL "path" NUL, and gets one: a byte, and with it the descriptor of the file, if there is one. */
#ifndef DETECT_REPORT_ATOMICS_FORMAT_H
#define DETECT_REPORT_ATOMICS_FORMAT_H

#include <stdint.h>

#define ATOMICS_SOCKET "atomics"
#define ATOMICS_MAGIC 0x41434d4f54414544ull
#define ATOMICS_VERSION 16u /* raised whenever the same module would give another file */
#define ATOMICS_MOST_PLACES (16u << 20)
#define ATOMICS_ID_TEXT 129 /* of a build-id, terminated */
#define ATOMICS_MESSAGE 4400

enum atomics_module_flag {
    ATOMICS_DEBUG_INFO = 1, /* there is some */
    ATOMICS_LLVM = 2,       /* clang or rustc, which fold atomic loads and stores into cmp, add, inc … */
    ATOMICS_RUST = 4,       /* rustc, whose language leaves hardly a way to a race but many to atomics */
};

struct atomics_header {
    uint64_t magic;
    uint32_t version, flags; /* enum atomics_module_flag */
    char build_id[ATOMICS_ID_TEXT + 7];
    uint32_t place_count, object_count;
    uint32_t text_size, crc; /* of all that follows the header: CRC-32 as in format.h */
    uint64_t size;           /* of the file */
};

enum atomics_place_flag {
    ATOMICS_LOAD = 1,     /* an atomic operation that reads; without LOAD and STORE, the place is none */
    ATOMICS_STORE = 2,
    ATOMICS_VOLATILE = 4, /* the source says volatile */
    ATOMICS_SPIN = 8,     /* a load in a loop that does nothing but wait */
};

/* Which rule has decided. For --explain-atomics. */
enum atomics_rule {
    ATOMICS_BY_LIBRARY = 1, /* an inlined function of std::atomic, core::sync::atomic … */
    ATOMICS_BY_NAME,        /* the line names an atomic operation */
    ATOMICS_BY_TYPE,        /* the line names an object of atomic type */
    ATOMICS_BY_PRAGMA,      /* of an OpenMP atomic construct */
    ATOMICS_BY_ASM,         /* an asm statement */
    ATOMICS_BY_GUARD,       /* of a function's static variable (C++), tested before its initialisation */
    ATOMICS_PLAIN,          /* the source is known, and names no atomic operation there; or the code proves it */
    ATOMICS_OPEN,           /* nothing is known but what the flags say */
};

/* Instructions at [start, start + length), relative to the module's load address. `size`: of the operand, 0 any. */
struct atomics_place {
    uint32_t start, length;
    uint16_t flags;
    uint8_t size, rule;
};

/* An object at a fixed address, of atomic type. */
struct atomics_object {
    uint64_t address, size;
};

_Static_assert(sizeof(struct atomics_header) == 176, "on-disk layout");
_Static_assert(sizeof(struct atomics_place) == 12, "on-disk layout");
_Static_assert(sizeof(struct atomics_object) == 16, "on-disk layout");

#endif
