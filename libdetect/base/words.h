/* SPDX-License-Identifier: MIT */
/* Copying and clearing of memory for code that runs while the vector registers are the program's: libc's functions use
 * them. Lengths are rounded up to 8 bytes, addresses are aligned to 8. */
#ifndef DETECT_BASE_WORDS_H
#define DETECT_BASE_WORDS_H

#include "base/compiler.h"

typedef uint64_t __attribute__((may_alias)) word_of_any;

static inline void words_clear(void *to, size_t bytes)
{
    word_of_any *word = to;
    size_t count = (bytes + 7) / 8;
#ifdef __x86_64__
    if (count >= 64) {
        __asm__ volatile("rep stosq" : "+D"(word), "+c"(count) : "a"(0) : "memory");
        return;
    }
#endif
    for (size_t i = 0; i < count; i++)
        word[i] = 0;
}

static inline void words_copy(void *to, const void *from, size_t bytes)
{
    size_t count = (bytes + 7) / 8;
#ifdef __x86_64__
    if (count >= 64) {
        __asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
        return;
    }
#endif
    for (size_t i = 0; i < count; i++)
        ((word_of_any *)to)[i] = ((const word_of_any *)from)[i];
}

#endif
