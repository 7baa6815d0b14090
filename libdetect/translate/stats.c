/* SPDX-License-Identifier: MIT */
/* Counts for the report. */
#include "translate/translator.h"

void tr_stats(struct tr_stats *stats)
{
    *stats = translator.stats;
    stats->metadata_bytes += map_bytes();
}
