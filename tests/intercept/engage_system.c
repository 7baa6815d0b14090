/* SPDX-License-Identifier: MIT */
/* Memory that goes with a lock in it, handlers that take locks, masks that make them right, ends of the process,
 * annotated locks: each made through one function. `engage_system NAME` does it, `engage_system` lists names and the
 * kind of finding that must come of it, or "nothing" where the function makes the program right. */
#include <dlfcn.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define USR1_BIT (1 << (SIGUSR1 - 1))

sighandler_t bsd_signal(int, sighandler_t); /* no header declares it any more */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

/* --- memory --------------------------------------------------------------------------------------- */

static void lock_in(void *memory)
{
    pthread_mutex_init(memory, NULL);
    pthread_mutex_lock(memory);
}

static void *block(void)
{
    char *memory = malloc(4096);
    lock_in(memory + 1024);
    return memory;
}

static char *mapping(void)
{
    char *memory = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    lock_in(memory + 32768);
    return memory;
}

static void by_free(void) { free(block()); }
static void by_realloc_growing(void) { free(realloc(block(), 1 << 20)); }
static void by_realloc_shrinking(void) { free(realloc(block(), 100)); }
static void by_reallocarray(void) { free(reallocarray(block(), 1024, 1024)); }
static void by_munmap(void) { munmap(mapping(), 65536); }
static void by_munmap_of_a_part(void) { munmap(mapping() + 32768, 4096); }
static void by_mmap(void)
{
    mmap(mapping(), 65536, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}
static void by_mremap(void)
{
    char *memory = mapping();
    mmap(memory + 65536, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mremap(memory, 65536, 4096, 0);
}
static void by_nothing_of_memory(void)
{
    char *memory = mapping();
    pthread_mutex_unlock((pthread_mutex_t *)(memory + 32768));
    munmap(memory, 65536);
    memory = block();
    memory = realloc(memory, 2000);
    pthread_mutex_unlock((pthread_mutex_t *)(memory + 1024));
    free(memory);
}

/* The library lies next to this program. */
static void *load(void)
{
    char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 32);
    path[length > 0 ? length : 0] = '\0';
    char *slash = strrchr(path, '/');
    strcpy(slash ? slash + 1 : path, "libengage_plugin.so");
    void *library = dlopen(path, RTLD_NOW);
    if (!library)
        exit(2);
    pthread_mutex_lock(dlsym(library, "engage_plugin_mutex"));
    return library;
}
static void by_dlclose(void) { dlclose(load()); }
static void by_dlclose_that_unloads_nothing(void)
{
    void *library = load();
    pthread_mutex_unlock(dlsym(library, "engage_plugin_mutex"));
    load();
    dlclose(library);
    pthread_mutex_unlock(dlsym(library, "engage_plugin_mutex"));
}

/* --- handlers that take a lock ------------------------------------------------------------------------ */

static void take(int signo)
{
    (void)signo;
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
}

/* First the handler, then ordinary code with the signal as it is. */
static void use(void)
{
    raise(SIGUSR1);
    take(0);
}

static void by_sigaction(void)
{
    struct sigaction act = {.sa_handler = take};
    sigaction(SIGUSR1, &act, NULL);
    use();
}
static void by_signal(void) { signal(SIGUSR1, take); use(); }
static void by_bsd_signal(void) { bsd_signal(SIGUSR1, take); use(); }
static void by_ssignal(void) { ssignal(SIGUSR1, take); use(); }
static void by_sigset(void) { sigset(SIGUSR1, take); use(); }

static void block_usr1(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void prepare(void)
{
    signal(SIGUSR1, take);
    raise(SIGUSR1);
}
static void by_pthread_sigmask(void) { prepare(); block_usr1(); take(0); }
static void by_sigprocmask(void)
{
    sigset_t set;
    sigfillset(&set);
    prepare();
    sigprocmask(SIG_SETMASK, &set, NULL);
    take(0);
}
static void by_sighold(void) { prepare(); sighold(SIGUSR1); take(0); }
static void by_sigrelse(void) { prepare(); sighold(SIGUSR1); sigrelse(SIGUSR1); take(0); }
static void by_sigblock(void) { prepare(); sigblock(USR1_BIT); take(0); }
static void by_sigsetmask(void) { prepare(); sigsetmask(USR1_BIT); take(0); }

static sigjmp_buf out;
static void by_siglongjmp(void)
{
    sigset_t none;
    sigemptyset(&none);
    prepare();
    block_usr1();
    if (sigsetjmp(out, 1) == 0) {
        pthread_sigmask(SIG_SETMASK, &none, NULL);
        siglongjmp(out, 1);
    }
    take(0); /* blocked again */
}
static void by_siglongjmp_that_unblocks(void)
{
    prepare();
    if (sigsetjmp(out, 1) == 0) {
        block_usr1();
        siglongjmp(out, 1);
    }
    take(0);
}

static ucontext_t here, there;
static char stack[65536];
static void elsewhere(void) { take(0); }
static void by_swapcontext(void)
{
    prepare();
    getcontext(&there);
    there.uc_stack.ss_sp = stack;
    there.uc_stack.ss_size = sizeof(stack);
    there.uc_link = &here;
    sigaddset(&there.uc_sigmask, SIGUSR1);
    makecontext(&there, elsewhere, 0);
    swapcontext(&here, &there);
}
static void by_setcontext(void)
{
    static volatile int again;
    prepare();
    getcontext(&here);
    if (again++)
        take(0);
    else {
        sigaddset(&here.uc_sigmask, SIGUSR1);
        setcontext(&here);
    }
}

/* --- ends ------------------------------------------------------------------------------------------------ */

static void by_exit(void) { pthread_mutex_lock(&mutex); exit(0); }
static void by__exit(void) { pthread_mutex_lock(&mutex); _exit(0); }
static void by__Exit(void) { pthread_mutex_lock(&mutex); _Exit(0); }
static void by_quick_exit(void) { pthread_mutex_lock(&mutex); quick_exit(0); }
static void by_exit_group(void) { pthread_mutex_lock(&mutex); syscall(SYS_exit_group, 0); }
static void by_return(void) { pthread_mutex_lock(&mutex); }

/* --- annotated locks: one order, then the other, in threads that nothing orders ------------------------------ */

void __tsan_mutex_pre_lock(void *, unsigned) __attribute__((weak));
void __tsan_mutex_post_lock(void *, unsigned, int) __attribute__((weak));
int __tsan_mutex_pre_unlock(void *, unsigned) __attribute__((weak));
void __tsan_mutex_post_unlock(void *, unsigned) __attribute__((weak));
void AnnotateRWLockAcquired(const char *, int, const volatile void *, long) __attribute__((weak));
void AnnotateRWLockReleased(const char *, int, const volatile void *, long) __attribute__((weak));

static int words[2], turn;

static void tsan_lock(int *word)
{
    if (!__tsan_mutex_pre_lock)
        return;
    __tsan_mutex_pre_lock(word, 0);
    take(0); /* part of the implementation */
    __tsan_mutex_post_lock(word, 0, 0);
}
static void tsan_unlock(int *word)
{
    if (!__tsan_mutex_pre_unlock)
        return;
    __tsan_mutex_pre_unlock(word, 0);
    take(0);
    __tsan_mutex_post_unlock(word, 0);
}
static void annotated_lock(int *word)
{
    if (AnnotateRWLockAcquired)
        AnnotateRWLockAcquired(__FILE__, __LINE__, word, 1);
}
static void annotated_unlock(int *word)
{
    if (AnnotateRWLockReleased)
        AnnotateRWLockReleased(__FILE__, __LINE__, word, 1);
}

static void (*lock)(int *), (*unlock)(int *);
static void *both(void *arg)
{
    long first = (long)arg;
    while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) != first)
        sched_yield();
    lock(&words[first]);
    lock(&words[!first]);
    unlock(&words[!first]);
    unlock(&words[first]);
    __atomic_store_n(&turn, 1, __ATOMIC_RELEASE);
    return NULL;
}
static void two_orders(void)
{
    pthread_t threads[2];
    for (long i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, both, (void *)i);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
}
static void by_tsan_mutex(void) { lock = tsan_lock, unlock = tsan_unlock; two_orders(); }
static void by_annotated_rwlock(void) { lock = annotated_lock, unlock = annotated_unlock; two_orders(); }

