/* SPDX-License-Identifier: MIT */
/* What enter.S believes of struct tr_thread. */
#include "translate/x86_64/offsets.h"

#include "translate/thread.h"

#define AT(field, value) _Static_assert(offsetof(struct tr_thread, field) == (value), #field)

AT(spill[0], THREAD_SPILL0);
AT(spill[1], THREAD_SPILL1);
AT(spill[2], THREAD_SPILL2);
AT(resume, THREAD_RESUME);
AT(inside, THREAD_INSIDE);
AT(stack_top, THREAD_STACK_TOP);
AT(context.gpr, THREAD_GPR);
AT(context.flags, THREAD_FLAGS);
_Static_assert(TR_WORKING == INSIDE_WORKING, "inside");
