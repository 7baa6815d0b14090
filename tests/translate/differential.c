/* SPDX-License-Identifier: MIT */
/* The differential tester: random snippets run natively and from the code cache, and must leave the same behind.
 *
 *   differential [--cases=N] [--seed=N] [--kind=one|block] [--links=lazy|never|eager] [--one-instruction] [--flush=N]
 *                [--steps] [--timer] [--hooks] [--calls] [--checks] [--far] [--sabotage] [--only=SEED:SLOT] [--dump]
 *
 * --steps: each snippet runs once more with the trap flag set, and at cache addresses of every kind a signal must be
 * shown a state that single-stepping the snippet natively went through. --timer: the same by timer signals.
 * --hooks: a client sees all accesses; they must be those that the operands of the native steps say.
 * --checks: as --hooks, but accesses that the client knows already must not be told.
 * --calls: calls are kept, and are those of a client that is told each.
 * --sabotage: results are falsified after the run; status 0 if each of these was noticed, and nothing else.
 * Deterministic: the same options give the same snippets. A failure prints the command that repeats it. */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#include "compare.h"
#include "hooks.h"
#include "run.h"
#include "state.h"
#include "translate/translator.h"

#define MAX_REPORTED 10

static struct {
    uint64_t cases, seed, only_seed;
    unsigned only_slot, kinds; /* kinds: bit per enum snippet_kind */
    bool only, hooks, calls, checks, far, sabotage, dump;
    enum interruption interruption;
    struct tr_options translator;
    char line[512]; /* those that a repetition needs */
} options = {.cases = 5000, .seed = 1, .kinds = 3};

static struct {
    struct snippet snippet[SLOTS];
    struct outcome native[SLOTS];
    struct steps steps[SLOTS];
    struct accesses accesses[SLOTS];
    bool endless[SLOTS];
} batch;

static uint64_t failures, sabotaged, noticed, unstable;

/* --- mnemonics that this CPU has ------------------------------------------------------------------------------------ */

static uint16_t supported[ZYDIS_MNEMONIC_MAX_VALUE + 1], unsupported[ZYDIS_MNEMONIC_MAX_VALUE + 1];
static unsigned supported_count, unsupported_count;
static uint16_t probed;

static uint16_t choose_probed(struct random *r)
{
    (void)r;
    return probed;
}

/* All alike, and rarely one that is an invalid instruction here. */
static uint16_t choose_supported(struct random *r)
{
    if (unsupported_count && random_one_in(r, 300))
        return unsupported[random_below(r, unsupported_count)];
    return supported[random_below(r, supported_count)];
}

static bool mnemonic_is_usable(uint16_t mnemonic)
{
    struct random r = {mnemonic};
    const struct roles roles = {.pointers = 1u << RBX, .vector_indices = 16, .alignment = 64, .pc = CODE_START};
    struct instruction i;
    for (uint32_t f = forms.first[mnemonic]; f < forms.first[mnemonic + 1]; f++)
        for (int attempt = 0; attempt < 4; attempt++)
            if (form_instance(&forms.form[f], &roles, &r, &i))
                return !instruction_is_excluded(&i);
    return false;
}

/* Tries some of each mnemonic's forms natively. */
static void probe_mnemonics(uint8_t *code)
{
    static struct snippet s;
    static struct outcome out;
    snippet_init(0, choose_probed);
    for (probed = 1; probed <= ZYDIS_MNEMONIC_MAX_VALUE; probed++) {
        if (!mnemonic_is_usable(probed))
            continue;
        bool runs = false;
        for (uint64_t seed = 0; seed < 4 && !runs; seed++) {
            snippet_make(&s, seed, 0, SNIPPET_ONE);
            memcpy(code, s.code, SLOT_SIZE);
            run_native(&s, &out);
            runs = !(out.faulted && out.signo == SIGILL && out.pc == s.pc);
        }
        if (runs || probed == ZYDIS_MNEMONIC_UD2)
            supported[supported_count++] = probed;
        else
            unsupported[unsupported_count++] = probed;
    }
}

