/* SPDX-License-Identifier: MIT */
/* A browser's thread object: the new thread uses the pointer to itself before its creator has stored it. */
/* EXPECT: race create/main_of_thread on thread_object */
/* TWIN */
#include "hidden.h"

static struct thread_object {
    int state;
} *thread_object;
static pthread_t handle;

static NOINLINE void *main_of_thread(void *argument)
{
    hidden_await(1);
    struct thread_object *self = IS_TWIN ? argument : thread_object;
    self->state = 1;
    return NULL;
}

static NOINLINE void create(void)
{
    struct thread_object *object = calloc(1, sizeof *object);
    handle = start(main_of_thread, object);
    thread_object = object;
    hidden_done(1);
}

int main(void)
{
    create();
    join(handle);
    return thread_object->state != 1;
}
