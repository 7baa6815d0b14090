/* SPDX-License-Identifier: MIT */
/* GLib's threads: pools, asynchronous queues, its locks and conditions, once, private data, reference counts, a main loop that other
 * threads send work to. Prints the same in every run. Run natively and under detect by tests/real/run. */
#include <glib.h>
#include <stdio.h>

static GMutex mutex;
static GCond cond;
static GRWLock rwlock;
static GRecMutex recursive;
static GPrivate own = G_PRIVATE_INIT(g_free);
static GAsyncQueue *results;
static GMainLoop *loop;
static long total, done, messages;
static gint counter;

static gpointer make_table(gpointer none)
{
    (void)none;
    return g_hash_table_new(g_direct_hash, g_direct_equal);
}

static void job(gpointer data, gpointer none)
{
    static GOnce once = G_ONCE_INIT;
    long value = GPOINTER_TO_INT(data), *mine = g_private_get(&own);
    (void)none;
    if (!mine)
        g_private_set(&own, mine = g_new0(long, 1));
    (*mine)++;
    g_once(&once, make_table, NULL);
    g_rw_lock_writer_lock(&rwlock);
    g_hash_table_insert(once.retval, GINT_TO_POINTER(value), GINT_TO_POINTER(value * 2));
    g_rw_lock_writer_unlock(&rwlock);
    g_rw_lock_reader_lock(&rwlock);
    if (GPOINTER_TO_INT(g_hash_table_lookup(once.retval, GINT_TO_POINTER(value))) != value * 2)
        g_error("%ld is not in the table", value);
    g_rw_lock_reader_unlock(&rwlock);
    g_atomic_int_inc(&counter);
    char *text = g_strdup_printf("%ld", value);
    g_async_queue_push(results, text);
    g_rec_mutex_lock(&recursive);
    g_rec_mutex_lock(&recursive);
    total += value;
    g_rec_mutex_unlock(&recursive);
    g_rec_mutex_unlock(&recursive);
    g_mutex_lock(&mutex);
    done++;
    g_cond_signal(&cond);
    g_mutex_unlock(&mutex);
}

static void pools(void)
{
    GThreadPool *pool = g_thread_pool_new(job, NULL, 4, FALSE, NULL);
    for (int i = 1; i <= 200; i++)
        g_thread_pool_push(pool, GINT_TO_POINTER(i), NULL);
    g_mutex_lock(&mutex);
    while (done < 200)
        g_cond_wait(&cond, &mutex);
    g_mutex_unlock(&mutex);
    long sum = 0;
    for (int i = 0; i < 200; i++) {
        char *text = g_async_queue_pop(results);
        sum += g_ascii_strtoll(text, NULL, 10);
        g_free(text);
    }
    g_thread_pool_free(pool, FALSE, TRUE);
    printf("pool %ld %ld %d\n", total, sum, counter);
}

static gboolean message(gpointer data)
{
    messages += GPOINTER_TO_INT(data);
    if (messages == 4 * 10 * 11 / 2)
        g_main_loop_quit(loop);
    return G_SOURCE_REMOVE;
}

static gpointer sender(gpointer bytes)
{
    for (int i = 1; i <= 10; i++)
        g_idle_add(message, GINT_TO_POINTER(i));
    g_bytes_unref(bytes);
    return NULL;
}

static void main_loop(void)
{
    GThread *threads[4];
    GBytes *bytes = g_bytes_new("shared", 6);
    loop = g_main_loop_new(NULL, FALSE);
    for (int i = 0; i < 4; i++)
        threads[i] = g_thread_new("sender", sender, g_bytes_ref(bytes));
    g_main_loop_run(loop);
    for (int i = 0; i < 4; i++)
        g_thread_join(threads[i]);
    printf("messages %ld, %zu bytes\n", messages, g_bytes_get_size(bytes));
    g_bytes_unref(bytes);
    g_main_loop_unref(loop);
}

int main(void)
{
    results = g_async_queue_new();
    pools();
    main_loop();
    g_async_queue_unref(results);
    return 0;
}
