/* SPDX-License-Identifier: MIT */
/* See hints.h. A hint is given for facts only: debug information, the source's own lines, the locks held, who created whom.
 * Each rule is tried; a finding that none applies to gets its kind's hint. */
#include "hints.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "kinds.h"
#include "source.h"

#define LINES_OF_A_FUNCTION 40 /* between a test and what is done after it */
#define LINES_OF_A_CALL 3
#define LINES_OF_A_RELEASE 5 /* of a reference count: the test, and what is done with the last one */

/* One access of a race, and what its source says. */
struct side {
    const struct doc_stack *stack;
    const struct doc_frame *frame; /* the innermost of the program's own, or NULL */
    const char *text;              /* its line, or its statement of several there; "" if there is no source */
    const struct doc_held *held;   /* NULL: no lock */
    bool reads, writes, atomic;
};

struct facts {
    struct pool *pool;
    struct doc_finding *finding;
    const struct doc_object *object;
    const char *word; /* what the source calls the memory: its innermost member; NULL unknown */
    struct side sides[2];
};

static void add(struct facts *facts, const char *hint)
{
    struct doc_finding *finding = facts->finding;
    finding->hints = pool_grow(facts->pool, finding->hints, finding->hint_count, &finding->hint_capacity,
                               sizeof(*finding->hints));
    finding->hints[finding->hint_count++] = hint;
}

/* --- words of the source ------------------------------------------------------------------------------------------- */

static bool is_word_char(char c) { return isalnum((unsigned char)c) || c == '_'; }

/* The word in the text, as a whole; NULL if it is not there. */
static const char *find_word(const char *text, const char *word)
{
    size_t n = word ? strlen(word) : 0;
    for (const char *at = text; n && (at = strstr(at, word)); at++)
        if ((at == text || !is_word_char(at[-1])) && !is_word_char(at[n]))
            return at;
    return NULL;
}

/* Of "stats.hits" "hits", of "table[3][1]" "table", of "store::queue" "queue". */
static const char *innermost(struct pool *pool, const char *name)
{
    if (!name)
        return NULL;
    size_t end = strlen(name);
    while (end && name[end - 1] == ']')
        while (end && name[--end] != '[')
            continue;
    size_t start = end;
    while (start && is_word_char(name[start - 1]))
        start--;
    return start < end ? pool_text(pool, name + start, end - start) : NULL;
}

/* Whether the line is an `if` or a `while` (as `keyword` says) that asks for the word. */
static bool asks(const char *text, const char *keyword, const char *word)
{
    const char *at = find_word(text, keyword);
    if (!at || (at += strlen(keyword), at += strspn(at, " "), *at != '('))
        return false;
    return find_word(at, word);
}

/* Whether the side's line, or one soon after it, asks for the word: itself, or the variable that it was just copied to. */
static bool asks_soon(struct facts *facts, const struct side *side)
{
    if (asks(side->text, "if", facts->word))
        return true;
    const char *at = find_word(side->text, facts->word), *assign = strchr(side->text, '=');
    if (!at || !assign || assign > at || assign[1] == '=' || !side->frame || !side->frame->file)
        return false;
    const char *end = assign;
    while (end > side->text && end[-1] == ' ')
        end--;
    const char *start = end;
    while (start > side->text && is_word_char(start[-1]))
        start--;
    const char *copy = pool_text(facts->pool, start, (size_t)(end - start));
    for (unsigned line = 1; line <= LINES_OF_A_CALL; line++) {
        const char *text = source_line(facts->pool, side->frame->file, side->frame->line + line);
        if (text && asks(text, "if", copy))
            return true;
    }
    return false;
}

/* Behind the word, its subscripts and what closes around it. */
static const char *behind(const char *at)
{
    while (*at == ' ' || *at == ')' || *at == '[') {
        const char *end = *at == '[' ? strchr(at, ']') : at;
        if (!end)
            return at;
        at = end + 1;
    }
    return at;
}

