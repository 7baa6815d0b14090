/* SPDX-License-Identifier: MIT */
/* What libc and the kernel keep for the program and several threads may use at once: descriptors, and state of libc's that has no
 * address in the program. Each has an address of its own in libdetect's memory, which is never touched but has a history like
 * any other. */
#ifndef DETECT_INTERCEPT_LIBC_STATE_H
#define DETECT_INTERCEPT_LIBC_STATE_H

#include "intercept/libc_effects.h"

#define LIBC_STATES(STATE)                                      \
    STATE(STRTOK, "the place where strtok goes on")             \
    STATE(DRAND48, "the state of drand48 and its family")       \
    STATE(HSEARCH, "the table of hsearch")                      \
    STATE(LOCALE, "the locale of the process")                  \
    STATE(MULTIBYTE, "the shift state of mblen, mbtowc, wctomb") \
    STATE(HOSTS, "the buffer of gethostbyname and its like")    \
    STATE(SERVICES, "the buffer of getservbyname and its like") \
    STATE(PROTOCOLS, "the buffer of getprotobyname and its like") \
    STATE(USERS, "the buffer of getpwnam and its like")         \
    STATE(GROUPS, "the buffer of getgrnam and its like")        \
    STATE(SHADOW, "the buffer of getspnam and its like")        \
    STATE(LOGINS, "the buffer of getutent and its like")        \
    STATE(ENVIRON, "the environment")                           \
    STATE(GETOPT, "the state of getopt")                        \
    STATE(SIGNGAM, "signgam")

enum libc_state {
#define STATE(name, text) STATE_##name,
    LIBC_STATES(STATE)
#undef STATE
    STATE_COUNT
};

void libc_touch_state(struct libc_call *call, enum libc_state state, uint32_t access);

/* A descriptor is used; is about to be closed; has been made (also over one that was there). */
void libc_uses_fd(struct libc_call *call, int fd);
void libc_ends_fd(struct libc_call *call, int fd);
void libc_ended_fd(struct libc_call *call, int fd);
void libc_makes_fd(struct libc_call *call, int fd);

/* What the address stands for, as the report names it. False: it is none of these. */
bool libc_state_name(uintptr_t address, char *to, size_t room);

/* A function of the stream's may write what was put into it before, or has read. */
void libc_stream_releases(struct libc_call *call, uintptr_t stream);
void libc_stream_acquires(struct libc_call *call, uintptr_t stream);
/* Whether this thread holds the stream's lock by flockfile. */
bool libc_holds_stream(uintptr_t stream);

#endif
