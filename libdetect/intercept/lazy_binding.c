/* SPDX-License-Identifier: MIT */
/* The first call of a function that is bound lazily: the dynamic linker's resolver, which is native, looks the function up
 * and jumps there itself, past tr_redirect. So the resolver is redirected: it gets the program's return address in place
 * of the cache's, and a function that asks for its caller finds that one, whichever it is. The price is one fault. */
#include <link.h>

#include "base/sys.h"
#include "intercept/redirect.h"
#include "translate/translate.h"

#if defined(__x86_64__)

__attribute__((visibility("hidden"))) uintptr_t lazy_binding_resolver;
__attribute__((visibility("hidden"))) void lazy_binding_entry(void);

static void show_caller(void *return_address)
{
    uintptr_t *word = return_address;
    *word = tr_origin(*word);
}

/* The arguments of the function that is to be called are in place, in vector registers as well. */
__attribute__((used, target("general-regs-only"))) static void before_resolver(uintptr_t *return_address)
{
    tr_with_vectors_saved(show_caller, return_address);
}

/* The stack: link map, number of the relocation, return address. The System V ABI's registers for arguments, the static
 * chain (r10), and rax (the number of vector registers). */
__asm__(".text\n"
        ".globl lazy_binding_entry\n"
        ".hidden lazy_binding_entry\n"
        ".type lazy_binding_entry, @function\n"
        "lazy_binding_entry:\n"
        ".cfi_startproc\n"
        ".cfi_adjust_cfa_offset 16\n"
        "    endbr64\n"
        "    push %rax\n    .cfi_adjust_cfa_offset 8\n"
        "    push %rcx\n    .cfi_adjust_cfa_offset 8\n"
        "    push %rdx\n    .cfi_adjust_cfa_offset 8\n"
        "    push %rsi\n    .cfi_adjust_cfa_offset 8\n"
        "    push %rdi\n    .cfi_adjust_cfa_offset 8\n"
        "    push %r8\n    .cfi_adjust_cfa_offset 8\n"
        "    push %r9\n    .cfi_adjust_cfa_offset 8\n"
        "    push %r10\n    .cfi_adjust_cfa_offset 8\n"
        "    push %r11\n    .cfi_adjust_cfa_offset 8\n"
        "    lea 88(%rsp), %rdi\n"
        "    call before_resolver\n"
        "    pop %r11\n    .cfi_adjust_cfa_offset -8\n"
        "    pop %r10\n    .cfi_adjust_cfa_offset -8\n"
        "    pop %r9\n    .cfi_adjust_cfa_offset -8\n"
        "    pop %r8\n    .cfi_adjust_cfa_offset -8\n"
        "    pop %rdi\n    .cfi_adjust_cfa_offset -8\n"
        "    pop %rsi\n    .cfi_adjust_cfa_offset -8\n"
        "    pop %rdx\n    .cfi_adjust_cfa_offset -8\n"
        "    pop %rcx\n    .cfi_adjust_cfa_offset -8\n"
        "    pop %rax\n    .cfi_adjust_cfa_offset -8\n"
        "    jmp *lazy_binding_resolver(%rip)\n"
        ".cfi_endproc\n"
        ".size lazy_binding_entry, . - lazy_binding_entry\n");

/* An object's global offset table begins with its dynamic section, its link map and the resolver (System V ABI, AMD64
 * supplement, 5.2); the latter two are there if it is bound lazily. */
static uintptr_t resolver_of(const struct link_map *map)
{
    const ElfW(Dyn) *entry = map->l_ld;
    while (entry && entry->d_tag != DT_NULL && entry->d_tag != DT_PLTGOT)
        entry++;
    if (!entry || entry->d_tag == DT_NULL)
        return 0;
    const uintptr_t *table = (const uintptr_t *)entry->d_un.d_ptr;
    if (!sys_can_read((uintptr_t)&table[1]) || !sys_can_read((uintptr_t)&table[2]))
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