/* Before the word, and the objects that it is a member of. */
static const char *before(const char *text, const char *at)
{
    while (at > text && (is_word_char(at[-1]) || strchr(".:>(*&[] ", at[-1]) || (at[-1] == '-' && *at == '>')))
        at--;
    return at;
}

static bool is_update(const char *text, const char *at, size_t n)
{
    static const char *const operators[] = {"++", "--", "+=", "-=", "|=", "&=", "^=", "*="};
    const char *after = behind(at + n), *start = before(text, at);
    for (size_t i = 0; i < sizeof(operators) / sizeof(*operators); i++)
        if (strncmp(after, operators[i], 2) == 0)
            return true;
    return start - text >= 2 && (strncmp(start - 2, "++", 2) == 0 || strncmp(start - 2, "--", 2) == 0);
}

/* Whether the line changes the word by an operator that needs its old value. */
static bool updates(const char *text, const char *word)
{
    const char *at = find_word(text, word);
    for (; at; at = find_word(at + 1, word))
        if (is_update(text, at, strlen(word)))
            return true;
    return false;
}

/* --- sides ------------------------------------------------------------------------------------------------------------- */

static const struct doc_held *held_by(const struct doc_finding *finding, uint32_t thread)
{
    for (size_t i = 0; i < finding->held_count; i++)
        if (finding->held[i].thread == thread && finding->held[i].count)
            return &finding->held[i];
    return NULL;
}

/* Of several statements in a line the one that the column is in. What is in parentheses belongs together. */
static const char *statement_of(struct pool *pool, const struct doc_stack *stack)
{
    const char *text = stack->source ? stack->source : "";
    if (!stack->column || stack->column > strlen(text))
        return text;
    size_t begin = 0, end = strlen(text);
    int depth = 0;
    for (size_t i = 0; i < end; i++) {
        depth += text[i] == '(' ? 1 : text[i] == ')' ? -1 : 0;
        if (depth > 0 || !strchr(";{}", text[i]))
            continue;
        if (i + 1 >= stack->column)
            end = i + 1;
        else
            begin = i + 1;
    }
    return pool_text(pool, text + begin, end - begin);
}

static struct side side_of(struct pool *pool, const struct doc_finding *finding, const struct doc_stack *stack)
{
    uint32_t flags = stack->access.flags;
    return (struct side){.stack = stack,
                         .frame = stack->own < stack->count ? &stack->frames[stack->own] : NULL,
                         .text = statement_of(pool, stack),
                         .held = held_by(finding, stack->thread),
                         .reads = flags & ACCESS_READ,
                         .writes = flags & ACCESS_WRITE,
                         .atomic = flags & ACCESS_ATOMIC};
}

static const struct doc_lock *common_lock(const struct side *one, const struct side *other)
{
    for (size_t i = 0; one->held && other->held && i < one->held->count; i++)
        for (size_t j = 0; j < other->held->count; j++)
            if (one->held->locks[i].object == other->held->locks[j].object)
                return &one->held->locks[i];
    return NULL;
}

static const char *place(struct facts *facts, const struct side *side)
{
    const struct doc_frame *frame = side->frame;
    if (!frame)
        return pool_printf(facts->pool, "the place of %s", side->stack->label);
    if (frame->shown_file)
        return pool_printf(facts->pool, "%s:%u", frame->shown_file, frame->line);
    return frame->function ? frame->function
                           : pool_printf(facts->pool, "%s+0x%" PRIx64, frame->shown_module, frame->offset);
}

/* Where the one side differs from the other: in the innermost function, or in who calls it. */
static const char *differs(struct facts *facts, const struct side *side, const struct side *from)
{
    const struct doc_stack *stack = side->stack, *other = from->stack;
    struct side caller = *side;
    for (size_t i = 0; stack->own + i < stack->shown && other->own + i < other->shown; i++) {
        const struct doc_frame *here = &stack->frames[stack->own + i], *there = &other->frames[other->own + i];
        caller.frame = here;
        if (here->line != there->line || (!here->line && here->offset != there->offset))
            return place(facts, &caller);
    }
    return place(facts, side);
}

