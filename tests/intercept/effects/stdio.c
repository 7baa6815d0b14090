/* SPDX-License-Identifier: MIT */
/* Cases of libc_stdio.def and libc_math.def; see effects.h. */
#include <err.h>
#include <fenv.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "effects.h"

int __sprintf_chk(char *, int, size_t, const char *, ...);
int __snprintf_chk(char *, size_t, int, size_t, const char *, ...);
int __fprintf_chk(FILE *, int, const char *, ...);
int __dprintf_chk(int, int, const char *, ...);
int __asprintf_chk(char **, int, const char *, ...);
int __swprintf_chk(wchar_t *, size_t, int, size_t, const wchar_t *, ...);
size_t __fread_chk(void *, size_t, size_t, size_t, FILE *);
size_t __fread_unlocked_chk(void *, size_t, size_t, size_t, FILE *);
char *__fgets_chk(char *, size_t, int, FILE *);
char *__fgets_unlocked_chk(char *, size_t, int, FILE *);

#define WA ((wchar_t *)(void *)a)
#define WB ((wchar_t *)(void *)b)
static FILE *sink(void) { return fopen("/dev/null", "w"); }
static FILE *source(const char *content)
{
    FILE *file = fdopen(file_with(content), "r+");
    return file;
}

CASE(fopen, "r a 10; r b 2; w descriptor 8") { text(a, "/dev/null"); text(b, "r"); GO; fopen(a, b); }
CASE(fopen64, "r a 10; r b 2; w descriptor 8") { text(a, "/dev/null"); text(b, "r"); GO; fopen64(a, b); }
CASE(fdopen, "r b 2; r descriptor 8") { text(b, "r"); int fd = dup(0); GO; fdopen(fd, b); }
CASE(freopen, "r a 10; r b 2; r other 8") { FILE *f = sink(); text(a, "/dev/null"); text(b, "w"); GO; freopen(a, b, f); }
CASE(freopen64, "r a 10; r b 2; r other 8") { FILE *f = sink(); text(a, "/dev/null"); text(b, "w"); GO; freopen64(a, b, f); }
CASE(fmemopen, "r b 2") { text(b, "r"); GO; fmemopen(a, 10, b); }
CASE(open_memstream, "w a 8; w b 8") { GO; open_memstream((void *)a, (void *)b); }
CASE(open_wmemstream, "w a 8; w b 8") { GO; open_wmemstream((void *)a, (void *)b); }
CASE(popen, "r a 5; r b 2; w descriptor 8") { text(a, "true"); text(b, "r"); GO; popen(a, b); }
CASE(pclose, "w descriptor 8") { FILE *f = popen("true", "r"); GO; pclose(f); }
CASE(fclose, "w descriptor 8") { FILE *f = sink(); GO; fclose(f); }
CASE(tmpfile, "w descriptor 8") { GO; tmpfile(); }
CASE(tmpfile64, "w descriptor 8") { GO; tmpfile64(); }
CASE(fflush, "r other 8") { FILE *f = sink(); GO; fflush(f); }
CASE(fflush, "") { GO; fflush(NULL); }
CASE(setbuf, "r other 8") { FILE *f = sink(); GO; setbuf(f, NULL); }
CASE(setbuffer, "r other 8") { FILE *f = sink(); GO; setbuffer(f, NULL, 0); }
CASE(setlinebuf, "r other 8") { FILE *f = sink(); GO; setlinebuf(f); }
CASE(setvbuf, "r other 8") { FILE *f = sink(); GO; setvbuf(f, NULL, _IONBF, 0); }

