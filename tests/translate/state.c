/* SPDX-License-Identifier: MIT */
/* Random states; see state.h. */
#include "state.h"

#include <string.h>

#include "snippet.h"

#define XSTATE_BV 512 /* offset of the header's set of components */
#define FP_XSTATE_MAGIC1 0x46505853u

/* Where the kernel says in a signal frame that more than 512 bytes follow. */
struct frame_note {
    uint32_t magic, extended_size;
    uint64_t components;
    uint32_t xstate_size, padding[7];
};

static uint64_t random_word(struct random *r)
{
    static const uint64_t special[] = {0, 1, ~0ull, 0x7fffffffffffffff, 0x8000000000000000, 0x80, 0xff, 0x8000,
                                       0x3ff0000000000000, 0x3f8000003f800000, 0x7ff0000000000000, 64, 63, 2};
    switch (random_below(r, 4)) {
    case 0:
        return special[random_below(r, ARRAY_SIZE(special))];
    case 1:
        return random_below(r, 256);
    default:
        return random_next(r);
    }
}

static uint64_t pointer(struct random *r, const struct roles *roles)
{
    const uint64_t value = roles->arena - 2048 + random_below(r, 4096);
    return value & (uint64_t)-(int64_t)roles->alignment;
}

static void random_register(struct machine *state, const struct roles *roles, unsigned reg, uintptr_t fs_base,
                            struct random *r)
{
    uint64_t *value = &state->gpr[reg];
    if (reg == RSP)
        *value = ARENA_STACK + (random_below(r, 1024) & (random_one_in(r, 8) ? ~0u : ~7u));
    else if (roles->pointers >> reg & 1)
        *value = pointer(r, roles);
    else if (roles->indices >> reg & 1)
        *value = random_one_in(r, 4) ? (uint64_t)-(int64_t)random_below(r, 16) : random_below(r, 64);
    else if (roles->fs_pointers >> reg & 1)
        *value = pointer(r, roles) - fs_base;
    else
        *value = random_word(r);
    /* Repeat counts are not negative. */
    if (reg == RCX && (roles->indices >> RCX & 1))
        *value = random_below(r, 24);
}

void state_registers(struct machine *state, const struct roles *roles, uint16_t set, uintptr_t fs_base,
                     struct random *r)
{
    for (unsigned reg = 0; reg < REGISTERS; reg++)
        if (set >> reg & 1)
            random_register(state, roles, reg, fs_base, r);
}

/* --- vector and floating-point state -------------------------------------------------------------------------------------- */

static void random_bytes(struct random *r, uint8_t *at, size_t size)
{
    const unsigned kind = random_below(r, 6);
    for (size_t i = 0; i < size; i += 8) {
        uint64_t word = kind == 0 ? 0 : kind == 1 ? random_word(r) : random_next(r);
        if (kind == 2) { /* two small floats */
            const float small[2] = {(float)(int)random_below(r, 100) - 50, (float)random_below(r, 8)};
            memcpy(&word, small, 8);
        } else if (kind == 3) {
            const double value = (double)(int64_t)random_below(r, 1000) / 4 - 100;
            memcpy(&word, &value, 8);
        }
        memcpy(at + i, &word, size - i < 8 ? size - i : 8);
    }
}

static void random_control(struct random *r, uint8_t *image)
{
    const uint16_t x87 = (uint16_t)(0x40 | random_below(r, 4) << 10 | random_below(r, 4) << 8 |
                                    (random_one_in(r, 12) ? random_below(r, 64) : 63));
    const uint32_t mxcsr = random_below(r, 4) << 13 | random_one_in(r, 4) << 15 | random_one_in(r, 4) << 6 |
                           (random_one_in(r, 12) ? random_below(r, 64) << 7 : 0x1f80) | random_below(r, 64);
    /* No exception is pending: flags that are not masked are clear. */
    const uint16_t status = (uint16_t)(random_below(r, 8) << 11 | (random_below(r, 0x8000) & 0x4700));
    memcpy(image, &x87, 2);
    memcpy(image + 2, &status, 2);
    image[4] = (uint8_t)random_next(r); /* tags */
    memcpy(image + 24, &mxcsr, 4);
}

/* Indices of gathers and scatters: small numbers, as words of 32 bits (as 64-bit ones they are large in half). */
static void small_elements(struct random *r, uint8_t *at, size_t size, bool wide)
{
    for (size_t i = 0; i < size; i += 4) {
        const int32_t value = wide && i % 8 ? 0 : (int32_t)random_below(r, 64) & -4;
        memcpy(at + i, &value, 4);
    }
}

