/* SPDX-License-Identifier: MIT */
/* Cases of libc_string.def; see effects.h. */
#include <string.h>
#include <strings.h>
#include <stdlib.h>
#include <libgen.h>
#include <locale.h>
#undef basename
#include <unistd.h>

#include "effects.h"

char *basename(const char *);
void *__memcpy_chk(void *, const void *, size_t, size_t);
void *__memmove_chk(void *, const void *, size_t, size_t);
void *__mempcpy_chk(void *, const void *, size_t, size_t);
void *__memset_chk(void *, int, size_t, size_t);
void __explicit_bzero_chk(void *, size_t, size_t);
char *__strcpy_chk(char *, const char *, size_t);
char *__stpcpy_chk(char *, const char *, size_t);
char *__strncpy_chk(char *, const char *, size_t, size_t);
char *__stpncpy_chk(char *, const char *, size_t, size_t);
char *__strcat_chk(char *, const char *, size_t);
char *__strncat_chk(char *, const char *, size_t, size_t);
int __memcmpeq(const void *, const void *, size_t);

CASE(memcpy, "r b+3 20; w a+1 20") { GO; USE(memcpy(a + 1, b + 3, 20)); }
CASE(memcpy, "") { GO; USE(memcpy(a, b, 0)); }
CASE(memmove, "r a+4 10; w a 10") { GO; USE(memmove(a, a + 4, 10)); }
CASE(mempcpy, "r b 7; w a 7") { GO; USE(mempcpy(a, b, 7)); }
CASE(bcopy, "r b 7; w a 7") { GO; bcopy(b, a, 7); }
CASE(memset, "w a 100") { GO; USE(memset(a, 1, 100)); }
CASE(bzero, "w a 100") { GO; bzero(a, 100); }
CASE(explicit_bzero, "w a 100") { GO; explicit_bzero(a, 100); }
CASE(memfrob, "r a 9; w a 9") { GO; USE(memfrob(a, 9)); }
CASE(swab, "r b 6; w a 6") { GO; swab(b, a, 7); }
CASE(memccpy, "r b 3; w a 3") { text(b, "abcdef"); GO; USE(memccpy(a, b, 'c', 6)); }
CASE(memccpy, "r b 4; w a 4") { text(b, "abcdef"); GO; USE(memccpy(a, b, 'x', 4)); }
CASE(memcmp, "r a 3; r b 3") { text(a, "abcdef"); text(b, "abXdef"); GO; USE(memcmp(a, b, 6)); }
CASE(memcmp, "r a 6; r b 6") { text(a, "abcdef"); text(b, "abcdef"); GO; USE(memcmp(a, b, 6)); }
CASE(__memcmpeq, "r a 3; r b 3") { text(a, "abcdef"); text(b, "abXdef"); GO; USE(__memcmpeq(a, b, 6)); }
CASE(memchr, "r a 3") { text(a, "abcdef"); GO; USE(memchr(a, 'c', 6)); }
CASE(memchr, "r a 6") { text(a, "abcdef"); GO; USE(memchr(a, 'x', 6)); }
CASE(rawmemchr, "r a 3") { text(a, "abcdef"); GO; USE(rawmemchr(a, 'c')); }
CASE(memrchr, "r a+2 4") { text(a, "abcdef"); GO; USE(memrchr(a, 'c', 6)); }
CASE(memrchr, "r a 6") { text(a, "abcdef"); GO; USE(memrchr(a, 'x', 6)); }
CASE(memmem, "r a 4; r b 2") { text(a, "abcdef"); text(b, "cd"); GO; USE(memmem(a, 6, b, 2)); }
CASE(memmem, "r a 6; r b 2") { text(a, "abcdef"); text(b, "dc"); GO; USE(memmem(a, 6, b, 2)); }
CASE(__memcpy_chk, "r b 5; w a 5") { GO; USE(__memcpy_chk(a, b, 5, 10)); }
CASE(__memmove_chk, "r b 5; w a 5") { GO; USE(__memmove_chk(a, b, 5, 10)); }
CASE(__mempcpy_chk, "r b 5; w a 5") { GO; USE(__mempcpy_chk(a, b, 5, 10)); }
CASE(__memset_chk, "w a 5") { GO; USE(__memset_chk(a, 0, 5, 10)); }
CASE(__explicit_bzero_chk, "w a 5") { GO; __explicit_bzero_chk(a, 5, 10); }

