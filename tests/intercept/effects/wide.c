/* SPDX-License-Identifier: MIT */
/* Cases of libc_wide.def; see effects.h. */
#include <locale.h>
#include <stdlib.h>
#include <time.h>
#include <uchar.h>
#include <wchar.h>
#include <wctype.h>

#include "effects.h"

#define WA ((wchar_t *)(void *)a)
#define WB ((wchar_t *)(void *)b)
#define PLAIN_LOCALE newlocale(LC_ALL_MASK, "C", 0)

wchar_t *__wmemcpy_chk(wchar_t *, const wchar_t *, size_t, size_t);
wchar_t *__wmemmove_chk(wchar_t *, const wchar_t *, size_t, size_t);
wchar_t *__wmempcpy_chk(wchar_t *, const wchar_t *, size_t, size_t);
wchar_t *__wmemset_chk(wchar_t *, wchar_t, size_t, size_t);
wchar_t *__wcscpy_chk(wchar_t *, const wchar_t *, size_t);
wchar_t *__wcpcpy_chk(wchar_t *, const wchar_t *, size_t);
wchar_t *__wcsncpy_chk(wchar_t *, const wchar_t *, size_t, size_t);
wchar_t *__wcpncpy_chk(wchar_t *, const wchar_t *, size_t, size_t);
wchar_t *__wcscat_chk(wchar_t *, const wchar_t *, size_t);
wchar_t *__wcsncat_chk(wchar_t *, const wchar_t *, size_t, size_t);
int __wctomb_chk(char *, wchar_t, size_t);
size_t __wcrtomb_chk(char *, wchar_t, mbstate_t *, size_t);
size_t __mbstowcs_chk(wchar_t *, const char *, size_t, size_t);
size_t __wcstombs_chk(char *, const wchar_t *, size_t, size_t);
size_t __mbsrtowcs_chk(wchar_t *, const char **, size_t, mbstate_t *, size_t);
size_t __wcsrtombs_chk(char *, const wchar_t **, size_t, mbstate_t *, size_t);
size_t __mbsnrtowcs_chk(wchar_t *, const char **, size_t, size_t, mbstate_t *, size_t);
size_t __wcsnrtombs_chk(char *, const wchar_t **, size_t, size_t, mbstate_t *, size_t);
_Float128 wcstof128(const wchar_t *, wchar_t **);
size_t mbrtoc8(unsigned char *, const char *, size_t, mbstate_t *);
size_t c8rtomb(char *, unsigned char, mbstate_t *);

