/* SPDX-License-Identifier: MIT */
/* Runs the cases of effects.h against the table and its entries, which are linked in; the detector around them is stubs. */
#include "effects.h"

#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <wchar.h>

#include "intercept/fd_classify.h"
#include "intercept/libc_effects.h"
#include "intercept/libc_entry.h"
#include "intercept/libc_state.h"
#include "intercept/symbols.h"
#include "runtime/runtime.h"

__attribute__((aligned(4096))) char a[OBJECT_BYTES], b[OBJECT_BYTES], c[OBJECT_BYTES], d[OBJECT_BYTES];
static char before[4][OBJECT_BYTES];
static char *const objects[4] = {a, b, c, d};
static bool told_written[4][OBJECT_BYTES], changed[4][OBJECT_BYTES];
static const char *result_start;
static size_t result_size;
bool effects_recording;
volatile uintptr_t effects_used;

/* --- the detector ------------------------------------------------------------------------------------------------------------ */

bool races_are_on = true;
uintptr_t lazy_binding_resolver;
static struct self self;
__thread struct self *self_current = &self;

struct self *self_adopt(void) { return &self; }
struct description *fd_describe_in(struct self *entered, int fd) { return entered && fd < 0 ? NULL : NULL; }
uintptr_t fd_in(const struct description *description) { return description ? 1 : 0; }
uintptr_t fd_out(const struct description *description) { return description ? 1 : 0; }
struct self *self_enter_slow(struct self *entered) { return entered ? NULL : NULL; }
void self_leave_slow(struct self *left) { (void)left; }
struct runtime runtime;
void detector_feed(struct detector *det, struct thread *thread, const struct event *event, uintptr_t sp)
{
    (void)det, (void)thread, (void)event, (void)sp;
}
stack_id unwind_stack(struct self *walked, const struct call_site *site) { return walked && site ? STACK_NONE : STACK_NONE; }
void signals_check_left(struct self *checked, uintptr_t sp) { (void)checked, (void)sp; }
void race_fresh(struct detector *det, struct thread *thread, uintptr_t address, size_t size)
{
    (void)det, (void)thread, (void)address, (void)size;
}
bool detector_thread_misused(const struct thread *thread, uintptr_t object) { return thread && !object; }

static char told[64][80];
static size_t told_count;

static size_t name_place(char *to, size_t room, uintptr_t address)
{
    for (size_t i = 0; i < 4; i++) {
        uintptr_t start = (uintptr_t)objects[i];
        if (address < start || address >= start + OBJECT_BYTES)
            continue;
        return address > start ? (size_t)snprintf(to, room, "%c+%zu", "abcd"[i], (size_t)(address - start))
                               : (size_t)snprintf(to, room, "%c", "abcd"[i]);
    }
    if (address >= (uintptr_t)result_start && address < (uintptr_t)result_start + result_size)
        return (size_t)snprintf(to, room, "result");
    if (!libc_state_name(address, to, room))
        return (size_t)snprintf(to, room, "other");
    if (strncmp(to, "descriptor", 10) == 0)
        to[10] = '\0';
    return strlen(to);
}

void races_touch_slow(struct self *toucher, uintptr_t address, size_t size, uint32_t flags, uintptr_t caller)
{
    (void)toucher, (void)caller;
    if (!effects_recording || flags & RACE_ATOMIC || told_count == sizeof(told) / sizeof(told[0]))
        return;
    char *line = told[told_count++];
    size_t at = (size_t)snprintf(line, sizeof(told[0]), "%c ", flags & RACE_WRITE ? 'w' : 'r');
    at += name_place(line + at, sizeof(told[0]) - at, address);
    snprintf(line + at, sizeof(told[0]) - at, " %zu", size);
    for (size_t i = 0; i < 4; i++)
        for (uintptr_t byte = address; flags & RACE_WRITE && byte < address + size; byte++)
            if (byte - (uintptr_t)objects[i] < OBJECT_BYTES)
                told_written[i][byte - (uintptr_t)objects[i]] = true;
}

/* --- this program's calls ------------------------------------------------------------------------------------------------------- */

static const struct link_map *own_map(void) { return _r_debug.r_map; }

static uintptr_t entry_for(const ElfW(Rela) *relocation, const ElfW(Sym) *symbols)
{
    uintptr_t *slot = (uintptr_t *)(own_map()->l_addr + relocation->r_offset);
    return ELF64_R_SYM(relocation->r_info) && symbols ? libc_entry_of(*slot) : 0;
}

static void divert(const ElfW(Rela) *relocations, size_t bytes)
{
    const ElfW(Sym) *symbols = (const ElfW(Sym) *)symbols_dynamic(own_map(), DT_SYMTAB);
    for (size_t i = 0; relocations && i < bytes / sizeof(*relocations); i++) {
        uint32_t type = ELF64_R_TYPE(relocations[i].r_info);
        uintptr_t entry = type == R_X86_64_JUMP_SLOT || type == R_X86_64_GLOB_DAT || type == R_X86_64_64
                              ? entry_for(&relocations[i], symbols)
                              : 0;
        if (entry)
            *(uintptr_t *)(own_map()->l_addr + relocations[i].r_offset) = entry;
    }
}

