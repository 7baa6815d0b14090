/* SPDX-License-Identifier: MIT */
/* GAsyncQueue hands blocks over, GThreadPool runs tasks; the wrong giver writes to a block that is no longer its own. */
/* PACKAGES: glib-2.0 */
/* EXPECT: race gives/takes */
/* TWIN */
#include "hidden.h"
#include <glib.h>

static GAsyncQueue *queue;
static int results[16];

static NOINLINE gpointer gives(gpointer none)
{
    for (int i = 1; i <= 10; i++) {
        int *block = g_new0(int, 4);
        block[1] = i;
        g_async_queue_push(queue, block);
        if (!IS_TWIN && i == 10)
            *(volatile int *)&block[2] = 5;
    }
    hidden_done(1);
    return NULL;
}

static NOINLINE gpointer takes(gpointer none)
{
    for (int i = 1; i <= 10; i++) {
        int *block = g_async_queue_pop(queue);
        if (!IS_TWIN && i == 10)
            hidden_await(1);
        USE(*(volatile int *)&block[2]);
        if (IS_TWIN)
            g_free(block);
    }
    return NULL;
}

static void task(gpointer item, gpointer none) { results[GPOINTER_TO_INT(item)]++; }

int main(void)
{
    queue = g_async_queue_new();
    GThread *one = g_thread_new("gives", gives, NULL), *two = g_thread_new("takes", takes, NULL);
    g_thread_join(one);
    g_thread_join(two);
    GThreadPool *pool = g_thread_pool_new(task, NULL, 3, FALSE, NULL);
    for (int i = 1; i < 16; i++)
        g_thread_pool_push(pool, GINT_TO_POINTER(i), NULL);
    g_thread_pool_free(pool, FALSE, TRUE);
    g_async_queue_unref(queue);
    return results[7] != 1;
}