static bool same_function(const struct side *one, const struct side *other)
{
    return one->frame && other->frame && one->frame->function && other->frame->function && one->frame->file &&
           other->frame->file && strcmp(one->frame->function, other->frame->function) == 0 &&
           strcmp(one->frame->file, other->frame->file) == 0;
}

/* --- rules: what the variable is ------------------------------------------------------------------------------------------ */

static void bit_fields(struct facts *facts)
{
    if (facts->object->bit_fields)
        add(facts, pool_printf(facts->pool,
                               "the bit-fields %s share one memory location, and a write to one of them writes all: guard "
                               "them with one lock, or make them members of their own",
                               facts->object->bit_fields));
}

static void thread_local_variable(struct facts *facts)
{
    if (strcmp(facts->object->what, "thread-local variable") == 0)
        add(facts, "the address of a thread-local variable was given to another thread: give it a copy of the value");
}

static void is_volatile(struct facts *facts)
{
    if (facts->object->is_volatile && !facts->object->is_atomic)
        add(facts, pool_printf(facts->pool,
                               "volatile orders nothing between threads: make %s atomic, or guard it with a lock",
                               facts->object->label));
}

/* --- rules: what the code does -------------------------------------------------------------------------------------------- */

/* A test by one side, and further down in the same function the other side's write. */
static bool test_then_act(struct facts *facts, const struct side *test, const struct side *act)
{
    if (!test->reads || test->writes || !act->writes || !same_function(test, act) || !asks_soon(facts, test) ||
        act->frame->line < test->frame->line || act->frame->line - test->frame->line > LINES_OF_A_FUNCTION)
        return false;
    if (act->held && !common_lock(test, act))
        add(facts, pool_printf(facts->pool,
                               "double-checked locking: the test at %s is made without %s. Test under the lock, make %s "
                               "atomic (store with release, load with acquire), or use pthread_once()",
                               place(facts, test), act->held->locks[0].object->label, facts->object->label));
    else if (!act->held)
        add(facts, pool_printf(facts->pool,
                               "the test at %s and the change at %s are not one step, another thread can come between: "
                               "hold one lock over both",
                               place(facts, test), place(facts, act)));
    return facts->finding->hint_count > 0;
}

static void spin(struct facts *facts, const struct side *waits, const struct side *sets)
{
    bool loops = (waits->stack->access.flags & ACCESS_SPIN) || asks(waits->text, "while", facts->word);
    if (waits->reads && !waits->writes && sets->writes && loops)
        add(facts, pool_printf(facts->pool,
                               "the loop at %s waits for another thread to change %s, which compiler and processor need not "
                               "notice: make it atomic, or wait on a condition variable",
                               place(facts, waits), facts->object->label));
}

/* "if (--x->users == 0)", or that in two lines, and a free in the lines below. */
static bool drops_reference(struct facts *facts, const struct side *side)
{
    static const char *const ends[] = {"free", "delete", "destroy", "release", "close"};
    bool asked = false, ended = false;
    if ((!strstr(side->text, "--") && !strstr(side->text, "-=")) || !side->frame || !side->frame->file ||
        (facts->word && !find_word(side->text, facts->word)))
        return false;
    for (unsigned line = 0; line <= LINES_OF_A_RELEASE; line++) {
        const char *text = source_line(facts->pool, side->frame->file, side->frame->line + line);
        asked |= text && (facts->word ? asks(text, "if", facts->word) : find_word(text, "if") != NULL);
        for (size_t i = 0; text && i < sizeof(ends) / sizeof(*ends); i++)
            ended |= strstr(text, ends[i]) != NULL;
    }
    return asked && ended;
}

