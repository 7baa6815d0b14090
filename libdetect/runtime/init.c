/* SPDX-License-Identifier: MIT */
/* The constructor of libdetect.so: it runs before those of the program's libraries (-z initfirst), reads the
 * options, opens the report and starts the analysis.
 *
 * Whatever fails here must leave the program running as if it were not watched. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "base/decimal.h"
#include "base/sys.h"
#include "base/maps.h"
#include "runtime/modules.h"
#include "runtime/monitor.h"
#include "runtime/races.h"
#include "runtime/real.h"
#include "runtime/runtime.h"
#include "runtime/takeover.h"

struct runtime runtime;

#define PATH_BYTES 4096
#define SAY_WORDS 8

/* --- text ------------------------------------------------------------------------------------------------------ */

static struct {
    int fd;
    uint64_t device, inode;
} standard_error = {.fd = 2};

static bool is_standard_error_open(struct stat *status)
{
    return sys_call(SYS_newfstatat, standard_error.fd, (long)"", (long)status, AT_EMPTY_PATH, 0, 0) == 0;
}

static void remember_standard_error(void)
{
    struct stat status;
    if (is_standard_error_open(&status)) {
        standard_error.device = status.st_dev;
        standard_error.inode = status.st_ino;
    }
}

/* A program that closed descriptor 2 may have a data base there by now. */
static bool is_standard_error_unchanged(void)
{
    struct stat status;
    return is_standard_error_open(&status) && status.st_dev == standard_error.device &&
           status.st_ino == standard_error.inode;
}

void runtime_keep_standard_error(void)
{
    if (standard_error.fd != 2 || !is_standard_error_unchanged())
        return;
    long copy = sys_call(SYS_fcntl, 2, F_DUPFD_CLOEXEC, 3, 0, 0, 0);
    if (copy > 0)
        standard_error.fd = (int)copy;
}

/* One write, without a buffer: a thread that calls exit may have a small stack. */
void runtime_say(const char *const *words, size_t count)
{
    struct iovec part[SAY_WORDS + 1];
    if (count > SAY_WORDS)
        count = SAY_WORDS;
    for (size_t i = 0; i < count; i++)
        part[i] = (struct iovec){(char *)(uintptr_t)words[i], strlen(words[i])};
    part[count] = (struct iovec){(char *)(uintptr_t)"\n", 1};
    if (is_standard_error_unchanged())
        sys_call(SYS_writev, standard_error.fd, (long)part, (long)count + 1, 0, 0, 0);
}

static const char *copy_text(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = arena_alloc(&runtime.arena, size);
    if (copy)
        memcpy(copy, text, size);
    return copy;
}

/* `path` below the current directory if it is relative. */
static const char *absolute(const char *path)
{
    char here[PATH_BYTES];
    long length = sys_call(SYS_getcwd, (long)here, sizeof(here), 0, 0, 0, 0); /* with its '\0' */
    if (path[0] == '/' || length <= 0)
        return copy_text(path);
    if (path[0] == '\0')
        return copy_text(here);
    size_t size = (size_t)length + 1 + strlen(path);
    char *joined = arena_alloc(&runtime.arena, size);
    if (!joined)
        return NULL;
    memcpy(joined, here, (size_t)length);
    joined[length - 1] = '/';
    memcpy(joined + length, path, strlen(path) + 1);
    return joined;
}

/* As the kernel gave it: libc's own constructor, which sets `environ`, comes after ours. */
static char **environment;

static const char *variable(const char *name)
{
    size_t length = strlen(name);
    for (char **entry = environment; entry && *entry; entry++)
        if (strncmp(*entry, name, length) == 0 && (*entry)[length] == '=')
            return *entry + length + 1;
    return NULL;
}

/* --- options ----------------------------------------------------------------------------------------------------- */

static void read_options(void)
{
    char error[1000];
    options_default(&runtime.options);
    const char *given = variable(REPORT_ENV_OPTIONS);
    char *text = given ? (char *)(uintptr_t)copy_text(given) : NULL; /* stays: strings point into it */
    if (text && options_parse_environment(&runtime.options, text, error, sizeof(error)) > 0)
        RUNTIME_SAY("detect: ", error);
    runtime.under_run = variable(REPORT_ENV_DIR) != NULL;
    if (runtime.options.on_deadlock == DEADLOCK_DEFAULT)
        runtime.options.on_deadlock = runtime.under_run ? DEADLOCK_KILL : DEADLOCK_REPORT;
}

static bool is_directory(const char *path)
{
    struct stat status;
    return sys_call(SYS_newfstatat, AT_FDCWD, (long)path, (long)&status, 0, 0, 0) == 0 &&
           S_ISDIR(status.st_mode);
}

