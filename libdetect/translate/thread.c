/* SPDX-License-Identifier: MIT */
/* Definitions of the data that the whole room shares: the thread-local part, and what tr_init was given. */
#include "translate/global.h"
#include "translate/thread.h"

__thread struct tr_thread tr_thread __attribute__((tls_model("initial-exec")));
int32_t tr_thread_offset;
struct tr_global tr_global;