static void counter(struct facts *facts)
{
    const struct side *sides = facts->sides;
    for (size_t i = 0; i < 2; i++)
        if (!sides[i].atomic && drops_reference(facts, &sides[i])) {
            add(facts, pool_printf(facts->pool,
                                   "the reference count at %s is decremented without an atomic operation: two threads can "
                                   "both see it reach zero, or neither. Use atomic_fetch_sub(), or hold a lock",
                                   place(facts, &sides[i])));
            return;
        }
    if (!sides[0].atomic && !sides[1].atomic && updates(sides[0].text, facts->word) && updates(sides[1].text, facts->word) &&
        !sides[0].held && !sides[1].held)
        add(facts, pool_printf(facts->pool,
                               "when two threads change %s at the same time, one change is lost: use an atomic operation such "
                               "as atomic_fetch_add(), or hold one lock",
                               facts->object->label));
}

static void half_atomic(struct facts *facts)
{
    for (size_t i = 0; i < 2; i++)
        if (facts->sides[i].atomic && !facts->sides[1 - i].atomic &&
            !(facts->sides[1 - i].stack->access.flags & (ACCESS_FREE | ACCESS_UNMAP)))
            add(facts, pool_printf(facts->pool, "only one side is atomic: make the access at %s atomic too",
                                   place(facts, &facts->sides[1 - i])));
}

/* --- rules: locks -------------------------------------------------------------------------------------------------------------- */

static void locks(struct facts *facts)
{
    const struct side *one = &facts->sides[0], *other = &facts->sides[1];
    const struct doc_lock *common = common_lock(one, other);
    if (common && common->shared)
        add(facts, pool_printf(facts->pool, "a read lock of %s lets other readers in: take the write lock to change %s",
                               common->object->label, facts->object->label));
    else if (one->held && other->held)
        add(facts, pool_printf(facts->pool, "the two sides hold different locks: guard %s with one and the same",
                               facts->object->label));
    else if (one->held || other->held)
        add(facts, pool_printf(facts->pool, "one side holds %s: hold it at %s too",
                               (one->held ? one : other)->held->locks[0].object->label,
                               one->held ? differs(facts, other, one) : differs(facts, one, other)));
}

/* --- rules: lives ---------------------------------------------------------------------------------------------------------------- */

static const struct doc_thread *thread_of(const struct doc_finding *finding, uint32_t id)
{
    for (size_t i = 0; i < finding->thread_count; i++)
        if (finding->threads[i].id == id)
            return &finding->threads[i];
    return NULL;
}

static bool created(const struct doc_finding *finding, const struct side *parent, const struct side *child)
{
    const struct doc_thread *thread = thread_of(finding, child->stack->thread);
    return thread && thread->creator && strcmp(thread->creator, parent->stack->label) == 0;
}

/* The frame of a function in a stack, or NULL. */
static const struct doc_frame *frame_of(const struct doc_stack *stack, const char *function)
{
    for (size_t i = 0; stack && function && i < stack->count; i++)
        if (stack->frames[i].function && strcmp(stack->frames[i].function, function) == 0)
            return &stack->frames[i];
    return NULL;
}

/* Where the variable's function creates the thread, if that statement takes the variable's address: "&name", in its first line
 * or the next ones. */
static const char *passes_address(struct facts *facts, const struct side *child, const char *name)
{
    const struct doc_thread *thread = thread_of(facts->finding, child->stack->thread);
    const struct doc_frame *frame = thread ? frame_of(thread->created_at, facts->object->function) : NULL;
    const char *address = pool_printf(facts->pool, "&%s", name);
    for (unsigned line = 0; frame && frame->file && line < LINES_OF_A_CALL; line++) {
        const char *text = source_line(facts->pool, frame->file, frame->line + line);
        const char *at = text ? strstr(text, address) : NULL;
        if (at && !is_word_char(at[strlen(address)]))
            return pool_printf(facts->pool, "%s:%u", frame->shown_file, frame->line);
        if (text && strchr(text, ';'))
            break;
    }
    return NULL;
}

