/* SPDX-License-Identifier: MIT */
/* Obstack-backed memory; see pool.h. */
#include "pool.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "say.h"

#define obstack_chunk_alloc malloc
#define obstack_chunk_free free

static void out_of_memory(void)
{
    say("out of memory");
    _exit(STATUS_TROUBLE);
}

void pool_init(struct pool *pool)
{
    obstack_alloc_failed_handler = out_of_memory;
    obstack_init(&pool->blocks);
}

void pool_free(struct pool *pool) { obstack_free(&pool->blocks, NULL); }

void *pool_alloc(struct pool *pool, size_t bytes)
{
    return memset(obstack_alloc(&pool->blocks, bytes), 0, bytes);
}

char *pool_text(struct pool *pool, const char *text, size_t n)
{
    return obstack_copy0(&pool->blocks, text, n);
}

char *pool_printf(struct pool *pool, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = NULL;
    int length = vasprintf(&text, format, args);
    va_end(args);
    if (length < 0)
        out_of_memory();
    char *copy = pool_text(pool, text, (size_t)length);
    free(text);
    return copy;
}

void *pool_grow(struct pool *pool, void *array, size_t count, size_t *capacity, size_t element)
{
    if (count < *capacity)
        return array;
    *capacity = *capacity ? *capacity * 2 : 8;
    void *larger = pool_alloc(pool, *capacity * element);
    if (count)
        memcpy(larger, array, count * element);
    return larger;
}
