/* SPDX-License-Identifier: MIT */
/* Messages of detect itself: one line each, on standard error; and the statuses that go with them. */
#ifndef DETECT_CLI_SAY_H
#define DETECT_CLI_SAY_H

enum {
    STATUS_TROUBLE = 2,         /* used wrongly, output not writable, input not readable */
    STATUS_NOT_EXECUTABLE = 126, /* it is there, but cannot be executed, or not under detect */
    STATUS_NOT_FOUND = 127,
};

/* "detect: " and the text and a newline, written at once. Control characters become '?'. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
