/* SPDX-License-Identifier: MIT */
/* Entries of the functions of the table (libc_effects.h), in assembly: a call is told of, made, and told of again.
 *
 * A *way* is one native address that leads to a row: libc's function, each other version of it, and the interceptor that we
 * export under the name. A function of which nothing is told afterwards is jumped to, with registers and stack as they were. The
 * others are called from the entry's frame, which has unwind information: cancellation, exceptions and longjmp go through it, and
 * nothing is kept anywhere else. */
#include "intercept/libc_entry.h"

#include <string.h>

#include "intercept/libc_effects.h"
#include "intercept/symbols.h"

#if defined(__x86_64__)

#define WAYS LIBC_WAYS
#define ENTRY_BYTES 16

struct libc_way {
    const struct libc_row *row;
    uintptr_t real; /* called or jumped to */
    uint8_t calls;  /* something is told afterwards */
    uint8_t floats;
    uint8_t stack_arguments;
};
_Static_assert(offsetof(struct libc_way, calls) == 16 && sizeof(struct libc_way) == 24, "for the code below");

__attribute__((visibility("hidden"))) struct libc_way libc_ways[WAYS];
static uint32_t ways_used;

/* --- the frame -------------------------------------------------------------------------------------------------------------- */

#define CALL_BYTES 256 /* of struct libc_call, up to the frame pointer */
#define CALL_VECTORS 48
#define CALL_RESULT 176
#define CALL_RAX 184
#define CALL_WAY 192
#define CALL_LAZY_MAP 240
#define CALL_LAZY_RELOCATION 248
_Static_assert(offsetof(struct libc_call, vectors) == CALL_VECTORS && offsetof(struct libc_call, result) == CALL_RESULT &&
                   offsetof(struct libc_call, rax) == CALL_RAX && offsetof(struct libc_call, way) == CALL_WAY &&
                   offsetof(struct libc_call, lazy_map) == CALL_LAZY_MAP &&
                   offsetof(struct libc_call, lazy_relocation) == CALL_LAZY_RELOCATION &&
                   offsetof(struct libc_call, frame_pointer) == CALL_BYTES && CALL_BYTES % 16 == 0,
               "for the code below");

/* Of a variadic function: its twin, which takes a va_list after the fixed arguments (fewer than six). */
__attribute__((used)) static uintptr_t call_twin(struct libc_call *call)
{
    typedef uintptr_t twin(uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t);
    va_list list;
    libc_optional(call, list);
    uintptr_t a[6];
    memcpy(a, call->registers, sizeof(a));
    a[call->row->fixed] = (uintptr_t)list;
    return ((twin *)call->way->real)(a[0], a[1], a[2], a[3], a[4], a[5]);
}

extern char libc_twin[], libc_resolve_call[], libc_resolve_jump[] __attribute__((visibility("hidden")));

/* Where to go on. */
__attribute__((used)) static uintptr_t before_call(struct libc_call *call)
{
    call->row = call->way->row;
    libc_tell(call, false);
    if (call->row->twin)
        return (uintptr_t)libc_twin;
    if (!call->lazy_map)
        return call->way->real;
    return (uintptr_t)(call->way->calls ? libc_resolve_call : libc_resolve_jump);
}

__attribute__((used)) static void after_call(struct libc_call *call) { libc_tell(call, true); }

extern char libc_entries[WAYS][ENTRY_BYTES] __attribute__((visibility("hidden")));

#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)
#define SAVE_VECTOR(i) "    movaps %xmm" #i ", -" TEXT(CALL_BYTES) "+" TEXT(CALL_VECTORS) "+16*" #i "(%rbp)\n"
#define LOAD_VECTOR(i) "    movaps -" TEXT(CALL_BYTES) "+" TEXT(CALL_VECTORS) "+16*" #i "(%rbp), %xmm" #i "\n"
#define ALL_VECTORS(with) with(0) with(1) with(2) with(3) with(4) with(5) with(6) with(7)

