/* SPDX-License-Identifier: MIT */
/* Options as parsed from the command line (`--name=value`, `--name value`, `--name`, `--no-name`) and
 * from DETECT_OPTIONS (`name=value` separated by blanks; blanks in a value as \040, backslash as \134).
 *
 * Used by the preload library and by the CLI. No allocation: strings point into the caller's text. */
#ifndef DETECT_REPORT_OPTIONS_H
#define DETECT_REPORT_OPTIONS_H

#include "base/compiler.h"

enum option_mode { MODE_FULL, MODE_LOCKS };
enum option_format { FORMAT_TEXT, FORMAT_JSON };
enum option_fail_on { FAIL_CERTAIN, FAIL_PREDICTED, FAIL_POSSIBLE, FAIL_NEVER };
enum option_on_deadlock { DEADLOCK_KILL, DEADLOCK_REPORT, DEADLOCK_STOP, DEADLOCK_DEFAULT };
enum option_color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };
enum option_translate { TRANSLATE_NO, TRANSLATE_FIRST_THREAD, TRANSLATE_START };

enum option_type { OPTION_BOOL, OPTION_INT, OPTION_ENUM, OPTION_STRING };
enum option_scope { SCOPE_LIB, SCOPE_RUN, SCOPE_SHOW, SCOPE_ALL };

#define OPTION_FIELD_BOOL bool
#define OPTION_FIELD_INT int
#define OPTION_FIELD_ENUM int
#define OPTION_FIELD_STRING const char *

struct options {
#define OPTION(type, field, name, def, value, scope, help) OPTION_FIELD_##type field;
#include "report/options.def"
#undef OPTION
#define OPTION(type, field, name, def, value, scope, help) bool field##_set;
#include "report/options.def"
#undef OPTION
};

struct option_info {
    const char *name, *value, *help; /* value: "N", "FILE", or the words of an enum joined by '|' */
    enum option_type type;
    enum option_scope scope;
    size_t offset, offset_set; /* in struct options */
};

extern const struct option_info option_table[];
extern const size_t option_count;

void options_default(struct options *options);

enum option_error { OPTION_OK, OPTION_UNKNOWN, OPTION_BAD_VALUE, OPTION_NO_VALUE, OPTION_EXTRA_VALUE };

/* The candidate closest to `name` in spelling, or NULL if none is near: for messages about unknown
 * options, commands and kinds. `candidate(i)` gives the i-th of `count`. */
const char *options_nearest(const char *name, size_t name_len, const char *(*candidate)(size_t i),
                            size_t count);

/* Sets one option. `name` need not be terminated (name_len); value NULL: none was given. "no-NAME"
 * clears a bool. On OPTION_UNKNOWN *nearest is the table's closest name, or NULL if none is near. */
enum option_error options_set(struct options *options, const char *name, size_t name_len,
                              const char *value, const char **nearest);

/* Parses `text` (DETECT_OPTIONS), which it cuts into strings in place. On an error, a one-line message
 * goes to `error` and parsing goes on with the next word; returns the number of errors. */
unsigned options_parse_environment(struct options *options, char *text, char *error,
                                   size_t error_size);

#endif
