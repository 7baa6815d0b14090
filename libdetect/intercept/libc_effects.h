/* SPDX-License-Identifier: MIT */
/* What functions of libc and libm do to the program's memory, in mode full. They run native, so nothing else sees it.
 *
 * The table (libc_*.def) has a row for each function: what it reads and writes, in the small language below. Translated
 * calls of such a function are led to an entry of ours by target address (libc_entry.c), however they were bound; it tells the
 * effects (libc_tell.c) and calls the function. Native code and mode locks never come here.
 *
 * When an effect is told matters for order alone: what is read, before the call (whoever gets the bytes by it may write
 * there the moment after); what is written, after it and only if it succeeded (who reads from a pipe is ordered
 * after the writer by then). Before the call nothing of the program's is dereferenced but by guarded_* (translate.h), so that a
 * wild pointer faults in libc, as without us.
 *
 * Arguments count from 1. Floating-point ones do not count. */
#ifndef DETECT_INTERCEPT_LIBC_EFFECTS_H
#define DETECT_INTERCEPT_LIBC_EFFECTS_H

#include <stdarg.h>
#include <wchar.h>

#include "runtime/races.h"
#include "runtime/self.h"

#define LIBC_ARGUMENTS 10 /* at most; those from the 7th on lie on the stack */
#define LIBC_EFFECTS 8    /* of one row, at most */

/* How a call came out: what its result says of success. */
enum libc_result {
    ANY,     /* always a success */
    ZERO,    /* int: 0 */
    INT,     /* int: not negative */
    COUNT,   /* long: not negative */
    POINTER, /* not NULL */
    POSITIVE, /* int: more than 0 */
};

enum libc_when {
    BEFORE,
    AFTER,
    DONE,        /* after, if it succeeded */
    INTERRUPTED, /* after, if it was ended by a signal */
};

enum libc_length {
    LENGTH_BYTES,   /* `number` */
    LENGTH_ARG,     /* an argument: size_t */
    LENGTH_INT,     /* an argument: int, and not negative */
    LENGTH_LONG_EVEN, /* an argument: long; what is over of an even number, and of a negative one, is left out */
    LENGTH_PRODUCT, /* of two arguments */
    LENGTH_RESULT,  /* what the call returned, plus `number` */
    LENGTH_RESULT_TIMES, /* times an argument */
    LENGTH_VALUE,   /* the uint32_t that an argument points to */
    LENGTH_STRING,  /* of the string there, with its end */
    LENGTH_STRING_MAX, /* but at most an argument */
    LENGTH_OF_STRING,  /* of the string that an argument points to, with its end */
    LENGTH_STRING_UP_TO, /* but at most `number` */
    LENGTH_STRING_BELOW, /* none, if an argument is 0 */
    LENGTH_ARG_TIMES,    /* an argument (size_t) times `number` */
    LENGTH_INT_TIMES,    /* an argument (int) times `number` */
    LENGTH_RESULT_OF,    /* what the call returned, times `number` */
    LENGTH_STATE,        /* no memory: enum libc_state `number` (libc_state.h) */
    LENGTH_FD,           /* no memory: the descriptor that is the argument */
    LENGTH_STREAM,       /* a stream's own state */
    LENGTH_UNLOCKED,     /* a stream's own state, by a function that does not lock it */
    LENGTH_TO_RESULT,  /* up to where the result points, plus `number`; the whole string if that is NULL */
};

struct libc_call;
typedef void libc_handler(struct libc_call *call);

/* One effect: the thread reads or writes as many elements of `unit` bytes as `length` says, from where an argument points. */
struct libc_effect {
    uint8_t when;     /* enum libc_when */
    uint8_t argument; /* from 0; RESULT_POINTER */
    uint8_t length;   /* enum libc_length */
    uint8_t a, b;     /* arguments that the length is made of, from 0 */
    uint8_t unit;
    int16_t number;
    uint32_t flags;        /* RACE_READ, RACE_WRITE */
    libc_handler *handler; /* does all of it instead */
};
#define RESULT_POINTER 255