/* Entry i: push $i; jmp common.
 * Common: the frame, of which rbp is the end; r11 is nobody's at a call. */
__asm__(".text\n"
        ".globl libc_entries\n"
        ".hidden libc_entries\n"
        ".type libc_entries, @function\n"
        ".balign 16\n"
        "libc_entries:\n"
        ".cfi_startproc\n"
        ".set way, 0\n"
        ".rept " TEXT(LIBC_WAYS) "\n"
        ".balign 16\n"
        "    endbr64\n"
        "    push $way\n    .cfi_adjust_cfa_offset 8\n"
        "    jmp libc_common\n    .cfi_adjust_cfa_offset -8\n"
        ".set way, way + 1\n"
        ".endr\n"
        ".cfi_endproc\n"
        ".size libc_entries, . - libc_entries\n"
        ".type libc_common, @function\n"
        ".balign 16\n"
        "libc_common:\n"
        ".cfi_startproc\n"
        ".cfi_adjust_cfa_offset 8\n"
        "    pop %r11\n    .cfi_adjust_cfa_offset -8\n"
        "    push %rbp\n    .cfi_adjust_cfa_offset 8\n    .cfi_rel_offset rbp, 0\n"
        "    mov %rsp, %rbp\n    .cfi_def_cfa_register rbp\n"
        "    sub $" TEXT(CALL_BYTES) ", %rsp\n"
        "    movq $0, " TEXT(CALL_LAZY_MAP) "(%rsp)\n"
        "libc_frame_made:\n"
        "    mov %rdi, (%rsp)\n"
        "    mov %rsi, 8(%rsp)\n"
        "    mov %rdx, 16(%rsp)\n"
        "    mov %rcx, 24(%rsp)\n"
        "    mov %r8, 32(%rsp)\n"
        "    mov %r9, 40(%rsp)\n"
        "    mov %rax, " TEXT(CALL_RAX) "(%rsp)\n"
        "    lea (%r11,%r11,2), %r11\n"
        "    lea libc_ways(%rip), %rax\n"
        "    lea (%rax,%r11,8), %rax\n"
        "    mov %rax, " TEXT(CALL_WAY) "(%rsp)\n"
        "    cmpb $0, 17(%rax)\n"
        "    je 1f\n"
        ALL_VECTORS(SAVE_VECTOR)
        "1:  mov %rsp, %rdi\n"
        "    call before_call\n"
        "    mov %rax, %r11\n"
        "    mov " TEXT(CALL_WAY) "(%rsp), %rax\n"
        "    cmpb $0, 17(%rax)\n"
        "    je 2f\n"
        ALL_VECTORS(LOAD_VECTOR)
        "2:  movzbl 18(%rax), %ecx\n" /* arguments on the stack: copied, an even number of words */
        "    test %ecx, %ecx\n"
        "    je 4f\n"
        "    inc %ecx\n"
        "    and $-2, %ecx\n"
        "3:  push 8(%rbp,%rcx,8)\n"
        "    dec %ecx\n"
        "    jne 3b\n"
        "4:  mov -" TEXT(CALL_BYTES) "(%rbp), %rdi\n"
        "    mov -" TEXT(CALL_BYTES) "+8(%rbp), %rsi\n"
        "    mov -" TEXT(CALL_BYTES) "+16(%rbp), %rdx\n"
        "    mov -" TEXT(CALL_BYTES) "+24(%rbp), %rcx\n"
        "    mov -" TEXT(CALL_BYTES) "+32(%rbp), %r8\n"
        "    mov -" TEXT(CALL_BYTES) "+40(%rbp), %r9\n"
        "    cmpb $0, 16(%rax)\n"
        "    mov -" TEXT(CALL_BYTES) "+" TEXT(CALL_RAX) "(%rbp), %rax\n"
        "    jne 5f\n"
        ".cfi_remember_state\n"
        "    leave\n    .cfi_def_cfa rsp, 8\n    .cfi_restore rbp\n"
        "    jmp *%r11\n"
        ".cfi_restore_state\n"
        "5:  call *%r11\n"
        "    lea -" TEXT(CALL_BYTES) "(%rbp), %rsp\n"
        "    mov %rax, " TEXT(CALL_RESULT) "(%rsp)\n"
        "    movaps %xmm0, " TEXT(CALL_VECTORS) "(%rsp)\n"
        "    movaps %xmm1, " TEXT(CALL_VECTORS) "+16(%rsp)\n"
        "    mov %rsp, %rdi\n"
        "    call after_call\n"
        "    mov " TEXT(CALL_RESULT) "(%rsp), %rax\n"
        "    movaps " TEXT(CALL_VECTORS) "(%rsp), %xmm0\n"
        "    movaps " TEXT(CALL_VECTORS) "+16(%rsp), %xmm1\n"
        "    leave\n    .cfi_def_cfa rsp, 8\n    .cfi_restore rbp\n"
        "    ret\n"
        ".cfi_endproc\n"
        ".size libc_common, . - libc_common\n"
        /* Called as the function itself would be; its arguments are in the frame. */
        ".globl libc_twin\n"
        ".hidden libc_twin\n"
        ".type libc_twin, @function\n"
        "libc_twin:\n"
        ".cfi_startproc\n"
        "    lea -" TEXT(CALL_BYTES) "(%rbp), %rdi\n"
        "    jmp call_twin\n"
        ".cfi_endproc\n"
        ".size libc_twin, . - libc_twin\n"
        /* The resolver instead of the function, which it then jumps to. The end of the frame holds what it is given; when the
         * function is jumped to, that lies in the red zone. */
        ".globl libc_resolve_call\n"
        ".hidden libc_resolve_call\n"
        "libc_resolve_call:\n"
        "    push -8(%rbp)\n"
        "    push -16(%rbp)\n"
        "    jmp *lazy_binding_resolver(%rip)\n"
        ".globl libc_resolve_jump\n"
        ".hidden libc_resolve_jump\n"
        "libc_resolve_jump:\n"
        "    push -16(%rsp)\n"
        "    push -16(%rsp)\n"
        "    jmp *lazy_binding_resolver(%rip)\n"
        /* What the resolver was called for is known: r11 is the number of its way. The stack becomes that of the call. */
        ".globl libc_lazy_entry\n"
        ".hidden libc_lazy_entry\n"
        ".type libc_lazy_entry, @function\n"
        "libc_lazy_entry:\n"
        ".cfi_startproc\n"
        ".cfi_adjust_cfa_offset 16\n"
        "    pop %r10\n    .cfi_adjust_cfa_offset -8\n"
        "    xchg (%rsp), %rbp\n    .cfi_rel_offset rbp, 0\n"
        "    push %rbp\n    .cfi_adjust_cfa_offset 8\n"
        "    push %r10\n    .cfi_adjust_cfa_offset 8\n"
        "    lea 16(%rsp), %rbp\n    .cfi_def_cfa rbp, 16\n"
        "    sub $" TEXT(CALL_BYTES) " - 16, %rsp\n"
        "    jmp libc_frame_made\n"
        ".cfi_endproc\n"
        ".size libc_lazy_entry, . - libc_lazy_entry\n");

