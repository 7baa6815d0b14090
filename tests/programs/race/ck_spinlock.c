/* SPDX-License-Identifier: MIT */
/* Concurrency Kit's spin locks; the wrong thread takes another one. */
/* PACKAGES: ck */
/* EXPECT: race adds on total */
/* TWIN */
#include "hidden.h"
#include <ck_spinlock.h>

static ck_spinlock_fas_t one = CK_SPINLOCK_FAS_INITIALIZER, two = CK_SPINLOCK_FAS_INITIALIZER;
static ck_spinlock_ticket_t ticket = CK_SPINLOCK_TICKET_INITIALIZER;
static long total, other;

static NOINLINE void adds(ck_spinlock_fas_t *lock)
{
    ck_spinlock_fas_lock(lock);
    total++;
    ck_spinlock_fas_unlock(lock);
}

static void *first(void *none)
{
    adds(&one);
    hidden_done(1);
    ck_spinlock_ticket_lock(&ticket);
    other++;
    ck_spinlock_ticket_unlock(&ticket);
    return NULL;
}

static void *second(void *none)
{
    hidden_await(1);
    adds(IS_TWIN ? &one : &two);
    ck_spinlock_ticket_lock(&ticket);
    other++;
    ck_spinlock_ticket_unlock(&ticket);
    return NULL;
}

int main(void) { return both(first, second); }
