/* SPDX-License-Identifier: MIT */
/* What a granule's two shadow words say, where no extension record is needed: up to two *parts*, each the reads or the writes
 * of some bytes at one tag. Only for files behind race_state.h.
 *
 *   tags   63    32 31     0     each a tag and a kind (race.h); 0: no part. Kind and place tell a write from a read.
 *         |  high  |  low   |
 *   sites   63   62  61     54 53    46 45       23 22      0
 *         |  0 |  0 | bytes high | bytes low | site high | site low |
 *
 * A part lies where its kind lets translated code know most; which place that is means nothing else. */
#ifndef DETECT_ANALYSIS_RACE_WORDS_H
#define DETECT_ANALYSIS_RACE_WORDS_H

#include "analysis/hb.h"
#include "analysis/site.h"

#define SITES_IN_CELLS (1ull << 63)
#define WORD_SITE_BITS 23

_Static_assert(SITE_MOST < 1u << WORD_SITE_BITS, "sites fit");

enum { LOW, HIGH };

/* Of all writes, or of all reads, of some bytes at one tag. */
struct part {
    uint32_t tag;
    race_site site;
    uint8_t mask; /* bit i: byte i; 0: there is none */
    bool writes;
};

static inline uint32_t word_at(uint64_t tags, unsigned place) { return (uint32_t)(tags >> place * 32); }
static inline uint64_t word_tags(uint32_t low, uint32_t high) { return (uint64_t)high << 32 | low; }
static inline race_site word_site(uint64_t sites, unsigned place)
{
    return (race_site)(sites >> place * WORD_SITE_BITS & ((1u << WORD_SITE_BITS) - 1));
}
static inline uint8_t word_bytes(uint64_t sites, unsigned place) { return (uint8_t)(sites >> (46 + 8 * place)); }
static inline uint64_t word_sites(race_site low, uint8_t low_bytes, race_site high, uint8_t high_bytes)
{
    return (uint64_t)high_bytes << 54 | (uint64_t)low_bytes << 46 | (uint64_t)high << WORD_SITE_BITS | low;
}
static inline bool word_writes(uint32_t word, unsigned place)
{
    return word & ~RACE_TAG_MASK ? word & RACE_HALF_WRITTEN : place == LOW;
}

/* What there is are a write and a read of all 8 bytes. */
static inline bool words_are_whole(uint64_t tags, uint64_t sites)
{
    return !((tags & ((uint64_t)~RACE_TAG_MASK << 32 | ~RACE_TAG_MASK)) | (sites & SITES_IN_CELLS));
}
/* The number of the first record, 0: the words say it all. */
static inline uint32_t words_head(uint64_t sites) { return sites & SITES_IN_CELLS ? (uint32_t)sites : 0; }

static ALWAYS_INLINE struct part words_part(uint64_t tags, uint64_t sites, unsigned place)
{
    uint32_t word = word_at(tags, place);
    return (struct part){.tag = word & RACE_TAG_MASK,
                         .site = word_site(sites, place),
                         .mask = word ? word_bytes(sites, place) : 0,
                         .writes = word_writes(word, place)};
}

/* Where the part says most; HIGH + 1: it says nothing anywhere. */
static ALWAYS_INLINE unsigned part_home(const struct part *part)
{
    if (part->mask == 0xff)
        return part->writes ? LOW : HIGH;
    return (part->mask & 0x0f) == 0x0f ? LOW : (part->mask & 0xf0) == 0xf0 ? HIGH : HIGH + 1;
}

static ALWAYS_INLINE uint32_t part_word(const struct part *part, unsigned place)
{
    const uint8_t half = place == LOW ? 0x0f : 0xf0;
    if (!part->mask)
        return 0;
    if (part->mask == 0xff && part->writes == (place == LOW))
        return part->tag;
    if (part->mask == 0xff && !part->writes)
        return part->tag | RACE_WHOLE_READ;
    if ((part->mask & half) == half)
        return part->tag | (part->writes ? RACE_HALF_WRITTEN : RACE_HALF_READ);
    return part->tag | (part->writes ? RACE_PART_WRITTEN : RACE_PART_READ);
}

/* The words for two parts; the place is the first one's choice. Returns the tags. */
static ALWAYS_INLINE uint64_t words_of_parts(const struct part *first, const struct part *second, uint64_t *sites)
{
    unsigned home = part_home(first);
    if (home > HIGH)
        home = second->mask && part_home(second) == LOW ? HIGH : LOW;
    const struct part *low = home == LOW ? first : second, *high = home == LOW ? second : first;
    *sites = word_sites(low->mask ? low->site : 0, low->mask, high->mask ? high->site : 0, high->mask);
    return word_tags(part_word(low, LOW), part_word(high, HIGH));
}

#endif
