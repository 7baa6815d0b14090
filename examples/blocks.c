/* SPDX-License-Identifier: MIT */
/* Squeezes a file (runs of equal bytes become a count and a byte) in blocks, several threads at once. Made after the way
 * pbzip2 0.9.4 was built, with its well-known mistake: main waits for the last block to be written and then deletes the queue,
 * its mutex included, but the threads that squeeze blocks still look whether the queue has one more. Most runs end well. */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 3, BLOCK = 4096, ROOM = 8 };

struct block {
    size_t number, size;
    unsigned char *bytes;
};

struct queue {
    struct block blocks[ROOM];
    size_t head, count;
    bool closed;
    pthread_mutex_t *mutex;
    pthread_cond_t *changed;
};

static struct queue *queue;
static struct block *output;
static size_t finished;
static pthread_mutex_t output_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t one_finished = PTHREAD_COND_INITIALIZER;

static struct queue *queue_new(void)
{
    struct queue *new = calloc(1, sizeof *new);
    new->mutex = malloc(sizeof *new->mutex);
    new->changed = malloc(sizeof *new->changed);
    pthread_mutex_init(new->mutex, NULL);
    pthread_cond_init(new->changed, NULL);
    return new;
}

static void queue_delete(struct queue *old)
{
    pthread_cond_destroy(old->changed);
    pthread_mutex_destroy(old->mutex);
    free(old->changed);
    free(old->mutex);
    free(old);
}

static void queue_put(const struct block *block)
{
    pthread_mutex_lock(queue->mutex);
    while (queue->count == ROOM)
        pthread_cond_wait(queue->changed, queue->mutex);
    queue->blocks[(queue->head + queue->count++) % ROOM] = *block;
    pthread_cond_broadcast(queue->changed);
    pthread_mutex_unlock(queue->mutex);
}

static bool queue_take(struct block *block)
{
    pthread_mutex_lock(queue->mutex);
    while (queue->count == 0 && !queue->closed)
        pthread_cond_wait(queue->changed, queue->mutex);
    bool taken = queue->count > 0;
    if (taken) {
        *block = queue->blocks[queue->head];
        queue->head = (queue->head + 1) % ROOM;
        queue->count--;
        pthread_cond_broadcast(queue->changed);
    }
    pthread_mutex_unlock(queue->mutex);
    return taken;
}

static void squeeze(struct block *block)
{
    unsigned char *out = malloc(2 * block->size);
    size_t used = 0;
    for (size_t i = 0; i < block->size; used += 2) {
        size_t run = 1;
        while (i + run < block->size && run < 255 && block->bytes[i + run] == block->bytes[i])
            run++;
        out[used] = (unsigned char)run;
        out[used + 1] = block->bytes[i];
        i += run;
    }
    free(block->bytes);
    block->bytes = out;
    block->size = used;
}

static void *consumer(void *unused)
{
    struct block block;
    while (queue_take(&block)) {
        squeeze(&block);
        pthread_mutex_lock(&output_mutex);
        output[block.number] = block;
        finished++;
        pthread_cond_signal(&one_finished);
        pthread_mutex_unlock(&output_mutex);
    }
    return unused;
}

static size_t read_blocks(FILE *file)
{
    struct block block = {0};
    unsigned char bytes[BLOCK];
    while ((block.size = fread(bytes, 1, sizeof bytes, file)) > 0) {
        block.bytes = memcpy(malloc(block.size), bytes, block.size);
        queue_put(&block);
        block.number++;
    }
    pthread_mutex_lock(queue->mutex);
    queue->closed = true;
    pthread_cond_broadcast(queue->changed);
    pthread_mutex_unlock(queue->mutex);
    return block.number;
}

int main(int argc, char **argv)
{
    FILE *file = argc == 2 ? fopen(argv[1], "r") : NULL;
    if (!file) {
        fprintf(stderr, "usage: blocks FILE\n");
        return 2;
    }
    fseek(file, 0, SEEK_END);
    output = calloc((size_t)ftell(file) / BLOCK + 1, sizeof *output);
    rewind(file);
    queue = queue_new();
    for (int i = 0; i < THREADS; i++) {
        pthread_t thread;
        pthread_create(&thread, NULL, consumer, NULL);
        pthread_detach(thread);
    }
    size_t count = read_blocks(file), total = 0;
    pthread_mutex_lock(&output_mutex);
    while (finished < count)
        pthread_cond_wait(&one_finished, &output_mutex);
    pthread_mutex_unlock(&output_mutex);
    for (size_t i = 0; i < count; i++)
        total += output[i].size;
    printf("%ld bytes in %zu blocks, squeezed to %zu\n", ftell(file), count, total);
    queue_delete(queue);
    return 0;
}
