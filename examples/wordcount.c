/* SPDX-License-Identifier: MIT */
/* Counts the words of files with several threads and prints the most frequent ones. Plurals are counted with their
 * singular ("locks" with "lock").
 *
 * The words lie in a hash table in shards, each with its own mutex. To move the count of a plural, fold() locks the
 * plural's shard and then the singular's. That is the mistake which `./dev demo` shows: two threads that fold in opposite
 * directions at the same moment can each hold the shard that the other waits for. Most runs end well. */
#include <ctype.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 4, SHARDS = 8, TOP = 5, MAX_WORD = 32 };

struct word {
    struct word *next;
    long count;
    char text[MAX_WORD];
};

struct shard {
    pthread_mutex_t lock;
    struct word *words;
};

static struct shard shards[SHARDS];
static pthread_mutex_t queue = PTHREAD_MUTEX_INITIALIZER;
static char **files;
static int taken;

static struct shard *shard_of(const char *text)
{
    uint32_t hash = 2166136261u;
    for (; *text; text++)
        hash = (hash ^ (uint8_t)*text) * 16777619u;
    return &shards[(hash >> 16) % SHARDS];
}

/* The shard's lock is held. */
static struct word *find(struct shard *shard, const char *text)
{
    struct word *word = shard->words;
    while (word && strcmp(word->text, text))
        word = word->next;
    return word;
}

static void count(const char *text)
{
    struct shard *shard = shard_of(text);
    pthread_mutex_lock(&shard->lock);
    struct word *word = find(shard, text);
    if (!word) {
        word = calloc(1, sizeof *word);
        if (!word)
            abort();
        strcpy(word->text, text);
        word->next = shard->words;
        shard->words = word;
    }
    word->count++;
    pthread_mutex_unlock(&shard->lock);
}

/* Moves the count of a plural to its singular, if that is known as a word. */
static void fold(const char *plural, const char *singular)
{
    struct shard *from = shard_of(plural), *to = shard_of(singular);
    pthread_mutex_lock(&from->lock);
    struct word *source = find(from, plural);
    if (source && source->count) {
        if (to != from)
            pthread_mutex_lock(&to->lock);
        struct word *target = find(to, singular);
        if (target) {
            target->count += source->count;
            source->count = 0;
        }
        if (to != from)
            pthread_mutex_unlock(&to->lock);
    }
    pthread_mutex_unlock(&from->lock);
}

static void count_or_fold(const char *text, size_t length)
{
    char singular[MAX_WORD];
    count(text);
    if (length > 3 && text[length - 1] == 's' && text[length - 2] != 's') {
        memcpy(singular, text, length - 1);
        singular[length - 1] = '\0';
        fold(text, singular);
    }
}

static void count_file(FILE *file)
{
    char text[MAX_WORD];
    size_t length = 0;
    int c;
    do {
        c = getc_unlocked(file);
        if (c != EOF && isalpha(c)) {
            if (length < MAX_WORD - 1)
                text[length++] = (char)tolower(c);
        } else if (length) {
            text[length] = '\0';
            count_or_fold(text, length);
            length = 0;
        }
    } while (c != EOF);
}

static const char *next_file(void)
{
    pthread_mutex_lock(&queue);
    const char *name = files[taken] ? files[taken++] : NULL;
    pthread_mutex_unlock(&queue);
    return name;
}

static void *worker(void *unused)
{
    (void)unused;
    const char *name;
    while ((name = next_file())) {
        FILE *file = fopen(name, "r");
        if (!file) {
            perror(name);
            continue;
        }
        count_file(file);
        fclose(file);
    }
    return NULL;
}

static void print_top(void)
{
    for (int i = 0; i < TOP; i++) {
        struct word *best = NULL;
        for (struct shard *shard = shards; shard < shards + SHARDS; shard++)
            for (struct word *word = shard->words; word; word = word->next)
                if (word->count > 0 && (!best || word->count > best->count))
                    best = word;
        if (!best)
            break;
        printf("%8ld %s\n", best->count, best->text);
        best->count = 0;
    }
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS];
    if (argc < 2) {
        fprintf(stderr, "usage: wordcount FILE...\n");
        return 2;
    }
    files = argv + 1;
    for (int i = 0; i < SHARDS; i++)
        pthread_mutex_init(&shards[i].lock, NULL);
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, worker, NULL))
            return 1;
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    print_top();
    return 0;
}