CASE(wmemcpy, "r b 20; w a 20") { GO; wmemcpy(WA, WB, 5); }
CASE(wmemmove, "r b 20; w a 20") { GO; wmemmove(WA, WB, 5); }
CASE(wmempcpy, "r b 20; w a 20") { GO; wmempcpy(WA, WB, 5); }
CASE(wmemset, "w a 20") { GO; wmemset(WA, L'x', 5); }
CASE(wmemcmp, "r a 12; r b 12") { wide(a, L"abcd"); wide(b, L"abXd"); GO; USE(wmemcmp(WA, WB, 4)); }
CASE(wmemchr, "r a 12") { wide(a, L"abcd"); GO; USE(wmemchr(WA, L'c', 4)); }
CASE(wmemchr, "r a 16") { wide(a, L"abcd"); GO; USE(wmemchr(WA, L'x', 4)); }
CASE(__wmemcpy_chk, "r b 20; w a 20") { GO; __wmemcpy_chk(WA, WB, 5, 9); }
CASE(__wmemmove_chk, "r b 20; w a 20") { GO; __wmemmove_chk(WA, WB, 5, 9); }
CASE(__wmempcpy_chk, "r b 20; w a 20") { GO; __wmempcpy_chk(WA, WB, 5, 9); }
CASE(__wmemset_chk, "w a 20") { GO; __wmemset_chk(WA, L'x', 5, 9); }
CASE(wcslen, "r a 24") { wide(a, L"hello"); GO; USE(wcslen(WA)); }
CASE(wcsnlen, "r a 12") { wide(a, L"hello"); GO; USE(wcsnlen(WA, 3)); }
CASE(wcscpy, "r b 24; w a 24") { wide(b, L"hello"); GO; wcscpy(WA, WB); }
CASE(__wcscpy_chk, "r b 24; w a 24") { wide(b, L"hello"); GO; __wcscpy_chk(WA, WB, 9); }
CASE(wcpcpy, "r b 24; w a 24") { wide(b, L"hello"); GO; wcpcpy(WA, WB); }
CASE(__wcpcpy_chk, "r b 24; w a 24") { wide(b, L"hello"); GO; __wcpcpy_chk(WA, WB, 9); }
CASE(wcsncpy, "r b 24; w a 36") { wide(b, L"hello"); GO; wcsncpy(WA, WB, 9); }
CASE(__wcsncpy_chk, "r b 12; w a 12") { wide(b, L"hello"); GO; __wcsncpy_chk(WA, WB, 3, 9); }
CASE(wcpncpy, "r b 12; w a 12") { wide(b, L"hello"); GO; wcpncpy(WA, WB, 3); }
CASE(__wcpncpy_chk, "r b 12; w a 12") { wide(b, L"hello"); GO; __wcpncpy_chk(WA, WB, 3, 9); }
CASE(wcscat, "r a 8; r b 24; w a+4 24") { wide(a, L"x"); wide(b, L"hello"); GO; wcscat(WA, WB); }
CASE(__wcscat_chk, "r a 8; r b 24; w a+4 24") { wide(a, L"x"); wide(b, L"hello"); GO; __wcscat_chk(WA, WB, 20); }
CASE(wcsncat, "r a 8; r b 8; w a+4 12") { wide(a, L"x"); wide(b, L"hello"); GO; wcsncat(WA, WB, 2); }
CASE(__wcsncat_chk, "r a 8; r b 8; w a+4 12") { wide(a, L"x"); wide(b, L"hello"); GO; __wcsncat_chk(WA, WB, 2, 20); }
CASE(wcsdup, "r a 24; w other 24") { wide(a, L"hello"); GO; USE(wcsdup(WA)); }
CASE(wcscmp, "r a 12; r b 12") { wide(a, L"abc"); wide(b, L"abd"); GO; USE(wcscmp(WA, WB)); }
CASE(wcsncmp, "r a 8; r b 8") { wide(a, L"abc"); wide(b, L"abd"); GO; USE(wcsncmp(WA, WB, 2)); }
CASE(wcscasecmp, "r a 12; r b 12") { wide(a, L"aBc"); wide(b, L"Abd"); GO; USE(wcscasecmp(WA, WB)); }
CASE(wcsncasecmp, "r a 8; r b 8") { wide(a, L"aBc"); wide(b, L"Abd"); GO; USE(wcsncasecmp(WA, WB, 2)); }
CASE(wcscasecmp_l, "r a 12; r b 12") { wide(a, L"aBc"); wide(b, L"Abd"); locale_t l = PLAIN_LOCALE; GO; USE(wcscasecmp_l(WA, WB, l)); }
CASE(wcsncasecmp_l, "r a 8; r b 8") { wide(a, L"aBc"); wide(b, L"Abd"); locale_t l = PLAIN_LOCALE; GO; USE(wcsncasecmp_l(WA, WB, 2, l)); }
CASE(wcscoll, "r a 16; r b 16") { wide(a, L"abc"); wide(b, L"abd"); GO; USE(wcscoll(WA, WB)); }
CASE(wcscoll_l, "r a 16; r b 16") { wide(a, L"abc"); wide(b, L"abd"); locale_t l = PLAIN_LOCALE; GO; USE(wcscoll_l(WA, WB, l)); }
CASE(wcsxfrm, "r b 16; w a 16") { wide(b, L"abc"); GO; wcsxfrm(WA, WB, 9); }
CASE(wcsxfrm_l, "r b 16; w a 16") { wide(b, L"abc"); locale_t l = PLAIN_LOCALE; GO; wcsxfrm_l(WA, WB, 9, l); }
CASE(wcschr, "r a 12") { wide(a, L"abcd"); GO; USE(wcschr(WA, L'c')); }
CASE(wcschr, "r a 20") { wide(a, L"abcd"); GO; USE(wcschr(WA, L'x')); }
CASE(wcschrnul, "r a 20") { wide(a, L"abcd"); GO; USE(wcschrnul(WA, L'x')); }
CASE(wcsrchr, "r a 20") { wide(a, L"abcd"); GO; USE(wcsrchr(WA, L'c')); }
CASE(wcsspn, "r a 12; r b 12") { wide(a, L"abcd"); wide(b, L"ab"); GO; USE(wcsspn(WA, WB)); }
CASE(wcscspn, "r a 8; r b 8") { wide(a, L"abcd"); wide(b, L"b"); GO; USE(wcscspn(WA, WB)); }
CASE(wcspbrk, "r a 8; r b 12") { wide(a, L"abcd"); wide(b, L"xb"); GO; USE(wcspbrk(WA, WB)); }
CASE(wcsstr, "r a 12; r b 12") { wide(a, L"abcd"); wide(b, L"bc"); GO; USE(wcsstr(WA, WB)); }
CASE(wcsstr, "r a 20; r b 12") { wide(a, L"abcd"); wide(b, L"cb"); GO; USE(wcsstr(WA, WB)); }
CASE(wcstok, "r a 12; r b 8; w a+8 4; w c 8") { wide(a, L"ab cd"); wide(b, L" "); GO; wcstok(WA, WB, (wchar_t **)(void *)c); }
CASE(wcswidth, "r a 8") { wide(a, L"abcd"); GO; USE(wcswidth(WA, 2)); }
CASE(wcstol, "r a 12; w b 8") { wide(a, L"12x"); GO; wcstol(WA, (wchar_t **)(void *)b, 10); }
CASE(wcstol, "r a 12") { wide(a, L"12,"); GO; wcstol(WA, NULL, 10); }
CASE(wcstoul, "r a 12; w b 8") { wide(a, L"12x"); GO; wcstoul(WA, (wchar_t **)(void *)b, 10); }
CASE(wcstod, "r a 16; w b 8") { wide(a, L"1.5x"); GO; wcstod(WA, (wchar_t **)(void *)b); }
CASE(wcstof, "r a 16; w b 8") { wide(a, L"1.5x"); GO; wcstof(WA, (wchar_t **)(void *)b); }
CASE(wcstold, "r a 16; w b 8") { wide(a, L"1.5x"); GO; wcstold(WA, (wchar_t **)(void *)b); }
CASE(wcstol_l, "r a 12; w b 8") { wide(a, L"12x"); locale_t l = PLAIN_LOCALE; GO; wcstol_l(WA, (wchar_t **)(void *)b, 10, l); }
CASE(wcstoul_l, "r a 12; w b 8") { wide(a, L"12x"); locale_t l = PLAIN_LOCALE; GO; wcstoul_l(WA, (wchar_t **)(void *)b, 10, l); }
CASE(wcstod_l, "r a 16; w b 8") { wide(a, L"1.5x"); locale_t l = PLAIN_LOCALE; GO; wcstod_l(WA, (wchar_t **)(void *)b, l); }
CASE(wcstof_l, "r a 16; w b 8") { wide(a, L"1.5x"); locale_t l = PLAIN_LOCALE; GO; wcstof_l(WA, (wchar_t **)(void *)b, l); }
CASE(wcstold_l, "r a 16; w b 8") { wide(a, L"1.5x"); locale_t l = PLAIN_LOCALE; GO; wcstold_l(WA, (wchar_t **)(void *)b, l); }
CASE(wcstof128, "r a 16; w b 8") { wide(a, L"1.5x"); GO; wcstof128(WA, (wchar_t **)(void *)b); }
CASE(wcsftime, "r b 12; r c 56; w a 20") { wide(b, L"%Y"); __builtin_memset(c, 0, 56); GO; wcsftime(WA, 9, WB, (void *)c); }
CASE(wcsftime_l, "r b 12; r c 56; w a 20") { wide(b, L"%Y"); __builtin_memset(c, 0, 56); locale_t l = PLAIN_LOCALE; GO; wcsftime_l(WA, 9, WB, (void *)c, l); }
CASE(wctype, "r a 6") { text(a, "alpha"); GO; USE(wctype(a)); }
CASE(wctype_l, "r a 6") { text(a, "alpha"); locale_t l = PLAIN_LOCALE; GO; USE(wctype_l(a, l)); }
CASE(wctrans, "r a 8") { text(a, "toupper"); GO; USE(wctrans(a)); }
CASE(wctrans_l, "r a 8") { text(a, "toupper"); locale_t l = PLAIN_LOCALE; GO; USE(wctrans_l(a, l)); }

