/* SPDX-License-Identifier: MIT */
/* Memory that is given back all at once: what was read from reports, and what is made of it, lives until
 * the last line is printed. Over GNU obstacks. Out of memory ends the program with status 2. */
#ifndef DETECT_CLI_POOL_H
#define DETECT_CLI_POOL_H

#include <obstack.h>
#include <stddef.h>

struct pool {
    struct obstack blocks;
};

void pool_init(struct pool *pool);
void pool_free(struct pool *pool);
/* Zeroed. */
void *pool_alloc(struct pool *pool, size_t bytes);
/* A terminated copy of n bytes. */
char *pool_text(struct pool *pool, const char *text, size_t n);
char *pool_printf(struct pool *pool, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Room for one more element: the array, moved if it was full (count == *capacity). */
void *pool_grow(struct pool *pool, void *array, size_t count, size_t *capacity, size_t element);

#endif