CASE(fread, "r other 8; w a 6") { FILE *f = source("abcdefg"); GO; fread(a, 2, 3, f); }
CASE(fread_unlocked, "w a 6; w other 8") { FILE *f = source("abcdefg"); GO; fread_unlocked(a, 2, 3, f); }
CASE(__fread_chk, "r other 8; w a 6") { FILE *f = source("abcdefg"); GO; __fread_chk(a, 20, 2, 3, f); }
CASE(__fread_unlocked_chk, "w a 6; w other 8") { FILE *f = source("abcdefg"); GO; __fread_unlocked_chk(a, 20, 2, 3, f); }
CASE(fwrite, "r a 6; r other 8") { FILE *f = sink(); GO; fwrite(a, 2, 3, f); }
CASE(fwrite_unlocked, "r a 6; w other 8") { FILE *f = sink(); GO; fwrite_unlocked(a, 2, 3, f); }
CASE(fgets, "r other 8; w a 4") { FILE *f = source("ab\ncd"); GO; fgets(a, 20, f); }
CASE(fgets, "r other 8") { FILE *f = source(""); GO; fgets(a, 20, f); }
CASE(fgets_unlocked, "w a 4; w other 8") { FILE *f = source("ab\ncd"); GO; fgets_unlocked(a, 20, f); }
CASE(__fgets_chk, "r other 8; w a 4") { FILE *f = source("ab\ncd"); GO; __fgets_chk(a, 30, 20, f); }
CASE(__fgets_unlocked_chk, "w a 4; w other 8") { FILE *f = source("ab\ncd"); GO; __fgets_unlocked_chk(a, 30, 20, f); }
CASE(fputs, "r a 4; r other 8") { FILE *f = sink(); text(a, "abc"); GO; fputs(a, f); }
CASE(fputs_unlocked, "r a 4; w other 8") { FILE *f = sink(); text(a, "abc"); GO; fputs_unlocked(a, f); }
CASE(puts, "r a 1") { text(a, ""); GO; puts(a); }
CASE(getline, "r b 8; r c 8; r other 8; w b 8; w c 8; w other 4") { FILE *f = source("ab\ncd"); *(char **)(void *)b = NULL; *(size_t *)(void *)c = 0; GO; getline((void *)b, (void *)c, f); }
CASE(getline, "r b 8; r c 8; r other 8; w other 4") { FILE *f = source("ab\ncd"); *(char **)(void *)b = malloc(200); *(size_t *)(void *)c = 200; GO; getline((void *)b, (void *)c, f); }
CASE(getdelim, "r b 8; r c 8; r other 8; w b 8; w c 8; w other 3") { FILE *f = source("abcd"); *(char **)(void *)b = NULL; *(size_t *)(void *)c = 0; GO; getdelim((void *)b, (void *)c, 'b', f); }
#define READS_ONE(name) CASE(name, "r other 8") { FILE *f = source("abcd"); GO; USE(name(f)); }
#define READS_ONE_UNLOCKED(name) CASE(name, "w other 8") { FILE *f = source("abcd"); GO; USE(name(f)); }
#define WRITES_ONE(name) CASE(name, "r other 8") { FILE *f = sink(); GO; USE(name('x', f)); }
#define WRITES_ONE_UNLOCKED(name) CASE(name, "w other 8") { FILE *f = sink(); GO; USE(name('x', f)); }
#undef feof_unlocked
#undef ferror_unlocked
#undef getc_unlocked
#undef putc_unlocked
#undef getc
#undef putc
READS_ONE(fgetc) READS_ONE(getc) READS_ONE(getw) READS_ONE(fgetwc) READS_ONE(getwc)
READS_ONE_UNLOCKED(feof_unlocked) READS_ONE_UNLOCKED(ferror_unlocked) READS_ONE_UNLOCKED(fflush_unlocked)
CASE(clearerr_unlocked, "w other 8") { FILE *f = source("ab"); GO; clearerr_unlocked(f); }
READS_ONE_UNLOCKED(fgetc_unlocked) READS_ONE_UNLOCKED(getc_unlocked) READS_ONE_UNLOCKED(fgetwc_unlocked)
READS_ONE_UNLOCKED(getwc_unlocked)
WRITES_ONE(fputc) WRITES_ONE(putc) WRITES_ONE(putw) WRITES_ONE(fputwc) WRITES_ONE(putwc) WRITES_ONE(ungetc) WRITES_ONE(ungetwc)
WRITES_ONE_UNLOCKED(fputc_unlocked) WRITES_ONE_UNLOCKED(putc_unlocked) WRITES_ONE_UNLOCKED(fputwc_unlocked)
WRITES_ONE_UNLOCKED(putwc_unlocked)
CASE(fgetws, "r other 8; w a 16") { FILE *f = source("ab\ncd"); GO; fgetws(WA, 20, f); }
CASE(fgetws_unlocked, "w a 16; w other 8") { FILE *f = source("ab\ncd"); GO; fgetws_unlocked(WA, 20, f); }
CASE(fputws, "r a 12; r other 8") { FILE *f = sink(); wide(a, L"ab"); GO; fputws(WA, f); }
CASE(fputws_unlocked, "r a 12; w other 8") { FILE *f = sink(); wide(a, L"ab"); GO; fputws_unlocked(WA, f); }
CASE(fwide, "r other 8") { FILE *f = sink(); GO; fwide(f, 0); }
CASE(fseek, "r other 8") { FILE *f = source("ab"); GO; fseek(f, 0, SEEK_SET); }
CASE(fseeko, "r other 8") { FILE *f = source("ab"); GO; fseeko(f, 0, SEEK_SET); }
CASE(fseeko64, "r other 8") { FILE *f = source("ab"); GO; fseeko64(f, 0, SEEK_SET); }
READS_ONE(ftell) READS_ONE(ftello) READS_ONE(ftello64) READS_ONE(feof) READS_ONE(ferror) READS_ONE(fileno)
CASE(rewind, "r other 8") { FILE *f = source("ab"); GO; rewind(f); }
CASE(clearerr, "r other 8") { FILE *f = source("ab"); GO; clearerr(f); }
CASE(fgetpos, "r other 8; w a 16") { FILE *f = source("ab"); GO; fgetpos(f, (void *)a); }
CASE(fgetpos64, "r other 8; w a 16") { FILE *f = source("ab"); GO; fgetpos64(f, (void *)a); }
CASE(fsetpos, "r a 16; r other 8") { FILE *f = source("ab"); fgetpos(f, (void *)a); GO; fsetpos(f, (void *)a); }
CASE(fsetpos64, "r a 16; r other 8") { FILE *f = source("ab"); fgetpos64(f, (void *)a); GO; fsetpos64(f, (void *)a); }
CASE(flockfile, "r other 8") { FILE *f = source("ab"); GO; flockfile(f); STOP; funlockfile(f); }
CASE(ftrylockfile, "r other 8") { FILE *f = source("ab"); GO; ftrylockfile(f); STOP; funlockfile(f); }
CASE(funlockfile, "r other 8") { FILE *f = source("ab"); flockfile(f); GO; funlockfile(f); }
CASE(putc_unlocked, "r other 8") { FILE *f = sink(); flockfile(f); GO; putc_unlocked('x', f); STOP; funlockfile(f); }
CASE(remove, "r a 3") { text(a, "//"); GO; remove(a); }
CASE(rename, "r a 3; r b 3") { text(a, "//"); text(b, "//"); GO; rename(a, b); }
CASE(renameat, "r a 3; r b 3") { text(a, "//"); text(b, "//"); GO; renameat(-1, a, -1, b); }
CASE(renameat2, "r a 3; r b 3") { text(a, "//"); text(b, "//"); GO; renameat2(-1, a, -1, b, 0); }
CASE(tmpnam, "w a 16") { GO; tmpnam(a); }
CASE(tmpnam, "w other 16") { GO; tmpnam(NULL); }
CASE(tmpnam_r, "w a 16") { GO; tmpnam_r(a); }
CASE(tempnam, "r a 5; r b 2; w other 13") { text(a, "/tmp"); text(b, "x"); GO; tempnam(a, b); }