struct libc_row {
    const char *name;
    const char *twin; /* a variadic function is called as this one, with a va_list; NULL: it is not variadic, or nothing comes after */
    uint8_t result;   /* enum libc_result */
    uint8_t stack_arguments; /* how many words of arguments lie on the stack */
    uint8_t fixed;    /* with `twin`: arguments before the optional ones */
    bool floats;      /* vector registers hold arguments, too */
    bool takes_list;  /* a va_list, behind `fixed` others */
    struct libc_effect effects[LIBC_EFFECTS];
};

/* --- the language ------------------------------------------------------------------------------------------------------ */

#define BYTES(number) LENGTH_BYTES, 0, 0, (number)
#define ARG(n) LENGTH_ARG, (n) - 1, 0, 0
#define INT_ARG(n) LENGTH_INT, (n) - 1, 0, 0
#define PRODUCT(n, m) LENGTH_PRODUCT, (n) - 1, (m) - 1, 0
#define RESULT LENGTH_RESULT, 0, 0, 0
#define RESULT_PLUS(number) LENGTH_RESULT, 0, 0, (number)
#define RESULT_TIMES(n) LENGTH_RESULT_TIMES, (n) - 1, 0, 0
#define VALUE(n) LENGTH_VALUE, (n) - 1, 0, 0
#define EVEN_ARG(n) LENGTH_LONG_EVEN, (n) - 1, 0, 0
#define LENGTH_OF(n) LENGTH_OF_STRING, (n) - 1, 0, 0
#define STRING LENGTH_STRING, 0, 0, 0
#define STRING_MAX(n) LENGTH_STRING_MAX, (n) - 1, 0, 0
#define STRING_UP_TO(number) LENGTH_STRING_UP_TO, 0, 0, (number)
#define STRING_BELOW(n) LENGTH_STRING_BELOW, (n) - 1, 0, 0
#define ARG_TIMES(n, number) LENGTH_ARG_TIMES, (n) - 1, 0, (number)
#define ARG_TIMES_INT(n, number) LENGTH_INT_TIMES, (n) - 1, 0, (number)
#define RESULT_OF(number) LENGTH_RESULT_OF, 0, 0, (number)
#define TO_RESULT(number) LENGTH_TO_RESULT, 0, 0, (number)

#define EFFECT_OF(when, flags, unit, argument, length, a, b, number) \
    {when, argument, length, a, b, unit, number, flags, NULL}
#define EFFECT_EXPAND(...) EFFECT_OF(__VA_ARGS__)

