/* SPDX-License-Identifier: MIT */
/* A library with a lock in its data, for engage_system.c to unload. */
#include <pthread.h>

__attribute__((visibility("default"))) pthread_mutex_t engage_plugin_mutex = PTHREAD_MUTEX_INITIALIZER;