/* --- printf */
CASE(sprintf, "r b 7; r c 3; w a 8") { text(b, "%s-%d!"); text(c, "ab"); GO; sprintf(a, b, c, 123); }
CASE(snprintf, "r b 3; r c 6; w a 4") { text(b, "%s"); text(c, "hello"); GO; snprintf(a, 4, b, c); }
CASE(snprintf, "r b 3; r c 6; w a 6") { text(b, "%s"); text(c, "hello"); GO; snprintf(a, 100, b, c); }
CASE(snprintf, "r b 3; r c 6") { text(b, "%s"); text(c, "hello"); GO; snprintf(NULL, 0, b, c); }
CASE(snprintf, "r b 5; r c 2; w a 3") { text(b, "%.2s"); text(c, "hello"); GO; snprintf(a, 100, b, c); }
CASE(snprintf, "r b 5; r c 3; w a 4") { text(b, "%.*s"); text(c, "hello"); GO; snprintf(a, 100, b, 3, c); }
CASE(snprintf, "r c 3; r d 12; r other 28; w a 32") { text(c, "ab"); wide(d, L"wx"); GO; snprintf(a, 100, "%f %Lf %c %lx %%%s %hhd %ls", 1.5, 2.5L, 'c', 77l, c, 1, (wchar_t *)(void *)d); }
CASE(snprintf, "r b 8; w a 5; w c 4") { text(b, "abc%n%%"); GO; snprintf(a, 100, b, (int *)(void *)c); }
CASE(snprintf, "r b 19; r c 2; w a 10") { text(b, "%d%d%d%d%d%d%d%d%s"); text(c, "x"); GO; snprintf(a, 100, b, 1, 2, 3, 4, 5, 6, 7, 8, c); }
CASE(__sprintf_chk, "r b 3; r c 6; w a 6") { text(b, "%s"); text(c, "hello"); GO; __sprintf_chk(a, 0, 50, b, c); }
CASE(__snprintf_chk, "r b 3; r c 6; w a 3") { text(b, "%s"); text(c, "hello"); GO; __snprintf_chk(a, 3, 0, 50, b, c); }
CASE(fprintf, "r b 3; r c 6; r other 8") { FILE *f = sink(); text(b, "%s"); text(c, "hello"); GO; fprintf(f, b, c); }
CASE(__fprintf_chk, "r b 3; r c 6; r other 8") { FILE *f = sink(); text(b, "%s"); text(c, "hello"); GO; __fprintf_chk(f, 0, b, c); }
CASE(printf, "r b 3; r c 1") { text(b, "%s"); text(c, ""); GO; printf(b, c); }
CASE(dprintf, "r b 3; r c 6; r descriptor 8") { int fd = file_with(""); text(b, "%s"); text(c, "hello"); GO; dprintf(fd, b, c); }
CASE(__dprintf_chk, "r b 3; r c 6; r descriptor 8") { int fd = file_with(""); text(b, "%s"); text(c, "hello"); GO; __dprintf_chk(fd, 0, b, c); }
CASE(asprintf, "r b 3; r c 6; w a 8; w other 6") { text(b, "%s"); text(c, "hello"); GO; asprintf((char **)(void *)a, b, c); }
CASE(__asprintf_chk, "r b 3; r c 6; w a 8; w other 6") { text(b, "%s"); text(c, "hello"); GO; __asprintf_chk((char **)(void *)a, 0, b, c); }
CASE(swprintf, "r b 12; r c 6; w a 24") { wide(b, L"%s"); text(c, "hello"); GO; swprintf(WA, 20, WB, c); }
CASE(__swprintf_chk, "r b 12; r c 6; w a 24") { wide(b, L"%s"); text(c, "hello"); GO; __swprintf_chk(WA, 20, 0, 50, WB, c); }
CASE(fwprintf, "r b 12; r c 6; r other 8") { FILE *f = sink(); wide(b, L"%s"); text(c, "hello"); GO; fwprintf(f, WB, c); }

