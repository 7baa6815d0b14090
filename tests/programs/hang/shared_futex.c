/* SPDX-License-Identifier: MIT */
/* A futex word in private memory, waited for without FUTEX_PRIVATE_FLAG: no other process can wake it. */
/* EXPECT: hang main */
/* STUCK */
#include <linux/futex.h>
#include <sys/mman.h>

#include "unseen.h"

#define MAPPING MAP_PRIVATE

int main(void)
{
    int *word = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAPPING | MAP_ANONYMOUS, -1, 0);
    if (fork() == 0) {
        nap(1200);
        *word = 1;
        syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
        _exit(0);
    }
    while (__atomic_load_n(word, __ATOMIC_SEQ_CST) == 0)
        syscall(SYS_futex, word, FUTEX_WAIT, 0, NULL, NULL, 0);
    return 0;
}
