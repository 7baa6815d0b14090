/* SPDX-License-Identifier: MIT */
/* Mutated report files through the CLI's reader, model, resolver and printers. Built with
 * AddressSanitizer and UndefinedBehaviorSanitizer; besides, for every input:
 *  - each byte is part of a good record, of damage or of a cut end: nothing is dropped silently;
 *  - what is found does not depend on the portions in which the file arrives;
 *  - an input that was not mutated has nothing to complain of. */
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>

#include "assemble.h"
#include "fuzz/random.h"
#include "output.h"
#include "report/format.h"

#define MOST_SEEDS 16
#define LARGEST (256u << 10)
#define PER_BATCH 500
#define PRINT_EVERY 8 /* symbols and printing cost far more than reading */

struct bytes {
    unsigned char data[LARGEST];
    size_t size;
};

static struct bytes seeds[MOST_SEEDS], input;
static size_t seed_count;

static void load_seeds(void)
{
    DIR *dir = opendir(FUZZ_SEEDS);
    for (struct dirent *entry; dir && (entry = readdir(dir)) && seed_count < MOST_SEEDS;) {
        char path[4096];
        snprintf(path, sizeof(path), "%s/%s", FUZZ_SEEDS, entry->d_name);
        FILE *file = input_is_report(entry->d_name) ? fopen(path, "rb") : NULL;
        if (!file)
            continue;
        seeds[seed_count].size = fread(seeds[seed_count].data, 1, LARGEST / 4, file);
        seed_count += seeds[seed_count].size > 0;
        fclose(file);
    }
    if (dir)
        closedir(dir);
}

/* --- mutations ---------------------------------------------------------------------------------------- */

static uint32_t crc32_of(const unsigned char *bytes, size_t size)
{
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
}

/* Good checksums for what looks like records, so that mutations reach the parser of fields. */
static void sum_again(struct bytes *file)
{
    size_t at = 0;
    struct report_header header;
    static unsigned char summed[LARGEST];
    while (at + sizeof(header) <= file->size) {
        memcpy(&header, file->data + at, sizeof(header));
        if (header.sync != REPORT_SYNC || header.size > file->size - at - sizeof(header)) {
            at++;
            continue;
        }
        memcpy(summed, file->data + at + 4, 8);
        memcpy(summed + 8, file->data + at + sizeof(header), header.size);
        header.crc = crc32_of(summed, 8 + header.size);
        memcpy(file->data + at, &header, sizeof(header));
        at += sizeof(header) + header.size;
    }
}

static void insert(struct bytes *file, size_t at, const unsigned char *bytes, size_t size)
{
    if (size > LARGEST - file->size)
        return;
    memmove(file->data + at + size, file->data + at, file->size - at);
    memcpy(file->data + at, bytes, size);
    file->size += size;
}

static void set_interesting(struct random *random, struct bytes *file, size_t at)
{
    static const uint32_t values[] = {0, 1, 7, 8, 0x7f, 0xff, 0xffff, 0x7fffffff, 0x80000000,
                                      0xffffffff, REPORT_MAX_RECORD, REPORT_SYNC};
    size_t width = 1u << random_below(random, 3);
    if (file->size - at >= width)
        memcpy(file->data + at, &values[random_below(random, ARRAY_LEN(values))], width);
}

static void mutate(struct random *random, struct bytes *file)
{
    size_t at = random_below(random, (uint32_t)file->size + 1), left = file->size - at;
    size_t length = left ? random_below(random, (uint32_t)(left < 300 ? left : 300)) + 1 : 0;
    const struct bytes *other = &seeds[random_below(random, (uint32_t)seed_count)];
    size_t from = random_below(random, (uint32_t)other->size);
    if (!left)
        return;
    switch (random_below(random, 7)) {
    case 0: file->data[at] ^= (unsigned char)(1u << random_below(random, 8)); break;
    case 1: file->data[at] = (unsigned char)random_next(random); break;
    case 2: set_interesting(random, file, at); break;
    case 3:
        memmove(file->data + at, file->data + at + length, left - length);
        file->size -= length;
        break;
    case 4: insert(file, at, other->data + from, random_below(random, (uint32_t)(other->size - from)) + 1); break;
    case 5: file->size = at; break;
    default: memset(file->data + at, (int)random_below(random, 256), length); break;
    }
}

