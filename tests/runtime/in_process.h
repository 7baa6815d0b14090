/* SPDX-License-Identifier: MIT */
/* For tests that have the runtime linked into themselves: it has started before main, as in a watched program, but
 * nothing is intercepted. */
#ifndef DETECT_TESTS_IN_PROCESS_H
#define DETECT_TESTS_IN_PROCESS_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/modules.h"
#include "runtime/runtime.h"

static inline void in_process_start(void)
{
    if (!runtime.on) {
        fprintf(stderr, "the runtime has not started\n");
        exit(1);
    }
    modules_set_own(0, 0); /* this program's frames are to be seen */
}

static inline void in_process_end(void) { unlink(runtime.writer.path); }

#endif