/* Under `detect run` where it says; by hand what `report-dir` or `output` say, else here. */
static void choose_place(void)
{
    const struct options *options = &runtime.options;
    const char *directory = variable(REPORT_ENV_DIR);
    if (!directory && options->report_dir)
        directory = options->report_dir;
    else if (!directory && options->output && is_directory(options->output))
        directory = options->output;
    else if (!directory && options->output)
        runtime.stem = absolute(options->output);
    runtime.directory = absolute(directory ? directory : "");
}

static void copy_arguments(int argc, char **argv)
{
    char path[PATH_BYTES];
    long length = sys_call(SYS_readlinkat, AT_FDCWD, (long)"/proc/self/exe", (long)path,
                           sizeof(path) - 1, 0, 0);
    path[length > 0 ? length : 0] = '\0';
    runtime.program = copy_text(length > 0 ? path : argc > 0 ? argv[0] : "");
    runtime.args = arena_alloc(&runtime.arena, ((size_t)argc + 1) * sizeof(*runtime.args));
    for (int i = 0; runtime.args && i < argc; i++)
        runtime.args[i] = (char *)(uintptr_t)copy_text(argv[i]);
}

/* --- the report file ------------------------------------------------------------------------------------------------ */

static uint64_t time_of_day(void)
{
    struct timespec now = {0, 0};
    sys_call(SYS_clock_gettime, CLOCK_REALTIME, (long)&now, 0, 0, 0, 0);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void write_hello(void)
{
    struct report_writer *writer = &runtime.writer;
    record_begin(writer, RECORD_HELLO);
    record_u64(writer, TAG_VERSION, REPORT_VERSION);
    record_u64(writer, TAG_PID, (uint64_t)runtime.pid);
    record_u64(writer, TAG_PARENT, (uint64_t)sys_call(SYS_getppid, 0, 0, 0, 0, 0, 0));
    record_text(writer, TAG_PROGRAM, runtime.program ? runtime.program : "");
    for (char **arg = runtime.args; arg && *arg; arg++)
        record_text(writer, TAG_ARG, *arg);
    record_u64(writer, TAG_MODE, (uint64_t)runtime.options.mode);
    record_u64(writer, TAG_UNDER_RUN, runtime.under_run);
    record_u64(writer, TAG_TIME, time_of_day());
    record_end(writer);
}

bool runtime_expand(char *to, size_t size, const char *stem)
{
    char pid[DECIMAL_SIZE];
    const char *digit = decimal(pid, (uint64_t)runtime.pid);
    size_t used = 0;
    while (*stem && used + 1 < size) {
        if (stem[0] == '%' && stem[1] == 'p') {
            size_t length = strlen(digit);
            if (used + length + 1 >= size)
                return false;
            memcpy(to + used, digit, length);
            used += length;
            stem += 2;
        } else {
            to[used++] = *stem++;
        }
    }
    to[used] = '\0';
    return *stem == '\0';
}

static NOINLINE int open_by_stem(void)
{
    char stem[PATH_BYTES];
    if (!runtime_expand(stem, sizeof(stem), runtime.stem))
        return -ENAMETOOLONG;
    return report_open_stem(&runtime.writer, &runtime.arena, stem, "");
}

static int open_file(void)
{
    return runtime.stem ? open_by_stem()
                        : report_open(&runtime.writer, &runtime.arena,
                                      runtime.directory ? runtime.directory : ".", runtime.pid);
}

bool runtime_open_report(void)
{
    int error = open_file();
    if (error < 0) {
        RUNTIME_SAY("detect: cannot write a report to ", runtime.writer.path, ": ",
                    strerrordesc_np(-error));
        return false;
    }
    write_hello();
    return true;
}

/* --- the analysis's environment -------------------------------------------------------------------------------------- */

static stack_id capture_stack(void *ctx)
{
    (void)ctx;
    struct self *self = self_current;
    return self && !self->gone ? unwind_here(self) : STACK_NONE;
}

static frame_t place_of(void *ctx, uintptr_t addr)
{
    (void)ctx;
    return modules_place(addr);
}

static thread_id stack_owner(void *ctx, uintptr_t addr)
{
    (void)ctx;
    thread_id owner = threads_stack_owner(addr);
    if (owner != THREAD_NONE)
        threads_describe(owner);
    return owner;
}

static bool block_of(void *ctx, uintptr_t addr, struct report_block *found)
{
    struct races_block block;
    (void)ctx;
    if (!races_watch_blocks || !races_find_block(addr, &block))
        return false;
    *found = (struct report_block){block.start, block.size, block.allocated_at, block.allocated_by};
    return true;
}

static thread_id tls_owner(void *ctx, uintptr_t addr, frame_t *place)
{
    (void)ctx;
    thread_id owner = races_are_on ? races_tls_owner(addr, place) : THREAD_NONE;
    if (owner != THREAD_NONE)
        threads_describe(owner);
    return owner;
}

static bool frame_of(void *ctx, thread_id thread, uintptr_t addr, struct report_frame *found)
{
    struct races_frame frame;
    (void)ctx;
    if (!races_frame_of(thread, addr, &frame) || !frame.cfa)
        return false;
    *found = (struct report_frame){frame.return_pc ? modules_frame(frame.return_pc - 1) : 0, frame.cfa,
                                   frame.caller_pc ? modules_frame(frame.caller_pc - 1) : 0};
    return true;
}

bool (*races_state_name)(uintptr_t address, char *to, size_t room);

static bool state_of(void *ctx, uintptr_t addr, char *to, size_t room)
{
    (void)ctx;
    return races_state_name && races_state_name(addr, to, room);
}

static bool counts(enum finding_confidence confidence)
{
    switch (runtime.options.fail_on) {
    case FAIL_CERTAIN:
        return confidence == CONFIDENCE_CERTAIN;
    case FAIL_PREDICTED:
        return confidence <= CONFIDENCE_PREDICTED;
    case FAIL_POSSIBLE:
        return confidence <= CONFIDENCE_POSSIBLE;
    default:
        return false;
    }
}

/* A copy of the process that no handler saw (clone by a raw system call) must not write to our file. */
static void notice_raw_fork(void)
{
    if (sys_getpid() == runtime.pid || monitor_is_caller())
        return;
    runtime.pid = sys_getpid();
    report_forget(&runtime.writer);
    spin_reset(modules_lock()); /* whoever held them is not here */
    spin_reset(limits_lock());
    if (runtime_open_report()) {
        modules_forked();
        limits_rewrite();
    }
}

static void on_finding(void *ctx, const struct finding *finding)
{
    static const struct report_places places = {.place_of = place_of, .stack_owner = stack_owner, .block_of = block_of,
                                                .tls_owner = tls_owner, .frame_of = frame_of, .state_of = state_of};
    (void)ctx;
    notice_raw_fork();
    for (uint32_t i = 0; i < finding->thread_count; i++)
        threads_describe(finding->threads[i]);
    report_finding(&runtime.writer, finding, runtime.depot, &places);
    if (finding->further)
        return;
    runtime.found++;
    runtime.counted += counts(finding->confidence);
}

static void on_withdrawn(void *ctx, uint32_t number)
{
    (void)ctx;
    record_begin(&runtime.writer, RECORD_WITHDRAWN);
    record_u64(&runtime.writer, TAG_NUMBER, number);
    record_end(&runtime.writer);
}

static void on_all_waiting(void *ctx)
{
    (void)ctx;
    monitor_wake();
}

static bool is_shared(void *ctx, uintptr_t addr)
{
    (void)ctx;
    return maps_is_shared(addr);
}

static stack_id stack_of(void *ctx, const uintptr_t *pcs, uint32_t count)
{
    (void)ctx;
    return modules_stack(pcs, count);
}

static bool start_analysis(void)
{
    static const struct detector_env env = {.capture_stack = capture_stack, .on_finding = on_finding,
                                            .on_withdrawn = on_withdrawn, .on_all_waiting = on_all_waiting,
                                            .is_shared = is_shared, .stack_of = stack_of};
    runtime.depot = depot_create(&runtime.arena);
    if (runtime.depot)
        runtime.detector = detector_create(&runtime.arena, runtime.depot, &env);
    return runtime.detector != NULL;
}

/* --- the constructor --------------------------------------------------------------------------------------------------- */

static bool start(int argc, char **argv)
{
    runtime.pid = sys_getpid();
    arena_init(&runtime.arena);
    remember_standard_error();
    read_options();
    choose_place();
    copy_arguments(argc, argv);
    threads_init();
    modules_init();
    if (!start_analysis() || !runtime_open_report())
        return false;
    if (!unwind_init())
        runtime_limit("no-stacks", "call stacks cannot be taken: no memory for the unwinder");
    self_init();
    pthread_atfork(runtime_fork_prepare, runtime_fork_parent, runtime_fork_child);
    return true;
}

static void take_over(void)
{
    struct self *self = self_enter();
    if (!self)
        return;
    takeover_start();
    self_leave(self);
}

__attribute__((constructor)) static void init(int argc, char **argv, char **envp)
{
    int saved = errno;
    environment = envp;
    real_init();
    if (start(argc, argv)) {
        store_release(&runtime.on, true); /* to self_adopt of every thread */
        self_adopt();
        take_over();
    }
    errno = saved;
}
