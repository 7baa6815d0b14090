/* SPDX-License-Identifier: MIT */
/* GLib's GMutex, GCond, GRWLock and g_once_init; the wrong thread leaves the mutex out. */
/* PACKAGES: glib-2.0 */
/* EXPECT: race writes/reads on value */
/* TWIN */
#include "hidden.h"
#include <glib.h>

static GMutex lock;
static GCond filled;
static GRWLock table_lock;
static gsize made;
static int value, full, table, singleton;

static NOINLINE gpointer writes(gpointer none)
{
    g_mutex_lock(&lock);
    value = 1;
    g_mutex_unlock(&lock);
    hidden_done(1);
    g_rw_lock_writer_lock(&table_lock);
    table++;
    g_rw_lock_writer_unlock(&table_lock);
    g_mutex_lock(&lock);
    full = 1;
    g_cond_signal(&filled);
    g_mutex_unlock(&lock);
    return NULL;
}

static NOINLINE void make_once(void)
{
    if (g_once_init_enter(&made)) {
        singleton = 1;
        g_once_init_leave(&made, 1);
    }
    USE(singleton);
}

static NOINLINE gpointer reads(gpointer none)
{
    hidden_await(1);
    if (IS_TWIN)
        g_mutex_lock(&lock);
    USE(*(volatile int *)&value);
    if (IS_TWIN)
        g_mutex_unlock(&lock);
    make_once();
    g_mutex_lock(&lock);
    while (!full)
        g_cond_wait(&filled, &lock);
    g_mutex_unlock(&lock);
    g_rw_lock_reader_lock(&table_lock);
    USE(table);
    g_rw_lock_reader_unlock(&table_lock);
    return NULL;
}

int main(void)
{
    GThread *one = g_thread_new("writes", writes, NULL), *two = g_thread_new("reads", reads, NULL);
    make_once();
    g_thread_join(one);
    g_thread_join(two);
    return full != 1;
}
