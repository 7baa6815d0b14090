/* SPDX-License-Identifier: MIT */
/* Report files as input: finds them, reads them (also while they grow) into the model, and says what is
 * wrong with them. Used by run.c and report.c. */
#ifndef DETECT_CLI_INPUTS_H
#define DETECT_CLI_INPUTS_H

#include "model.h"
#include "reader.h"

struct input {
    const char *path;
    struct raw_process *process;
    struct reader reader;
    int error;  /* of the last read, 0 or -errno */
    bool newer; /* written by a newer version */
};

struct inputs {
    struct model *model;
    struct input **list;
    size_t count, capacity;
};

void inputs_init(struct inputs *inputs, struct model *model);
void inputs_free(struct inputs *inputs);
/* A file once; a second time it is the same input. */
struct input *inputs_add(struct inputs *inputs, const char *path);
/* All report files in a directory; returns how many are new, or -errno. */
int inputs_add_directory(struct inputs *inputs, const char *path);
/* By its name. */
bool input_is_report(const char *name);
/* Takes what the file has gained since. With `final`, its end as well. */
void input_read(struct inputs *inputs, struct input *input, bool final);
/* One plain sentence on what is wrong with the file, or NULL. Only after the final read. */
const char *input_complaint(struct inputs *inputs, const struct input *input);
/* Whether that complaint is only that the process ended while it wrote its last record. */
bool input_only_cut(const struct input *input);

#endif
