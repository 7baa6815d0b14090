/* SPDX-License-Identifier: MIT */
/* How a document becomes bytes. An output format is one table of functions; it lays out what document.h
 * says and decides nothing. */
#ifndef DETECT_CLI_OUTPUT_H
#define DETECT_CLI_OUTPUT_H

#include <stdio.h>

#include "document.h"

struct output {
    FILE *file;
    unsigned width; /* columns of text */
    bool color;
    int section; /* of the finding printed last: enum finding_confidence */
};

struct output_format {
    /* One finding, at once; NULL: the format has no such thing, all is written by `finish`. */
    void (*finding)(struct output *output, const struct doc_finding *finding);
    /* The rest of the document. `quiet`: nothing at all if nothing was found. */
    void (*finish)(struct output *output, const struct document *document, bool quiet);
    /* The table of kinds, or one of them. */
    void (*kinds)(struct output *output, const char *only);
};

extern const struct output_format output_text, output_json;

const struct output_format *output_format(int format); /* enum option_format */
/* Opens FILE of --output (with %p replaced) or takes `fallback`. NULL after a message. */
FILE *output_open(const char *path, int fallback);
/* Widths and colours for where the output goes. */
void output_prepare(struct output *output, FILE *file, int color);
/* Flushes. False after a message that names what could not be written. */
bool output_close(struct output *output, const char *path);

#endif