/* --- which there are ----------------------------------------------------------------------------------------------------------- */

/* Rows by name, and by the names under which the same function stands as well; open addressing. */
#define NAMES 8192u
static struct {
    const char *name;
    const struct libc_row *row;
} names[NAMES];

static uint32_t name_place(const char *name)
{
    uint32_t hash = 5381;
    for (const char *c = name; *c; c++)
        hash = hash * 33 + (unsigned char)*c;
    while (names[hash % NAMES].name && strcmp(names[hash % NAMES].name, name) != 0)
        hash++;
    return hash % NAMES;
}

const struct libc_row *libc_row_named(const char *name) { return names[name_place(name)].row; }

static void enter_name(const char *name, const struct libc_row *row)
{
    uint32_t place = name_place(name);
    names[place].name = name;
    names[place].row = row;
}

static bool tells_afterwards(const struct libc_row *row)
{
    bool tells = row->twin != NULL;
    for (size_t i = 0; i < LIBC_EFFECTS; i++)
        tells |= row->effects[i].when != BEFORE && (row->effects[i].flags || row->effects[i].handler);
    return tells;
}

/* By the address that leads to a way; numbers from 1, open addressing. A way leads to that address itself, until somebody says
 * otherwise. */
#define PLACES (2 * WAYS)
static uint16_t ways_by_address[PLACES];
static uintptr_t way_from[WAYS];
static bool way_is_led[WAYS];

