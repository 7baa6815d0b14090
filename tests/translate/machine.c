/* SPDX-License-Identifier: MIT */
/* What this CPU saves with xsave, and where; see machine.h. */
#include "machine.h"

#include <cpuid.h>
#include <string.h>

uint64_t machine_components;
struct machine machine_result, machine_clean;
struct xsave_area machine_area[8];

static uint64_t enabled_components(void)
{
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

void machine_init(void)
{
    const uint64_t known = X_X87 | X_SSE | X_AVX | X_OPMASK | X_ZMM_HI | X_HI16_ZMM;
    machine_components = enabled_components() & known;
    machine_area[0] = (struct xsave_area){0, 160};
    machine_area[1] = (struct xsave_area){160, 256};
    for (uint32_t i = 2; i < 8; i++) {
        uint32_t size, offset, flags, unused;
        if ((machine_components >> i & 1) && __get_cpuid_count(0xd, i, &size, &offset, &flags, &unused))
            machine_area[i] = (struct xsave_area){offset, size};
    }
    /* No component in use: all are in their initial state; MXCSR is loaded always. */
    const uint16_t control = 0x37f;
    const uint32_t mxcsr = 0x1f80;
    memcpy(machine_clean.xsave, &control, sizeof control);
    memcpy(machine_clean.xsave + 24, &mxcsr, sizeof mxcsr);
}
