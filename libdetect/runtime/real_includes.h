/* SPDX-License-Identifier: MIT */
/* The declarations that real_sync.def and real_system.def name. No code. */
#ifndef DETECT_RUNTIME_REAL_INCLUDES_H
#define DETECT_RUNTIME_REAL_INCLUDES_H

#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <threads.h>

#endif