/* --- one batch ------------------------------------------------------------------------------------------------------------ */

static void print_limit(const char *code, const char *text) { printf("limit %s: %s\n", code, text); }

static void print_line(void *unused, const char *text)
{
    (void)unused;
    printf("  %s\n", text);
}

static void falsify(struct outcome *out, uint64_t seed)
{
    struct random r = {seed};
    sabotaged++;
    switch (random_below(&r, 5)) {
    case 0:
        out->state.gpr[random_below(&r, 16)] ^= 1ull << random_below(&r, 64);
        break;
    case 1:
        out->state.flags ^= 0x40;
        break;
    case 2:
        out->arena[random_below(&r, ARENA_SIZE)] ^= 1;
        break;
    case 3:
        out->state.xsave[160 + random_below(&r, 256)] ^= 4;
        break;
    default:
        out->pc ^= 1;
        out->faulted = !out->faulted;
    }
}

/* Natively twice the same? Some instructions are not: what they leave tells nothing. */
static bool is_stable(const struct snippet *s, const struct outcome *native)
{
    static struct outcome again;
    bool stable = true;
    mprotect((void *)(uintptr_t)CODE_START, CODE_SIZE, PROT_READ | PROT_EXEC);
    for (int i = 0; i < 3 && stable; i++) {
        run_native(s, &again);
        stable = !compare(s, native, &again, false);
    }
    if (tr_is_on())
        mprotect((void *)(uintptr_t)CODE_START, CODE_SIZE, PROT_READ);
    return stable;
}

static void report(const struct snippet *s, const struct outcome *native, const struct outcome *cache)
{
    if (++failures > MAX_REPORTED)
        return;
    printf("FAIL: differential%s --only=%lu:%u\n", options.line, s->seed, s->slot);
    snippet_print(s);
    compare(s, native, cache, true);
    fflush(stdout);
}

static bool check(const struct snippet *s, const struct outcome *native, struct outcome *cache, bool states_ok,
                  bool accesses_ok)
{
    const bool falsified = options.sabotage && s->seed % 10 == 0;
    if (falsified)
        falsify(cache, s->seed);
    if (states_ok && accesses_ok && (s->unstable || !compare(s, native, cache, false)))
        return true;
    if (falsified && !s->unstable) {
        noticed++;
        return true;
    }
    if (states_ok && accesses_ok && !is_stable(s, native)) {
        unstable++;
        return true;
    }
    report(s, native, cache);
    return false;
}

static void run_one(unsigned slot)
{
    static struct outcome cache;
    const struct snippet *s = &batch.snippet[slot];
    hooks_forget();
    hooks_forget_words();
    bool states_ok = run_translated(s, INTERRUPT_NOT, NULL, &cache);
    bool accesses_ok = !options.hooks || s->no_steps ||
                       (options.checks ? hooks_checks_agree(s, &batch.accesses[slot], cache.faulted)
                                       : hooks_agree(s, &batch.accesses[slot]));
    if (options.calls)
        accesses_ok = hooks_calls_agree();
    if (options.dump) {
        snippet_print(s);
        tr_dump_all(print_line, NULL);
    }
    if (!check(s, &batch.native[slot], &cache, states_ok, accesses_ok))
        return;
    if (options.interruption == INTERRUPT_NOT || s->no_steps)
        return;
    /* A timer needs several tries to hit a snippet. */
    for (int tries = options.interruption == INTERRUPT_TIMER ? 30 : 1; tries; tries--) {
        states_ok = run_translated(s, options.interruption, &batch.steps[slot], &cache);
        hooks_forget_words();
        if (!check(s, &batch.native[slot], &cache, states_ok, true))
            return;
    }
}

