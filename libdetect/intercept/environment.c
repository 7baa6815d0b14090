/* SPDX-License-Identifier: MIT */
/* The environment of children; see environment.h. What this process was started with is kept from the very start,
 * before the program can change it. */
#include "intercept/environment.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/sys.h"
#include "report/format.h"
#include "runtime/runtime.h"

#define PATH_SIZE 4096
#define OPTIONS_SIZE 8192
#define PRELOAD "LD_PRELOAD"

/* "NAME=value" as it was at the start; empty if it was not set. */
static struct {
    char library[PATH_SIZE]; /* absolute */
    char options[OPTIONS_SIZE];
    char directory[PATH_SIZE];
} ours;

/* --- text --------------------------------------------------------------------------------------------------- */

static const char *value_of(char *const envp[], const char *name)
{
    size_t length = strlen(name);
    for (; envp && *envp; envp++)
        if (strncmp(*envp, name, length) == 0 && (*envp)[length] == '=')
            return *envp + length + 1;
    return NULL;
}

static bool names(const char *entry, const char *name)
{
    size_t length = strlen(name);
    return strncmp(entry, name, length) == 0 && entry[length] == '=';
}

static void keep(char *to, size_t size, char *const envp[], const char *name)
{
    const char *value = value_of(envp, name);
    if (value && strlen(name) + 1 + strlen(value) + 1 <= size)
        stpcpy(stpcpy(stpcpy(to, name), "="), value);
}

/* --- LD_PRELOAD: a list separated by blanks or colons ---------------------------------------------------------- */

static size_t entry_length(const char *list) { return strcspn(list, ": "); }

/* By the last part of the name: the rest may be relative to a directory that was left since. */
static bool is_us(const char *entry, size_t length)
{
    const char *own = strrchr(ours.library, '/');
    size_t own_length = own ? strlen(own) : 0;
    if (!own || length + 1 < own_length)
        return false;
    return memcmp(entry + length + 1 - own_length, own + 1, own_length - 1) == 0 &&
           (length + 1 == own_length || entry[length - own_length] == '/');
}

static bool lists_us(const char *list)
{
    while (list && *list) {
        size_t length = entry_length(list);
        if (is_us(list, length) && list[0] == '/')
            return true;
        list += length + (list[length] != '\0');
    }
    return false;
}

/* Copies the list without ourselves; `to` has room for all of it. Returns its end. */
static char *copy_others(char *to, const char *list)
{
    const char *start = to;
    while (list && *list) {
        size_t length = entry_length(list);
        if (length > 0 && !is_us(list, length)) {
            if (to > start)
                *to++ = ':';
            memmove(to, list, length); /* in place, it only gets shorter */
            to += length;
        }
        list += length + (list[length] != '\0');
    }
    *to = '\0';
    return to;
}

/* --- our name ------------------------------------------------------------------------------------------------ */

static void make_absolute(const char *name)
{
    size_t used = 0;
    if (name[0] != '/') {
        long length = sys_call(SYS_getcwd, (long)ours.library, PATH_SIZE, 0, 0, 0, 0);
        used = length > 0 ? (size_t)length - 1 : 0;
    }
    size_t size = strlen(name) + 1;
    if (used + 1 + size > PATH_SIZE) {
        ours.library[0] = '\0';
        return;
    }
    if (used > 0)
        ours.library[used++] = '/';
    memcpy(ours.library + used, name, size);
}

/* children=no: what this process hands on, by whatever way, does not name us. The strings are edited in place: libc's
 * `environ` will be this array, and some programs look for the auxiliary vector behind its end. */
static void leave_environment(char **envp)
{
    for (char **entry = envp; *entry; entry++) {
        if (names(*entry, PRELOAD)) {
            char *list = *entry + sizeof(PRELOAD "=") - 1;
            copy_others(list, list);
        }
    }
}

/* After the runtime's own constructor, which has read the options. */
__attribute__((constructor)) static void remember(int argc, char **argv, char **envp)
{
    (void)argc;
    (void)argv;
    Dl_info info;
    if (dladdr(&ours, &info) && info.dli_fname)
        make_absolute(info.dli_fname);
    keep(ours.options, sizeof(ours.options), envp, REPORT_ENV_OPTIONS);
    keep(ours.directory, sizeof(ours.directory), envp, REPORT_ENV_DIR);
    if (runtime.detector && !runtime.options.children)
        leave_environment(envp);
}

