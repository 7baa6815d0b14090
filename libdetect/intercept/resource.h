/* SPDX-License-Identifier: MIT */
/* Limits of address space around exec; see resource.c. */
#ifndef DETECT_INTERCEPT_RESOURCE_H
#define DETECT_INTERCEPT_RESOURCE_H

/* The next program has no shadow memory yet: it gets the limits as this one has set them. */
void resource_before_exec(void);
void resource_exec_failed(void);

#endif
