/* SPDX-License-Identifier: MIT */
/* A snippet under construction: bytes, labels, plain instructions, and pieces of control flow made of them. */
#ifndef DETECT_TESTS_TRANSLATE_BUILDER_H
#define DETECT_TESTS_TRANSLATE_BUILDER_H

#include "snippet.h"

#define MAX_LABELS 200
#define MAX_FIXUPS 200
#define MAX_FUNCTIONS 6

struct fixup {
    uint16_t at;
    uint8_t size; /* 1, 4: relative to its end; 8: absolute; 6: likewise, four bytes; 5: four bytes relative to `base` */
    uint8_t label, base;
};

struct builder {
    struct snippet *s;
    struct random *r;
    struct roles roles;
    uint16_t protected;    /* registers that plain instructions must leave alone */
    uint32_t start, at;    /* offsets in the slot */
    bool full;
    uint16_t label[MAX_LABELS];
    unsigned labels, fixups;
    struct fixup fixup[MAX_FIXUPS];
    unsigned counters;
    uint8_t function[MAX_FUNCTIONS]; /* labels of functions that are still to be made */
    uint8_t pops[MAX_FUNCTIONS]; /* bytes of arguments that they remove; by label in function[] */
    unsigned functions, functions_made;
    bool calls;            /* the stack holds return addresses: no other use of it */
};

extern uint16_t (*choose_mnemonic)(struct random *);

void put(struct builder *b, const void *bytes, size_t n);
void put8(struct builder *b, unsigned value);
void put32(struct builder *b, uint32_t value);
#define PUT(b, ...) put(b, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))
uintptr_t here(const struct builder *b);

uint8_t new_label(struct builder *b);
void set_label(struct builder *b, uint8_t label);
/* `size` as in struct fixup. */
void put_fixup(struct builder *b, uint8_t label, uint8_t size, uint8_t base);
void put_relative(struct builder *b, uint8_t label, bool small);
void apply_fixups(struct builder *b);

/* A random instruction that fits a block; up to `max` of them. */
void put_plain(struct builder *b);
void put_plains(struct builder *b, unsigned max);
const struct form *random_form(struct random *r);
bool is_repeated(const struct instruction *i);
bool has_wild_bit_offset(const struct instruction *i, uint16_t indices);
void note(struct snippet *s, const struct instruction *i);

/* A plain instruction, or a piece of control flow. */
void put_item(struct builder *b);
/* A function that is called and not yet made; 255: none is left. */
uint8_t some_function(struct builder *b);
uint8_t function_pops(const struct builder *b, uint8_t label);
void put_jump(struct builder *b, uint8_t label);
void put_push(struct builder *b, unsigned reg);
void put_pop(struct builder *b, unsigned reg);

#endif
