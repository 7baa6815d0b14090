/* SPDX-License-Identifier: MIT */
/* The parser of options, as the preload library and the CLI use it. Built with the sanitizers; besides:
 *  - whatever `detect run` passes on in DETECT_OPTIONS means the same to the library;
 *  - garbage is never accepted silently: each word is an option, or an error;
 *  - the message stays within its room. */
#include <stdbool.h>

#include "environment.h"
#include "fuzz/random.h"

#define PER_BATCH 20000
#define ERROR_SIZE 100

static const char *const words[] = {"mode",     "=",    "locks", " ",    "no-",  "children", "exit-code", "66",
                                    "999",      "\\04", "\\040", "\\",   "\n",   "quiet",    "fail-on",   "possible",
                                    "report-dir", "/x y", "--",  "yes",  "=off", "modus",    "\x80\xff",  "|"};

static void random_text(struct random *random, char *text, size_t size)
{
    size_t used = 0;
    for (uint32_t i = random_below(random, 12); i > 0; i--) {
        const char *word = words[random_below(random, ARRAY_LEN(words))];
        if (used + strlen(word) + 2 > size)
            break;
        used += (size_t)sprintf(text + used, "%s", word);
        if (random_percent(random, 10))
            text[used++] = (char)(random_below(random, 255) + 1);
    }
    text[used] = 0;
}

static bool parses(struct random *random)
{
    char text[400], error[ERROR_SIZE + 1];
    struct options options;
    random_text(random, text, sizeof(text));
    error[ERROR_SIZE] = 'x';
    options_default(&options);
    unsigned errors = options_parse_environment(&options, text, error, ERROR_SIZE);
    return error[ERROR_SIZE] == 'x' && (errors > 0) == (error[0] != 0) && strlen(error) < ERROR_SIZE &&
           !strchr(error, '\n');
}

static const char *random_string(struct random *random, struct pool *pool)
{
    char text[20];
    size_t n = random_below(random, sizeof(text) - 1) + 1;
    for (size_t i = 0; i < n; i++)
        text[i] = (char)(random_below(random, 255) + 1);
    return pool_text(pool, text, n);
}

static unsigned words_of(const char *value)
{
    unsigned count = 1;
    for (; *value; value++)
        count += *value == '|';
    return count;
}

static void set_random(struct random *random, struct pool *pool, struct options *options,
                       const struct option_info *info)
{
    void *field = (char *)options + info->offset;
    const char *text = random_string(random, pool);
    int number = (int)random_below(random, info->type == OPTION_ENUM ? words_of(info->value) : 256);
    bool on = random_percent(random, 50);
    if (info->type == OPTION_STRING)
        memcpy(field, &text, sizeof(text));
    else if (info->type == OPTION_BOOL)
        memcpy(field, &on, sizeof(on));
    else
        memcpy(field, &number, sizeof(number));
    *((bool *)options + info->offset_set) = true;
}

static bool same(const struct options *a, const struct options *b, const struct option_info *info)
{
    const char *left = (const char *)a + info->offset, *right = (const char *)b + info->offset;
    bool set = *((const bool *)a + info->offset_set);
    if (set != *((const bool *)b + info->offset_set))
        return false;
    if (info->type == OPTION_STRING && set)
        return strcmp(*(const char *const *)(const void *)left,
                      *(const char *const *)(const void *)right) == 0;
    return !set || memcmp(left, right, info->type == OPTION_BOOL ? sizeof(bool) : sizeof(int)) == 0;
}

static bool is_passed_on(const struct option_info *info)
{
    return (info->scope == SCOPE_LIB || info->scope == SCOPE_ALL) &&
           strcmp(info->name, "report-dir") != 0;
}

static bool passes_on(struct random *random, struct pool *pool)
{
    struct options given, received;
    char error[ERROR_SIZE];
    options_default(&given);
    options_default(&received);
    for (size_t i = 0; i < option_count; i++)
        if (is_passed_on(&option_table[i]) && random_percent(random, 50))
            set_random(random, pool, &given, &option_table[i]);
    const char *encoded = environment_options(pool, &given);
    char *text = pool_text(pool, encoded, strlen(encoded));
    if (options_parse_environment(&received, text, error, sizeof(error)) != 0)
        return false;
    for (size_t i = 0; i < option_count; i++)
        if (!same(&given, &received, &option_table[i]))
            return false;
    return true;
}

static int batch(uint64_t first, uint64_t runs, int one)
{
    (void)one;
    for (uint64_t run = first; run < first + runs; run++) {
        struct random random = {run};
        struct pool pool;
        pool_init(&pool);
        bool fine = parses(&random) && passes_on(&random, &pool);
        pool_free(&pool);
        if (!fine) {
            printf("--seed=%llu: an option was lost, or an error not told\n", (unsigned long long)run);
            return 1;
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct fuzz_options options = fuzz_parse(argc, argv, 25000, 2700000);
    return fuzz_in_batches(&options, PER_BATCH, batch);
}
