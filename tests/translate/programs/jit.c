/* SPDX-License-Identifier: MIT */
/* Code that is made at run time, written over, moved and given back, and calls functions of the program. */
/* LIMITS: jit */
#include <sys/mman.h>

#include "show.h"

typedef int code_t(int);

static int twice(int value) { return 2 * value; }

/* sub $8, %rsp; movabs $function, %rax; call *%rax; add $8, %rsp; add $constant, %eax; ret */
static void generate(unsigned char *code, int (*function)(int), int constant)
{
    unsigned char bytes[] = {0x48, 0x83, 0xec, 0x08, 0x48, 0xb8, 0, 0, 0,    0,    0,    0,    0,    0,   0xff,
                             0xd0, 0x48, 0x83, 0xc4, 0x08, 0x05, 0, 0, 0,    0,    0xc3};
    memcpy(bytes + 6, &function, 8);
    memcpy(bytes + 21, &constant, 4);
    memcpy(code, bytes, sizeof(bytes));
}

static void *runs(void *arg)
{
    long sum = 0;
    for (int i = 0; i < 1000; i++)
        sum += ((code_t *)arg)(i);
    return (void *)sum;
}

static void run_in_thread(void *code)
{
    pthread_t thread;
    void *sum;
    pthread_create(&thread, NULL, runs, code);
    pthread_join(thread, &sum);
    show("%ld", (long)sum);
}

int main(void)
{
    become_threaded();
    unsigned char *both = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    generate(both, twice, 5);
    run_in_thread(both);
    generate(both, twice, 6); /* the same place */
    run_in_thread(both);
    munmap(both, 4096);
    unsigned char *turns = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < 20; i++) {
        mprotect(turns, 4096, PROT_READ | PROT_WRITE);
        generate(turns, twice, i);
        mprotect(turns, 4096, PROT_READ | PROT_EXEC);
        if (i % 10 == 9)
            run_in_thread(turns);
    }
    unsigned char *moved = mremap(turns, 4096, 8192, MREMAP_MAYMOVE);
    run_in_thread(moved);
    munmap(moved, 8192);
    return 0;
}