static void make_snippets(unsigned count, uint64_t first_case)
{
    for (unsigned slot = 0; slot < count; slot++) {
        struct random r = {options.seed << 32 | (first_case + slot)};
        enum snippet_kind kind = random_below(&r, SNIPPET_KINDS);
        if (!(options.kinds >> kind & 1))
            kind = !kind;
        const uint64_t seed = options.only ? options.only_seed : (random_next(&r) >> 8 & ~1ull) | kind;
        snippet_make(&batch.snippet[slot], seed, options.only ? options.only_slot : slot, seed & 1);
    }
}

static void run_natively(unsigned count)
{
    for (unsigned slot = 0; slot < count; slot++) {
        const struct snippet *s = &batch.snippet[slot];
        run_native(s, &batch.native[slot]);
        batch.endless[slot] = batch.native[slot].signo == SIGVTALRM;
        if (s->no_steps || batch.endless[slot])
            continue;
        static struct outcome stepped;
        if (options.hooks)
            hooks_expect(s, &batch.accesses[slot], &batch.steps[slot], &stepped);
        else if (options.interruption != INTERRUPT_NOT)
            run_steps(s, &batch.steps[slot], &stepped);
    }
}

static const struct tr_client *client(void)
{
    return options.checks ? &hooks_client_of_checks : options.calls ? &hooks_client_of_calls : options.hooks ? &hooks_client : NULL;
}

static void start_translator(void)
{
    static struct arena arena;
    static struct tr_host host = {.arena = &arena, .limit = print_limit};
    const char *why;
    arena_init(&arena);
    if (options.checks)
        hooks_init_words();
    if (!tr_supported(&why)) {
        printf("skipped: %s\n", why);
        exit(77);
    }
    if (!tr_init(&options.translator, client(), &host)) {
        printf("tr_init failed\n");
        exit(1);
    }
}

static void run_batch(unsigned count, uint64_t first_case)
{
    static bool started;
    uint8_t *code = run_map_code();
    make_snippets(count, first_case);
    memset(code, 0xcc, CODE_SIZE);
    for (unsigned i = 0; i < count; i++)
        memcpy(code + batch.snippet[i].slot * SLOT_SIZE, batch.snippet[i].code, SLOT_SIZE);
    mprotect(code, CODE_SIZE, PROT_READ | PROT_EXEC);
    run_natively(count);
    if (!started)
        start_translator();
    const struct tr_module module = {.start = CODE_START, .end = CODE_START + CODE_SIZE, .low = CODE_START,
                                     .high = CODE_START + CODE_SIZE, .protection = PROT_READ | PROT_EXEC};
    if (!tr_module_add(&module) || (!started && !tr_take_over())) {
        printf("tr_module_add or tr_take_over failed\n");
        exit(1);
    }
    started = true;
    for (unsigned i = 0; i < count; i++)
        if (!batch.endless[i])
            run_one(i);
    tr_module_remove(CODE_START, CODE_START + CODE_SIZE);
    munmap(code, CODE_SIZE);
}

/* --- options ------------------------------------------------------------------------------------------------------------- */

static bool option_value(const char *argument, const char *name, const char **value)
{
    const size_t length = strlen(name);
    if (strncmp(argument, name, length) || argument[length] != '=')
        return false;
    *value = argument + length + 1;
    return true;
}

static bool parse_stress(const char *argument)
{
    const char *value;
    if (option_value(argument, "--links", &value))
        options.translator.links = !strcmp(value, "never") ? TR_LINKS_NEVER :
                                   !strcmp(value, "eager") ? TR_LINKS_EAGER : TR_LINKS_LAZY;
    else if (option_value(argument, "--flush", &value))
        options.translator.flush_every = (uint32_t)strtoul(value, NULL, 0);
    else if (!strcmp(argument, "--one-instruction"))
        options.translator.one_instruction = true;
    else if (!strcmp(argument, "--steps"))
        options.interruption = INTERRUPT_STEPS;
    else if (!strcmp(argument, "--timer"))
        options.interruption = INTERRUPT_TIMER;
    else if (!strcmp(argument, "--hooks"))
        options.hooks = true;
    else if (!strcmp(argument, "--checks"))
        options.checks = options.hooks = true, run_shown_flags = ~0x8d5ull;
    else if (!strcmp(argument, "--calls"))
        options.calls = true, run_shown_flags = ~0x8d5ull;
    else if (!strcmp(argument, "--far"))
        options.far = true;
    else
        return false;
    strncat(options.line, " ", sizeof options.line - strlen(options.line) - 1);
    strncat(options.line, argument, sizeof options.line - strlen(options.line) - 1);
    return true;
}