#define CASE(name, kind) {#name, kind, by_##name}

static const struct {
    const char *name, *kind;
    void (*run)(void);
} cases[] = {
    CASE(free, "free-locked"),
    CASE(realloc_growing, "free-locked"),
    CASE(realloc_shrinking, "free-locked"),
    CASE(reallocarray, "free-locked"),
    CASE(munmap, "free-locked"),
    CASE(munmap_of_a_part, "free-locked"),
    CASE(mmap, "free-locked"),
    CASE(mremap, "free-locked"),
    CASE(nothing_of_memory, "nothing"),
    CASE(dlclose, "free-locked"),
    CASE(dlclose_that_unloads_nothing, "nothing"),
    CASE(sigaction, "lock-in-signal-handler"),
    CASE(signal, "lock-in-signal-handler"),
    CASE(bsd_signal, "lock-in-signal-handler"),
    CASE(ssignal, "lock-in-signal-handler"),
    CASE(sigset, "lock-in-signal-handler"),
    CASE(sigrelse, "lock-in-signal-handler"),
    CASE(siglongjmp_that_unblocks, "lock-in-signal-handler"),
    CASE(pthread_sigmask, "nothing"),
    CASE(sigprocmask, "nothing"),
    CASE(sighold, "nothing"),
    CASE(sigblock, "nothing"),
    CASE(sigsetmask, "nothing"),
    CASE(siglongjmp, "nothing"),
    CASE(swapcontext, "nothing"),
    CASE(setcontext, "nothing"),
    CASE(exit, "exit-holding-lock"),
    CASE(_exit, "exit-holding-lock"),
    CASE(_Exit, "exit-holding-lock"),
    CASE(quick_exit, "exit-holding-lock"),
    CASE(exit_group, "exit-holding-lock"),
    CASE(return, "exit-holding-lock"),
    CASE(tsan_mutex, "lock-order"),
    CASE(annotated_rwlock, "lock-order"),
};

int main(int argc, char **argv)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (argc < 2)
            printf("%s %s\n", cases[i].name, cases[i].kind);
        else if (strcmp(argv[1], cases[i].name) == 0)
            cases[i].run();
    }
    return 0;
}
