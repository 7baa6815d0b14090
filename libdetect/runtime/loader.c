/* SPDX-License-Identifier: MIT */
/* The patch of _dl_debug_state; see loader.h.
 *
 * Hard rules: bytes are written through /proc/self/mem, which needs no change of protection, or with the page
 * writable and executable for a moment; only over code that is what we expect, whole and alone in its 16 bytes. */
#include "runtime/loader.h"

#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "base/sys.h"

#if defined(__x86_64__)

static void (*notify)(void);

/* movabs $on_state, %rax; jmp *%rax */
#define JUMP_BYTES 12
#define SLOT_BYTES 16 /* of functions: 12 of them are enough behind a landing pad */
#define PAGE 4096ul

static void on_state(void)
{
    if (_r_debug.r_state == RT_CONSISTENT)
        notify();
}

/* The length of one of the nops that assemblers fill with; 0: none of them. */
static size_t nop_length(const uint8_t *code, size_t room)
{
    size_t prefixes = 0;
    while (prefixes < room && (code[prefixes] == 0x66 || code[prefixes] == 0x2e))
        prefixes++;
    const uint8_t *opcode = code + prefixes;
    size_t left = room - prefixes;
    if (left >= 1 && opcode[0] == 0x90)
        return prefixes + 1;
    if (left < 3 || opcode[0] != 0x0f || opcode[1] != 0x1f)
        return 0;
    bool has_sib = (opcode[2] & 7) == 4;
    switch (opcode[2] >> 6) { /* how the operand is addressed */
    case 0: return prefixes + 3u + has_sib;
    case 1: return prefixes + 4u + has_sib;
    case 2: return prefixes + 7u + has_sib;
    default: return 0;
    }
}

/* Where the jump goes: over `ret` and nothing but nops up to the next function, behind a landing pad (endbr64). Another
 * first byte may be a debugger's breakpoint: NULL. */
static uint8_t *find_place(uint8_t *slot)
{
    size_t at = memcmp(slot, "\xf3\x0f\x1e\xfa", 4) == 0 ? 4 : 0;
    uint8_t *place = slot + at;
    if ((uintptr_t)slot % SLOT_BYTES != 0 || *place != 0xc3)
        return NULL;
    for (at++; at < SLOT_BYTES;) {
        size_t length = nop_length(slot + at, SLOT_BYTES - at);
        if (length == 0)
            return NULL;
        at += length;
    }
    return place;
}

static bool write_by_file(void *code, const void *bytes, size_t size)
{
    int fd = sys_open("/proc/self/mem", O_WRONLY | O_CLOEXEC, 0);
    if (fd < 0)
        return false;
    long written = sys_call(SYS_pwrite64, fd, (long)bytes, (long)size, (long)code, 0, 0);
    sys_close(fd);
    return written == (long)size;
}

/* The slot does not cross a page. */
static bool write_unprotected(void *code, const void *bytes, size_t size)
{
    long page = (long)((uintptr_t)code & ~(PAGE - 1));
    if (sys_call(SYS_mprotect, page, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, 0, 0, 0) != 0)
        return false;
    memcpy(code, bytes, size);
    sys_call(SYS_mprotect, page, PAGE, PROT_READ | PROT_EXEC, 0, 0, 0);
    return true;
}

bool loader_hook(void (*changed)(void))
{
    uint8_t jump[JUMP_BYTES] = {0x48, 0xb8, [10] = 0xff, 0xe0};
    uintptr_t target = (uintptr_t)on_state;
    memcpy(jump + 2, &target, sizeof(target));
    uint8_t *place = _r_debug.r_brk ? find_place((uint8_t *)_r_debug.r_brk) : NULL;
    notify = changed;
    return place && (write_by_file(place, jump, sizeof(jump)) || write_unprotected(place, jump, sizeof(jump)));
}

#else

bool loader_hook(void (*changed)(void))
{
    (void)changed;
    return false;
}

#endif

bool loader_has_namespaces(void)
{
#if defined(LM_ID_BASE) && __GLIBC_PREREQ(2, 35)
    const struct r_debug *base = &_r_debug; /* since version 2 the first part of something longer */
    __asm__("" : "+r"(base));
    if (base->r_version >= 2)
        return ((const struct r_debug_extended *)(const void *)base)->r_next != NULL;
#endif
    return false;
}