static bool parse(const char *argument)
{
    const char *value;
    if (option_value(argument, "--cases", &value)) {
        options.cases = strtoull(value, NULL, 0);
    } else if (option_value(argument, "--seed", &value)) {
        options.seed = strtoull(value, NULL, 0);
    } else if (option_value(argument, "--kind", &value)) {
        options.kinds = !strcmp(value, "one") ? 1 : 2;
    } else if (option_value(argument, "--only", &value)) {
        options.only = sscanf(value, "%lu:%u", &options.only_seed, &options.only_slot) == 2;
        options.cases = 1;
    } else if (!strcmp(argument, "--sabotage")) {
        options.sabotage = true;
    } else if (!strcmp(argument, "--dump")) {
        options.dump = true;
    } else {
        return parse_stress(argument);
    }
    return true;
}

/* The cache must then lie out of reach of the arena: 32 bits of displacement do not suffice. */
static void occupy_near_addresses(void)
{
    for (uintptr_t at = 0x100000; at < ARENA + 0x80000000 + 0x8000000; at += 0x100000) {
        if (at + 0x100000 > CODE_START && at < CODE_START + CODE_SIZE)
            continue;
        void *got = mmap((void *)at, 0x100000, PROT_NONE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
        if (got != MAP_FAILED && got != (void *)at)
            munmap(got, 0x100000);
    }
}

static void stay_on_one_cpu(void)
{
    cpu_set_t set;
    const int cpu = sched_getcpu();
    CPU_ZERO(&set);
    CPU_SET(cpu < 0 ? 0 : (unsigned)cpu, &set);
    sched_setaffinity(0, sizeof set, &set);
}

static uintptr_t own_fs_base(void)
{
    uintptr_t base;
    __asm__("mov %%fs:0, %0" : "=r"(base)); /* the thread's control block begins with its own address */
    return base;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (!parse(argv[i])) {
            fprintf(stderr, "differential: unknown option %s\n", argv[i]);
            return 2;
        }
    if (options.far)
        code_start = CODE_FAR;
    translator.prefer_jrcxz = options.far;
    stay_on_one_cpu();
    machine_init();
    run_init();
    forms_init();
    uint8_t *code = run_map_code();
    probe_mnemonics(code);
    munmap(code, CODE_SIZE);
    if (options.far)
        occupy_near_addresses();
    snippet_init(own_fs_base(), choose_supported);
    for (uint64_t done = 0; done < options.cases; done += SLOTS)
        run_batch((unsigned)(options.cases - done < SLOTS ? options.cases - done : SLOTS), done);
    struct tr_stats stats;
    tr_stats(&stats);
    printf("%lu fragments, %lu dispatches, %lu links, %lu entry faults, %lu evictions\n", stats.fragments,
           stats.dispatches, stats.links, stats.entry_faults, stats.evictions);
    printf("%u mnemonics, %lu snippets, %lu failed; %lu faults, %lu interruptions in the cache, %lu in the translator, "
           "%lu unstable\n", supported_count, options.cases, failures, run_counts.faults, run_counts.interruptions,
           run_counts.at_work, unstable);
    if (options.checks)
        printf("%lu accesses for the second test, %lu told; %lu told early\n", hooks_second, hooks_second_told, hooks_early);
    if (options.checks && hooks_second >= 200 && hooks_second_told > hooks_second / 2)
        return 1; /* where flags are live there is none; of few, most may be such */
    if (options.sabotage)
        return failures || !sabotaged || noticed < sabotaged * 9 / 10;
    return failures != 0;
}
