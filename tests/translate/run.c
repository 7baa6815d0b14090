/* SPDX-License-Identifier: MIT */
/* Running snippets; see run.h. */
#include "run.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "state.h"

#define TF 0x100u
#define DF 0x400u
#define RF 0x10000u
#define MAX_STEPS 20000
#define TIMER_MICROSECONDS 12

enum running { RUN_NOTHING, RUN_NATIVE, RUN_STEPS, RUN_CACHE };

struct run_counts run_counts;
uint64_t run_shown_flags = ~0ull;

static struct {
    enum running running;
    enum interruption interruption;
    const struct snippet *snippet;
    struct outcome *out;
    struct steps *record;
    const struct steps *oracle;
    size_t cursor;   /* in the oracle: states are shown in order */
    bool began;      /* the first step inside the snippet has been seen */
    bool refuted;
    struct random random;
} now;

/* --- contexts ------------------------------------------------------------------------------------------------------------ */

static uint64_t context_pc(const ucontext_t *c) { return (uint64_t)c->uc_mcontext.gregs[REG_RIP]; }

static void resume_at(ucontext_t *c, void (*where)(void))
{
    c->uc_mcontext.gregs[REG_RIP] = (greg_t)(uintptr_t)where;
    c->uc_mcontext.gregs[REG_EFL] &= ~(greg_t)(TF | DF);
}

static bool in_snippets(uint64_t pc)
{
    return (pc >= CODE_START && pc < CODE_START + CODE_SIZE) || (pc >= EXIT_PAGE && pc < EXIT_PAGE + 4096);
}

static void out_of_order(const char *what, int signo, const siginfo_t *info, const ucontext_t *c)
{
    printf("%s: signal %d code %d address %p at %#lx in seed %lu slot %u\n", what, signo, info->si_code,
           info->si_addr, context_pc(c), now.snippet ? now.snippet->seed : 0, now.snippet ? now.snippet->slot : 0);
    fflush(stdout);
    signal(SIGABRT, SIG_DFL);
    abort();
}

static void record_fault(int signo, const siginfo_t *info, const ucontext_t *c)
{
    struct outcome *out = now.out;
    out->faulted = true;
    out->signo = signo;
    out->code = info->si_code;
    out->address = (uint64_t)(uintptr_t)info->si_addr;
    if (tr_in_cache(out->address))
        out->address = tr_origin(out->address);
    out->pc = context_pc(c);
    out->trap = (uint64_t)c->uc_mcontext.gregs[REG_TRAPNO];
    out->error = (uint64_t)c->uc_mcontext.gregs[REG_ERR];
    state_of_context(&out->state, c);
    run_counts.faults++;
}

/* --- single steps natively -------------------------------------------------------------------------------------------------- */

static void read_step(struct step *step, const ucontext_t *c)
{
    static struct machine m;
    state_of_context(&m, c);
    memcpy(step->gpr, m.gpr, sizeof step->gpr);
    step->pc = context_pc(c);
    step->flags = m.flags & ~(uint64_t)(TF | RF);
}

static void add_step(const ucontext_t *c)
{
    struct steps *s = now.record;
    if (s->count == MAX_STEPS) {
        s->too_many = true;
        return;
    }
    if (s->count == s->capacity) {
        s->capacity = s->capacity ? 2 * s->capacity : 64;
        s->step = realloc(s->step, s->capacity * sizeof *s->step);
    }
    read_step(&s->step[s->count], c);
    if (s->each)
        s->each(&s->step[s->count], c);
    s->count++;
}

static void native_step(ucontext_t *c)
{
    const uint64_t pc = context_pc(c);
    if (in_snippets(pc)) {
        now.began = true;
        add_step(c);
    } else if (now.began) {
        c->uc_mcontext.gregs[REG_EFL] &= ~(greg_t)TF;
    }
}

/* --- what the cache shows ------------------------------------------------------------------------------------------------------- */

static bool same_register(uint64_t cache, uint64_t native)
{
    return cache == native || (tr_in_cache(cache) && tr_origin(cache) == native);
}

/* At the load or the addition of a switch (builder.h): flags that are about to be written may be anything. */
static bool is_before_addition(uintptr_t pc)
{
    const uint8_t *text = (const uint8_t *)pc;
    bool is_load = (text[0] & 0xf8) == 0x48 && text[1] == 0x63;
    return is_load || ((text[-5] & 0xf8) == 0x48 && text[-4] == 0x63 && text[1] == 0x01);
}

static bool same_step(const struct step *shown, const struct step *step)
{
    if (shown->pc != step->pc)
        return false;
    uint64_t different = (shown->flags ^ step->flags) & run_shown_flags;
    if (different && (different & ~0x8d5ull || !is_before_addition(step->pc)))
        return false;
    for (unsigned reg = 0; reg < REGISTERS; reg++)
        if (!same_register(shown->gpr[reg], step->gpr[reg]))
            return false;
    return true;
}

