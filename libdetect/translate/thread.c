/* SPDX-License-Identifier: MIT */
/* The thread-local part; see thread.h. */
#include "translate/thread.h"

#include "translate/translate.h"

int32_t tr_thread_offset;

uint32_t *tr_check_tags(void) { return tr_thread.tags; }
