/* SPDX-License-Identifier: MIT */
/* A program that writes over its own code: what runs then is the new code. */
/* LIMITS: jit native-module */
#include <stdint.h>
#include <sys/mman.h>

#include "show.h"

__attribute__((noinline, aligned(64))) int number(void)
{
    __asm__ volatile("");
    return 1;
}

static void *calls(void *arg)
{
    (void)arg;
    return (void *)(long)number();
}

static void show_number(void)
{
    pthread_t thread;
    void *result;
    pthread_create(&thread, NULL, calls, NULL);
    pthread_join(thread, &result);
    show("%d in this thread, %ld in another one", number(), (long)result);
}

/* mov $value, %eax; ret */
static void change(int value)
{
    unsigned char code[] = {0xb8, 0, 0, 0, 0, 0xc3};
    memcpy(code + 1, &value, 4);
    void *page = (void *)((uintptr_t)number & ~4095ul);
    mprotect(page, 8192, PROT_READ | PROT_WRITE | PROT_EXEC);
    memcpy((void *)number, code, sizeof(code));
    mprotect(page, 8192, PROT_READ | PROT_EXEC);
}

int main(void)
{
    show_number();
    for (int i = 2; i < 5; i++) {
        change(i);
        show_number();
    }
    return 0;
}
