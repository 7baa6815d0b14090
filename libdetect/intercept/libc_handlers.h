/* SPDX-License-Identifier: MIT */
/* Effects that the table's language (libc_effects.h) cannot say: handlers, by family. */
#ifndef DETECT_INTERCEPT_LIBC_HANDLERS_H
#define DETECT_INTERCEPT_LIBC_HANDLERS_H

#include "intercept/libc_effects.h"

/* libc_string.c */
libc_handler string_memcmp, string_strcmp, string_strncmp, string_strcasecmp, string_strncasecmp;
libc_handler string_memchr, string_memrchr, string_memmem, string_strstr, string_strnlen;
libc_handler string_memccpy, string_strcat, string_strncat, string_strxfrm;
libc_handler string_note_length, string_cut;

#endif