static void divert_all(void)
{
    divert((const ElfW(Rela) *)symbols_dynamic(own_map(), DT_JMPREL), symbols_dynamic(own_map(), DT_PLTRELSZ));
    divert((const ElfW(Rela) *)symbols_dynamic(own_map(), DT_RELA), symbols_dynamic(own_map(), DT_RELASZ));
}

/* --- cases ------------------------------------------------------------------------------------------------------------------------ */

static struct effects_case *cases, **last_case = &cases;

void effects_add(struct effects_case *which)
{
    *last_case = which;
    last_case = &which->next;
}

void effects_result(const void *start, size_t size)
{
    result_start = start;
    result_size = size;
}

void text(void *to, const char *from) { memcpy(to, from, strlen(from) + 1); }
void wide(void *to, const wchar_t *from) { wmemcpy(to, from, wcslen(from) + 1); }

int file_with(const char *content)
{
    int fd = memfd_create("effects", 0);
    if (write(fd, content, strlen(content)) < 0)
        abort();
    lseek(fd, 0, SEEK_SET);
    return fd;
}

static int by_text(const void *left, const void *right) { return strcmp(left, right); }

static void what_was_told(char *to, size_t room)
{
    qsort(told, told_count, sizeof(told[0]), by_text);
    size_t at = 0;
    to[0] = '\0';
    for (size_t i = 0; i < told_count && at < room; i++)
        if (i == 0 || strcmp(told[i], told[i - 1]) != 0)
            at += (size_t)snprintf(to + at, room - at, "%s%s", at ? "; " : "", told[i]);
}

static void note_changes(void)
{
    for (size_t i = 0; i < 4; i++)
        for (size_t byte = 0; byte < OBJECT_BYTES; byte++)
            changed[i][byte] |= objects[i][byte] != before[i][byte];
}

/* Told as written, but as it was both times: for people to look at, since some functions write what was there. */
static void show_unwritten(const struct effects_case *which)
{
    for (size_t i = 0; i < 4; i++)
        for (size_t byte = 0; byte < OBJECT_BYTES; byte++)
            if (told_written[i][byte] && !changed[i][byte]) {
                printf("%s: perhaps does not write %c+%zu\n", which->function, "abcd"[i], byte);
                break;
            }
}

static bool unseen_change(const struct effects_case *which)
{
    for (size_t i = 0; i < 4; i++)
        for (size_t byte = 0; byte < OBJECT_BYTES; byte++)
            if (objects[i][byte] != before[i][byte] && !told_written[i][byte]) {
                printf("%s: changes %c+%zu, which is not told\n", which->function, "abcd"[i], byte);
                return true;
            }
    return false;
}

/* With the objects full of that byte. */
static bool run(const struct effects_case *which, int fill)
{
    char seen[4096];
    told_count = 0;
    effects_result(NULL, 0);
    memset(told_written, 0, sizeof(told_written));
    for (size_t i = 0; i < 4; i++)
        memset(objects[i], fill, OBJECT_BYTES);
    which->run();
    STOP;
    note_changes();
    what_was_told(seen, sizeof(seen));
    if (strcmp(seen, which->expected) != 0) {
        printf("%s: expected \"%s\", told \"%s\"\n", which->function, which->expected, seen);
        return false;
    }
    return !unseen_change(which);
}

bool effects_recording_starts(void)
{
    for (size_t i = 0; i < 4; i++)
        memcpy(before[i], objects[i], OBJECT_BYTES);
    return effects_recording = true;
}

static bool has_case(const struct libc_row *row)
{
    for (const struct effects_case *which = cases; which; which = which->next)
        if (strcmp(which->function, row->name) == 0)
            return true;
    return false;
}

static bool may_go_without(const struct libc_row *row)
{
    static const char *const names[] = {
#include "without_case.inc"
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(names[i], row->name) == 0)
            return true;
    return false;
}

int main(int argc, char **argv)
{
    unsigned wrong = 0, count = 0, missing = 0;
    libc_collect();
    divert_all();
    for (const struct effects_case *which = cases; which; which = which->next)
        if (argc < 2 || strcmp(argv[1], which->function) == 0) {
            memset(changed, 0, sizeof(changed));
            wrong += !run(which, 0x5a) || !run(which, 0xa5);
            count++;
            if (getenv("SHOW_UNWRITTEN"))
                show_unwritten(which);
        }
    for (size_t i = 0; argc < 2 && i < libc_row_count; i++)
        if (has_case(&libc_rows[i]) == may_go_without(&libc_rows[i])) {
            printf("%s: %s\n", libc_rows[i].name, has_case(&libc_rows[i]) ? "has a case" : "no case");
            missing++;
        }
    printf("%u cases, %u wrong; %zu rows, %u to be looked at\n", count, wrong, libc_row_count, missing);
    return wrong + missing > 0 || count == 0;
}