CASE(strlen, "r a+1 6") { text(a, "hello!"); GO; USE(strlen(a + 1)); }
CASE(strnlen, "r a 6") { text(a, "hello"); GO; USE(strnlen(a, 10)); }
CASE(strnlen, "r a 3") { text(a, "hello"); GO; USE(strnlen(a, 3)); }
CASE(strcpy, "r b 6; w a 6") { text(b, "hello"); GO; USE(strcpy(a, b)); }
CASE(strcpy, "r b+4090 6; w a 6") { text(b + 4090, "hello"); GO; USE(strcpy(a, b + 4090)); }
CASE(strcpy, "r b+15 41; w a 41") { text(b + 15, "0123456789012345678901234567890123456789"); GO; USE(strcpy(a, b + 15)); }
CASE(__strcpy_chk, "r b 6; w a 6") { text(b, "hello"); GO; USE(__strcpy_chk(a, b, 9)); }
CASE(stpcpy, "r b 6; w a 6") { text(b, "hello"); GO; USE(stpcpy(a, b)); }
CASE(__stpcpy_chk, "r b 6; w a 6") { text(b, "hello"); GO; USE(__stpcpy_chk(a, b, 9)); }
CASE(strncpy, "r b 6; w a 20") { text(b, "hello"); GO; USE(strncpy(a, b, 20)); }
CASE(strncpy, "r b 3; w a 3") { text(b, "hello"); GO; USE(strncpy(a, b, 3)); }
CASE(__strncpy_chk, "r b 3; w a 3") { text(b, "hello"); GO; USE(__strncpy_chk(a, b, 3, 9)); }
CASE(stpncpy, "r b 6; w a 20") { text(b, "hello"); GO; USE(stpncpy(a, b, 20)); }
CASE(__stpncpy_chk, "r b 6; w a 9") { text(b, "hello"); GO; USE(__stpncpy_chk(a, b, 9, 9)); }
CASE(strcat, "r a 4; r b 6; w a+3 6") { text(a, "one"); text(b, "hello"); GO; USE(strcat(a, b)); }
CASE(__strcat_chk, "r a 4; r b 6; w a+3 6") { text(a, "one"); text(b, "hello"); GO; USE(__strcat_chk(a, b, 20)); }
CASE(strncat, "r a 4; r b 2; w a+3 3") { text(a, "one"); text(b, "hello"); GO; USE(strncat(a, b, 2)); }
CASE(strncat, "r a 4; r b 6; w a+3 6") { text(a, "one"); text(b, "hello"); GO; USE(strncat(a, b, 9)); }
CASE(__strncat_chk, "r a 4; r b 2; w a+3 3") { text(a, "one"); text(b, "hello"); GO; USE(__strncat_chk(a, b, 2, 20)); }
CASE(strdup, "r b 6; w other 6") { text(b, "hello"); GO; free(strdup(b)); }
CASE(strndup, "r b 6; w other 6") { text(b, "hello"); GO; free(strndup(b, 10)); }
CASE(strndup, "r b 2; w other 3") { text(b, "hello"); GO; free(strndup(b, 2)); }
CASE(strcmp, "r a 3; r b 3") { text(a, "abc"); text(b, "abd"); GO; USE(strcmp(a, b)); }
CASE(strcmp, "r a 3; r b 3") { text(a, "ab"); text(b, "ab"); GO; USE(strcmp(a, b)); }
CASE(strcmp, "r a 3; r b 3") { text(a, "abc"); text(b, "ab"); GO; USE(strcmp(a, b)); }
CASE(strncmp, "r a 2; r b 2") { text(a, "abc"); text(b, "abd"); GO; USE(strncmp(a, b, 2)); }
CASE(strcasecmp, "r a 3; r b 3") { text(a, "aBc"); text(b, "Abd"); GO; USE(strcasecmp(a, b)); }
CASE(strncasecmp, "r a 2; r b 2") { text(a, "aBc"); text(b, "Abd"); GO; USE(strncasecmp(a, b, 2)); }
CASE(strcasecmp_l, "r a 3; r b 3") { text(a, "aBc"); text(b, "Abd"); locale_t l = newlocale(LC_ALL_MASK, "C", 0); GO; USE(strcasecmp_l(a, b, l)); }
CASE(strncasecmp_l, "r a 2; r b 2") { text(a, "aBc"); text(b, "Abd"); locale_t l = newlocale(LC_ALL_MASK, "C", 0); GO; USE(strncasecmp_l(a, b, 2, l)); }
CASE(strcoll, "r a 4; r b 4") { text(a, "abc"); text(b, "abd"); GO; USE(strcoll(a, b)); }
CASE(strcoll_l, "r a 4; r b 4") { text(a, "abc"); text(b, "abd"); locale_t l = newlocale(LC_ALL_MASK, "C", 0); GO; USE(strcoll_l(a, b, l)); }
CASE(strverscmp, "r a 4; r b 4") { text(a, "abc"); text(b, "abd"); GO; USE(strverscmp(a, b)); }
CASE(strxfrm, "r b 4; w a 4") { text(b, "abc"); GO; USE(strxfrm(a, b, 10)); }
CASE(strxfrm_l, "r b 4; w a 4") { text(b, "abc"); locale_t l = newlocale(LC_ALL_MASK, "C", 0); GO; USE(strxfrm_l(a, b, 10, l)); }
CASE(strchr, "r a 3") { text(a, "hello"); GO; USE(strchr(a, 'l')); }
CASE(strchr, "r a 6") { text(a, "hello"); GO; USE(strchr(a, 'x')); }
CASE(strchrnul, "r a 6") { text(a, "hello"); GO; USE(strchrnul(a, 'x')); }
CASE(strrchr, "r a 6") { text(a, "hello"); GO; USE(strrchr(a, 'l')); }
CASE(strspn, "r a 3; r b 3") { text(a, "abc"); text(b, "ab"); GO; USE(strspn(a, b)); }
CASE(strcspn, "r a 4; r b 3") { text(a, "abc"); text(b, "xy"); GO; USE(strcspn(a, b)); }
CASE(strpbrk, "r a 2; r b 3") { text(a, "abc"); text(b, "xb"); GO; USE(strpbrk(a, b)); }
CASE(strpbrk, "r a 4; r b 3") { text(a, "abc"); text(b, "xy"); GO; USE(strpbrk(a, b)); }
CASE(strstr, "r a 4; r b 3") { text(a, "abcdef"); text(b, "cd"); GO; USE(strstr(a, b)); }
CASE(strstr, "r a 7; r b 3") { text(a, "abcdef"); text(b, "dc"); GO; USE(strstr(a, b)); }
CASE(strcasestr, "r a 4; r b 3") { text(a, "abcdef"); text(b, "Cd"); GO; USE(strcasestr(a, b)); }
CASE(strfry, "r a 6; w a 6") { text(a, "hello"); GO; USE(strfry(a)); }
CASE(basename, "r a 5") { text(a, "/a/b"); GO; USE(basename(a)); }
CASE(__xpg_basename, "r a 5") { text(a, "/a/b"); GO; USE(__xpg_basename(a)); }
CASE(dirname, "r a 5; w a+2 1") { text(a, "/a/b"); GO; USE(dirname(a)); }
CASE(dirname, "r a 3") { text(a, "ab"); GO; USE(dirname(a)); }
CASE(__xpg_basename, "r a 6; w a+4 1") { text(a, "/a/b/"); GO; USE(__xpg_basename(a)); }
