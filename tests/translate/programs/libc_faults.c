/* SPDX-License-Identifier: MIT */
/* CFLAGS: -O0 -fno-builtin -lm */
/* Calls of libc with pointers that lead nowhere: the fault is libc's, at the address that the pointer says, and a handler that
 * jumps out finds everything as it should be. Callbacks that jump out of libc, and cancellation inside it. errno is libc's. */
#include <errno.h>
#include <fcntl.h>
#include <iconv.h>
#include <math.h>
#include <search.h>
#include <setjmp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <wchar.h>

#include "show.h"

static sigjmp_buf back;
static void *volatile fault;
static volatile long used;
static char *nowhere; /* a page that cannot be read, behind one that can */
static char *end;     /* the last bytes before it */

static void faulted(int signo, siginfo_t *info, void *context)
{
    (void)context;
    fault = info->si_addr;
    siglongjmp(back, signo);
}

static long offset(void)
{
    char *at = fault;
    return at >= nowhere - 64 && at < nowhere + 4096 ? (at - nowhere) / 64 : (long)at;
}

#define FAULTS(call)                                                          \
    do {                                                                      \
        fault = NULL;                                                         \
        int signo = sigsetjmp(back, 1);                                       \
        if (signo == 0)                                                       \
            used = (long)(call);                                              \
        show("%s: signal %d at %ld", #call, signo, signo ? offset() : 0);     \
    } while (0)

#define FAILS(call)                                                           \
    do {                                                                      \
        errno = 0;                                                            \
        long result = (long)(call);                                           \
        show("%s: %ld, error %d", #call, result, errno);                      \
    } while (0)

static int jumps(const void *a, const void *b)
{
    (void)a, (void)b;
    siglongjmp(back, 77);
}

static void *waits(void *arg)
{
    char byte;
    read((int)(long)arg, &byte, 1);
    return NULL;
}

static void *calls(void *unused)
{
    struct sigaction act = {.sa_sigaction = faulted, .sa_flags = SA_SIGINFO | SA_NODEFER};
    char text[100] = "text", *volatile none = NULL, *volatile wild = (char *)0x8000000000000000;
    sigaction(SIGSEGV, &act, NULL);
    sigaction(SIGBUS, &act, NULL);
    memset(end, 'x', 8);
    FAULTS(strlen(none));
    FAULTS(strlen(end));
    FAULTS(strlen(wild));
    FAULTS(strcpy(text, none));
    FAULTS(strcpy(text, nowhere));
    FAULTS(strcmp(text, none));
    FAULTS(strchr(none, 'x'));
    FAULTS(strdup(nowhere));
    FAULTS(wcslen((wchar_t *)nowhere));
    FAULTS(atoi(none));
    FAULTS(puts(nowhere));
    FAULTS(snprintf(text, 100, "%s", (char *)8));
    FAULTS(snprintf(text, 100, "%s", wild));
    FAULTS(snprintf(text, 100, nowhere));
    FAULTS(frexp(1.5, (int *)nowhere));
    FAULTS(gmtime_r((time_t *)nowhere, NULL));
    FAULTS((qsort(text, 4, 1, jumps), 0));
    FAULTS(lfind(text, nowhere, &(size_t){1}, 1, jumps));
    int device = open("/dev/zero", O_RDWR), pair[2];
    FAILS(read(device, nowhere, 10));
    FAILS(write(device, none, 10));
    FAILS(readv(device, (struct iovec *)nowhere, 1));
    FAILS(writev(device, &(struct iovec){nowhere, 10}, 1));
    FAILS(stat(nowhere, (struct stat *)text));
    FAILS(stat("/", (struct stat *)nowhere));
    FAILS(open(none, O_RDONLY));
    socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
    FAILS(sendmsg(pair[0], NULL, 0));
    FAILS(recvmsg(pair[0], (struct msghdr *)nowhere, MSG_DONTWAIT));
    FAILS(nanosleep((struct timespec *)nowhere, NULL));
    FAILS(strtol("99999999999999999999", NULL, 10));
    FAILS(fopen("/nothing/there", "r"));
    pthread_t thread;
    void *result;
    int ends[2];
    pipe(ends);
    pthread_create(&thread, NULL, waits, (void *)(long)ends[0]);
    pthread_cancel(thread);
    pthread_join(thread, &result);
    show("cancelled %d", result == PTHREAD_CANCELED);
    return unused;
}

int main(void)
{
    char *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pthread_t thread;
    nowhere = pages + 4096;
    end = nowhere - 8;
    mprotect(nowhere, 4096, PROT_NONE);
    pthread_create(&thread, NULL, calls, NULL);
    pthread_join(thread, NULL);
    show("second time");
    pthread_create(&thread, NULL, calls, NULL);
    pthread_join(thread, NULL);
    return 0;
}
