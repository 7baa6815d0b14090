/* SPDX-License-Identifier: MIT */
/* Feeds the analysis a script of events and checks its findings: `run_events FILE.ev`. No threads run.
 *
 * A script is a sequence of lines; `#` begins a comment.
 *
 *     KIND NAME… [at ADDR] [FLAG…] declares objects (undeclared names are mutexes); the address and flags
 *                                 are those of the last one
 *     THREAD VERB [OPERAND…]      an event; T1 is the main thread, others begin with `create`
 *     expect FINDING [on NAME…] [by THREAD…] [replaces]
 *     expect-withdrawn | expect-count FINDING N | expect-pulse ALIVE WAITING
 *     stuck yes|no                asks detector_report_stuck()
 *     appears THREAD              one that nobody was seen to create
 *     full [SLOTS EPOCH-BITS]     mode full from here on: the happens-before clock with all locks
 *     THREAD read|write|update|gone|fresh NAME [OFFSET [SIZE]] [FLAG…]   an access; 8 bytes at offset 0
 *     THREAD mark M…              what the thread does at this point, under a name
 *     THREAD knows M… | not-knows M…   whether that happened before what the thread does now
 *
 * Findings must be expected on the lines after the event that makes them, in order, and no others may
 * come. Each event's call stack is one frame: its line, or `@label` at the end of the line, so that two
 * lines can be the same place. After each event all structures are checked. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/race_state.h"

#define MAX_NAMES 512
#define MAX_THREADS 256
#define MAX_WORDS 40
#define MAX_QUEUE 64
#define MAX_MARKS 64

struct name {
    char text[24];
    enum object_kind kind;
    uint32_t flags;
    uintptr_t addr;
};

static struct {
    struct arena arena;
    struct stackdepot *depot;
    struct detector *det;
    struct thread *threads[MAX_THREADS];
    thread_id ids[MAX_THREADS]; /* of ended threads too */
    uintptr_t sp[MAX_THREADS];
    struct name names[MAX_NAMES];
    unsigned name_count;
    struct finding queue[MAX_QUEUE]; /* findings that no line has expected yet */
    unsigned first, last;
    unsigned withdrawn;
    struct {
        char text[24];
        uint32_t tag;
    } marks[MAX_MARKS]; /* points in time of threads, in mode full */
    unsigned mark_count;
    uint64_t count_of[1024]; /* by finding number, filled by expect-count */
    enum finding_kind kind_of[1024];
    const char *file;
    unsigned line;
    stack_id place;
    uintptr_t pc; /* the same for accesses */
} run;

static const char *const kind_names[] = {
#define KIND(id, name, group, line, text) name,
#include "analysis/kinds.def"
#undef KIND
};

_Noreturn static void fail(const char *what, const char *which)
{
    fprintf(stderr, "%s:%u: %s %s\n", run.file, run.line, what, which);
    exit(1);
}

/* --- the environment of the analysis ---------------------------------------------------------- */

static stack_id capture(void *ctx)
{
    (void)ctx;
    return run.place;
}

static const char *object_name(uintptr_t addr)
{
    for (unsigned i = 0; i < run.name_count; i++)
        if (run.names[i].addr == addr)
            return run.names[i].text;
    return "?";
}

static void on_finding(void *ctx, const struct finding *finding)
{
    (void)ctx;
    if (run.last == MAX_QUEUE)
        fail("too many findings", "");
    run.queue[run.last++] = *finding;
    run.kind_of[finding->number % 1024] = finding->kind;
    if (getenv("VERBOSE")) {
        printf("%u: %s: %s;", run.line, kind_names[finding->kind], finding->message);
        for (uint32_t i = 0; i < finding->object_count; i++)
            printf(" %%O%u=%s", i, object_name(finding->objects[i].addr));
        for (uint32_t i = 0; i < finding->stack_count; i++)
            printf(" [T%u %s]", finding->stacks[i].thread, finding->stacks[i].role);
        printf("\n");
    }
}

static void on_withdrawn(void *ctx, uint32_t number)
{
    (void)ctx, (void)number;
    run.withdrawn++;
}

/* --- words ------------------------------------------------------------------------------------ */

struct word {
    const char *text;
    uint32_t value;
};

static const struct word kinds[] = {
    {"mutex", OBJECT_MUTEX}, {"mtx", OBJECT_MTX},         {"rwlock", OBJECT_RWLOCK},
    {"spin", OBJECT_SPIN},   {"cond", OBJECT_COND},       {"sem", OBJECT_SEM},
    {"once", OBJECT_ONCE},   {"barrier", OBJECT_BARRIER}, {"fd", OBJECT_FD},
    {"user", OBJECT_USER},   {"futex", OBJECT_FUTEX},     {NULL, 0}};