static void print_refuted(const struct step *shown, uint64_t cache_pc, const struct steps *steps)
{
    static const char *const name[] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                       "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"};
    printf("at cache address %#lx a signal was shown pc %#lx flags %#lx, which no native step was like\n", cache_pc,
           shown->pc, shown->flags);
    for (size_t i = now.cursor ? now.cursor - 1 : 0, n = 0; i < steps->count && n < 4; i++) {
        const struct step *step = &steps->step[i];
        if (step->pc != shown->pc)
            continue;
        n++;
        printf("  step %zu of %zu (cursor %zu):", i, steps->count, now.cursor);
        if (step->flags != shown->flags)
            printf(" flags %#lx", step->flags);
        for (unsigned reg = 0; reg < REGISTERS; reg++)
            if (!same_register(shown->gpr[reg], step->gpr[reg]))
                printf(" %s %#lx (shown %#lx)", name[reg], step->gpr[reg], shown->gpr[reg]);
        printf("\n");
    }
}

static void check_shown(const ucontext_t *c, uint64_t cache_pc)
{
    struct step shown;
    const struct steps *steps = now.oracle;
    read_step(&shown, c);
    for (size_t i = now.cursor; i < steps->count; i++)
        if (same_step(&shown, &steps->step[i])) {
            now.cursor = i;
            return;
        }
    if (!now.refuted && !steps->too_many)
        print_refuted(&shown, cache_pc, steps);
    now.refuted |= !steps->too_many;
}

/* A handler of the program runs here and changes nothing. */
static void interrupt(ucontext_t *c)
{
    struct tr_signal_save save;
    const uint64_t pc = context_pc(c);
    switch (tr_interrupted(c)) {
    case TR_AT_WORK:
        run_counts.at_work++;
        return;
    case TR_AT_NATIVE:
        run_counts.at_native++;
        return;
    case TR_AT_CACHE:
        run_counts.interruptions++;
        tr_signal_enter(&save, c);
        check_shown(c, pc);
        tr_signal_leave(&save, c);
    }
}

static void cache_step(ucontext_t *c)
{
    if (context_pc(c) == (uintptr_t)machine_exit) {
        c->uc_mcontext.gregs[REG_EFL] &= ~(greg_t)TF;
        return;
    }
    if (!random_one_in(&now.random, 3))
        return;
    interrupt(c);
    c->uc_mcontext.gregs[REG_EFL] |= TF;
}

/* --- handlers -------------------------------------------------------------------------------------------------------------------- */

static void cache_fault(int signo, siginfo_t *info, ucontext_t *c)
{
    struct tr_signal_save save;
    if (signo != SIGFPE && tr_fault(signo, info, c) == TR_FAULT_RESUMED)
        return;
    switch (tr_interrupted(c)) {
    case TR_AT_WORK:
        out_of_order("a fault inside the translator", signo, info, c);
        break;
    case TR_AT_NATIVE:
        record_fault(signo, info, c);
        resume_at(c, machine_abort);
        break;
    case TR_AT_CACHE:
        tr_signal_enter(&save, c);
        record_fault(signo, info, c);
        resume_at(c, machine_abort);
        /* As by siglongjmp, or as by a handler that sets rip. */
        if (random_one_in(&now.random, 2))
            tr_signal_leave(&save, c);
    }
}

static void on_fault(int signo, siginfo_t *info, void *context)
{
    ucontext_t *c = context;
    const bool is_step = signo == SIGTRAP && info->si_code == TRAP_TRACE;
    static int depth; /* handlers are not nested, unless one faults itself */
    if (++depth > 2)
        out_of_order("a fault in the handler of a fault", signo, info, c);
    switch (now.running) {
    case RUN_STEPS:
        if (is_step) {
            native_step(c);
            break;
        }
        /* fall through */
    case RUN_NATIVE:
        record_fault(signo, info, c);
        resume_at(c, machine_abort);
        break;
    case RUN_CACHE:
        if (is_step && now.interruption == INTERRUPT_STEPS)
            cache_step(c);
        else
            cache_fault(signo, info, c);
        break;
    default:
        out_of_order("a fault outside of snippets", signo, info, c);
    }
    depth--;
}

/* Once: a handler that takes longer than the interval would let nothing else run. */
static void start_timer(void)
{
    setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, TIMER_MICROSECONDS}}, NULL);
}

static void on_timer(int signo, siginfo_t *info, void *context)
{
    (void)signo;
    (void)info;
    if (now.running != RUN_CACHE)
        return;
    interrupt(context);
    start_timer();
}

/* Some snippets do not end, as they jump about with what they find on the stack: the caller makes another. One that
 * ends natively must end in the cache. */
static void on_hang(int signo, siginfo_t *info, void *context)
{
    if (now.running == RUN_CACHE)
        out_of_order("the snippet does not end", signo, info, context);
    if (now.running == RUN_NOTHING)
        return;
    record_fault(signo, info, context);
    resume_at(context, machine_abort);
}

