/* SPDX-License-Identifier: MIT */
/* A descriptor is closed while another thread uses it; the twin closes it after the join. */
/* EXPECT: fd-race uses/main */
/* TWIN */
#include "hidden.h"
#include <fcntl.h>

static int device;

static NOINLINE void *uses(void *none)
{
    char byte = 1;
    USE(write(device, &byte, 1));
    hidden_done(1);
    return NULL;
}

int main(void)
{
    device = open("/dev/null", O_WRONLY);
    pthread_t thread = start(uses, NULL);
    hidden_await(1);
    if (IS_TWIN)
        join(thread);
    close(device);
    if (!IS_TWIN)
        join(thread);
    return 0;
}
