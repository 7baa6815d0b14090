/* SPDX-License-Identifier: MIT */
/* The environment of the watched program: ours, with what the preload library needs. */
#ifndef DETECT_CLI_ENVIRONMENT_H
#define DETECT_CLI_ENVIRONMENT_H

#include "report/format.h"
#include "pool.h"

char **environment_for(struct pool *pool, const struct options *options, const char *library,
                       const char *report_dir);
/* The options that concern the library and were set, as DETECT_OPTIONS; "" if there are none. */
const char *environment_options(struct pool *pool, const struct options *options);

#endif
