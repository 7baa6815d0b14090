/* SPDX-License-Identifier: MIT */
/* flock(2) excludes threads that have opened the file each for themselves; what one of them does after it has given the lock up, by
 * LOCK_UN or by closing, is not covered. */
/* EXPECT: race first/second on late */
/* TWIN */
#include "hidden.h"
#include <sys/file.h>

static int guarded, late, files[2];

static NOINLINE void *first(void *none)
{
    flock(files[0], LOCK_EX);
    guarded = 1;
    if (IS_TWIN)
        late = 1;
    flock(files[0], LOCK_UN);
    flock(files[0], LOCK_SH);
    guarded++;
    close(files[0]);
    if (!IS_TWIN)
        late = 1;
    hidden_done(1);
    return NULL;
}

static NOINLINE void *second(void *none)
{
    hidden_await(1);
    flock(files[1], LOCK_EX);
    guarded++;
    late++;
    flock(files[1], LOCK_UN);
    return NULL;
}

int main(void)
{
    char path[] = "/tmp/file_lock.XXXXXX";
    files[0] = mkstemp(path);
    files[1] = open(path, O_RDWR | O_CLOEXEC);
    unlink(path);
    return both(first, second);
}
