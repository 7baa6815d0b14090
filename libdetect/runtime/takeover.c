/* SPDX-License-Identifier: MIT */
/* When the program's code is taken over, and when it is let go; see takeover.h. */
#include "runtime/takeover.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>

#include "base/sys.h"
#include "runtime/loader.h"
#include "runtime/races.h"
#include "runtime/real.h"
#include "runtime/runtime.h"
#include "runtime/work_stack.h"

uint32_t takeover_state = TAKEOVER_OFF;
void (*takeover_prepare)(void);
static bool has_begun;

bool takeover_has_begun(void) { return has_begun; }

/* --- options ------------------------------------------------------------------------------------------------------- */

static bool has_hooks, has_tags, is_bare;

static uint32_t number_after(const char *text)
{
    uint32_t number = 0;
    for (; *text >= '0' && *text <= '9'; text++)
        number = number * 10 + (uint32_t)(*text - '0');
    return number;
}

static bool is_word(const char *text, size_t length, const char *word)
{
    return length == strlen(word) && memcmp(text, word, length) == 0;
}

static void apply_stress(struct tr_options *options, const char *text, size_t length)
{
    if (is_word(text, length, "one"))
        options->one_instruction = true;
    else if (is_word(text, length, "never"))
        options->links = TR_LINKS_NEVER;
    else if (is_word(text, length, "eager"))
        options->links = TR_LINKS_EAGER;
    else if (is_word(text, length, "hooks"))
        has_hooks = true;
    else if (is_word(text, length, "tags"))
        has_tags = true;
    else if (is_word(text, length, "bare"))
        is_bare = true;
    else if (length > 6 && memcmp(text, "flush=", 6) == 0)
        options->flush_every = number_after(text + 6);
    else
        RUNTIME_SAY("detect: translation-stress: unknown word in ", text);
}

static struct tr_options read_options(void)
{
    struct tr_options options = {.cache_limit = (size_t)runtime.options.translation_cache << 20};
    const char *word = runtime.options.translation_stress;
    while (word && *word) {
        size_t length = strcspn(word, ",");
        apply_stress(&options, word, length);
        word += length + (word[length] == ',');
    }
    return options;
}

/* --- taking over ----------------------------------------------------------------------------------------------------- */

static void refuse(const char *why)
{
    runtime_limit("no-translation", why);
    store_relaxed(&takeover_state, TAKEOVER_OFF);
}

bool takeover_looks_for_races(void) { return !has_hooks && !has_tags && !is_bare; }

static const struct tr_client *client(void)
{
    if (has_tags)
        return takeover_tags_client();
    return has_hooks ? &takeover_stress_client : &races_client;
}

static bool init_translator(const char **why)
{
    static const struct tr_host host = {&runtime.arena, runtime_limit, takeover_on_syscall, signals_on_leave};
    struct tr_options options = read_options();
    if (!tr_supported(why))
        return false;
    *why = "there is no memory for the translator";
    return tr_init(&options, client(), &host);
}

void takeover_start(void)
{
    const char *why = NULL;
    if (runtime.options.mode != MODE_FULL || runtime.options.translate == TRANSLATE_NO)
        return;
    if (!init_translator(&why)) {
        refuse(why);
        return;
    }
    if (!loader_hook(takeover_modules))
        runtime_limit("late-modules", "the dynamic linker cannot be watched: what libc loads by itself runs natively");
    if (takeover_looks_for_races())
        races_prepare();
    store_relaxed(&takeover_state, TAKEOVER_READY);
}

void takeover_at_main(void)
{
    struct self *self = runtime.options.translate == TRANSLATE_START ? self_enter() : NULL;
    if (!self)
        return;
    takeover_before_thread();
    self_leave(self);
}

/* Functions of libc's that are the program's own (its malloc) are called without a fault from now on. */
static uintptr_t translated_function(uintptr_t function)
{
    return tr_is_translated(function) ? tr_entry(function) : function;
}

static void take_over(void)
{
    has_begun = true;
    if (takeover_prepare)
        takeover_prepare();
    if (takeover_looks_for_races())
        races_begin();
    takeover_modules_add_all();
    tr_thread_start();
    races_take_calls();
    signals_take_over();
    if (!tr_take_over()) {
        refuse("the kernel refuses to change the protection of the program's code");
        return;
    }
    store_release(&takeover_state, TAKEOVER_ON);
    real_map(translated_function);
    takeover_map_calls(translated_function);
}

void takeover_now(void)
{
    int saved = errno;
    take_over();
    errno = saved;
}

void takeover_leave(const char *code, const char *text)
{
    uint32_t was = exchange_acq_rel(&takeover_state, TAKEOVER_OFF);
    if (was == TAKEOVER_OFF)
        return;
    runtime_limit(code, text);
    if (was != TAKEOVER_ON)
        return;
    races_end();
    real_map(tr_origin);
    takeover_map_calls(tr_origin);
    tr_detach();
}

/* Its copy would use this thread's scratch state, or memory that is none of the thread-local storage that we know. */
void takeover_cloning(uint64_t flags)
{
    if ((flags & CLONE_VM) && !(flags & CLONE_VFORK))
        takeover_leave("raw-clone", "the program made a thread by the clone system call: translation is left for good");
}

/* What it will forbid is not known, and the protection of memory could neither be changed nor be given back. */
void takeover_restricting(void)
{
    takeover_leave("no-translation", "the program restricts its own system calls: its code runs natively from then on");
}

/* --- the option debug-translation ------------------------------------------------------------------------------------- */

struct dump {
    int fd;
    size_t used;
    char buffer[8192];
};

static void write_out(struct dump *dump)
{
    sys_write_all(dump->fd, dump->buffer, dump->used);
    dump->used = 0;
}

static void dump_line(void *ctx, const char *text)
{
    struct dump *dump = ctx;
    size_t length = strlen(text);
    if (length + 1 > sizeof(dump->buffer))
        length = sizeof(dump->buffer) - 1;
    if (dump->used + length + 1 > sizeof(dump->buffer))
        write_out(dump);
    memcpy(dump->buffer + dump->used, text, length);
    dump->used += length;
    dump->buffer[dump->used++] = '\n';
}

static void dump_all(void *path)
{
    struct dump dump = {.fd = sys_open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)};
    if (dump.fd < 0)
        return;
    tr_dump_all(dump_line, &dump);
    write_out(&dump);
    sys_close(dump.fd);
}

void takeover_dump(void)
{
    static char path[4096];
    if (has_begun && runtime.options.debug_translation &&
        runtime_expand(path, sizeof(path), runtime.options.debug_translation))
        work_stack_run(dump_all, path);
}

/* --- fork ------------------------------------------------------------------------------------------------------------- */

void takeover_fork_prepare(void)
{
    spin_lock(&takeover_lock);
    if (has_begun)
        tr_fork_prepare();
}

void takeover_fork_parent(void)
{
    if (has_begun)
        tr_fork_parent();
    spin_unlock(&takeover_lock);
}

void takeover_fork_child(void)
{
    spin_reset(&takeover_lock);
    if (has_begun)
        tr_fork_child();
}
