/* SPDX-License-Identifier: MIT */
/* Tests of the table of libc's effects (libdetect/intercept/libc_*.def): each case calls one function, and says what must be
 * told of it.
 *
 *     CASE(strcpy, "r b 6; w a 6") { text(b, "hello"); GO; strcpy(a, b); }
 *
 * The program's own calls of libc go through the table's entries, natively (effects.c fills its global offset table); what they
 * tell after GO is recorded. Touched bytes are named by the objects a, b, c, d (with "+4" for an offset), or "other" for any
 * other memory; a run of bytes is the start and how many. Order does not matter. Whatever libc has changed in
 * the objects and was not told is a failure as well, so a case cannot just repeat the table's mistake. Every row needs a case. */
#ifndef DETECT_TESTS_INTERCEPT_EFFECTS_H
#define DETECT_TESTS_INTERCEPT_EFFECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OBJECT_BYTES 8192
extern char a[OBJECT_BYTES], b[OBJECT_BYTES], c[OBJECT_BYTES], d[OBJECT_BYTES];

struct effects_case {
    const char *function, *expected;
    void (*run)(void);
    struct effects_case *next;
};
void effects_add(struct effects_case *which);
extern bool effects_recording;

bool effects_recording_starts(void);
#define GO effects_recording_starts()
#define STOP (effects_recording = false)
/* Makes the compiler call a function whose result nobody wants. */
extern volatile uintptr_t effects_used;
#define USE(value) (effects_used = (uintptr_t)(value))

/* Names `size` bytes "result" for the rest of the case. */
void effects_result(const void *start, size_t size);
/* Copies, unseen. */
void text(void *to, const char *from);
void wide(void *to, const wchar_t *from);
/* A file with that content, for reading and writing; its descriptor. */
int file_with(const char *content);

#define JOIN_(x, y) x##y
#define JOIN(x, y) JOIN_(x, y)
#define CASE_AS(id, name, expected)                                                             \
    static void JOIN(case_, id)(void);                                                                       \
    static struct effects_case JOIN(entry_, id) = {#name, expected, JOIN(case_, id), NULL};                   \
    __attribute__((constructor)) static void JOIN(enter_, id)(void) { effects_add(&JOIN(entry_, id)); }       \
    static void JOIN(case_, id)(void)
#define CASE_COUNTED(count, name, expected) CASE_AS(count, name, expected)
#define CASE(name, expected) CASE_COUNTED(__COUNTER__, name, expected)

#endif
