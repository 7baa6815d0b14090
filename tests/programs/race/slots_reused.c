/* SPDX-License-Identifier: MIT */
/* Three hundred threads after each other, each joined, and one that is not ordered with the rest. */
/* EXPECT: race visits/straggles on visits_made */
/* TWIN */
#include "hidden.h"

static long visits_made;

static NOINLINE void *visits(void *none)
{
    visits_made++;
    return NULL;
}

static NOINLINE void *straggles(void *none)
{
    hidden_await(1);
    if (!IS_TWIN)
        visits_made++;
    return NULL;
}

int main(void)
{
    pthread_t straggler = start(straggles, NULL);
    for (int i = 0; i < 300; i++)
        join(start(visits, NULL));
    hidden_done(1);
    join(straggler);
    return visits_made < 300;
}
