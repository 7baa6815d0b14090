/* SPDX-License-Identifier: MIT */
/* See atomics.h.
 *
 * Modules are entered by threads that hold the takeover's work to themselves, and looked up by whoever translates, without a
 * lock: a record is complete before it is counted, stays where it is, and ends by being marked. */
#include "runtime/atomics.h"

#include <string.h>

#include "base/atomic.h"
#include "base/spin.h"
#include "runtime/atomics_ask.h"
#include "runtime/modules.h"
#include "runtime/runtime.h"
#include "translate/thread.h"

#define MOST_MODULES 1024

struct known_module {
    uintptr_t start, end, bias;
    bool is_library, is_runtime, is_gone, objects_told;
    const struct atomics_header *table; /* NULL: nothing is known */
};

static struct known_module modules[MOST_MODULES];
static uint32_t module_count;
static bool nobody_there;

/* --- modules --------------------------------------------------------------------------------------------------------------------- */

static struct known_module *find(uintptr_t pc)
{
    uint32_t count = load_acquire(&module_count); /* pairs with enter() */
    for (uint32_t i = count; i-- > 0;)
        if (pc >= modules[i].start && pc < modules[i].end && !load_relaxed(&modules[i].is_gone))
            return &modules[i];
    return NULL;
}

static void enter(const struct known_module *module)
{
    spin_lock(modules_lock());
    if (module_count < MOST_MODULES) {
        modules[module_count] = *module;
        store_release(&module_count, module_count + 1); /* pairs with find() */
    }
    spin_unlock(modules_lock());
}

static void tell(enum atomics_answer answer)
{
    if (answer != ATOMICS_NOBODY_THERE || nobody_there)
        return;
    nobody_there = true;
    runtime_limit("no-atomics", runtime.under_run
                                    ? "nobody was left to read debug information for atomic operations: some accesses "
                                      "may be atomic ones, and races between them are only possible"
                                    : "debug information was not read for atomic operations, since detect run did not "
                                      "start the program: races between plain moves are only possible");
}

/* What makes the threads of OpenMP, and orders them. */
static bool is_runtime_name(const char *path)
{
    static const char *const beginnings[] = {"libgomp.so", "libgomp-", "libomp.so", "libomp-", "libiomp5.so"};
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    for (size_t i = 0; i < ARRAY_LEN(beginnings); i++)
        if (strncmp(name, beginnings[i], strlen(beginnings[i])) == 0)
            return true;
    return false;
}

void atomics_module(uintptr_t address)
{
    char build_id[ATOMICS_ID_TEXT];
    struct module_span span;
    if (find(address) || !modules_span(address, &span))
        return;
    const char *path = modules_file(address, build_id, sizeof(build_id));
    struct known_module module = {.start = span.start, .end = span.end, .bias = span.bias, .is_library = span.name[0] != '\0'};
    module.is_runtime = path && is_runtime_name(path);
    if (path && path[0] == '/')
        tell(atomics_ask(path, build_id, &module.table));
    enter(&module);
}

/* Its table stays mapped: somebody may be looking at it. */
void atomics_module_gone(uintptr_t start, uintptr_t end)
{
    for (uint32_t i = 0; i < load_acquire(&module_count); i++)
        if (modules[i].start < end && start < modules[i].end)
            store_relaxed(&modules[i].is_gone, true);
}

/* --- one operand ------------------------------------------------------------------------------------------------------------------ */

