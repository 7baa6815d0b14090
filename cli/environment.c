/* SPDX-License-Identifier: MIT */
/* See environment.h. */
#include "environment.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PRELOAD "LD_PRELOAD"

/* Blanks and backslashes as \ooo (report/options.h). */
static const char *escape(struct pool *pool, const char *value)
{
    char *escaped = pool_alloc(pool, strlen(value) * 4 + 1), *out = escaped;
    for (; *value; value++) {
        unsigned char c = (unsigned char)*value;
        if (c > ' ' && c != '\\' && c != 127) {
            *out++ = (char)c;
        } else {
            *out++ = '\\';
            *out++ = (char)('0' + (c >> 6));
            *out++ = (char)('0' + (c >> 3 & 7));
            *out++ = (char)('0' + (c & 7));
        }
    }
    return escaped;
}

/* The index-th of words joined by '|'. */
static const char *enum_word(struct pool *pool, const char *words, int index)
{
    while (index-- > 0)
        words = strchr(words, '|') + 1;
    return pool_text(pool, words, strcspn(words, "|"));
}

static const char *encode(struct pool *pool, const struct option_info *info, const void *field)
{
    switch (info->type) {
    case OPTION_BOOL: return pool_printf(pool, "%s%s", *(const bool *)field ? "" : "no-", info->name);
    case OPTION_INT: return pool_printf(pool, "%s=%d", info->name, *(const int *)field);
    case OPTION_ENUM:
        return pool_printf(pool, "%s=%s", info->name,
                           enum_word(pool, info->value, *(const int *)field));
    default: return pool_printf(pool, "%s=%s", info->name, escape(pool, *(const char *const *)field));
    }
}

const char *environment_options(struct pool *pool, const struct options *options)
{
    const char *text = "", *base = (const char *)options;
    for (size_t i = 0; i < option_count; i++) {
        const struct option_info *info = &option_table[i];
        bool concerns = info->scope == SCOPE_LIB || info->scope == SCOPE_ALL;
        if (!concerns || !*(const bool *)(base + info->offset_set) ||
            strcmp(info->name, "report-dir") == 0) /* DETECT_RUN_DIR names it */
            continue;
        text = pool_printf(pool, "%s%s%s", text, *text ? " " : "",
                           encode(pool, info, base + info->offset));
    }
    return text;
}

static bool is_variable(const char *entry, const char *name)
{
    size_t n = strlen(name);
    return strncmp(entry, name, n) == 0 && entry[n] == '=';
}

/* What the user preloads stays, behind ours. */
static char *preload(struct pool *pool, const char *library)
{
    const char *theirs = getenv(PRELOAD);
    if (!theirs || !*theirs)
        return pool_printf(pool, PRELOAD "=%s", library);
    size_t n = strlen(library);
    bool there = strncmp(theirs, library, n) == 0 && strchr(": ", theirs[n]); /* one run in another */
    return pool_printf(pool, PRELOAD "=%s%s%s", there ? "" : library, there ? "" : ":", theirs);
}

char **environment_for(struct pool *pool, const struct options *options, const char *library,
                       const char *report_dir)
{
    size_t count = 0, used = 0;
    while (environ[count])
        count++;
    char **out = pool_alloc(pool, (count + 4) * sizeof(*out));
    for (size_t i = 0; i < count; i++)
        if (!is_variable(environ[i], PRELOAD) && !is_variable(environ[i], REPORT_ENV_OPTIONS) &&
            !is_variable(environ[i], REPORT_ENV_DIR))
            out[used++] = environ[i];
    out[used++] = preload(pool, library);
    out[used++] = pool_printf(pool, REPORT_ENV_DIR "=%s", report_dir);
    const char *encoded = environment_options(pool, options);
    if (*encoded)
        out[used++] = pool_printf(pool, REPORT_ENV_OPTIONS "=%s", encoded);
    return out;
}
