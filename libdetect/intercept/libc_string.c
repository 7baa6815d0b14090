/* SPDX-License-Identifier: MIT */
/* Effects of memory and string functions that the table's language cannot say; all but those of strcat after the call, when
 * libc has read the same bytes. */
#include "intercept/libc_handlers.h"

#include <ctype.h>

#include "translate/translate.h"

static const char *bytes(const struct libc_call *call, unsigned index)
{
    return (const char *)libc_argument(call, index);
}

static void reads_both(struct libc_call *call, size_t count)
{
    libc_reads(call, bytes(call, 0), count);
    libc_reads(call, bytes(call, 1), count);
}

/* --- comparisons: up to the first difference ------------------------------------------------------------------------------- */

void string_memcmp(struct libc_call *call)
{
    const char *a = bytes(call, 0), *b = bytes(call, 1);
    size_t most = libc_argument(call, 2), same = 0;
    if ((int)call->result == 0)
        same = most;
    else
        while (same < most && a[same] == b[same])
            same++;
    reads_both(call, same < most ? same + 1 : most);
}

static void compare(struct libc_call *call, size_t most, int (*as)(int))
{
    const char *a = bytes(call, 0), *b = bytes(call, 1);
    for (size_t i = 0; i < most; i++) {
        unsigned char in_a = (unsigned char)a[i], in_b = (unsigned char)b[i];
        if (in_a == 0 || (in_a != in_b && (!as || as(in_a) != as(in_b))))
            most = i + 1;
    }
    reads_both(call, most);
}

void string_strcmp(struct libc_call *call) { compare(call, SIZE_MAX, NULL); }
void string_strncmp(struct libc_call *call) { compare(call, libc_argument(call, 2), NULL); }
void string_strcasecmp(struct libc_call *call) { compare(call, SIZE_MAX, tolower); }
void string_strncasecmp(struct libc_call *call) { compare(call, libc_argument(call, 2), tolower); }

/* --- searches ---------------------------------------------------------------------------------------------------------------- */

void string_memchr(struct libc_call *call)
{
    const char *start = bytes(call, 0), *found = (const char *)call->result;
    libc_reads(call, start, found ? (size_t)(found - start) + 1 : libc_argument(call, 2));
}

void string_memrchr(struct libc_call *call)
{
    const char *start = bytes(call, 0), *found = (const char *)call->result;
    size_t size = libc_argument(call, 2);
    libc_reads(call, found ? found : start, found ? (size_t)(start + size - found) : size);
}

void string_memmem(struct libc_call *call)
{
    const char *start = bytes(call, 0), *found = (const char *)call->result;
    libc_reads(call, start, found ? (size_t)(found - start) + libc_argument(call, 3) : libc_argument(call, 1));
}

void string_strstr(struct libc_call *call)
{
    const char *start = bytes(call, 0), *found = (const char *)call->result;
    size_t size = found ? (size_t)(found - start) + tr_string_length(bytes(call, 1), SIZE_MAX, 1)
                        : tr_string_length(start, SIZE_MAX, 1) + 1;
    libc_reads(call, start, size);
}

void string_strnlen(struct libc_call *call)
{
    size_t most = libc_argument(call, 1);
    libc_reads(call, bytes(call, 0), call->result < most ? call->result + 1 : most);
}

/* --- copies -------------------------------------------------------------------------------------------------------------------- */

void string_memccpy(struct libc_call *call)
{
    char *to = (char *)libc_argument(call, 0), *end = (char *)call->result;
    size_t size = end ? (size_t)(end - to) : libc_argument(call, 3);
    libc_reads(call, bytes(call, 1), size);
    libc_writes(call, to, size);
}

static void append(struct libc_call *call, size_t most)
{
    const char *to = bytes(call, 0), *from = bytes(call, 1);
    size_t before = tr_string_length(to, SIZE_MAX, 1), added = tr_string_length(from, most, 1);
    libc_reads(call, to, before + 1);
    libc_reads(call, from, added < most ? added + 1 : added);
    libc_writes(call, to + before, added + 1);
}

void string_strcat(struct libc_call *call) { append(call, SIZE_MAX); }
void string_strncat(struct libc_call *call) { append(call, libc_argument(call, 2)); }

/* What did not fit is indeterminate: written all the same. */
void string_strxfrm(struct libc_call *call)
{
    size_t room = libc_argument(call, 2), needed = call->result + 1;
    libc_writes(call, bytes(call, 0), needed < room ? needed : room);
}

/* --- paths ----------------------------------------------------------------------------------------------------------------------- */

void string_note_length(struct libc_call *call) { call->noted[0] = tr_string_length(bytes(call, 0), SIZE_MAX, 1); }

/* A part of the path is returned, ended by a new end if it was not the last. */
void string_cut(struct libc_call *call)
{
    const char *path = bytes(call, 0), *part = (const char *)call->result;
    if (!path || part < path || part >= path + call->noted[0])
        return;
    const char *end = part + tr_string_length(part, SIZE_MAX, 1);
    if (end < path + call->noted[0])
        libc_writes(call, end, 1);
}
