/* SPDX-License-Identifier: MIT */
/* What tr_init was given, and the counters, for all files of this room. Written by tr_init; afterwards only `stats`
 * changes, under the translator's lock (but for what signal handlers and stubs count: relaxed). */
#ifndef DETECT_TRANSLATE_GLOBAL_H
#define DETECT_TRANSLATE_GLOBAL_H

#include "translate/translate.h"

struct tr_global {
    struct tr_options options;
    const struct tr_client *client; /* NULL: bare translation */
    const struct tr_host *host;
    struct tr_stats stats;
};

extern struct tr_global tr_global;

#endif
