/* SPDX-License-Identifier: MIT */
/* See rundir.h. */
#include "rundir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "say.h"

static bool make_temporary(struct rundir *dir, struct pool *pool)
{
    const char *parent = getenv("TMPDIR");
    char *path = pool_printf(pool, "%s/detect-XXXXXX", parent && *parent ? parent : "/tmp");
    if (!mkdtemp(path)) {
        say("cannot make a directory for report files in %s: %s",
            parent && *parent ? parent : "/tmp", strerror(errno));
        return false;
    }
    /* A program that root starts may go on as another user, whose children write their files here too. */
    if (geteuid() == 0 && chmod(path, 01733) != 0)
        say("cannot open %s to other users: %s", path, strerror(errno));
    dir->path = path;
    dir->temporary = true;
    return true;
}

static bool use_given(struct rundir *dir, const char *wanted)
{
    if (mkdir(wanted, 0777) != 0 && errno != EEXIST) {
        say("cannot make the directory %s: %s", wanted, strerror(errno));
        return false;
    }
    if (access(wanted, W_OK | X_OK) != 0) {
        say("cannot write report files to %s: %s", wanted, strerror(errno));
        return false;
    }
    dir->path = wanted;
    return true;
}

static void remember_older(struct rundir *dir, struct pool *pool)
{
    DIR *entries = opendir(dir->path);
    for (struct dirent *entry; entries && (entry = readdir(entries));) {
        dir->older = pool_grow(pool, dir->older, dir->older_count, &dir->older_capacity,
                               sizeof(*dir->older));
        dir->older[dir->older_count++] = pool_printf(pool, "%s/%s", dir->path, entry->d_name);
    }
    if (entries)
        closedir(entries);
}

bool rundir_open(struct rundir *dir, struct pool *pool, const char *wanted)
{
    *dir = (struct rundir){.changes = -1};
    if (wanted ? !use_given(dir, wanted) : !make_temporary(dir, pool))
        return false;
    char *full = realpath(dir->path, NULL);
    if (!full) {
        say("cannot write report files to %s: %s", dir->path, strerror(errno));
        return false;
    }
    dir->path = pool_text(pool, full, strlen(full));
    free(full);
    remember_older(dir, pool);
    dir->changes = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (dir->changes >= 0 &&
        inotify_add_watch(dir->changes, dir->path, IN_CREATE | IN_MODIFY) < 0) {
        close(dir->changes);
        dir->changes = -1;
    }
    return true;
}

static bool is_older(const struct rundir *dir, const char *path)
{
    for (size_t i = 0; i < dir->older_count; i++)
        if (strcmp(dir->older[i], path) == 0)
            return true;
    return false;
}

static void read_one(struct rundir *dir, struct inputs *inputs, const char *name)
{
    const char *path = pool_printf(inputs->model->pool, "%s/%s", dir->path, name);
    if (input_is_report(name) && !is_older(dir, path))
        input_read(inputs, inputs_add(inputs, path), false);
}

static void read_all(struct rundir *dir, struct inputs *inputs)
{
    DIR *entries = opendir(dir->path);
    for (struct dirent *entry; entries && (entry = readdir(entries));)
        read_one(dir, inputs, entry->d_name);
    if (entries)
        closedir(entries);
}

/* Reads the files that the events name, each once for a run of events on it. */
static bool read_changed(struct rundir *dir, struct inputs *inputs)
{
    char events[16384] __attribute__((aligned(__alignof__(struct inotify_event))));
    ssize_t size = read(dir->changes, events, sizeof(events));
    const struct inotify_event *event = NULL, *last = NULL;
    for (char *at = events; at < events + size; at += sizeof(*event) + event->len) {
        event = (const struct inotify_event *)(const void *)at;
        if (event->mask & IN_Q_OVERFLOW)
            read_all(dir, inputs);
        else if (event->len && !(last && strcmp(last->name, event->name) == 0))
            read_one(dir, inputs, event->name);
        last = event->len ? event : last;
    }
    return size > 0;
}

void rundir_read(struct rundir *dir, struct inputs *inputs)
{
    if (dir->changes < 0)
        read_all(dir, inputs);
    else
        while (read_changed(dir, inputs))
            continue;
}

void rundir_remove(struct rundir *dir)
{
    if (dir->changes >= 0)
        close(dir->changes);
    if (!dir->temporary)
        return;
    DIR *entries = opendir(dir->path);
    for (struct dirent *entry; entries && (entry = readdir(entries));)
        unlinkat(dirfd(entries), entry->d_name, 0);
    if (entries)
        closedir(entries);
    rmdir(dir->path);
}
