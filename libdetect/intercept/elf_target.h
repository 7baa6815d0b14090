/* SPDX-License-Identifier: MIT */
/* Whether libdetect.so can be preloaded into a program file that is about to be executed.
 *
 * Async-signal-safe, raw system calls only: called in the children of vfork as well. */
#ifndef DETECT_INTERCEPT_ELF_TARGET_H
#define DETECT_INTERCEPT_ELF_TARGET_H

#include "base/compiler.h"

enum target {
    TARGET_FINE,        /* also what cannot be read: exec itself will tell */
    TARGET_STATIC,      /* no program interpreter: LD_PRELOAD means nothing to it */
    TARGET_OTHER_CLASS, /* 32-bit, or for another CPU: its ld.so would complain */
    TARGET_OTHER_LIBC,  /* another dynamic linker than ours: it might fail on our library */
    TARGET_PRIVILEGED,  /* setuid, setgid or with capabilities: ld.so ignores LD_PRELOAD */
    TARGET_SANITIZER,   /* its run-time library must be the first one, and aborts if it is not */
};

/* Follows #! lines. `path` is relative to `directory` (AT_FDCWD, or a descriptor; an empty path means the
 * descriptor itself). */
enum target target_inspect(int directory, const char *path);

/* The file that execvp would run for `name`, in `path`; NULL if there is none. */
const char *target_find(const char *name, const char *search_path, char *path, size_t size);

#endif