static const struct atomics_place *place_at(const struct atomics_header *table, uint64_t offset)
{
    const struct atomics_place *places = (const struct atomics_place *)(table + 1);
    uint32_t low = 0, high = table->place_count;
    while (low < high) { /* the first that begins behind it */
        uint32_t middle = low + (high - low) / 2;
        if (places[middle].start <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 && offset - places[low - 1].start < places[low - 1].length ? &places[low - 1] : NULL;
}

/* What the code alone proves is not believed of libraries, which are where programs' synchronisation is made: "gen = gen + 1"
 * by the one thread that may is a plain load and an atomic store in libgomp's barrier. */
static bool is_known(const struct known_module *module, const struct atomics_place *place)
{
    return place->rule == ATOMICS_PLAIN && (!module->is_library || (module->table->flags & ATOMICS_DEBUG_INFO));
}

static uint32_t flags_of(const struct known_module *module, const struct atomics_place *place, const struct tr_access *access)
{
    uint32_t wanted = ((access->kind & TR_READ) ? ATOMICS_LOAD : 0u) | ((access->kind & TR_WRITE) ? ATOMICS_STORE : 0u);
    if (place->rule == ATOMICS_PLAIN || place->rule == ATOMICS_OPEN)
        return (is_known(module, place) ? RACE_SOURCE_KNOWN : 0) | (place->flags & ATOMICS_VOLATILE ? RACE_VOLATILE : 0) |
               (place->flags & ATOMICS_SPIN ? RACE_SPIN : 0);
    if ((place->flags & wanted) != wanted || !wanted || (place->size && place->size != access->size))
        return 0;
    return RACE_ATOMIC;
}

static bool is_word(uint32_t size) { return size == 1 || size == 2 || size == 4 || size == 8; }

/* Where nothing is known: what it may make of atomic operations, besides moves. */
static uint32_t flags_of_compiler(uint32_t table, uint32_t kind)
{
    if (table & ATOMICS_RUST)
        return RACE_MOV;
    return (table & ATOMICS_LLVM) && (kind & (TR_WRITE | TR_MOV)) == TR_WRITE ? RACE_FOLDED : 0;
}

static uint32_t decide(const struct tr_access *access, const struct atomics_place **found)
{
    const struct known_module *module = find(access->pc);
    if (!module)
        return 0;
    uint32_t flags = (module->is_library ? RACE_LIBRARY : 0) | (module->is_runtime ? RACE_RUNTIME : 0);
    /* What one thread counts under a lock, another may look at without: any access but to its own frame. */
    if (module->is_runtime && is_word(access->size) && access->base != TR_RSP &&
        !(access->kind & (TR_STACK | TR_STRING | TR_MASKED)))
        return flags | RACE_ATOMIC;
    if (!module->table || (access->kind & (TR_STACK | TR_STRING | TR_MASKED | TR_ATOMIC)))
        return flags;
    const struct atomics_place *place = *found = place_at(module->table, access->pc - module->bias);
    if (place)
        return flags | flags_of(module, place, access);
    return flags | (is_word(access->size) ? flags_of_compiler(module->table->flags, access->kind) : 0);
}

/* --- what was decided --------------------------------------------------------------------------------------------------------------- */

static const char *rule_of(const struct atomics_place *place, uint32_t flags)
{
    static const char *const names[] = {
        [ATOMICS_BY_LIBRARY] = "library", [ATOMICS_BY_NAME] = "name",   [ATOMICS_BY_TYPE] = "type",
        [ATOMICS_BY_PRAGMA] = "pragma",   [ATOMICS_BY_ASM] = "asm",     [ATOMICS_BY_GUARD] = "guard",
    };
    if (flags & RACE_SPIN)
        return "loop";
    if (flags & RACE_VOLATILE)
        return "volatile";
    if (flags & RACE_RUNTIME)
        return "runtime";
    return place && place->rule < ARRAY_LEN(names) && names[place->rule] ? names[place->rule] : "instruction";
}

static const char *operation_of(uint32_t kind)
{
    switch (kind & (TR_READ | TR_WRITE)) {
    case TR_READ:
        return "load";
    case TR_WRITE:
        return "store";
    default:
        return "read-modify-write";
    }
}

static void explain(const struct tr_access *access, const struct atomics_place *place, uint32_t flags)
{
    char text[64], *end;
    uint64_t frame = modules_frame(access->pc);
    end = stpcpy(text, operation_of(access->kind));
    end = stpcpy(end, " of ");
    if (access->size >= 10)
        *end++ = (char)('0' + access->size / 10 % 10);
    *end++ = (char)('0' + access->size % 10);
    stpcpy(end, access->size == 1 ? " byte" : " bytes");
    record_begin(&runtime.writer, RECORD_ATOMIC);
    record_text(&runtime.writer, TAG_CODE, rule_of(place, flags));
    record_text(&runtime.writer, TAG_TEXT, text);
    record_u64s(&runtime.writer, TAG_FRAMES, &frame, 1);
    record_end(&runtime.writer);
}

uint32_t atomics_flags(const struct tr_access *access)
{
    const struct atomics_place *place = NULL;
    uint32_t flags = decide(access, &place);
    if (UNLIKELY(runtime.options.explain_atomics) &&
        ((flags & (RACE_ATOMIC | RACE_SPIN | RACE_VOLATILE)) || (access->kind & TR_ATOMIC)))
        explain(access, place, flags);
    return flags;
}

/* --- objects ------------------------------------------------------------------------------------------------------------------------- */

void atomics_objects(void (*visit)(void *ctx, uintptr_t address, size_t size), void *ctx)
{
    for (uint32_t i = 0; i < load_acquire(&module_count); i++) {
        struct known_module *module = &modules[i];
        if (!module->table || module->is_gone || module->objects_told)
            continue;
        module->objects_told = true;
        const struct atomics_header *table = module->table;
        size_t places = (table->place_count * sizeof(struct atomics_place) + 7) & ~(size_t)7;
        const struct atomics_object *objects =
            (const struct atomics_object *)((const char *)(table + 1) + places);
        for (uint32_t j = 0; j < table->object_count; j++) {
            uintptr_t address = module->bias + objects[j].address;
            if (address >= module->start && objects[j].size <= module->end - address && address < module->end)
                visit(ctx, address, objects[j].size);
        }
    }
}