bool environment_reachable(void)
{
    return ours.library[0] &&
           sys_call(SYS_faccessat, AT_FDCWD, (long)ours.library, R_OK, 0, 0, 0) == 0;
}

/* --- environments ------------------------------------------------------------------------------------------------ */

static size_t count_of(char *const envp[])
{
    size_t count = 0;
    while (envp && envp[count])
        count++;
    return count;
}

static bool lacks(char *const envp[], const char *kept, const char *name)
{
    return kept[0] && !value_of(envp, name);
}

static bool needs_change(char *const envp[], enum child_watch watch)
{
    bool listed = lists_us(value_of(envp, PRELOAD));
    switch (watch) {
    case CHILD_WATCHED:
        return !listed || lacks(envp, ours.options, REPORT_ENV_OPTIONS) ||
               lacks(envp, ours.directory, REPORT_ENV_DIR);
    case CHILD_UNLOADABLE:
        return listed;
    default:
        return listed || value_of(envp, REPORT_ENV_OPTIONS) || value_of(envp, REPORT_ENV_DIR);
    }
}

size_t environment_room(char *const envp[], enum child_watch watch)
{
    if (!ours.library[0] || !needs_change(envp, watch))
        return 0;
    const char *list = value_of(envp, PRELOAD);
    size_t text = sizeof(PRELOAD "=") + strlen(ours.library) + 1 + (list ? strlen(list) : 0);
    return (count_of(envp) + 4) * sizeof(char *) + text + 1;
}

/* "LD_PRELOAD=…" in `text`; NULL if nothing is left in it. */
static char *preload_entry(char *text, char *const envp[], bool with_us)
{
    char *list = stpcpy(text, PRELOAD "="), *end = list;
    if (with_us) {
        end = stpcpy(stpcpy(end, ours.library), ":");
        char *others = end;
        end = copy_others(end, value_of(envp, PRELOAD));
        if (end == others)
            *--end = '\0';
    } else {
        end = copy_others(end, value_of(envp, PRELOAD));
    }
    return end > list ? text : NULL;
}

char **environment_build(void *room, char *const envp[], enum child_watch watch)
{
    char **result = room, **next = result;
    char *text = (char *)(result + count_of(envp) + 4);
    char *preload = preload_entry(text, envp, watch == CHILD_WATCHED);
    for (char *const *entry = envp; entry && *entry; entry++) {
        bool ours_alone = names(*entry, REPORT_ENV_OPTIONS) || names(*entry, REPORT_ENV_DIR);
        if (!names(*entry, PRELOAD) && !(watch == CHILD_FREE && ours_alone))
            *next++ = *entry;
    }
    if (preload)
        *next++ = preload;
    if (watch == CHILD_WATCHED && lacks(envp, ours.options, REPORT_ENV_OPTIONS))
        *next++ = ours.options;
    if (watch == CHILD_WATCHED && lacks(envp, ours.directory, REPORT_ENV_DIR))
        *next++ = ours.directory;
    *next = NULL;
    return result;
}

/* --- shell commands --------------------------------------------------------------------------------------------- */

/* ` NAME='value'`, each ' in the value as '\''. */
static char *quote(char *to, const char *name, const char *value)
{
    to = stpcpy(stpcpy(stpcpy(to, " "), name), "='");
    for (; *value; value++) {
        if (*value == '\'')
            to = stpcpy(to, "'\\'");
        *to++ = *value;
    }
    *to++ = '\'';
    *to = '\0';
    return to;
}

size_t environment_command_room(char *const envp[], const char *command)
{
    if (!ours.library[0] || !needs_change(envp, CHILD_WATCHED))
        return 0;
    /* Each character may become four. */
    return 128 + strlen(command) +
           4 * (strlen(ours.library) + strlen(ours.options) + strlen(ours.directory)) +
           sizeof(PRELOAD REPORT_ENV_OPTIONS REPORT_ENV_DIR);
}

const char *environment_command(char *room, const char *command)
{
    char *end = quote(stpcpy(room, "export"), PRELOAD, ours.library);
    end = stpcpy(end, "\"${" PRELOAD ":+:$" PRELOAD "}\"");
    if (ours.options[0])
        end = quote(end, REPORT_ENV_OPTIONS, strchr(ours.options, '=') + 1);
    if (ours.directory[0])
        end = quote(end, REPORT_ENV_DIR, strchr(ours.directory, '=') + 1);
    stpcpy(stpcpy(end, "; "), command);
    return room;
}
