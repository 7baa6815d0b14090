/* SPDX-License-Identifier: MIT */
/* Calls about signals that were bound past us: libraries opened with RTLD_DEEPBIND, pointers from dlsym(libc). In a
 * translated program they must not reach the kernel as they are (runtime/signals.h), so translated code that calls libc's
 * function gets to ours. Native callers are not affected. */
#include <dlfcn.h>

#include "intercept/redirect.h"
#include "intercept/signal_saved.h"

static const char *const names[] = {
    "sigaction", "signal", "sysv_signal", "sigset", "siginterrupt", "sigignore", "sigaltstack",
    "sigprocmask", "pthread_sigmask", "sighold", "sigrelse", "sigblock", "sigsetmask",
    "sigsuspend", "ppoll", "__ppoll_chk", "pselect", "epoll_pwait", "epoll_pwait2",
    "sigpending", "sigwait", "sigwaitinfo", "sigtimedwait",
    "siglongjmp", "__longjmp_chk", "setcontext", "swapcontext",
    "pthread_create", "pthread_cancel", "timer_create", "syscall",
    "posix_spawn", "posix_spawnp", "execve", "execvpe", "system", "popen",
};

/* This library, whatever the program defines itself. */
static void *own_handle(void)
{
    Dl_info info;
    return dladdr((void *)(uintptr_t)own_handle, &info) ? dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD) : NULL;
}

/* The next function behind ours is libc's, unless another library interposes it too: that one is translated, and calls
 * on. */
void bound_take_over(void)
{
    void *own = own_handle();
    for (size_t i = 0; own && i < ARRAY_LEN(names); i++) {
        void *ours = dlsym(own, names[i]), *next = dlsym(RTLD_NEXT, names[i]);
        if (ours && next && ours != next)
            redirect_native((uintptr_t)next, (uintptr_t)ours);
    }
    dlerror(); /* the program must not find our failures in its own dlerror() */
}
