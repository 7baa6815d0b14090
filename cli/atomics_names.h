/* SPDX-License-Identifier: MIT */
/* Names of a module's variables, members and parameters, with what their types say: which of them are atomic or volatile,
 * how large they are, and where in their structure they lie. Of all things of one name, each different one once. */
#ifndef DETECT_CLI_ATOMICS_NAMES_H
#define DETECT_CLI_ATOMICS_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "pool.h"

enum name_kind { NAME_PLAIN = 1, NAME_ATOMIC = 2, NAME_VOLATILE = 4 };

struct name_variant {
    uint64_t size;      /* of the object; of a pointer, what it points to is `pointee` */
    uint64_t pointee;   /* its size, 0: no pointer, or unknown */
    int64_t offset;     /* of a member; -1: a variable */
    uint64_t address;   /* of a variable at a fixed place, 0 another */
    uint64_t extent;    /* its size with all elements */
    uint8_t kind;       /* enum name_kind of the object */
    uint8_t pointee_kind;
    bool local;         /* on a stack */
    struct name_variant *next;
};

struct name {
    const char *text;
    size_t length;
    struct name_variant *variants;
    uint8_t kinds; /* of all variants, and of what they point to */
    void *data;    /* the user's */
};

struct names {
    struct pool *pool;
    struct name **slots; /* open addressing, a power of two */
    size_t count, capacity;
};

void names_init(struct names *names, struct pool *pool);
struct name *names_find(const struct names *names, const char *text, size_t length);
/* Makes it if need be, without variants. */
struct name *names_get(struct names *names, const char *text, size_t length);
void names_add(struct names *names, struct name *name, const struct name_variant *variant);

#endif
