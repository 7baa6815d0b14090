/* SPDX-License-Identifier: MIT */
/* Signals: queued while the detector works, delivered unchanged when it is left; actions as the program set them. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "in_process.h"

static volatile sig_atomic_t calls;
static siginfo_t last_info;
static int values[200];

static void count_call(int signo, siginfo_t *info, void *context)
{
    (void)signo, (void)context;
    last_info = *info;
    if (calls < (int)ARRAY_LEN(values))
        values[calls] = info->si_value.sival_int;
    calls++;
}

static void install(int signo, int flags)
{
    struct sigaction action = {.sa_sigaction = count_call, .sa_flags = SA_SIGINFO | flags};
    assert_int_equal(signals_action(signo, &action, NULL), 0);
    calls = 0;
}

static void remove_handler(int signo)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    assert_int_equal(signals_action(signo, &action, NULL), 0);
}

static void at_once_in_the_program(void **state)
{
    (void)state;
    install(SIGUSR1, 0);
    raise(SIGUSR1);
    assert_int_equal(calls, 1);
    remove_handler(SIGUSR1);
}

static void later_in_the_detector(void **state)
{
    (void)state;
    install(SIGUSR1, 0);
    struct self *self = self_enter();
    assert_non_null(self);
    raise(SIGUSR1);
    raise(SIGUSR1); /* pending once, as in the kernel */
    assert_int_equal(calls, 0);
    self_leave(self);
    assert_int_equal(calls, 1);
    assert_false(self->pending);
    remove_handler(SIGUSR1);
}

/* More than the queue holds: the rest waits in the kernel. None is lost, the order stays. */
static void realtime_signals_as_often_as_sent(void **state)
{
    (void)state;
    int signo = SIGRTMIN + 3;
    install(signo, 0);
    struct self *self = self_enter();
    for (int i = 0; i < 150; i++)
        assert_int_equal(sigqueue(getpid(), signo, (union sigval){.sival_int = i}), 0);
    assert_int_equal(calls, 0);
    self_leave(self);
    assert_int_equal(calls, 150);
    bool seen[150] = {false};
    for (int i = 0; i < 150; i++) {
        assert_false(seen[values[i]]);
        seen[values[i]] = true;
    }
    remove_handler(signo);
}

static void the_same_information(void **state)
{
    (void)state;
    install(SIGUSR2, 0);
    struct self *self = self_enter();
    sigqueue(getpid(), SIGUSR2, (union sigval){.sival_int = 4242});
    self_leave(self);
    assert_int_equal(calls, 1);
    assert_int_equal(last_info.si_signo, SIGUSR2);
    assert_int_equal(last_info.si_code, SI_QUEUE);
    assert_int_equal(last_info.si_pid, getpid());
    assert_int_equal(last_info.si_value.sival_int, 4242);
    remove_handler(SIGUSR2);
}

static void the_mask_is_as_before(void **state)
{
    (void)state;
    sigset_t before, after, rt;
    int signo = SIGRTMIN + 4;
    install(signo, 0);
    sigemptyset(&rt);
    sigaddset(&rt, SIGHUP);
    sigprocmask(SIG_BLOCK, &rt, &before);
    sigprocmask(SIG_SETMASK, NULL, &before);
    struct self *self = self_enter();
    for (int i = 0; i < 50; i++)
        raise(signo);
    self_leave(self);
    sigprocmask(SIG_SETMASK, NULL, &after);
    assert_memory_equal(&before, &after, 8);
    sigprocmask(SIG_UNBLOCK, &rt, NULL);
    remove_handler(signo);
}

static void handler_that_changes_errno(int signo)
{
    (void)signo;
    calls++;
    errno = ERANGE;
}

/* The detector's part leaves errno alone, the program's handler may do as it likes. */
static void errno_is_the_programs(void **state)
{
    (void)state;
    install(SIGUSR1, 0);
    errno = EDOM;
    struct self *self = self_enter();
    raise(SIGUSR1);
    self_leave(self);
    assert_int_equal(errno, EDOM);
    struct sigaction action = {.sa_handler = handler_that_changes_errno};
    signals_action(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    assert_int_equal(errno, ERANGE);
    remove_handler(SIGUSR1);
}

static void old_actions_are_the_programs(void **state)
{
    (void)state;
    struct sigaction first = {.sa_handler = handler_that_changes_errno, .sa_flags = SA_RESTART | SA_RESETHAND};
    struct sigaction old;
    sigaddset(&first.sa_mask, SIGHUP);
    assert_int_equal(signals_action(SIGUSR1, &first, NULL), 0);
    assert_int_equal(signals_action(SIGUSR1, NULL, &old), 0);
    assert_ptr_equal(old.sa_handler, handler_that_changes_errno);
    assert_int_equal((unsigned)old.sa_flags & (SA_RESTART | SA_RESETHAND | SA_SIGINFO),
                     SA_RESTART | SA_RESETHAND);
    assert_true(sigismember(&old.sa_mask, SIGHUP));
    remove_handler(SIGUSR1);
    assert_int_equal(signals_action(SIGUSR1, NULL, &old), 0);
    assert_ptr_equal(old.sa_handler, SIG_DFL);
    /* The same object in and out, as the manual allows. */
    struct sigaction both = first;
    assert_int_equal(signals_action(SIGUSR1, &both, &both), 0);
    assert_ptr_equal(both.sa_handler, SIG_DFL);
    remove_handler(SIGUSR1);
}

static void one_shot_handlers(void **state)
{
    (void)state;
    struct sigaction old;
    install(SIGCHLD, (int)SA_RESETHAND); /* ignored afterwards */
    struct self *self = self_enter();
    raise(SIGCHLD);
    signals_action(SIGCHLD, NULL, &old);
    assert_ptr_equal(old.sa_sigaction, count_call); /* queued, not run */
    self_leave(self);
    assert_int_equal(calls, 1);
    signals_action(SIGCHLD, NULL, &old);
    assert_ptr_equal(old.sa_handler, SIG_DFL);
    raise(SIGCHLD);
    assert_int_equal(calls, 1);
}

static void wrong_arguments_are_refused(void **state)
{
    (void)state;
    struct sigaction action = {.sa_handler = handler_that_changes_errno};
    static const int bad[] = {0, -1, 65, 1000, SIGKILL, SIGSTOP, 32, 33};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        errno = 0;
        assert_int_equal(signals_action(bad[i], &action, NULL), -1);
        assert_int_equal(errno, EINVAL);
    }
}

