/* SPDX-License-Identifier: MIT */
/* Effects of functions on wide and multibyte characters that the table's language cannot say. */
#include <wctype.h>

#include "intercept/libc_handlers.h"
#include "translate/translate.h"

static const wchar_t *wides(const struct libc_call *call, unsigned index)
{
    return (const wchar_t *)libc_argument(call, index);
}

static void reads_wide(struct libc_call *call, const wchar_t *start, size_t count)
{
    libc_reads(call, start, count * sizeof(wchar_t));
}

static void writes_wide(struct libc_call *call, const wchar_t *start, size_t count)
{
    libc_writes(call, start, count * sizeof(wchar_t));
}

static size_t wide_length(const wchar_t *string, size_t most) { return tr_string_length(string, most, sizeof(wchar_t)); }
static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/* --- as libc_string.c ------------------------------------------------------------------------------------------------------- */

static void compare(struct libc_call *call, size_t most, bool to_end, wint_t (*as)(wint_t))
{
    const wchar_t *a = wides(call, 0), *b = wides(call, 1);
    for (size_t i = 0; i < most; i++)
        if ((to_end && a[i] == 0) || (a[i] != b[i] && (!as || as((wint_t)a[i]) != as((wint_t)b[i]))))
            most = i + 1;
    reads_wide(call, a, most);
    reads_wide(call, b, most);
}

void wide_wmemcmp(struct libc_call *call) { compare(call, libc_argument(call, 2), false, NULL); }
void wide_wcscmp(struct libc_call *call) { compare(call, SIZE_MAX, true, NULL); }
void wide_wcsncmp(struct libc_call *call) { compare(call, libc_argument(call, 2), true, NULL); }
void wide_wcscasecmp(struct libc_call *call) { compare(call, SIZE_MAX, true, towlower); }
void wide_wcsncasecmp(struct libc_call *call) { compare(call, libc_argument(call, 2), true, towlower); }

void wide_wmemchr(struct libc_call *call)
{
    const wchar_t *start = wides(call, 0), *found = (const wchar_t *)call->result;
    reads_wide(call, start, found ? (size_t)(found - start) + 1 : libc_argument(call, 2));
}

void wide_wcsnlen(struct libc_call *call)
{
    reads_wide(call, wides(call, 0), smaller(call->result + 1, libc_argument(call, 1)));
}

void wide_wcsstr(struct libc_call *call)
{
    const wchar_t *start = wides(call, 0), *found = (const wchar_t *)call->result;
    reads_wide(call, start, found ? (size_t)(found - start) + wide_length(wides(call, 1), SIZE_MAX)
                                  : wide_length(start, SIZE_MAX) + 1);
}

static void append(struct libc_call *call, size_t most)
{
    const wchar_t *to = wides(call, 0), *from = wides(call, 1);
    size_t before = wide_length(to, SIZE_MAX), added = wide_length(from, most);
    reads_wide(call, to, before + 1);
    reads_wide(call, from, smaller(added + 1, most));
    writes_wide(call, to + before, added + 1);
}

void wide_wcscat(struct libc_call *call) { append(call, SIZE_MAX); }
void wide_wcsncat(struct libc_call *call) { append(call, libc_argument(call, 2)); }

void wide_wcsxfrm(struct libc_call *call)
{
    writes_wide(call, wides(call, 0), smaller(call->result + 1, libc_argument(call, 2)));
}

void wide_wcsftime(struct libc_call *call)
{
    if (call->result > 0)
        writes_wide(call, wides(call, 0), call->result + 1);
}

/* Where the search begins: the string, or what was saved. */
void wide_note_token(struct libc_call *call)
{
    call->noted[0] = libc_argument(call, 0);
    if (!call->noted[0])
        (void)tr_copy_guarded(&call->noted[0], (const void *)libc_argument(call, 2), sizeof(uintptr_t));
}

void wide_wcstok(struct libc_call *call)
{
    const wchar_t *start = (const wchar_t *)call->noted[0];
    uintptr_t *saved = (uintptr_t *)libc_argument(call, 2);
    if (libc_argument(call, 0) == 0)
        libc_reads(call, saved, sizeof(*saved));
    libc_writes(call, saved, sizeof(*saved));
    if (!start || !call->result)
        return;
    const wchar_t *token = (const wchar_t *)call->result, *end = token + wide_length(token, SIZE_MAX);
    reads_wide(call, start, (size_t)(end - start) + 1);
    if (*saved == (uintptr_t)(end + 1))
        writes_wide(call, end, 1);
}