static const struct word flags[] = {
    {"timed", EVF_TIMED},         {"try", EVF_TRY},           {"timed-out", EVF_TIMED_OUT},
    {"spinning", EVF_SPINNING},   {"owner-died", EVF_OWNER_DIED}, {"valid", EVF_BYTES_VALID},
    {"shared", EVF_SHARED},       {"recursive", EVF_RECURSIVE},   {"errorcheck", EVF_ERRORCHECK},
    {"robust", EVF_ROBUST},       {"writer-first", EVF_WRITER_FIRST}, {"no-order", EVF_NO_ORDER},
    {"cancelled", EVF_CANCELLED}, {"refused", EVF_REFUSED},   {"c11", EVF_C11},
    {"is-free", EVF_FREE},        {"is-unmap", EVF_UNMAP},    {"is-stack", EVF_STACK},
    {NULL, 0}};

/* Operands: o an object, m a second object, t a thread, n a number, s a size */
struct verb {
    const char *text;
    enum event_type type;
    enum lock_mode mode;
    uint32_t flags;
    const char *operands;
};

static const struct verb verbs[] = {
    {"init", EVENT_INIT, 0, 0, "on"},
    {"destroy", EVENT_DESTROY, 0, 0, "o"},
    {"first-use", EVENT_FIRST_USE, 0, 0, "o"},
    {"lock", EVENT_ACQUIRE, MODE_EXCLUSIVE, 0, "o"},
    {"trylock", EVENT_ACQUIRE, MODE_EXCLUSIVE, EVF_TRY, "o"},
    {"rdlock", EVENT_ACQUIRE, MODE_SHARED, 0, "o"},
    {"unlock", EVENT_RELEASE, 0, 0, "o"},
    {"request", EVENT_REQUEST, MODE_EXCLUSIVE, 0, "o"},
    {"rdrequest", EVENT_REQUEST, MODE_SHARED, 0, "o"},
    {"give-up", EVENT_GIVE_UP, 0, 0, "o"},
    {"post", EVENT_POST, 0, 0, "o"},
    {"cond-wait", EVENT_COND_WAIT, 0, 0, "om"},
    {"cond-wake", EVENT_COND_WAKE, 0, 0, "om"},
    {"signal", EVENT_SIGNAL, 0, 0, "o"},
    {"broadcast", EVENT_BROADCAST, 0, 0, "o"},
    {"enter", EVENT_BARRIER_ENTER, 0, 0, "o"},
    {"leave", EVENT_BARRIER_LEAVE, 0, 0, "o"},
    {"join", EVENT_JOIN_REQUEST, 0, 0, "t"},
    {"joined", EVENT_JOINED, 0, 0, "t"},
    {"detach", EVENT_DETACH, 0, 0, "t"},
    {"order-release", EVENT_ORDER_RELEASE, 0, 0, "o"},
    {"order-acquire", EVENT_ORDER_ACQUIRE, 0, 0, "o"},
    {"free", EVENT_RANGE_GONE, 0, EVF_FREE, "os"},
    {"unmap", EVENT_RANGE_GONE, 0, EVF_UNMAP, "os"},
    {"handler", EVENT_HANDLER_ENTER, 0, 0, "n"},
    {"handler-leave", EVENT_HANDLER_LEAVE, 0, 0, "n"},
    {"mask", EVENT_SIGNAL_MASK, 0, 0, "b"},
    {"handled", EVENT_HANDLED, 0, 0, "b"},
    {"invalid", EVENT_INVALID, 0, 0, "on"},
    {"error", EVENT_ERROR_RETURNED, 0, 0, "on"},
    {"exit", EVENT_PROCESS_EXIT, 0, 0, ""},
    {NULL, 0, 0, 0, NULL},
};

static const struct word *find_word(const struct word *words, const char *text)
{
    for (; words->text; words++)
        if (!strcmp(words->text, text))
            return words;
    return NULL;
}

static struct name *find_name(const char *text)
{
    for (unsigned i = 0; i < run.name_count; i++)
        if (!strcmp(run.names[i].text, text))
            return &run.names[i];
    if (run.name_count == MAX_NAMES)
        fail("too many names:", text);
    struct name *name = &run.names[run.name_count];
    snprintf(name->text, sizeof(name->text), "%s", text);
    name->kind = OBJECT_MUTEX;
    name->addr = 0x100000 + 0x80 * (uintptr_t)run.name_count++;
    return name;
}

