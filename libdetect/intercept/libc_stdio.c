/* SPDX-License-Identifier: MIT */
/* Effects of <stdio.h>, of numbers in text and of paths that the table's language cannot say. */
#include <ctype.h>

#include "intercept/libc_handlers.h"
#include "translate/translate.h"

/* --- getline, getdelim: the buffer and its size, which may be replaced --------------------------------------------------------- */

void stdio_line_before(struct libc_call *call)
{
    for (unsigned i = 0; i < 2; i++) {
        const void *variable = (const void *)libc_argument(call, i);
        call->noted[i] = 0;
        (void)tr_copy_guarded(&call->noted[i], variable, sizeof(uintptr_t));
        libc_reads(call, variable, sizeof(uintptr_t));
    }
}

void stdio_line(struct libc_call *call)
{
    uintptr_t *buffer = (uintptr_t *)libc_argument(call, 0), *size = (uintptr_t *)libc_argument(call, 1);
    if (*buffer != call->noted[0])
        libc_writes(call, buffer, sizeof(*buffer));
    if (*size != call->noted[1])
        libc_writes(call, size, sizeof(*size));
    libc_writes(call, (const void *)*buffer, call->result + 1);
}

/* --- numbers -------------------------------------------------------------------------------------------------------------------- */

static const char *behind_number(const char *text, const char *others)
{
    while (isspace((unsigned char)*text))
        text++;
    for (; *text; text++) {
        const char *other = others;
        while (*other && *other != *text)
            other++;
        if (!isalnum((unsigned char)*text) && !*other)
            break;
    }
    return text;
}

/* strtol and its like. With an end pointer the number's extent is known; else as far as characters of numbers go. Its last
 * character is the one that ends it. */
static void number(struct libc_call *call, const char **end, const char *others)
{
    const char *start = (const char *)libc_argument(call, 0);
    if (end)
        libc_writes(call, end, sizeof(*end));
    const char *behind = end ? *end : behind_number(start, others);
    libc_reads(call, start, (size_t)(behind - start) + 1);
}

void number_integer(struct libc_call *call) { number(call, (const char **)libc_argument(call, 1), "+-"); }
void number_float(struct libc_call *call) { number(call, (const char **)libc_argument(call, 1), "+-."); }
void number_atoi(struct libc_call *call) { number(call, NULL, "+-"); }
void number_atof(struct libc_call *call) { number(call, NULL, "+-."); }

/* --- tokens ---------------------------------------------------------------------------------------------------------------------- */

/* strtok_r: where the search begins; strtok's place is libc's own. */
void token_note(struct libc_call *call)
{
    call->noted[0] = libc_argument(call, 0);
    if (!call->noted[0])
        (void)tr_copy_guarded(&call->noted[0], (const void *)libc_argument(call, 2), sizeof(uintptr_t));
}

static void token(struct libc_call *call, const char *start)
{
    const char *found = (const char *)call->result;
    if (!start)
        return;
    if (!found) {
        libc_reads(call, start, tr_string_length(start, SIZE_MAX, 1) + 1);
        return;
    }
    const char *end = found + tr_string_length(found, SIZE_MAX, 1);
    libc_reads(call, start, (size_t)(end - start) + 1);
    libc_writes(call, end, 1);
}

void token_strtok_r(struct libc_call *call)
{
    const void *saved = (const void *)libc_argument(call, 2);
    if (libc_argument(call, 0) == 0)
        libc_reads(call, saved, sizeof(uintptr_t));
    libc_writes(call, saved, sizeof(uintptr_t));
    token(call, (const char *)call->noted[0]);
}

/* Without a string, the search goes on somewhere behind the last token: from this one on is what is known. */
void token_strtok(struct libc_call *call)
{
    const char *start = (const char *)libc_argument(call, 0);
    token(call, start ? start : (const char *)call->result);
}

void token_strsep_note(struct libc_call *call)
{
    call->noted[0] = 0;
    (void)tr_copy_guarded(&call->noted[0], (const void *)libc_argument(call, 0), sizeof(uintptr_t));
    libc_reads(call, (const void *)libc_argument(call, 0), sizeof(uintptr_t));
}

void token_strsep(struct libc_call *call)
{
    char **string = (char **)libc_argument(call, 0);
    const char *start = (const char *)call->noted[0];
    if (!start)
        return;
    libc_writes(call, string, sizeof(*string));
    libc_reads(call, start, *string ? (size_t)(*string - start) : tr_string_length(start, SIZE_MAX, 1) + 1);
    if (*string)
        libc_writes(call, *string - 1, 1);
}
