/* SPDX-License-Identifier: MIT */
/* The table of libc's functions; see libc_effects.h. */
#include <aio.h>
#include <dlfcn.h>
#include <dirent.h>
#include <fcntl.h>
#include <fenv.h>
#include <glob.h>
#include <grp.h>
#include <locale.h>
#include <mntent.h>
#include <mqueue.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <pwd.h>
#include <regex.h>
#include <sched.h>
#include <search.h>
#include <shadow.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/timeb.h>
#include <sys/times.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <termios.h>
#include <threads.h>
#include <time.h>
#include <utime.h>
#include <utmp.h>
#include <wordexp.h>

#include "intercept/libc_handlers.h"
#include "intercept/libc_state.h"

#define ROW(name_, result_, ...) {.name = #name_, .result = result_, .effects = {__VA_ARGS__}},
#define FLOAT_ROW(name_, result_, ...) {.name = #name_, .result = result_, .floats = true, .effects = {__VA_ARGS__}},
/* A long double takes two words of the stack. */
#define LONG_DOUBLE_ROW(name_, result_, count, ...) \
    {.name = #name_, .result = result_, .floats = true, .stack_arguments = 2 * (count), .effects = {__VA_ARGS__}},
#define STACK_ROW(name_, result_, count, ...) \
    {.name = #name_, .result = result_, .stack_arguments = count, .effects = {__VA_ARGS__}},
/* Variadic; with its format behind all other fixed arguments. */
#define FORMAT_ROW(name_, result_, fixed_, twin_, ...) \
    {.name = #name_, .twin = twin_, .result = result_, .fixed = fixed_, .floats = true, .effects = {__VA_ARGS__}},
#define LIST_ROW(name_, result_, fixed_, ...) \
    {.name = #name_, .result = result_, .fixed = fixed_, .takes_list = true, .effects = {__VA_ARGS__}},

const struct libc_row libc_rows[] = {
#include "intercept/libc_string.def"
#include "intercept/libc_wide.def"
#include "intercept/libc_stdio.def"
#include "intercept/libc_time.def"
#include "intercept/libc_file.def"
#include "intercept/libc_io.def"
#include "intercept/libc_system.def"
#include "intercept/libc_sync.def"
#include "intercept/libc_net.def"
#include "intercept/libc_misc.def"
#include "intercept/libc_math.def"
};
const size_t libc_row_count = ARRAY_LEN(libc_rows);
