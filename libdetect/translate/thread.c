/* SPDX-License-Identifier: MIT */
/* The thread-local part; see thread.h. */
#include "translate/thread.h"

__thread struct tr_thread tr_thread __attribute__((tls_model("initial-exec")));
int32_t tr_thread_offset;