static sigjmp_buf out;

static void jump_out(int signo)
{
    (void)signo;
    siglongjmp(out, 1);
}

/* A bad pointer in a real call: the handler runs at once, and may leave. */
static void faults_are_never_queued(void **state)
{
    (void)state;
    struct sigaction action = {.sa_handler = jump_out, .sa_flags = SA_NODEFER};
    signals_action(SIGSEGV, &action, NULL);
    volatile char *nothing = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < 3; i++)
        if (sigsetjmp(out, 1) == 0) {
            assert_non_null(self_enter());
            *nothing = 1;
            fail();
        }
    struct self *self = self_enter();
    assert_non_null(self); /* not inside for ever */
    self_leave(self);
    munmap((void *)(uintptr_t)nothing, 4096);
    remove_handler(SIGSEGV);
}

static void handlers_left_by_jump(void **state)
{
    (void)state;
    struct sigaction action = {.sa_handler = jump_out};
    signals_action(SIGUSR1, &action, NULL);
    for (int i = 0; i < 40; i++) /* more than can be nested */
        if (sigsetjmp(out, 1) == 0)
            raise(SIGUSR1);
    struct self *self = self_enter();
    struct call_site site = CALL_SITE();
    struct event event = {.type = EVENT_SIGNAL_MASK};
    emit(self, &site, &event, false);
    assert_int_equal(self->in_handler, 0);
    self_leave(self);
    remove_handler(SIGUSR1);
}

static void on_the_smallest_alternate_stack(void **state)
{
    (void)state;
    size_t size = (size_t)sysconf(_SC_MINSIGSTKSZ) + 1024, page = 4096, mapped = (size + 2 * page) & ~(page - 1);
    char *memory = mmap(NULL, mapped + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(memory, page, PROT_NONE); /* an overflow is a fault */
    stack_t alternate = {.ss_sp = memory + page, .ss_size = size}, off = {.ss_flags = SS_DISABLE};
    assert_int_equal(sigaltstack(&alternate, NULL), 0);
    install(SIGUSR1, SA_ONSTACK);
    raise(SIGUSR1);
    struct self *self = self_enter();
    raise(SIGUSR1);
    self_leave(self);
    assert_int_equal(calls, 2);
    remove_handler(SIGUSR1);
    sigaltstack(&off, NULL);
    munmap(memory, mapped + page);
}

static void a_vfork_child_changes_nothing_here(void **state)
{
    (void)state;
    struct sigaction old;
    install(SIGUSR1, 0);
    pid_t pid = vfork();
    if (pid == 0) {
        struct sigaction action = {.sa_handler = SIG_IGN};
        _exit(signals_action(SIGUSR1, &action, NULL) == 0 ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    signals_action(SIGUSR1, NULL, &old);
    assert_ptr_equal(old.sa_sigaction, count_call);
    raise(SIGUSR1);
    assert_int_equal(calls, 1);
    remove_handler(SIGUSR1);
}

int main(void)
{
    in_process_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_once_in_the_program),
        cmocka_unit_test(later_in_the_detector),
        cmocka_unit_test(realtime_signals_as_often_as_sent),
        cmocka_unit_test(the_same_information),
        cmocka_unit_test(the_mask_is_as_before),
        cmocka_unit_test(errno_is_the_programs),
        cmocka_unit_test(old_actions_are_the_programs),
        cmocka_unit_test(one_shot_handlers),
        cmocka_unit_test(wrong_arguments_are_refused),
        cmocka_unit_test(faults_are_never_queued),
        cmocka_unit_test(handlers_left_by_jump),
        cmocka_unit_test(on_the_smallest_alternate_stack),
        cmocka_unit_test(a_vfork_child_changes_nothing_here),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    in_process_end();
    return failed;
}
