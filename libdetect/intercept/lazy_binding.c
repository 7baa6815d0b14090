/* SPDX-License-Identifier: MIT */
/* The first call of a function that is bound lazily: the dynamic linker's resolver, which is native, looks the function up
 * and jumps there itself, past tr_redirect. So the resolver is redirected. What it is going to bind is known by name, and
 * the call is prepared for that; besides, whatever it is sees the program's return address (for the price of a fault). */
#include "base/sys.h"
#include "intercept/libc_entry.h"
#include "intercept/redirect.h"
#include "intercept/symbols.h"
#include "translate/translate.h"

#if defined(__x86_64__)

__attribute__((visibility("hidden"))) uintptr_t lazy_binding_resolver;
__attribute__((visibility("hidden"))) void lazy_binding_entry(void);

#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)

struct lazy_call {
    struct redirected_call call;
    const struct link_map *map;
    uintptr_t relocation; /* number of it in the table for lazy binding */
    uintptr_t return_address;
};

static const char *name_of(const struct lazy_call *lazy)
{
    const ElfW(Rela) *relocations = (const ElfW(Rela) *)symbols_dynamic(lazy->map, DT_JMPREL);
    const ElfW(Sym) *symbols = (const ElfW(Sym) *)symbols_dynamic(lazy->map, DT_SYMTAB);
    const char *strings = (const char *)symbols_dynamic(lazy->map, DT_STRTAB);
    if (!relocations || !symbols || !strings)
        return "";
    return strings + symbols[ELF64_R_SYM(relocations[lazy->relocation].r_info)].st_name;
}

/* r11, which is nobody's at a call, gets the way of a function whose effects are told (libc_entry.h), which does not ask who
 * calls it. */
static void prepare(void *arg)
{
    struct lazy_call *lazy = arg;
    const char *name = name_of(lazy);
    lazy->call.r11 = libc_way_named(name);
    if (lazy->call.r11 == LIBC_WAYS)
        lazy->return_address = tr_origin(lazy->return_address);
    redirect_prepare_named(name, &lazy->call, &lazy->return_address);
}

/* The arguments of the function that is to be called are in place, in vector registers as well. */
__attribute__((used, target("general-regs-only"))) static void before_resolver(struct lazy_call *lazy)
{
    tr_with_vectors_saved(prepare, lazy);
}

__asm__(".text\n"
        ".globl lazy_binding_entry\n"
        ".hidden lazy_binding_entry\n"
        ".type lazy_binding_entry, @function\n"
        "lazy_binding_entry:\n"
        ".cfi_startproc\n"
        ".cfi_adjust_cfa_offset 16\n"
        "    endbr64\n"
        PUSH_CALL
        "    mov %rsp, %rdi\n"
        "    call before_resolver\n"
        POP_CALL
        "    cmp $" TEXT(LIBC_WAYS) ", %r11\n"
        "    jb libc_lazy_entry\n"
        "    jmp *lazy_binding_resolver(%rip)\n"
        ".cfi_endproc\n"
        ".size lazy_binding_entry, . - lazy_binding_entry\n");

/* An object's global offset table begins with its dynamic section, its link map and the resolver (System V ABI, AMD64
 * supplement, 5.2); the latter two are there if it is bound lazily. */
static uintptr_t resolver_of(const struct link_map *map)
{
    const uintptr_t *table = (const uintptr_t *)symbols_dynamic(map, DT_PLTGOT);
    if (!table || !sys_can_read((uintptr_t)&table[1]) || !sys_can_read((uintptr_t)&table[2]))
        return 0;
    return table[1] == (uintptr_t)map ? table[2] : 0;
}

void lazy_binding_redirect(void)
{
    if (lazy_binding_resolver)
        return;
    for (const struct link_map *map = _r_debug.r_map; map && !lazy_binding_resolver; map = map->l_next)
        lazy_binding_resolver = resolver_of(map);
    if (lazy_binding_resolver)
        tr_redirect(lazy_binding_resolver, (uintptr_t)lazy_binding_entry);
}

#else

void lazy_binding_redirect(void) {}

#endif