static unsigned thread_number(const char *text)
{
    unsigned number = text[0] == 'T' ? (unsigned)strtoul(text + 1, NULL, 10) : 0;
    if (number == 0 || number >= MAX_THREADS)
        fail("no such thread:", text);
    return number;
}

static struct thread *find_thread(const char *text)
{
    struct thread *thread = run.threads[thread_number(text)];
    if (!thread)
        fail("thread was not created:", text);
    return thread;
}

/* --- lines ------------------------------------------------------------------------------------ */

/* NAME… [at ADDRESS] [FLAG…]: address and flags are the last name's. */
static void declare(enum object_kind kind, char **words, unsigned count)
{
    struct name *last = NULL;
    uint32_t all = 0;
    for (unsigned i = 0; i < count; i++) {
        const struct word *flag = find_word(flags, words[i]);
        if (flag)
            all |= flag->value;
        else if (!strcmp(words[i], "at") && last && i + 1 < count)
            last->addr = strtoul(words[++i], NULL, 0);
        else
            (last = find_name(words[i]))->kind = kind;
    }
    if (last)
        last->flags = all;
}

static unsigned take_operands(const struct verb *verb, struct event *event, char **words,
                              unsigned count)
{
    unsigned used = 0;
    for (const char *operand = verb->operands; *operand && used < count; operand++, used++) {
        const char *word = words[used];
        if (find_word(flags, word))
            break;
        const struct name *name = strchr("om", *operand) ? find_name(word) : NULL;
        if (*operand == 'o') {
            event->addr = name->addr;
            event->object = (uint8_t)name->kind;
            event->flags |= name->flags;
        } else if (*operand == 'm') {
            event->addr2 = name->addr;
        } else if (*operand == 't') {
            event->value = run.ids[thread_number(word)];
        } else if (*operand == 'b') {
            event->value |= 1ull << (strtoul(word, NULL, 0) - 1);
            operand--; /* any number of signals */
        } else {
            event->value = strtoull(word, NULL, 0);
        }
    }
    return used;
}

static void feed(unsigned thread, char **words, unsigned count)
{
    const struct verb *verb = verbs;
    while (verb->text && strcmp(verb->text, words[0]))
        verb++;
    if (!verb->text)
        fail("no such verb:", words[0]);
    struct event event = {.type = (uint8_t)verb->type, .mode = (uint8_t)verb->mode,
                          .flags = verb->flags};
    if (verb->type == EVENT_RANGE_GONE)
        event.value = 64;
    for (unsigned i = 1 + take_operands(verb, &event, words + 1, count - 1); i < count; i++) {
        const struct word *flag = find_word(flags, words[i]);
        if (!flag)
            fail("no such flag:", words[i]);
        event.flags |= flag->value;
    }
    detector_feed(run.det, run.threads[thread], &event, run.sp[thread]);
}

/* The point in time under that name; a new one if `make`. */
static uint32_t *find_mark(const char *text, bool make)
{
    for (unsigned i = 0; i < run.mark_count; i++)
        if (!strcmp(run.marks[i].text, text))
            return &run.marks[i].tag;
    if (!make || run.mark_count == MAX_MARKS)
        fail("no such mark:", text);
    snprintf(run.marks[run.mark_count].text, sizeof(run.marks[0].text), "%s", text);
    return &run.marks[run.mark_count++].tag;
}

/* mark M…: what a thread does now. knows, not-knows M…: whether that happened before what this one does now. */
static bool order_line(struct thread *self, char **words, unsigned count)
{
    bool mark = !strcmp(words[0], "mark"), knows = !strcmp(words[0], "knows");
    if (!mark && !knows && strcmp(words[0], "not-knows"))
        return false;
    for (unsigned i = 1; i < count; i++) {
        uint32_t *tag = find_mark(words[i], mark);
        if (mark) {
            *tag = hb_tag(run.det, self);
            hb_used(self);
        } else if (hb_knows(run.det, self, *tag) != knows) {
            fail(knows ? "is not ordered after" : "is ordered after", words[i]);
        }
    }
    return true;
}

/* Each thread's stack: 0x10000 bytes from N << 28. */
static void start(unsigned number)
{
    uintptr_t low = (uintptr_t)number << 28;
    detector_thread_start(run.det, run.threads[number], low, low + 0x10000, 0);
    if (run.det->races)
        race_thread_start(run.det, run.threads[number], NULL);
}

