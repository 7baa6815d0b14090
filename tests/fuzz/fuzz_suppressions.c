/* SPDX-License-Identifier: MIT */
/* The parser of suppressions files. Built with the sanitizers; besides: the line that is printed for a
 * finding, whatever its names are, parses and suppresses that finding, and not one with other names. */
#include <fcntl.h>
#include <stdbool.h>

#include "fuzz/random.h"
#include "suppress.h"

#define PER_BATCH 20000

static const char *const words[] = {"deadlock", "lock-order", "*", " ", "\t", "\n", "#", "function:", "object:", "x*",
                                    "[a-", "\\", "\"", "file:", "a/b", "module:", "\r", "\x80", "lok", ":", "?"};

static void garbage(struct random *random, struct pool *pool)
{
    struct suppressions suppressions;
    char text[400];
    size_t used = 0;
    for (uint32_t i = random_below(random, 30); i > 0; i--) {
        const char *word = words[random_below(random, ARRAY_LEN(words))];
        used += (size_t)sprintf(text + used, "%s", word);
        if (random_percent(random, 5))
            text[used++] = (char)random_below(random, 256);
    }
    suppress_init(&suppressions, pool);
    suppress_parse(&suppressions, "fuzzed", text, used);
}

/* Printable, as names of functions and variables are; also with what globs and the format treat specially. */
static const char *random_name(struct random *random, struct pool *pool)
{
    static const char letters[] = "abc*?[]\\\"#: <>(),/~^!-";
    char text[12];
    size_t n = random_below(random, sizeof(text) - 1) + 1;
    for (size_t i = 0; i < n; i++)
        text[i] = letters[random_below(random, sizeof(letters) - 1)];
    return pool_text(pool, text, n);
}

static struct doc_finding *random_finding(struct random *random, struct pool *pool)
{
    struct doc_finding *finding = pool_alloc(pool, sizeof(*finding));
    finding->kind = "lock-order";
    finding->stack_count = random_below(random, 3) + 1;
    finding->stacks = pool_alloc(pool, finding->stack_count * sizeof(*finding->stacks));
    for (size_t i = 0; i < finding->stack_count; i++) {
        finding->stacks[i].frames = pool_alloc(pool, sizeof(struct doc_frame));
        finding->stacks[i].frames[0].function = random_name(random, pool);
        finding->stacks[i].count = 1;
    }
    finding->object_count = random_below(random, 3);
    finding->objects = pool_alloc(pool, finding->object_count * sizeof(*finding->objects));
    for (size_t i = 0; i < finding->object_count; i++)
        finding->objects[i].name = random_name(random, pool);
    return finding;
}

static bool round_trip(struct random *random, struct pool *pool)
{
    struct suppressions suppressions;
    struct doc_finding *finding = random_finding(random, pool);
    const char *line = suppress_line_for(pool, finding);
    suppress_init(&suppressions, pool);
    if (!line || !suppress_parse(&suppressions, "line", line, strlen(line)) ||
        !suppress_matches(&suppressions, finding))
        return false;
    finding->stacks[0].frames[0].function =
        pool_printf(pool, "%s_", finding->stacks[0].frames[0].function);
    for (size_t i = 1; i < finding->stack_count; i++)
        finding->stacks[i].frames[0].function = finding->stacks[0].frames[0].function;
    return !suppress_matches(&suppressions, finding);
}

/* Its messages would flood; the sanitizers' must be seen. */
void __sanitizer_set_report_fd(void *fd);
static void silence(void)
{
    long kept = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    __sanitizer_set_report_fd((void *)kept);
    dup2(null, STDERR_FILENO);
}

static int batch(uint64_t first, uint64_t runs, int one)
{
    if (!one)
        silence();
    for (uint64_t run = first; run < first + runs; run++) {
        struct random random = {run};
        struct pool pool;
        pool_init(&pool);
        garbage(&random, &pool);
        bool fine = round_trip(&random, &pool);
        pool_free(&pool);
        if (!fine) {
            printf("--seed=%llu: a line for a finding does not describe it, or another one too\n",
                   (unsigned long long)run);
            return 1;
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct fuzz_options options = fuzz_parse(argc, argv, 20000, 1300000);
    return fuzz_in_batches(&options, PER_BATCH, batch);
}