/* A local variable of the thread that created the other one. */
static void local_variable(struct facts *facts, const struct side *owner, const struct side *user)
{
    const struct doc_object *object = facts->object;
    if (object->on_stack_of != owner->stack->thread || !object->name || !created(facts->finding, owner, user))
        return;
    const char *name = pool_text(facts->pool, object->name, strcspn(object->name, ".["));
    const char *passed = passes_address(facts, user, name);
    if (passed && owner->writes && strcmp(name, object->name) == 0)
        add(facts, pool_printf(facts->pool,
                               "the thread that is created at %s gets the address of \"%s\" itself, which %s goes on "
                               "changing: pass the value, or give each thread a variable of its own",
                               passed, name, object->function ? object->function : owner->stack->label));
    else
        add(facts, pool_printf(facts->pool, "%s lies on the stack of %s, which goes on using it: give %s a copy, or join it first",
                               object->label, owner->stack->label, user->stack->label));
}

static void freed(struct facts *facts, const struct side *frees, const struct side *uses)
{
    if ((frees->stack->access.flags & ACCESS_FREE) && created(facts->finding, frees, uses))
        add(facts, pool_printf(facts->pool, "%s frees what %s still uses: wait for the end of that one first (pthread_join)", frees->stack->label,
                               uses->stack->label));
}

/* A block that its own thread still fills in, in the function that allocated it, while another thread reads it. */
static void publication(struct facts *facts, const struct side *writer, const struct side *reader)
{
    const struct doc_stack *allocated = facts->object->allocated_at;
    const struct doc_frame *frame = allocated && allocated->own < allocated->count ? &allocated->frames[allocated->own] : NULL;
    if (!frame || !writer->frame || !frame->function || !writer->frame->function || !reader->reads || reader->writes ||
        writer->reads || !writer->writes || writer->held || allocated->thread != writer->stack->thread ||
        strcmp(frame->function, writer->frame->function) != 0 || writer->frame->line < frame->line)
        return;
    add(facts, pool_printf(facts->pool,
                           "%s allocates the block at %s and still fills it in at %s when another thread has its address: "
                           "finish it first, then hand it over under a lock or with an atomic store (release)",
                           frame->function, frame->shown_file ? pool_printf(facts->pool, "line %u", frame->line) : "first",
                           place(facts, writer)));
}

static void unknown_source(struct facts *facts)
{
    uint32_t both = facts->sides[0].stack->access.flags & facts->sides[1].stack->access.flags;
    uint32_t either = facts->sides[0].stack->access.flags | facts->sides[1].stack->access.flags;
    if (facts->finding->confidence == CONFIDENCE_POSSIBLE && (both & ACCESS_MOV) && !(either & ACCESS_SOURCE_KNOWN))
        add(facts, "debug information (-g, or the package's debug symbols) would tell whether these are atomic operations; if "
                   "they are, there is nothing to do");
}

static void destructor(struct facts *facts, const struct side *ends, const struct side *uses)
{
    const char *function = ends->frame ? ends->frame->function : NULL;
    if (ends->writes && function && strstr(function, "::~"))
        add(facts, pool_printf(facts->pool, "%s is in the destructor %s while %s uses the object: end it after its last user",
                               ends->stack->label, function, uses->stack->label));
}

/* --- rules: libc ------------------------------------------------------------------------------------------------------------------ */