#define READS(n, ...) EFFECT_EXPAND(BEFORE, RACE_READ, 1, (n) - 1, __VA_ARGS__)
#define READS_AFTER(n, ...) EFFECT_EXPAND(AFTER, RACE_READ, 1, (n) - 1, __VA_ARGS__)
#define WRITES(n, ...) EFFECT_EXPAND(DONE, RACE_WRITE, 1, (n) - 1, __VA_ARGS__)
/* Whatever the result; its size is known before, and nothing is ordered by the call. */
#define WRITES_FIRST(n, ...) EFFECT_EXPAND(BEFORE, RACE_WRITE, 1, (n) - 1, __VA_ARGS__)
#define WRITES_RESULT(...) EFFECT_EXPAND(DONE, RACE_WRITE, 1, RESULT_POINTER, __VA_ARGS__)
/* The same in wide characters. */
#define READS_WIDE(n, ...) EFFECT_EXPAND(BEFORE, RACE_READ, sizeof(wchar_t), (n) - 1, __VA_ARGS__)
#define READS_WIDE_AFTER(n, ...) EFFECT_EXPAND(AFTER, RACE_READ, sizeof(wchar_t), (n) - 1, __VA_ARGS__)
#define WRITES_WIDE(n, ...) EFFECT_EXPAND(DONE, RACE_WRITE, sizeof(wchar_t), (n) - 1, __VA_ARGS__)
#define WRITES_WIDE_FIRST(n, ...) EFFECT_EXPAND(BEFORE, RACE_WRITE, sizeof(wchar_t), (n) - 1, __VA_ARGS__)
#define WRITES_WIDE_RESULT(...) EFFECT_EXPAND(DONE, RACE_WRITE, sizeof(wchar_t), RESULT_POINTER, __VA_ARGS__)
/* In a buffer of libc's own. */
#define STATIC_RESULT(...) EFFECT_EXPAND(DONE, RACE_WRITE | RACE_STATIC, 1, RESULT_POINTER, __VA_ARGS__)
#define WHEN_FAILED(n, ...) EFFECT_EXPAND(INTERRUPTED, RACE_WRITE, 1, (n) - 1, __VA_ARGS__)
/* What is no memory of the program's: state of libc's, written and read; a descriptor; a stream (FILE, DIR). */
#define BEFORE_STATE(state) EFFECT_OF(BEFORE, RACE_WRITE | RACE_STATIC, 1, 0, LENGTH_STATE, 0, 0, STATE_##state)
#define BEFORE_STATE_READ(state) EFFECT_OF(BEFORE, RACE_READ | RACE_STATIC, 1, 0, LENGTH_STATE, 0, 0, STATE_##state)
#define USES_FD(n) EFFECT_OF(BEFORE, RACE_READ | RACE_DESCRIPTOR, 1, (n) - 1, LENGTH_FD, 0, 0, 0)
#define MAKES_FD WHEN_DONE(fd_made)
#define STREAM_BYTES 8
#define USES_STREAM(n) EFFECT_OF(BEFORE, RACE_READ | RACE_STATIC, 1, (n) - 1, LENGTH_STREAM, 0, 0, STREAM_BYTES)
#define CHANGES_STREAM(n) EFFECT_OF(BEFORE, RACE_WRITE | RACE_STATIC, 1, (n) - 1, LENGTH_STREAM, 0, 0, STREAM_BYTES)
#define USES_UNLOCKED(n) EFFECT_OF(BEFORE, RACE_WRITE | RACE_STATIC, 1, (n) - 1, LENGTH_UNLOCKED, 0, 0, STREAM_BYTES)
/* What the language cannot say. */
#define BEFORE_CALL(handler) {BEFORE, 0, 0, 0, 0, 0, 0, 0, handler}
#define AFTER_CALL(handler) {AFTER, 0, 0, 0, 0, 0, 0, 0, handler}
#define WHEN_DONE(handler) {DONE, 0, 0, 0, 0, 0, 0, 0, handler}

extern const struct libc_row libc_rows[];
extern const size_t libc_row_count;

/* --- a call under way ----------------------------------------------------------------------------------------------------- */

/* As libc_entry.c's assembly lays it on the stack. The first two arrays are a va_list's register save area (System V ABI, AMD64
 * supplement, 3.5.7). */
struct libc_call {
    uintptr_t registers[6];
    double vectors[8][2]; /* only of rows with `floats` */
    uintptr_t result;
    uintptr_t rax; /* at the call: the number of vector registers, for a variadic function */
    const struct libc_way *way;
    const struct libc_row *row;
    struct self *self;    /* while something is told */
    uintptr_t noted[3];   /* a handler's, from before to after */
    uintptr_t lazy_map, lazy_relocation; /* what the dynamic linker's resolver is given; 0: it is not called */
    uintptr_t frame_pointer;
    uintptr_t return_address;
    uintptr_t stack[];
};

uintptr_t libc_argument(const struct libc_call *call, unsigned index);
bool libc_succeeded(const struct libc_call *call);
static inline void libc_touch(struct libc_call *call, const void *address, size_t size, uint32_t flags)
{
    if (address && size > 0)
        races_touch_slow(call->self, (uintptr_t)address, size, flags, call->return_address);
}
static inline void libc_reads(struct libc_call *call, const void *address, size_t size)
{
    libc_touch(call, address, size, RACE_READ);
}
static inline void libc_writes(struct libc_call *call, const void *address, size_t size)
{
    libc_touch(call, address, size, RACE_WRITE);
}
/* The optional arguments of a variadic function. */
void libc_optional(struct libc_call *call, va_list list);
/* The row of that name, or of a function that is the same; NULL: none. */
const struct libc_row *libc_row_named(const char *name);
/* All effects of that time, inside the detector. */
void libc_tell_effects(struct libc_call *call, bool after);
/* The same; enters and leaves the detector. */
void libc_tell(struct libc_call *call, bool after);

#endif
