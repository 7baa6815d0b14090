/* SPDX-License-Identifier: MIT */
/* What a third thread moves from one pipe to another inside the kernel keeps its order: splice(2) waits for the bytes itself. */
/* EXPECT: race writer/reader on late */
/* TWIN */
#include "hidden.h"

static int from[2], to[2], value, late;

static NOINLINE void *writer(void *none)
{
    value = 1;
    if (IS_TWIN)
        late = 1;
    USE(write(from[1], "x", 1));
    if (!IS_TWIN)
        late = 1;
    hidden_done(1);
    return NULL;
}

static NOINLINE void *mover(void *none)
{
    USE(splice(from[0], NULL, to[1], NULL, 1, 0));
    return NULL;
}

static NOINLINE void *reader(void *none)
{
    char byte;
    USE(read(to[0], &byte, 1));
    hidden_await(1);
    value++;
    late++;
    return NULL;
}

int main(void)
{
    pthread_t threads[3];
    USE(pipe(from));
    USE(pipe(to));
    pthread_create(&threads[0], NULL, reader, NULL);
    pthread_create(&threads[1], NULL, mover, NULL);
    pthread_create(&threads[2], NULL, writer, NULL);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    return 0;
}
