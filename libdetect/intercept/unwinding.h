/* SPDX-License-Identifier: MIT */
/* What is done when stacks are unwound. */
#ifndef DETECT_INTERCEPT_UNWINDING_H
#define DETECT_INTERCEPT_UNWINDING_H

#include <stdbool.h>

/* pthread_cancel has been called: who is cancelled comes after that from when its stack is unwound. */
extern bool unwinding_has_cancels;

#endif
