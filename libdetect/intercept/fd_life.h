/* SPDX-License-Identifier: MIT */
/* For syscall(SYS_close, …), which is no cancellation point. */
#ifndef DETECT_INTERCEPT_FD_LIFE_H
#define DETECT_INTERCEPT_FD_LIFE_H

#include "runtime/unwind.h"

/* Before the real call. False, with errno, if it must not be made: the descriptor is the report's. */
bool fd_close_by_number(int fd, const struct call_site *site);

#endif
