/* SPDX-License-Identifier: MIT */
/* A raw futex is woken by another process; then main waits for a semaphore of its own. */
/* STUCK */
/* EXPECT: hang main on s */
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "unseen.h"

static sem_t s;

int main(void)
{
    int status;
    int *word = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    sem_init(&s, 0, 0);
    pid_t child = fork();
    if (child == 0) {
        nap(1500);
        __atomic_store_n(word, 1, __ATOMIC_SEQ_CST);
        syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
        _exit(0);
    }
    while (!__atomic_load_n(word, __ATOMIC_SEQ_CST))
        syscall(SYS_futex, word, FUTEX_WAIT, 0, NULL, NULL, 0);
    sem_wait(&s);
    return waitpid(child, &status, 0) != child || status;
}
