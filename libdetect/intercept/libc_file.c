/* SPDX-License-Identifier: MIT */
/* Effects of functions on files and folders that the table's language cannot say. */
#include <dirent.h>
#include <fcntl.h>
#include <glob.h>
#include <string.h>

#include "intercept/libc_handlers.h"
#include "translate/translate.h"

static const void *pointer(const struct libc_call *call, unsigned index) { return (const void *)libc_argument(call, index); }

static size_t string_size(const char *string) { return tr_string_length(string, SIZE_MAX, 1) + 1; }

/* --- file handles: a size, then so many bytes --------------------------------------------------------------------------------- */

void file_handle(struct libc_call *call)
{
    const struct file_handle *handle = pointer(call, 2);
    libc_writes(call, handle, sizeof(*handle) + handle->handle_bytes);
}

void file_handle_used(struct libc_call *call)
{
    struct file_handle head;
    const void *handle = pointer(call, 1);
    if (tr_copy_guarded(&head, handle, sizeof(head)) == 0)
        libc_reads(call, handle, sizeof(head) + head.handle_bytes);
}

/* --- with a size of 0 only the size needed is asked for --------------------------------------------------------------------------- */

static void sized(struct libc_call *call, unsigned index)
{
    if (libc_argument(call, index + 1) > 0)
        libc_writes(call, pointer(call, index), call->result);
}

void file_sized_2(struct libc_call *call) { sized(call, 1); }
void file_sized_3(struct libc_call *call) { sized(call, 2); }

void file_confstr(struct libc_call *call)
{
    size_t room = libc_argument(call, 2);
    libc_writes(call, pointer(call, 1), call->result < room ? call->result : room);
}

/* --- folders ---------------------------------------------------------------------------------------------------------------------- */

static size_t entry_size(const struct dirent *entry)
{
    return offsetof(struct dirent, d_name) + string_size(entry->d_name);
}

/* The entry lies in the stream's own buffer. */
void file_dirent(struct libc_call *call)
{
    const struct dirent *entry = (const struct dirent *)call->result;
    libc_touch(call, entry, entry_size(entry), RACE_WRITE | RACE_STATIC);
}

void file_dirent_r(struct libc_call *call)
{
    const struct dirent *entry = pointer(call, 1);
    if (*(void *const *)pointer(call, 2))
        libc_writes(call, entry, entry_size(entry));
}

static void list(struct libc_call *call, unsigned index)
{
    struct dirent **entries = *(struct dirent ***)libc_argument(call, index);
    size_t count = (size_t)(int)call->result;
    libc_writes(call, entries, count * sizeof(*entries));
    for (size_t i = 0; i < count; i++)
        libc_writes(call, entries[i], entry_size(entries[i]));
}

void file_scandir(struct libc_call *call) { list(call, 1); }
void file_scandirat(struct libc_call *call) { list(call, 2); }

void file_two_entries(struct libc_call *call)
{
    for (unsigned i = 0; i < 2; i++) {
        const struct dirent *entry;
        libc_reads(call, pointer(call, i), sizeof(entry));
        if (tr_copy_guarded(&entry, pointer(call, i), sizeof(entry)) == 0 && entry)
            libc_reads(call, entry->d_name, string_size(entry->d_name));
    }
}

/* --- glob --------------------------------------------------------------------------------------------------------------------------- */

void file_glob_before(struct libc_call *call)
{
    if ((int)libc_argument(call, 1) & (GLOB_APPEND | GLOB_DOOFFS | GLOB_ALTDIRFUNC))
        libc_reads(call, pointer(call, 3), sizeof(glob_t));
}

void file_glob(struct libc_call *call)
{
    const glob_t *found = pointer(call, 3);
    size_t first = (int)libc_argument(call, 1) & GLOB_DOOFFS ? found->gl_offs : 0;
    libc_writes(call, found->gl_pathv, (first + found->gl_pathc + 1) * sizeof(char *));
    for (size_t i = 0; i < found->gl_pathc; i++)
        libc_writes(call, found->gl_pathv[first + i], string_size(found->gl_pathv[first + i]));
}