static const struct word access_flags[] = {
    {"atomic", RACE_ATOMIC}, {"rmw", RACE_ATOMIC | RACE_RMW},     {"mov", RACE_MOV},
    {"known", RACE_SOURCE_KNOWN}, {"volatile", RACE_VOLATILE}, {"in-library", RACE_LIBRARY}, {"by-libc", RACE_LIBC},
    {"is-free", RACE_FREE}, {"is-unmap", RACE_UNMAP}, {"static", RACE_STATIC}, {NULL, 0}};

/* read, write, update, fresh, gone: NAME [OFFSET [SIZE]] [FLAG…] */
static bool access_line(struct thread *self, char **words, unsigned count)
{
    static const struct word verbs_of_access[] = {
        {"read", RACE_READ}, {"write", RACE_WRITE}, {"update", RACE_READ | RACE_WRITE},
        {"gone", RACE_WRITE}, {"fresh", 0}, {NULL, 0}};
    const struct word *verb = find_word(verbs_of_access, words[0]), *flag;
    if (!verb || count < 2)
        return false;
    uintptr_t numbers[2] = {0, 8};
    uint32_t how = verb->value;
    for (unsigned i = 2, number = 0; i < count; i++) {
        if ((flag = find_word(access_flags, words[i])))
            how |= flag->value;
        else if (number < 2)
            numbers[number++] = strtoul(words[i], NULL, 0);
    }
    uintptr_t address = find_name(words[1])->addr + numbers[0];
    if (!strcmp(words[0], "fresh"))
        race_fresh(run.det, self, address, numbers[1]);
    else if (!strcmp(words[0], "gone"))
        race_gone(run.det, self, address, numbers[1], how, RACE_SITE_NONE, run.pc);
    else
        race_access(run.det, self, address, numbers[1], how, RACE_SITE_NONE, run.pc);
    if (race_has_findings(self))
        race_report(run.det, self);
    return true;
}

/* What is no event but a call of the analysis. */
static bool call(unsigned thread, char **words, unsigned count)
{
    struct thread *self = run.threads[thread];
    if (!strcmp(words[0], "create") && count >= 2) {
        unsigned other = thread_number(words[1]);
        run.threads[other] = detector_thread_create(run.det, self, run.place);
        run.ids[other] = detector_thread_id(run.threads[other]);
        if (count > 2 && !strcmp(words[2], "detached"))
            detector_thread_set_detached(run.det, run.threads[other]);
        start(other);
    } else if (order_line(self, words, count) || access_line(self, words, count)) {
        return true;
    } else if (!strcmp(words[0], "end")) {
        detector_thread_end(run.det, self);
        run.threads[thread] = NULL;
    } else if (!strcmp(words[0], "sp") && count == 2) {
        run.sp[thread] = ((uintptr_t)thread << 28) + strtoul(words[1], NULL, 0);
    } else if (!strcmp(words[0], "fork")) {
        detector_freeze(run.det);
        detector_forked(run.det, self);
        for (unsigned i = 0; i < MAX_THREADS; i++)
            run.threads[i] = i == thread ? self : NULL;
    } else {
        return false;
    }
    return true;
}

static void event_line(char **words, unsigned count)
{
    if (run.first != run.last)
        fail("unexpected finding:", kind_names[run.queue[run.first].kind]);
    unsigned thread = thread_number(words[0]);
    find_thread(words[0]);
    if (count < 2)
        fail("a thread, and what?", "");
    if (!call(thread, words + 1, count - 1))
        feed(thread, words + 1, count - 1);
    if (!detector_is_valid(run.det))
        fail("the analysis is not valid after", words[1]);
}

static bool names_object(const struct finding *finding, uintptr_t addr)
{
    for (uint32_t i = 0; i < finding->object_count; i++)
        if (finding->objects[i].addr == addr)
            return true;
    return false;
}

static void expect(char **words, unsigned count)
{
    if (run.first == run.last)
        fail("no such finding:", words[0]);
    const struct finding *finding = &run.queue[run.first++];
    if (strcmp(kind_names[finding->kind], words[0]))
        fail("found instead:", kind_names[finding->kind]);
    unsigned i = 1, objects = 0;
    if (i < count && !strcmp(words[i], "on"))
        for (i++; i < count && strcmp(words[i], "replaces") && strcmp(words[i], "by"); i++, objects++)
            if (!names_object(finding, find_name(words[i])->addr))
                fail("the finding does not name", words[i]);
    if (objects && objects != finding->object_count)
        fail("the finding names other objects as well:", kind_names[finding->kind]);
    if (i < count && !strcmp(words[i], "by"))
        for (unsigned j = 0; ++i < count; j++)
            if (finding->threads[j] != run.ids[thread_number(words[i])])
                fail("not by", words[i]);
    bool replaces = i < count && !strcmp(words[i], "replaces");
    if (replaces != (finding->replaces != 0))
        fail("replaces an earlier finding:", finding->replaces ? "yes" : "no");
    if (run.first == run.last)
        run.first = run.last = 0;
}

