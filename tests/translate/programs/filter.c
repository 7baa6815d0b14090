/* SPDX-License-Identifier: MIT */
/* A program that forbids itself to make memory executable: it goes on, natively from then on. */
/* LIMITS: no-translation */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "show.h"

/* mmap and mprotect with PROT_EXEC: not permitted. */
static void forbid(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mprotect, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    SHOW(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0));
}

static int twice(int value) { return 2 * value; }

static void *computes(void *arg)
{
    long sum = (long)arg;
    for (int i = 0; i < 100000; i++)
        sum = sum * 7 % 1000003 + twice(i % 10);
    return (void *)sum;
}

static void work(void)
{
    pthread_t thread;
    void *result;
    pthread_create(&thread, NULL, computes, (void *)1);
    pthread_join(thread, &result);
    show("%ld", (long)result);
}

int main(void)
{
    become_threaded();
    work();
    forbid();
    SHOW(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    work();
    return 0;
}
