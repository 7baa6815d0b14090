/* SPDX-License-Identifier: MIT */
/* See atomics_cache.h. */
#include "atomics_cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "atomics_table.h"

#define MOST_FILES 2000
#define MOST_BYTES (256 << 20)
#define SUFFIX ".atomics"

/* --- the directory ----------------------------------------------------------------------------------------------------------- */

/* Opened, made if need be; -1 if it is not ours alone. */
static int open_directory(struct pool *pool)
{
    const char *base = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (!base || base[0] != '/')
        base = home && home[0] == '/' ? pool_printf(pool, "%s/.cache", home) : NULL;
    if (!base)
        return -1;
    const char *path = pool_printf(pool, "%s/detect", base);
    mkdir(base, 0700);
    mkdir(path, 0700);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;
    if (fd >= 0 && (fstat(fd, &st) != 0 || st.st_uid != geteuid() || (st.st_mode & 022))) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Another build of this program may read the same code differently: what it finds is not mixed with ours. */
static const char *file_name(struct pool *pool, const char *build_id)
{
    struct stat program = {0};
    stat("/proc/self/exe", &program);
    unsigned long long time = (unsigned long long)program.st_mtim.tv_sec * 1000000000ull + (unsigned long long)program.st_mtim.tv_nsec;
    return pool_printf(pool, "%s-%u-%llx%llx" SUFFIX, build_id, ATOMICS_VERSION, time, (unsigned long long)program.st_size);
}

/* --- one table ----------------------------------------------------------------------------------------------------------------- */

static bool misses_nothing(const void *bytes)
{
    for (const char *path = NULL; (path = table_next_missing(bytes, path));)
        if (access(path, R_OK) == 0)
            return false;
    return true;
}

static bool is_good(int fd, const char *build_id)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size <= 0 || st.st_size > MOST_BYTES)
        return false;
    void *bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED)
        return false;
    bool good = table_is_valid(bytes, (size_t)st.st_size, build_id) && misses_nothing(bytes);
    munmap(bytes, (size_t)st.st_size);
    return good;
}

int cache_find(struct pool *pool, const char *build_id)
{
    int directory = *build_id ? open_directory(pool) : -1;
    if (directory < 0)
        return -1;
    const char *name = file_name(pool, build_id);
    int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0 && !is_good(fd, build_id)) {
        close(fd);
        fd = -1;
    }
    if (fd >= 0)
        utimensat(directory, name, NULL, 0); /* the oldest is the one not used for longest */
    close(directory);
    return fd;
}

/* --- bounds -------------------------------------------------------------------------------------------------------------------- */

struct entry {
    const char *name;
    int64_t time, size;
};

static int by_time(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    return x->time > y->time ? -1 : x->time < y->time;
}

/* The newest stay, as far as they fit. */
static void remove_oldest(struct pool *pool, int directory)
{
    struct entry *entries = NULL;
    size_t count = 0, capacity = 0;
    DIR *list = fdopendir(dup(directory));
    for (struct dirent *found; list && (found = readdir(list));) {
        struct stat st;
        if (!strstr(found->d_name, SUFFIX) || fstatat(directory, found->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        entries = pool_grow(pool, entries, count, &capacity, sizeof(*entries));
        entries[count++] = (struct entry){pool_text(pool, found->d_name, strlen(found->d_name)),
                                          (int64_t)st.st_mtim.tv_sec, (int64_t)st.st_size};
    }
    if (list)
        closedir(list);
    if (count)
        qsort(entries, count, sizeof(*entries), by_time);
    int64_t bytes = 0;
    for (size_t i = 0; i < count; i++)
        if ((bytes += entries[i].size) > MOST_BYTES || i >= MOST_FILES)
            unlinkat(directory, entries[i].name, 0);
}

static bool write_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, bytes, size);
        if (written < 0 && errno != EINTR)
            return false;
        bytes += written > 0 ? written : 0;
        size -= written > 0 ? (size_t)written : 0;
    }
    return true;
}

int cache_keep(struct pool *pool, const char *build_id, const void *bytes, size_t size)
{
    int directory = *build_id ? open_directory(pool) : -1;
    if (directory < 0)
        return -1;
    const char *name = file_name(pool, build_id), *temporary = pool_printf(pool, ".%ld" SUFFIX, (long)getpid());
    int fd = openat(directory, temporary, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd >= 0 && (!write_all(fd, bytes, size) || renameat(directory, temporary, directory, name) != 0)) {
        unlinkat(directory, temporary, 0);
        close(fd);
        fd = -1;
    }
    remove_oldest(pool, directory);
    close(directory);
    return fd;
}