static void random_vectors(struct machine *state, const struct roles *roles, struct random *r)
{
    uint8_t *image = state->xsave;
    const bool wide = random_one_in(r, 2);
    for (unsigned i = 0; i < 8; i++)
        random_bytes(r, image + 32 + 16 * i, 10);
    for (unsigned reg = 0; reg < 16; reg++) {
        const bool index = roles->vector_indices <= 1u << reg && reg < 8;
        uint8_t *part[] = {image + 160 + 16 * reg, image + machine_area[2].offset + 16 * reg,
                           image + machine_area[6].offset + 32 * reg};
        for (unsigned p = 0; p < 3; p++) {
            if (p && !machine_area[p == 1 ? 2 : 6].size)
                continue;
            if (index)
                small_elements(r, part[p], p == 2 ? 32 : 16, wide);
            else
                random_bytes(r, part[p], p == 2 ? 32 : 16);
        }
        if (machine_area[7].size) {
            if (reg >= 4 && reg < 8)
                small_elements(r, image + machine_area[7].offset + 64 * reg, 64, wide);
            else
                random_bytes(r, image + machine_area[7].offset + 64 * reg, 64);
        }
    }
    for (unsigned k = 0; k < 8 && machine_area[5].size; k++) {
        const uint64_t mask = random_one_in(r, 4) ? ~0ull : random_next(r) & (random_one_in(r, 3) ? 0xf : ~0ull);
        memcpy(image + machine_area[5].offset + 8 * k, &mask, 8);
    }
}

void state_random(struct machine *state, const struct roles *roles, uintptr_t fs_base, struct random *r)
{
    memset(state, 0, sizeof *state);
    state_registers(state, roles, 0xffff, fs_base, r);
    state->flags = (random_next(r) & 0x8d5) | 0x202 | (random_one_in(r, 6) ? 0x400 : 0);
    random_control(r, state->xsave);
    random_vectors(state, roles, r);
    uint64_t components = machine_components;
    if (random_one_in(r, 6))
        components &= random_next(r) | X_SSE;
    memcpy(state->xsave + XSTATE_BV, &components, 8);
}

void state_fill(uint64_t seed, void *arena)
{
    static uint64_t noise[ARENA_SIZE / 8];
    struct random r = {12345};
    if (!noise[0])
        for (size_t i = 0; i < ARRAY_SIZE(noise); i++)
            noise[i] = random_word(&r);
    /* The same noise for all, begun elsewhere. */
    const size_t shift = seed % ARRAY_SIZE(noise);
    memcpy(arena, noise + shift, sizeof noise - shift * 8);
    memcpy((uint64_t *)arena + ARRAY_SIZE(noise) - shift, noise, shift * 8);
}

/* --- what a signal shows ---------------------------------------------------------------------------------------------------- */

void state_of_context(struct machine *state, const ucontext_t *context)
{
    static const int order[] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
    for (unsigned reg = 0; reg < REGISTERS; reg++)
        state->gpr[reg] = (uint64_t)context->uc_mcontext.gregs[order[reg]];
    state->flags = (uint64_t)context->uc_mcontext.gregs[REG_EFL];
    memset(state->xsave, 0, sizeof state->xsave);
    const uint8_t *image = (const uint8_t *)context->uc_mcontext.fpregs;
    struct frame_note note;
    memcpy(&note, image + 464, sizeof note);
    size_t size = 512;
    if (note.magic == FP_XSTATE_MAGIC1)
        size = note.xstate_size < XSAVE_ROOM ? note.xstate_size : XSAVE_ROOM;
    memcpy(state->xsave, image, size);
}

void state_normalise(struct machine *state)
{
    uint64_t used;
    uint8_t *image = state->xsave;
    memcpy(&used, image + XSTATE_BV, 8);
    used &= machine_components;
    if (!(used & X_X87)) {
        memset(image, 0, 24);
        memset(image + 32, 0, 128);
        image[0] = 0x7f;
        image[1] = 3;
    }
    for (unsigned i = 1; i < 8; i++)
        if (!(used >> i & 1) && machine_area[i].size)
            memset(image + machine_area[i].offset, 0, machine_area[i].size);
    memset(image + 28, 0, 4); /* which bits MXCSR can have */
    for (unsigned i = 0; i < 8; i++)
        memset(image + 32 + 16 * i + 10, 0, 6);
    memset(image + 416, 0, 96);
    memset(image + XSTATE_BV, 0, 64);
}