static int with_list(int (*print)(char *, const char *, va_list), char *to, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    int result = print(to, format, list);
    va_end(list);
    return result;
}
static int bounded(char *to, const char *format, va_list list) { return vsnprintf(to, 4, format, list); }
static int to_stream(char *stream, const char *format, va_list list) { return vfprintf((FILE *)stream, format, list); }
static int allocates(char *to, const char *format, va_list list) { return vasprintf((char **)(void *)to, format, list); }
static int scans(char *from, const char *format, va_list list) { return vsscanf(from, format, list); }
CASE(vsprintf, "r b 3; r c 6; w a 6") { text(b, "%s"); text(c, "hello"); GO; with_list(vsprintf, a, b, c); }
CASE(vsnprintf, "r b 3; r c 6; w a 4") { text(b, "%s"); text(c, "hello"); GO; with_list(bounded, a, b, c); }
CASE(vfprintf, "r b 3; r c 6; r other 8") { FILE *f = sink(); text(b, "%s"); text(c, "hello"); GO; with_list(to_stream, (char *)f, b, c); }
CASE(vasprintf, "r b 3; r c 6; w a 8; w other 6") { text(b, "%s"); text(c, "hello"); GO; with_list(allocates, a, b, c); }

/* --- scanf */
CASE(sscanf, "r a 10; r b 8; w c 4; w d 4") { text(a, "12 abc 3x"); text(b, "%d %s%d"); GO; sscanf(a, b, c, d, c); }
CASE(sscanf, "r a 6; r other 4; w c 2") { text(a, "7 7 7"); GO; sscanf(a, "%hd", (short *)(void *)c); }
CASE(__isoc99_sscanf, "r a 6; r b 5") { text(a, "12345"); text(b, "%*d "); GO; sscanf(a, b); }
CASE(vsscanf, "r a 3; r b 3; w c 4") { text(a, "12"); text(b, "%d"); GO; with_list(scans, a, b, c); }
CASE(fscanf, "r b 7; r other 8; w c 8; w d 8") { FILE *f = source("1.5 2"); text(b, "%lf%ld"); GO; fscanf(f, b, c, d); }
CASE(swscanf, "r a 12; r b 12; w c 4") { wide(a, L"12"); wide(b, L"%d"); GO; swscanf(WA, WB, c); }