/* --- the rules ---------------------------------------------------------------------------------------- */

struct outcome {
    uint64_t good, good_bytes, skipped, cut, damages;
};

static void take(struct inputs *inputs, struct input *in, bool final, struct outcome *outcome)
{
    struct record record;
    while (!in->newer && reader_next(&in->reader, &record, final)) {
        outcome->good_bytes += sizeof(struct report_header) + record.size;
        in->newer = !model_record(inputs->model, in->process, &record);
    }
}

static struct outcome feed(struct inputs *inputs, struct input *in, struct random *portions)
{
    struct outcome outcome = {0};
    for (size_t at = 0; at < input.size;) {
        size_t n = portions ? random_below(portions, 200) + 1 : input.size;
        n = n < input.size - at ? n : input.size - at;
        reader_feed(&in->reader, input.data + at, n);
        take(inputs, in, false, &outcome);
        at += n;
    }
    take(inputs, in, true, &outcome);
    outcome.good = in->reader.good;
    outcome.skipped = in->reader.skipped;
    outcome.cut = in->reader.cut;
    outcome.damages = in->reader.damages;
    return outcome;
}

static void print_all(struct assembly *assembly, FILE *sink)
{
    struct output output = {.file = sink, .width = 80, .color = true};
    for (size_t i = 0; i < assembly->document->count; i++)
        output_text.finding(&output, assembly->document->findings[i]);
    output_text.finish(&output, assembly->document, false);
    output_json.finish(&output, assembly->document, false);
}

static void show(struct pool *pool, struct model *model, struct inputs *inputs, FILE *sink)
{
    struct options options;
    struct suppressions suppressions;
    struct assembly assembly;
    options_default(&options);
    options.notes = options.gen_suppressions = true;
    suppress_init(&suppressions, pool);
    assemble_init(&assembly, pool, model, inputs, &options, &suppressions);
    assemble_rest(&assembly, false);
    print_all(&assembly, sink);
    assemble_free(&assembly);
}

static struct outcome run_once(struct random *portions, FILE *sink, bool *complaint)
{
    struct pool pool;
    struct model model;
    struct inputs inputs;
    pool_init(&pool);
    model_init(&model, &pool);
    inputs_init(&inputs, &model);
    struct input *in = inputs_add(&inputs, "fuzzed.report");
    struct outcome outcome = feed(&inputs, in, portions);
    *complaint = input_complaint(&inputs, in) != NULL;
    if (sink)
        show(&pool, &model, &inputs, sink);
    if (in->newer)
        outcome = (struct outcome){.good_bytes = input.size}; /* reading stopped there */
    inputs_free(&inputs);
    pool_free(&pool);
    return outcome;
}

static const char *broken_rule(struct random *random, bool mutated, FILE *sink)
{
    bool complaint, again;
    struct outcome whole = run_once(NULL, sink, &complaint);
    struct outcome portions = run_once(random, NULL, &again);
    if (whole.good_bytes + whole.skipped + whole.cut != input.size)
        return "bytes were dropped silently";
    if (memcmp(&whole, &portions, sizeof(whole)) != 0)
        return "the portions made a difference";
    if (!mutated && complaint)
        return "a sound file was called damaged";
    return NULL;
}

static int batch(uint64_t first, uint64_t runs, int one)
{
    FILE *sink = fopen("/dev/null", "w");
    for (uint64_t run = first; sink && run < first + runs; run++) {
        struct random random = {run};
        input = seeds[random_below(&random, (uint32_t)seed_count)];
        uint32_t mutations = random_below(&random, 8);
        for (uint32_t i = 0; i < mutations; i++)
            mutate(&random, &input);
        if (mutations && random_percent(&random, 70))
            sum_again(&input);
        const char *broken =
            broken_rule(&random, mutations > 0, one || run % PRINT_EVERY == 0 ? sink : NULL);
        if (broken) {
            printf("--seed=%llu: %s\n", (unsigned long long)run, broken);
            return 1;
        }
    }
    return sink ? fclose(sink) != 0 : 1;
}

int main(int argc, char **argv)
{
    struct fuzz_options options = fuzz_parse(argc, argv, 1000, 27000);
    load_seeds();
    if (!seed_count) {
        printf("no seeds in %s\n", FUZZ_SEEDS);
        return 1;
    }
    return fuzz_in_batches(&options, PER_BATCH, batch);
}
