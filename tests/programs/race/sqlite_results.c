/* SPDX-License-Identifier: MIT */
/* SQLite orders its own calls (serialized mode); what the program counts in a callback is its own affair. */
/* PACKAGES: sqlite3 */
/* EXPECT: race row on rows */
/* TWIN */
#include "hidden.h"
#include <sqlite3.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static sqlite3 *database;
static int rows;

static NOINLINE int row(void *none, int columns, char **values, char **names)
{
    if (IS_TWIN)
        pthread_mutex_lock(&lock);
    rows++;
    COMPILER_BARRIER();
    if (IS_TWIN)
        pthread_mutex_unlock(&lock);
    return 0;
}

static void *first(void *none)
{
    sqlite3_exec(database, "SELECT * FROM numbers", row, NULL, NULL);
    row(NULL, 0, NULL, NULL);
    hidden_meet(2);
    return NULL;
}

int main(void)
{
    if (sqlite3_open(":memory:", &database))
        return 1;
    sqlite3_exec(database, "CREATE TABLE numbers (n); INSERT INTO numbers VALUES (1), (2), (3)", NULL, NULL, NULL);
    int status = both(first, first);
    sqlite3_close(database);
    return status;
}