/* With an end pointer the number's extent is known; else as far as characters of numbers go. */
void wide_number(struct libc_call *call)
{
    const wchar_t *start = wides(call, 0), *at = start;
    const wchar_t **end = (const wchar_t **)libc_argument(call, 1);
    if (end) {
        libc_writes(call, end, sizeof(*end));
        at = *end;
    } else {
        while (iswspace((wint_t)*at))
            at++;
        while (iswalnum((wint_t)*at) || *at == L'+' || *at == L'-' || *at == L'.')
            at++;
    }
    reads_wide(call, start, (size_t)(at - start) + 1);
}

/* --- multibyte --------------------------------------------------------------------------------------------------------------- */

/* (size_t)-1: invalid, -2: incomplete, -3: nothing was read. */
static void character(struct libc_call *call, const void *string, size_t most, const void *wide, size_t unit,
                      const void *state)
{
    long used = (long)call->result;
    if (string)
        libc_reads(call, string, used > 0 ? (size_t)used : used == -2 ? most : smaller(most, 1));
    if (string && (used >= 0 || used == -3))
        libc_writes(call, wide, unit);
    libc_writes(call, state, sizeof(mbstate_t));
}

void wide_mbrlen(struct libc_call *call)
{
    character(call, wides(call, 0), libc_argument(call, 1), NULL, 0, wides(call, 2));
}

static void converted(struct libc_call *call, size_t unit)
{
    character(call, wides(call, 1), libc_argument(call, 2), wides(call, 0), unit, wides(call, 3));
}

void wide_mbrtowc(struct libc_call *call) { converted(call, sizeof(wchar_t)); }
void wide_mbrtoc16(struct libc_call *call) { converted(call, 2); }
void wide_mbrtoc8(struct libc_call *call) { converted(call, 1); }

void wide_mblen(struct libc_call *call)
{
    int used = (int)call->result;
    libc_reads(call, wides(call, 0), used > 0 ? (size_t)used : smaller(libc_argument(call, 1), 1));
}

void wide_mbtowc(struct libc_call *call)
{
    int used = (int)call->result;
    const wchar_t *string = wides(call, 1);
    libc_reads(call, string, used > 0 ? (size_t)used : smaller(libc_argument(call, 2), 1));
    if (string && used >= 0)
        writes_wide(call, wides(call, 0), 1);
}

void wide_mbstowcs(struct libc_call *call)
{
    if ((long)call->result >= 0)
        writes_wide(call, wides(call, 0), smaller(call->result + 1, libc_argument(call, 2)));
}

void wide_wcstombs(struct libc_call *call)
{
    if ((long)call->result >= 0)
        libc_writes(call, wides(call, 0), smaller(call->result + 1, libc_argument(call, 2)));
}

void wide_note_source(struct libc_call *call)
{
    call->noted[0] = 0;
    (void)tr_copy_guarded(&call->noted[0], (const void *)libc_argument(call, 1), sizeof(uintptr_t));
}

/* The source's address is read, and moved on if something is stored; it becomes NULL at the string's end. `count`: what was
 * stored, without the end. */
static void string(struct libc_call *call, size_t from_unit, size_t to_unit, size_t room, const void *state)
{
    uintptr_t *source = (uintptr_t *)libc_argument(call, 1), start = call->noted[0];
    const void *to = wides(call, 0);
    size_t length = tr_string_length((const void *)start, SIZE_MAX, (unsigned)from_unit) + 1;
    libc_reads(call, source, sizeof(*source));
    libc_reads(call, (const void *)start, to && *source ? *source - start : length * from_unit);
    libc_writes(call, state, sizeof(mbstate_t));
    if (!to || (long)call->result < 0)
        return;
    libc_writes(call, source, sizeof(*source));
    libc_writes(call, to, smaller(call->result + !*source, room) * to_unit);
}

void wide_mbsrtowcs(struct libc_call *call) { string(call, 1, sizeof(wchar_t), libc_argument(call, 2), wides(call, 3)); }
void wide_wcsrtombs(struct libc_call *call) { string(call, sizeof(wchar_t), 1, libc_argument(call, 2), wides(call, 3)); }
void wide_mbsnrtowcs(struct libc_call *call) { string(call, 1, sizeof(wchar_t), libc_argument(call, 3), wides(call, 4)); }
void wide_wcsnrtombs(struct libc_call *call) { string(call, sizeof(wchar_t), 1, libc_argument(call, 3), wides(call, 4)); }