static void libc(struct facts *facts)
{
    static const char *const better[][2] = {
        {"strtok", "strtok_r()"},         {"localtime", "localtime_r()"},   {"gmtime", "gmtime_r()"},
        {"asctime", "asctime_r()"},       {"ctime", "ctime_r()"},           {"strerror", "strerror_r()"},
        {"rand", "rand_r()"},             {"drand48", "drand48_r()"},       {"getpwnam", "getpwnam_r()"},
        {"getpwuid", "getpwuid_r()"},     {"getgrnam", "getgrnam_r()"},     {"getgrgid", "getgrgid_r()"},
        {"gethostbyname", "getaddrinfo()"}, {"gethostbyaddr", "getnameinfo()"}, {"getservbyname", "getservbyname_r()"},
        {"readdir", "a DIR of each thread's own"}, {"inet_ntoa", "inet_ntop()"}, {"ttyname", "ttyname_r()"},
        {"tmpnam", "mkstemp()"},          {"getlogin", "getlogin_r()"},     {"crypt", "crypt_r()"},
        {"ptsname", "ptsname_r()"},       {"ecvt", "snprintf()"},           {"fcvt", "snprintf()"},
        {"hsearch", "hsearch_r()"},       {"lgamma", "lgamma_r()"},         {"l64a", "a conversion of your own"},
        {"basename", "a copy of the path of each thread's own"}};
    static const char *const closes[] = {"fclose", "pclose", "freopen", "closedir"};
    static const char *const environment[] = {"setenv", "putenv", "unsetenv", "clearenv"};
    for (size_t side = 0; side < 2; side++) {
        for (size_t i = 0; i < sizeof(closes) / sizeof(*closes); i++)
            if (find_word(facts->sides[side].text, closes[i])) {
                add(facts, pool_printf(facts->pool, "call %s() only after the last user of the stream is done", closes[i]));
                return;
            }
        for (size_t i = 0; i < sizeof(better) / sizeof(*better); i++)
            if (find_word(facts->sides[side].text, better[i][0])) {
                add(facts, pool_printf(facts->pool, "%s() keeps its result in libc, for all threads: use %s", better[i][0],
                                       better[i][1]));
                return;
            }
        for (size_t i = 0; i < sizeof(environment) / sizeof(*environment); i++)
            if (find_word(facts->sides[side].text, environment[i])) {
                add(facts, "change the environment before the first thread is created, and pass values to threads another way");
                return;
            }
    }
}

/* --- all rules ---------------------------------------------------------------------------------------------------------------------- */

static void race(struct facts *facts)
{
    const struct side *one = &facts->sides[0], *other = &facts->sides[1];
    bit_fields(facts);
    thread_local_variable(facts);
    local_variable(facts, one, other);
    local_variable(facts, other, one);
    is_volatile(facts);
    if (!facts->finding->hint_count) {
        spin(facts, one, other);
        spin(facts, other, one);
    }
    half_atomic(facts);
    if (!test_then_act(facts, one, other) && !test_then_act(facts, other, one))
        locks(facts);
    counter(facts);
    publication(facts, one, other);
    publication(facts, other, one);
    destructor(facts, one, other);
    destructor(facts, other, one);
    unknown_source(facts);
}

static bool find_facts(struct facts *facts)
{
    struct doc_finding *finding = facts->finding;
    if (finding->stack_count < 2 || !finding->stacks[0].access.kind || !finding->stacks[1].access.kind ||
        !finding->object_count || !finding->objects[0].is_memory)
        return false;
    facts->object = &finding->objects[0];
    facts->word = innermost(facts->pool, facts->object->name);
    for (size_t i = 0; i < 2; i++)
        facts->sides[i] = side_of(facts->pool, finding, &finding->stacks[i]);
    return true;
}

void hints_add(struct pool *pool, struct doc_finding *finding)
{
    struct facts facts = {.pool = pool, .finding = finding};
    const struct kind_info *kind = kind_find(finding->kind);
    if (find_facts(&facts)) {
        if (strcmp(finding->kind, "race") == 0)
            race(&facts);
        else if (strcmp(finding->kind, "libc-race") == 0)
            libc(&facts);
        else if (strcmp(finding->kind, "free-race") == 0) {
            freed(&facts, &facts.sides[0], &facts.sides[1]);
            freed(&facts, &facts.sides[1], &facts.sides[0]);
            counter(&facts);
        }
    }
    if (kind && !finding->hint_count)
        add(&facts, kind->hint);
}
