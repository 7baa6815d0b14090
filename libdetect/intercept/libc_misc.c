/* SPDX-License-Identifier: MIT */
/* Effects of searching, regular expressions, conversion of character sets and calls about the system that the table's language
 * cannot say. */
#include <errno.h>
#include <regex.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "intercept/libc_handlers.h"
#include "intercept/libc_state.h"
#include "translate/translate.h"

static const void *pointer(const struct libc_call *call, unsigned index) { return (const void *)libc_argument(call, index); }

static bool fetch(void *to, const void *from, size_t size) { return from && tr_copy_guarded(to, from, size) == 0; }

static size_t string_size(const void *string) { return tr_string_length(string, SIZE_MAX, 1) + 1; }

/* --- searching ------------------------------------------------------------------------------------------------------------------- */

/* Whether the key was added: the result is behind the last element then. */
void misc_lsearch(struct libc_call *call)
{
    const size_t *count = pointer(call, 2);
    size_t width = libc_argument(call, 3);
    if (call->result != libc_argument(call, 1) + (*count - 1) * width)
        return;
    libc_reads(call, pointer(call, 0), width);
    libc_writes(call, (const void *)call->result, width);
    libc_writes(call, count, sizeof(*count));
}

/* The tree's nodes are libc's own; its root is the program's. */
void misc_tsearch(struct libc_call *call)
{
    libc_touch(call, (const void *)call->result, sizeof(void *), RACE_WRITE);
    libc_writes(call, pointer(call, 1), sizeof(void *));
}

/* The entry is passed in two registers, the action in the third. */
void misc_hsearch(struct libc_call *call)
{
    libc_touch_state(call, STATE_HSEARCH, (int)libc_argument(call, 2) == ENTER ? RACE_WRITE : RACE_READ);
    libc_reads(call, pointer(call, 0), string_size(pointer(call, 0)));
}

void misc_hsearch_r(struct libc_call *call)
{
    bool enters = (int)libc_argument(call, 2) == ENTER;
    libc_touch(call, pointer(call, 4), sizeof(struct hsearch_data), enters ? RACE_WRITE : RACE_READ);
    libc_reads(call, pointer(call, 0), string_size(pointer(call, 0)));
}

struct element {
    struct element *next, *previous;
};

void misc_insque(struct libc_call *call)
{
    const struct element *element = pointer(call, 0), *previous = pointer(call, 1);
    libc_writes(call, element, sizeof(*element));
    if (!previous)
        return;
    libc_writes(call, &previous->next, sizeof(previous->next));
    if (element->next)
        libc_writes(call, &element->next->previous, sizeof(element->next->previous));
}

void misc_remque(struct libc_call *call)
{
    struct element element;
    if (!fetch(&element, pointer(call, 0), sizeof(element)))
        return;
    libc_reads(call, pointer(call, 0), sizeof(element));
    if (element.next)
        libc_writes(call, &element.next->previous, sizeof(element.previous));
    if (element.previous)
        libc_writes(call, &element.previous->next, sizeof(element.next));
}

/* Its state moves on: two pointers, and a word of the table that they point into. */
void misc_random_r(struct libc_call *call)
{
    libc_writes(call, pointer(call, 0), sizeof(struct random_data));
}

/* --- regular expressions ------------------------------------------------------------------------------------------------------------ */

void misc_regexec(struct libc_call *call)
{
    regmatch_t range;
    const char *string = pointer(call, 1);
    if (!((int)libc_argument(call, 4) & REG_STARTEND))
        libc_reads(call, string, string_size(string));
    else if (fetch(&range, pointer(call, 3), sizeof(range)) && range.rm_so >= 0 && range.rm_eo >= range.rm_so)
        libc_reads(call, string + range.rm_so, (size_t)(range.rm_eo - range.rm_so));
}

void misc_regmatch(struct libc_call *call)
{
    size_t count = libc_argument(call, 2);
    if (pointer(call, 3) && count < SIZE_MAX / sizeof(regmatch_t))
        libc_writes(call, pointer(call, 3), count * sizeof(regmatch_t));
}

