/* SPDX-License-Identifier: MIT */
/* See inputs.h. */
#include "inputs.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/format.h"

void inputs_init(struct inputs *inputs, struct model *model)
{
    *inputs = (struct inputs){.model = model};
}

void inputs_free(struct inputs *inputs)
{
    for (size_t i = 0; i < inputs->count; i++)
        reader_free(&inputs->list[i]->reader);
}

static struct input *find(const struct inputs *inputs, const char *path)
{
    for (size_t i = inputs->count; i-- > 0;)
        if (strcmp(inputs->list[i]->path, path) == 0)
            return inputs->list[i];
    return NULL;
}

struct input *inputs_add(struct inputs *inputs, const char *path)
{
    struct input *input = find(inputs, path);
    if (input)
        return input;
    struct pool *pool = inputs->model->pool;
    inputs->list = pool_grow(pool, inputs->list, inputs->count, &inputs->capacity,
                             sizeof(*inputs->list));
    input = inputs->list[inputs->count++] = pool_alloc(pool, sizeof(*input));
    input->process = model_add_process(inputs->model, path);
    input->path = input->process->path;
    reader_init(&input->reader);
    return input;
}

bool input_is_report(const char *name)
{
    size_t length = strlen(name), suffix = sizeof(REPORT_SUFFIX) - 1;
    return length > suffix && strcmp(name + length - suffix, REPORT_SUFFIX) == 0;
}

static int by_name(const void *a, const void *b)
{
    return strverscmp(*(const char *const *)a, *(const char *const *)b);
}

int inputs_add_directory(struct inputs *inputs, const char *path)
{
    struct pool *pool = inputs->model->pool;
    DIR *dir = opendir(path);
    if (!dir)
        return -errno;
    const char **names = NULL;
    size_t count = 0, capacity = 0, before = inputs->count;
    for (struct dirent *entry; (entry = readdir(dir));)
        if (input_is_report(entry->d_name)) {
            names = pool_grow(pool, names, count, &capacity, sizeof(*names));
            names[count++] = pool_printf(pool, "%s/%s", path, entry->d_name);
        }
    closedir(dir);
    if (count)
        qsort(names, count, sizeof(*names), by_name);
    for (size_t i = 0; i < count; i++)
        inputs_add(inputs, names[i]);
    return (int)(inputs->count - before);
}

void input_read(struct inputs *inputs, struct input *input, bool final)
{
    if (input->newer)
        return;
    input->error = reader_fill(&input->reader, input->path);
    struct record record;
    while (reader_next(&input->reader, &record, final))
        if (!model_record(inputs->model, input->process, &record)) {
            input->newer = true;
            return;
        }
}

bool input_only_cut(const struct input *input)
{
    return !input->error && !input->newer && input->reader.good && input->process->has_hello &&
           !input->reader.damages && !input->process->malformed && input->reader.cut;
}

const char *input_complaint(struct inputs *inputs, const struct input *input)
{
    struct pool *pool = inputs->model->pool;
    const struct reader *reader = &input->reader;
    const struct raw_process *process = input->process;
    if (process->alive)
        return NULL; /* it is still being written */
    if (input->error == -EISDIR)
        return "is a directory";
    if (input->error == -EINVAL)
        return "not a regular file";
    if (input->error)
        return pool_printf(pool, "cannot be read: %s", strerror(-input->error));
    if (input->newer)
        return pool_printf(pool, "written by a newer version of detect (format %" PRIu64 ", this one knows %d)",
                           process->version, REPORT_VERSION);
    if (!reader->good && !reader->skipped && !reader->cut)
        return "empty: the process ended before it wrote anything";
    if (!reader->good)
        return "not a report file of detect";
    if (reader->damages)
        return pool_printf(pool,
                           "damaged: %" PRIu64 " bytes in %" PRIu64 " place%s cannot be read, the first at offset %" PRIu64,
                           reader->skipped + reader->cut, reader->damages,
                           reader->damages == 1 ? "" : "s", reader->first_damage);
    if (process->malformed)
        return pool_printf(pool, "damaged: %" PRIu64 " records make no sense", process->malformed);
    if (!process->has_hello)
        return "damaged: its beginning is missing";
    if (reader->cut)
        return pool_printf(pool, "cut off: %" PRIu64 " bytes of an incomplete record at its end",
                           reader->cut);
    return NULL;
}