static uint32_t way_place(uintptr_t function)
{
    uint32_t place = (uint32_t)(function * 0x9e3779b97f4a7c15u >> 40) % PLACES;
    while (ways_by_address[place] && way_from[ways_by_address[place] - 1] != function)
        place = (place + 1) % PLACES;
    return place;
}

static uint32_t way_of(uintptr_t function)
{
    uint32_t number = ways_by_address[way_place(function)];
    return number ? number - 1 : WAYS;
}

static void add_way(const struct libc_row *row, uintptr_t function, uintptr_t real)
{
    if (ways_used == WAYS)
        return;
    uint32_t way = ways_used++;
    way_from[way] = function;
    ways_by_address[way_place(function)] = (uint16_t)(way + 1);
    libc_ways[way] = (struct libc_way){row, real, tells_afterwards(row), row->floats, row->stack_arguments};
}

static void collect_function(const struct symbols *symbols, const char *name, uintptr_t function)
{
    const struct libc_row *row = libc_row_named(name);
    if (!row || way_of(function) != WAYS)
        return;
    uintptr_t real = row->twin ? symbols_find(symbols, row->twin) : function;
    if (real)
        add_way(row, function, real);
}

static void collect_alias(const struct symbols *symbols, const char *name, uintptr_t function)
{
    (void)symbols;
    uint32_t way = way_of(function);
    if (way != WAYS && !libc_row_named(name))
        enter_name(name, libc_ways[way].row);
}

static void collect(const char *library)
{
    struct symbols symbols;
    if (!symbols_of(&symbols, library) || !symbols_are_relocated(&symbols))
        return;
    symbols_visit(&symbols, collect_function);
    symbols_visit(&symbols, collect_alias);
}

/* libm may come later. */
void libc_collect(void)
{
    static bool have_names, have_libm;
    if (!have_names) {
        have_names = true;
        for (size_t i = 0; i < libc_row_count; i++)
            enter_name(libc_rows[i].name, &libc_rows[i]);
        collect(NULL);
        collect("libc.so.6");
    }
    if (!have_libm) {
        uint32_t before = ways_used;
        collect("libm.so.6");
        have_libm = ways_used > before;
    }
}

bool libc_leads(uintptr_t function, uintptr_t instead)
{
    uint32_t i = way_of(function);
    if (i == WAYS)
        return false;
    libc_ways[i].real = instead;
    return true;
}

void libc_take_over(void)
{
    for (uint32_t i = 0; i < ways_used; i++)
        if (way_from[i] && !way_is_led[i]) {
            way_is_led[i] = true;
            tr_redirect(way_from[i], (uintptr_t)libc_entries[i]);
        }
}

uintptr_t libc_entry_of(uintptr_t function)
{
    uint32_t i = way_of(function);
    return i == WAYS ? 0 : (uintptr_t)libc_entries[i];
}

uint32_t libc_way_named(const char *name)
{
    return libc_row_named(name) ? way_of(symbols_global(name)) : WAYS;
}

#else

void libc_collect(void) {}
void libc_take_over(void) {}
bool libc_leads(uintptr_t function, uintptr_t instead) { return !function && instead; }
uintptr_t libc_entry_of(uintptr_t function) { return function ? 0 : function; }

#endif
