/* SPDX-License-Identifier: MIT */
/* A server's access log as an old web server wrote it: two requests copy into one buffer at the same offset. */
/* EXPECT: race log_request on log_length */
/* EXPECT: race log_request on log_buffer */
/* TWIN */
#include "hidden.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char log_buffer[256];
static size_t log_length;

static NOINLINE void log_request(const char *line)
{
    size_t length = strlen(line);
    if (IS_TWIN)
        pthread_mutex_lock(&lock);
    size_t at = log_length;
    if (!IS_TWIN)
        hidden_meet(2);
    for (size_t i = 0; i < length; i++)
        log_buffer[at + i] = line[i];
    log_length = at + length;
    COMPILER_BARRIER();
    if (IS_TWIN)
        pthread_mutex_unlock(&lock);
}

static void *serves(void *none)
{
    log_request("GET / 200\n");
    return NULL;
}

int main(void) { return both(serves, serves) || log_buffer[0] != 'G'; }
