/* SPDX-License-Identifier: MIT */
/* The thread-local part; see thread.h. */
#include "translate/thread.h"

#include "translate/translate.h"

int32_t tr_thread_offset;

_Static_assert(ARRAY_LEN(tr_thread.tags) == TR_TAGS, "translate.h");

uint32_t *tr_check_tags(void) { return tr_thread.tags; }
