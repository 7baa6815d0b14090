/* SPDX-License-Identifier: MIT */
/* SQLite with threads: four connections to one database file (write-ahead log), then four threads that
 * share one connection in serialised mode. Run by tests/real/run; prints the same in every run. */
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#define THREADS 4
#define ROWS 150

static const char *path;
static sqlite3 *shared;

static void execute(sqlite3 *database, const char *statement)
{
    char *message = NULL;
    if (sqlite3_exec(database, statement, NULL, NULL, &message) != SQLITE_OK) {
        fprintf(stderr, "%s: %s\n", statement, message);
        abort();
    }
}

static sqlite3 *open_database(void)
{
    sqlite3 *database;
    if (sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) != SQLITE_OK)
        abort();
    sqlite3_busy_timeout(database, 60000);
    return database;
}

static void insert_rows(sqlite3 *database, int first)
{
    for (int i = 0; i < ROWS; i++) {
        char statement[128];
        snprintf(statement, sizeof statement, "INSERT INTO t VALUES (%d, '%08x')", first + i, i * 2654435761u);
        execute(database, statement);
    }
}

static void *own_connection(void *arg)
{
    sqlite3 *database = open_database();
    insert_rows(database, *(int *)arg);
    sqlite3_close(database);
    return NULL;
}

static void *shared_connection(void *arg)
{
    insert_rows(shared, *(int *)arg);
    return NULL;
}

static void run_threads(void *(*work)(void *), int base)
{
    pthread_t threads[THREADS];
    int firsts[THREADS];
    for (int i = 0; i < THREADS; i++) {
        firsts[i] = base + i * ROWS;
        pthread_create(&threads[i], NULL, work, &firsts[i]);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

static int print_row(void *arg, int columns, char **values, char **names)
{
    (void)arg, (void)names;
    for (int i = 0; i < columns; i++)
        printf("%s%c", values[i], i + 1 < columns ? ' ' : '\n');
    return 0;
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    path = argv[1];
    shared = open_database();
    execute(shared, "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; CREATE TABLE t (n INTEGER PRIMARY KEY, v)");
    run_threads(own_connection, 0);
    run_threads(shared_connection, THREADS * ROWS);
    sqlite3_exec(shared, "SELECT COUNT(*), SUM(n), MIN(v), MAX(v) FROM t", print_row, NULL, NULL);
    sqlite3_close(shared);
    return 0;
}
