/* SPDX-License-Identifier: MIT */
/* What libc's functions read, against a write by another thread of a byte inside; the twin's byte is outside. */
/* EXPECT: race call_memcpy/write_memcpy */
/* EXPECT: race call_memcmp/write_memcmp */
/* EXPECT: race call_strlen/write_strlen */
/* EXPECT: race call_strcpy/write_strcpy */
/* EXPECT: race call_strcmp/write_strcmp */
/* EXPECT: race call_strchr/write_strchr */
/* EXPECT: race call_strdup/write_strdup */
/* EXPECT: race call_atoi/write_atoi */
/* EXPECT: race call_snprintf/write_snprintf */
/* EXPECT: race call_sscanf/write_sscanf */
/* EXPECT: race call_write/write_write */
/* EXPECT: race call_fwrite/write_fwrite */
/* EXPECT: race call_puts/write_puts */
/* EXPECT: race call_open/write_open */
/* CFLAGS: -fno-builtin */
/* TWIN */
#include "hidden.h"
#include <fcntl.h>

static int null_device;
static FILE *null_stream;

/* Each call reads 20 characters and the terminating 0: offsets 0 to 20. */
#define READER(name, call)                                                                         \
    static char text_##name[32] = "/12345678901234567890";                                         \
    static NOINLINE void call_##name(void)                                                         \
    {                                                                                              \
        char *s = text_##name + 1;                                                                 \
        call;                                                                                      \
        COMPILER_BARRIER();                                                                        \
    }                                                                                              \
    static NOINLINE void write_##name(void) { ((volatile char *)text_##name)[IS_TWIN ? 25 : 15] = '1'; }

static __thread char room[64];

READER(memcpy, memcpy(room, s, 20))
READER(memcmp, USE(memcmp(s, "12345678901234567890", 20)))
READER(strlen, USE(strlen(s)))
READER(strcpy, strcpy(room, s))
READER(strcmp, USE(strcmp(s, "12345678901234567890")))
READER(strchr, USE(strchr(s, 'x')))
READER(strdup, free(strdup(s)))
READER(atoi, USE(atoi(s)))
READER(snprintf, snprintf(room, sizeof room, "%s", s))
READER(sscanf, sscanf(s, "%30s", room))
READER(write, USE(write(null_device, s, 20)))
READER(fwrite, fwrite(s, 1, 20, null_stream))
READER(puts, fputs(s, null_stream))
READER(open, USE(open(s - 1, O_RDONLY)))

static void *calls(void *none)
{
    call_memcpy(), call_memcmp(), call_strlen(), call_strcpy(), call_strcmp(), call_strchr(), call_strdup();
    call_atoi(), call_snprintf(), call_sscanf(), call_write(), call_fwrite(), call_puts(), call_open();
    hidden_done(1);
    return NULL;
}

static void *writes(void *none)
{
    hidden_await(1);
    write_memcpy(), write_memcmp(), write_strlen(), write_strcpy(), write_strcmp(), write_strchr(), write_strdup();
    write_atoi(), write_snprintf(), write_sscanf(), write_write(), write_fwrite(), write_puts(), write_open();
    return NULL;
}

int main(void)
{
    null_device = open("/dev/null", O_WRONLY);
    null_stream = fopen("/dev/null", "w");
    return both(calls, writes);
}