/* --- mathematics */
CASE(frexp, "w a 4") { GO; USE((long)frexp(8.5, (int *)(void *)a)); }
CASE(frexpf, "w a 4") { GO; USE((long)frexpf(8.5f, (int *)(void *)a)); }
CASE(frexpl, "w a 4") { GO; USE((long)frexpl(8.5l, (int *)(void *)a)); }
CASE(modf, "w a 8") { GO; USE((long)modf(8.5, (double *)(void *)a)); }
CASE(modff, "w a 4") { GO; USE((long)modff(8.5f, (float *)(void *)a)); }
CASE(modfl, "w a 10") { GO; USE((long)modfl(8.5l, (long double *)(void *)a)); }
CASE(sincos, "w a 8; w b 8") { GO; sincos(1.0, (double *)(void *)a, (double *)(void *)b); }
CASE(sincosf, "w a 4; w b 4") { GO; sincosf(1.0f, (float *)(void *)a, (float *)(void *)b); }
CASE(sincosl, "w a 10; w b 10") { GO; sincosl(1.0l, (long double *)(void *)a, (long double *)(void *)b); }
CASE(remquo, "w a 4") { GO; USE((long)remquo(8.5, 3, (int *)(void *)a)); }
CASE(remquof, "w a 4") { GO; USE((long)remquof(8.5f, 3, (int *)(void *)a)); }
CASE(remquol, "w a 4") { GO; USE((long)remquol(8.5l, 3, (int *)(void *)a)); }
CASE(lgamma, "w signgam 8") { GO; USE((long)lgamma(8.5)); }
CASE(lgammaf, "w signgam 8") { GO; USE((long)lgammaf(8.5f)); }
CASE(lgammal, "w signgam 8") { GO; USE((long)lgammal(8.5l)); }
CASE(lgamma_r, "w a 4") { GO; USE((long)lgamma_r(8.5, (int *)(void *)a)); }
CASE(lgammaf_r, "w a 4") { GO; USE((long)lgammaf_r(8.5f, (int *)(void *)a)); }
CASE(lgammal_r, "w a 4") { GO; USE((long)lgammal_r(8.5l, (int *)(void *)a)); }
CASE(nan, "r a 3") { text(a, "12"); GO; USE(nan(a) != 0); }
CASE(nanf, "r a 3") { text(a, "12"); GO; USE(nanf(a) != 0); }
CASE(nanl, "r a 3") { text(a, "12"); GO; USE(nanl(a) != 0); }
CASE(fegetenv, "w a 32") { GO; fegetenv((void *)a); }
CASE(feholdexcept, "w a 32") { GO; feholdexcept((void *)a); }
CASE(fesetenv, "r a 32") { fegetenv((void *)a); GO; fesetenv((void *)a); }
CASE(feupdateenv, "r a 32") { fegetenv((void *)a); GO; feupdateenv((void *)a); }
CASE(fegetexceptflag, "w a 2") { GO; fegetexceptflag((void *)a, FE_ALL_EXCEPT); }
CASE(fesetexceptflag, "r a 2") { fegetexceptflag((void *)a, FE_ALL_EXCEPT); GO; fesetexceptflag((void *)a, FE_ALL_EXCEPT); }
CASE(getpayload, "r a 8") { GO; USE((long)getpayload((double *)(void *)a)); }
CASE(setpayload, "w a 8") { GO; setpayload((double *)(void *)a, 3); }
CASE(canonicalize, "r b 8; w a 8") { *(double *)(void *)b = 3; GO; canonicalize((double *)(void *)a, (double *)(void *)b); }
CASE(totalorder, "r a 8; r b 8") { GO; USE(totalorder((double *)(void *)a, (double *)(void *)b)); }