static void note_count(void *ctx, uint32_t number, uint64_t count)
{
    (void)ctx;
    run.count_of[number % 1024] = count;
}

static void expect_count(const char *kind, uint64_t wanted)
{
    detector_counts(run.det, note_count, NULL);
    for (unsigned i = 0; i < 1024; i++)
        if (run.count_of[i] == wanted && !strcmp(kind_names[run.kind_of[i]], kind))
            return;
    fail("no such count of", kind);
}

static void check(char **words, unsigned count)
{
    if (!strcmp(words[0], "expect") && count >= 2) {
        expect(words + 1, count - 1);
    } else if (!strcmp(words[0], "expect-withdrawn")) {
        if (run.withdrawn == 0)
            fail("no finding was withdrawn", "");
        run.withdrawn--;
    } else if (!strcmp(words[0], "expect-count") && count == 3) {
        expect_count(words[1], strtoull(words[2], NULL, 10));
    } else if (!strcmp(words[0], "expect-pulse") && count == 3) {
        struct detector_pulse pulse = detector_pulse(run.det);
        if (pulse.alive != strtoul(words[1], NULL, 10) || pulse.waiting != strtoul(words[2], NULL, 10))
            fail("another pulse than", words[1]);
    } else if (!strcmp(words[0], "full")) {
        /* full [SLOTS EPOCH-BITS] */
        static const struct race_shadow chunks_only = {.range_count = 0};
        if (!races_watch(run.det, &chunks_only, count == 3 ? (uint32_t)strtoul(words[1], NULL, 10) : RACE_SLOTS,
                         count == 3 ? (unsigned)strtoul(words[2], NULL, 10) : RACE_EPOCH_BITS))
            fail("mode full does not begin", "");
        race_thread_start(run.det, run.threads[1], NULL);
    } else if (!strcmp(words[0], "appears") && count == 2) {
        /* A thread that nobody was seen to create. */
        unsigned number = thread_number(words[1]);
        run.threads[number] = detector_thread_create(run.det, NULL, STACK_NONE);
        run.ids[number] = detector_thread_id(run.threads[number]);
        start(number);
    } else if (!strcmp(words[0], "stuck") && count == 2) {
        if (detector_report_stuck(run.det) != !strcmp(words[1], "yes"))
            fail("stuck:", words[1]);
    } else {
        fail("no such line:", words[0]);
    }
}

static void do_line(char *text)
{
    char *words[MAX_WORDS], *save = NULL;
    unsigned count = 0;
    uint64_t place = run.line;
    text[strcspn(text, "#\n")] = 0;
    for (char *word = strtok_r(text, " \t,", &save); word && count < MAX_WORDS;
         word = strtok_r(NULL, " \t,", &save)) {
        if (word[0] == '@')
            for (place = 1000000; *word; word++)
                place = place * 31 + (unsigned char)*word;
        else
            words[count++] = word;
    }
    if (count == 0)
        return;
    frame_t frame = FRAME(1, place);
    run.pc = place;
    run.place = depot_intern(run.depot, &frame, 1);
    const struct word *kind = find_word(kinds, words[0]);
    if (kind)
        declare(kind->value, words + 1, count - 1);
    else if (words[0][0] == 'T')
        event_line(words, count);
    else
        check(words, count);
}

int main(int argc, char **argv)
{
    run.file = argc == 2 ? argv[1] : "";
    FILE *file = fopen(run.file, "r");
    if (!file) {
        fprintf(stderr, "usage: run_events FILE.ev\n");
        return 2;
    }
    arena_init(&run.arena);
    run.depot = depot_create(&run.arena);
    struct detector_env env = {.capture_stack = capture, .on_finding = on_finding,
                               .on_withdrawn = on_withdrawn};
    run.det = detector_create(&run.arena, run.depot, &env);
    run.threads[1] = detector_thread_create(run.det, NULL, STACK_NONE);
    run.ids[1] = detector_thread_id(run.threads[1]);
    start(1);
    char text[512];
    while (fgets(text, sizeof(text), file)) {
        run.line++;
        do_line(text);
    }
    fclose(file);
    if (run.first != run.last)
        fail("unexpected finding:", kind_names[run.queue[run.first].kind]);
    if (run.withdrawn)
        fail("a finding was withdrawn", "");
    return 0;
}