#define SHIFT "w the shift state of mblen, mbtowc, wctomb 8"
CASE(mblen, "r a 1; " SHIFT) { text(a, "abc"); GO; USE(mblen(a, 3)); }
CASE(mbtowc, "r a 1; w b 4; " SHIFT) { text(a, "abc"); GO; USE(mbtowc(WB, a, 3)); }
CASE(wctomb, "w a 1; " SHIFT) { GO; USE(wctomb(a, L'x')); }
CASE(__wctomb_chk, "w a 1; " SHIFT) { GO; USE(__wctomb_chk(a, L'x', 20)); }
CASE(mbrlen, "r a 1; w c 8") { text(a, "abc"); __builtin_memset(c, 0, 8); GO; USE(mbrlen(a, 3, (void *)c)); }
CASE(mbrtowc, "r a 1; w b 4; w c 8") { text(a, "abc"); __builtin_memset(c, 0, 8); GO; USE(mbrtowc(WB, a, 3, (void *)c)); }
CASE(mbrtoc16, "r a 1; w b 2; w c 8") { text(a, "abc"); __builtin_memset(c, 0, 8); GO; USE(mbrtoc16((void *)b, a, 3, (void *)c)); }
CASE(mbrtoc8, "r a 1; w b 1; w c 8") { text(a, "abc"); __builtin_memset(c, 0, 8); GO; USE(mbrtoc8((void *)b, a, 3, (void *)c)); }
CASE(wcrtomb, "w a 1; w c 8") { __builtin_memset(c, 0, 8); GO; USE(wcrtomb(a, L'x', (void *)c)); }
CASE(__wcrtomb_chk, "w a 1; w c 8") { __builtin_memset(c, 0, 8); GO; USE(__wcrtomb_chk(a, L'x', (void *)c, 20)); }
CASE(c16rtomb, "w a 1; w c 8") { __builtin_memset(c, 0, 8); GO; USE(c16rtomb(a, u'x', (void *)c)); }
CASE(c8rtomb, "w a 1; w c 8") { __builtin_memset(c, 0, 8); GO; USE(c8rtomb(a, 'x', (void *)c)); }
CASE(mbrtoc32, "r a 1; w b 4; w c 8") { text(a, "abc"); __builtin_memset(c, 0, 8); GO; USE(mbrtoc32((void *)b, a, 3, (void *)c)); }
CASE(c32rtomb, "w a 1; w c 8") { __builtin_memset(c, 0, 8); GO; USE(c32rtomb(a, U'x', (void *)c)); }
CASE(mbsinit, "r c 8") { __builtin_memset(c, 0, 8); GO; USE(mbsinit((void *)c)); }
CASE(mbstowcs, "r b 4; w a 16") { text(b, "abc"); GO; mbstowcs(WA, b, 9); }
CASE(__mbstowcs_chk, "r b 4; w a 8") { text(b, "abc"); GO; __mbstowcs_chk(WA, b, 2, 9); }
CASE(wcstombs, "r b 16; w a 4") { wide(b, L"abc"); GO; wcstombs(a, WB, 9); }
CASE(__wcstombs_chk, "r b 16; w a 4") { wide(b, L"abc"); GO; __wcstombs_chk(a, WB, 9, 20); }
#define SOURCE(of) (*(void **)(void *)d = (of), __builtin_memset(c, 0, 8), (void *)d)
CASE(mbsrtowcs, "r b 4; r d 8; w a 16; w c 8; w d 8") { text(b, "abc"); SOURCE(b); GO; mbsrtowcs(WA, (void *)d, 9, (void *)c); }
CASE(mbsrtowcs, "r b 2; r d 8; w a 8; w c 8; w d 8") { text(b, "abc"); SOURCE(b); GO; mbsrtowcs(WA, (void *)d, 2, (void *)c); }
CASE(__mbsrtowcs_chk, "r b 4; r d 8; w a 16; w c 8; w d 8") { text(b, "abc"); SOURCE(b); GO; __mbsrtowcs_chk(WA, (void *)d, 9, (void *)c, 20); }
CASE(mbsnrtowcs, "r b 4; r d 8; w a 16; w c 8; w d 8") { text(b, "abc"); SOURCE(b); GO; mbsnrtowcs(WA, (void *)d, 9, 9, (void *)c); }
CASE(__mbsnrtowcs_chk, "r b 4; r d 8; w a 16; w c 8; w d 8") { text(b, "abc"); SOURCE(b); GO; __mbsnrtowcs_chk(WA, (void *)d, 9, 9, (void *)c, 20); }
CASE(wcsrtombs, "r b 16; r d 8; w a 4; w c 8; w d 8") { wide(b, L"abc"); SOURCE(b); GO; wcsrtombs(a, (void *)d, 9, (void *)c); }
CASE(__wcsrtombs_chk, "r b 16; r d 8; w a 4; w c 8; w d 8") { wide(b, L"abc"); SOURCE(b); GO; __wcsrtombs_chk(a, (void *)d, 9, (void *)c, 20); }
CASE(wcsnrtombs, "r b 16; r d 8; w a 4; w c 8; w d 8") { wide(b, L"abc"); SOURCE(b); GO; wcsnrtombs(a, (void *)d, 9, 9, (void *)c); }
CASE(__wcsnrtombs_chk, "r b 16; r d 8; w a 4; w c 8; w d 8") { wide(b, L"abc"); SOURCE(b); GO; __wcsnrtombs_chk(a, (void *)d, 9, 9, (void *)c, 20); }
