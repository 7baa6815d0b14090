/* SPDX-License-Identifier: MIT */
/* What libc's functions write, against another thread's read of a byte inside; the twin's byte is outside. */
/* EXPECT: race call_memcpy/read_memcpy */
/* EXPECT: race call_memmove/read_memmove */
/* EXPECT: race call_memset/read_memset */
/* EXPECT: race call_strcpy/read_strcpy */
/* EXPECT: race call_strncpy/read_strncpy */
/* EXPECT: race call_strcat/read_strcat */
/* EXPECT: race call_sprintf/read_sprintf */
/* EXPECT: race call_sscanf/read_sscanf */
/* EXPECT: race call_read/read_read */
/* EXPECT: race call_pread/read_pread */
/* EXPECT: race call_fread/read_fread */
/* EXPECT: race call_fgets/read_fgets */
/* EXPECT: race call_getcwd/read_getcwd */
/* EXPECT: race call_uname/read_uname */
/* EXPECT: race call_time/read_time */
/* EXPECT: race call_stat/read_stat */
/* EXPECT: race call_qsort/read_qsort */
/* CFLAGS: -fno-builtin */
/* TWIN */
#include "hidden.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/utsname.h>

static int zero_device;
static FILE *zero_stream, *this_file;
static const char text[] = "ab34567890123456789";

/* Each call writes at least bytes 0 to 3, and none from `end` on. */
#define WRITER(name, end, call)                                                                    \
    static _Alignas(16) char room_##name[1024];                                                    \
    static NOINLINE void call_##name(void)                                                         \
    {                                                                                              \
        char *s = room_##name;                                                                     \
        call;                                                                                      \
        COMPILER_BARRIER();                                                                        \
    }                                                                                              \
    static NOINLINE void read_##name(void)                                                         \
    {                                                                                              \
        USE((int)((volatile char *)room_##name)[IS_TWIN ? (end) : 3]);                             \
    }

static int compare(const void *left, const void *right) { return *(const char *)left - *(const char *)right; }

WRITER(memcpy, 20, memcpy(s, text, 20))
WRITER(memmove, 20, memmove(s, text, 20))
WRITER(memset, 20, memset(s, 'x', 20))
WRITER(strcpy, 20, strcpy(s, text))
WRITER(strncpy, 10, strncpy(s, text, 10))
WRITER(strcat, 20, strcat(s, text))
WRITER(sprintf, 21, sprintf(s, "%s%d", text, 1))
WRITER(sscanf, 20, sscanf(text, "%30s", s))
WRITER(read, 20, USE(read(zero_device, s, 20)))
WRITER(pread, 20, USE(pread(zero_device, s, 20, 0)))
WRITER(fread, 20, USE(fread(s, 1, 20, zero_stream)))
WRITER(fgets, 20, USE(fgets(s, 10, this_file)))
WRITER(getcwd, 1000, USE(getcwd(s, 900)))
WRITER(uname, (int)sizeof(struct utsname), uname((struct utsname *)s))
WRITER(time, 16, clock_gettime(CLOCK_REALTIME, (struct timespec *)s))
WRITER(stat, (int)sizeof(struct stat), stat("/", (struct stat *)s))
WRITER(qsort, 20, qsort(s, 20, 1, compare))

static void *calls(void *none)
{
    call_memcpy(), call_memmove(), call_memset(), call_strcpy(), call_strncpy(), call_strcat(), call_sprintf();
    call_sscanf(), call_read(), call_pread(), call_fread(), call_fgets(), call_getcwd(), call_uname();
    call_time(), call_stat(), call_qsort();
    hidden_done(1);
    return NULL;
}

static void *reads(void *none)
{
    hidden_await(1);
    read_memcpy(), read_memmove(), read_memset(), read_strcpy(), read_strncpy(), read_strcat(), read_sprintf();
    read_sscanf(), read_read(), read_pread(), read_fread(), read_fgets(), read_getcwd(), read_uname();
    read_time(), read_stat(), read_qsort();
    return NULL;
}

int main(void)
{
    zero_device = open("/dev/zero", O_RDONLY);
    zero_stream = fopen("/dev/zero", "r");
    this_file = fopen("/proc/self/exe", "r");
    return both(calls, reads);
}
