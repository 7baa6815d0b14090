/* SPDX-License-Identifier: MIT */
/* The kinds of findings and how sure each is (the contract with the user). */
#ifndef DETECT_ANALYSIS_KINDS_H
#define DETECT_ANALYSIS_KINDS_H

enum finding_group { GROUP_RACE, GROUP_DEADLOCK, GROUP_MISUSE, GROUP_NOTE };

enum finding_kind {
#define KIND(id, name, group, line, text) KIND_##id,
#include "analysis/kinds.def"
#undef KIND
    KIND_COUNT
};

enum finding_confidence {
    CONFIDENCE_CERTAIN,   /* it happened, or happens-before shows it */
    CONFIDENCE_PREDICTED, /* another order of the same events does it */
    CONFIDENCE_POSSIBLE,  /* needs an assumption that the binary cannot prove */
    CONFIDENCE_NOTE,      /* legal; never counted */
    CONFIDENCE_COUNT
};

#endif