/* --- runs ------------------------------------------------------------------------------------------------------------------------- */

static void limit_time(time_t seconds)
{
    setitimer(ITIMER_VIRTUAL, &(struct itimerval){{0, 0}, {seconds, 0}}, NULL);
}

static void start(const struct snippet *s, enum running running, struct outcome *out)
{
    limit_time(running == RUN_CACHE ? 10 : 1);
    now.running = running;
    now.snippet = s;
    now.out = out;
    now.cursor = 0;
    now.began = now.refuted = false;
    out->faulted = false;
    out->signo = out->code = 0;
    out->address = out->pc = out->trap = out->error = 0;
    snippet_fill_arena(s, (void *)(uintptr_t)ARENA);
    memset((void *)(uintptr_t)COUNTERS, 0, sizeof out->counters);
}

static void finish(struct outcome *out, bool left)
{
    now.running = RUN_NOTHING;
    limit_time(0);
    if (left)
        out->state = machine_result;
    else if (!out->faulted)
        out_of_order("left without a fault", 0, &(siginfo_t){0}, &(ucontext_t){0});
    out->state.flags &= ~(uint64_t)(TF | RF);
    state_normalise(&out->state);
    memcpy(out->arena, (void *)(uintptr_t)ARENA, ARENA_SIZE);
    memcpy(out->counters, (void *)(uintptr_t)COUNTERS, sizeof out->counters);
}

void run_native(const struct snippet *s, struct outcome *out)
{
    start(s, RUN_NATIVE, out);
    finish(out, machine_run(&s->state, s->pc));
}

void run_steps(const struct snippet *s, struct steps *steps, struct outcome *out)
{
    static struct machine state;
    state = s->state;
    state.flags |= TF;
    steps->count = 0;
    steps->too_many = false;
    start(s, RUN_STEPS, out);
    now.record = steps;
    finish(out, machine_run(&state, s->pc));
}

bool run_translated(const struct snippet *s, enum interruption how, const struct steps *steps, struct outcome *out)
{
    static struct machine state;
    const struct itimerval never = {{0, 0}, {0, 0}};
    const uintptr_t entry = tr_entry(s->pc);
    state = s->state;
    if (how == INTERRUPT_STEPS)
        state.flags |= TF;
    start(s, RUN_CACHE, out);
    now.interruption = how;
    now.oracle = steps;
    now.random.state = s->seed;
    if (how == INTERRUPT_TIMER)
        start_timer();
    const bool left = machine_run(&state, entry);
    if (how == INTERRUPT_TIMER)
        setitimer(ITIMER_REAL, &never, NULL);
    finish(out, left);
    return !now.refuted;
}

/* --- the address space --------------------------------------------------------------------------------------------------------------- */

static void *map_at(uintptr_t at, size_t size, int protection)
{
    void *got = mmap((void *)at, size, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (got != (void *)at) {
        fprintf(stderr, "differential: mmap %#lx, %#zx: %m\n", at, size);
        exit(1);
    }
    return got;
}

uint8_t *run_map_code(void)
{
    return map_at(CODE_START, CODE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC);
}

static void handle(int signo, void (*handler)(int, siginfo_t *, void *), int flags)
{
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK | flags};
    sigemptyset(&action.sa_mask);
    if (handler == on_fault)
        sigaddset(&action.sa_mask, SIGALRM);
    sigaction(signo, &action, NULL);
}

void run_init(void)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};
    map_at(ARENA, ARENA_SIZE, PROT_READ | PROT_WRITE);
    map_at(COUNTERS, COUNTERS_SIZE, PROT_READ | PROT_WRITE);
    memset(map_at(CONSTANT_PAGE, 4096, PROT_READ | PROT_WRITE), 0x11, 4096);
    mprotect((void *)(uintptr_t)CONSTANT_PAGE, 4096, PROT_READ);
    uint8_t *page = map_at(EXIT_PAGE, 4096, PROT_READ | PROT_WRITE);
    /* jmp *EXIT_PAGE + 0x900; int3 everywhere else, for snippets that falsify their return address. */
    const uint64_t leave = (uintptr_t)machine_exit, start_of_page = EXIT_PAGE;
    memset(page, 0xcc, 4096);
    memcpy(page, (const uint8_t[]){0xff, 0x25, 0xfa, 8, 0, 0}, 6);
    memcpy(page + EXIT_WORD - EXIT_PAGE, &start_of_page, 8);
    memcpy(page + 0x900, &leave, 8);
    mprotect(page, 4096, PROT_READ | PROT_EXEC);

    const size_t stack_size = 1 << 18;
    void *stack = mmap(NULL, stack_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = stack_size}, NULL);
    for (size_t i = 0; i < ARRAY_SIZE(faults); i++)
        handle(faults[i], on_fault, SA_NODEFER);
    handle(SIGALRM, on_timer, SA_RESTART);
    handle(SIGVTALRM, on_hang, 0);
}