void misc_regerror(struct libc_call *call)
{
    size_t room = libc_argument(call, 3);
    libc_writes(call, pointer(call, 2), call->result < room ? call->result : room);
}

/* --- character sets, locales, messages -------------------------------------------------------------------------------------------------- */

void misc_iconv_before(struct libc_call *call)
{
    call->noted[0] = call->noted[1] = 0;
    (void)fetch(&call->noted[0], pointer(call, 1), sizeof(uintptr_t));
    (void)fetch(&call->noted[1], pointer(call, 3), sizeof(uintptr_t));
    for (unsigned i = 1; i <= 4; i++)
        libc_reads(call, pointer(call, i), sizeof(uintptr_t));
}

void misc_iconv(struct libc_call *call)
{
    const uintptr_t *in = pointer(call, 1), *out = pointer(call, 3);
    if (in && call->noted[0]) {
        libc_reads(call, (const void *)call->noted[0], *in - call->noted[0]);
        libc_writes(call, in, sizeof(*in));
        libc_writes(call, pointer(call, 2), sizeof(size_t));
    }
    if (out && call->noted[1]) {
        libc_writes(call, (const void *)call->noted[1], *out - call->noted[1]);
        libc_writes(call, out, sizeof(*out));
        libc_writes(call, pointer(call, 4), sizeof(size_t));
    }
}

void misc_setlocale(struct libc_call *call)
{
    libc_touch_state(call, STATE_LOCALE, pointer(call, 1) ? RACE_WRITE : RACE_READ);
}

/* Unless that itself was a mistake that is told. */
void sync_written(struct libc_call *call)
{
    if (!detector_thread_misused(call->self->thread, libc_argument(call, 0)))
        libc_writes(call, pointer(call, 0), 4);
}

/* Known errors have a text of libc's. */
void misc_strerror_r(struct libc_call *call)
{
    if (call->result == libc_argument(call, 1))
        libc_writes(call, pointer(call, 1), string_size(pointer(call, 1)));
}

void state_tmpnam(struct libc_call *call)
{
    if (!pointer(call, 0) && call->result)
        libc_touch(call, (const void *)call->result, string_size((const void *)call->result), RACE_WRITE | RACE_STATIC);
}

/* --- the system ------------------------------------------------------------------------------------------------------------------------ */

void system_clock_nanosleep(struct libc_call *call)
{
    if ((int)call->result == EINTR && !((int)libc_argument(call, 1) & TIMER_ABSTIME))
        libc_writes(call, pointer(call, 3), sizeof(struct timespec));
}

static void strings(struct libc_call *call, const void *list)
{
    const char *const *at = list, *string = NULL;
    for (; at && fetch(&string, at, sizeof(string)) && string; at++)
        libc_reads(call, string, string_size(string));
    if (at)
        libc_reads(call, list, (size_t)((const char *)(at + 1) - (const char *)list));
}

void system_exec(struct libc_call *call)
{
    libc_reads(call, pointer(call, 0), string_size(pointer(call, 0)));
    strings(call, pointer(call, 1));
}

void system_exec_environment(struct libc_call *call)
{
    system_exec(call);
    strings(call, pointer(call, 2));
}

void system_spawn(struct libc_call *call)
{
    libc_reads(call, pointer(call, 1), string_size(pointer(call, 1)));
    strings(call, pointer(call, 4));
    strings(call, pointer(call, 5));
}

void system_getloadavg(struct libc_call *call)
{
    libc_writes(call, pointer(call, 0), (size_t)(int)call->result * sizeof(double));
}

void system_getgroups(struct libc_call *call)
{
    if ((int)libc_argument(call, 0) > 0)
        libc_writes(call, pointer(call, 1), (size_t)(int)call->result * sizeof(gid_t));
}

#define PAGE_BYTES 4096u

void system_mincore(struct libc_call *call)
{
    libc_writes(call, pointer(call, 2), (libc_argument(call, 1) + PAGE_BYTES - 1) / PAGE_BYTES);
}
