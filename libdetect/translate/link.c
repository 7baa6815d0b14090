/* SPDX-License-Identifier: MIT */
/* Direct exits: patched to lead to other fragments, and back to their stubs. All under the lock; threads execute the
 * code meanwhile, so each change is one store to one displacement. What is out of its reach (native code mostly) is
 * reached over a literal jump nearby, which is written before the displacement and never changed. */
#include "translate/arch.h"
#include "translate/translator.h"

static struct tr_exit *native_links; /* exits that lead out of the cache */

static struct tr_exit **list_of(struct tr_fragment *to) { return to ? &to->in : &native_links; }

static void list_remove(struct tr_exit **at, const struct tr_exit *exit)
{
    for (; *at; at = &(*at)->next_in) {
        if (*at == exit) {
            *at = exit->next_in;
            return;
        }
    }
}

static void point(const struct tr_exit *exit, uintptr_t to)
{
    const struct tr_region *region = cache_region_of(exit->site);
    tr_arch.patch(exit->site, region->write_delta, to);
}

void exit_link(struct tr_exit *exit, uintptr_t code, struct tr_fragment *to)
{
    if (exit->linked)
        exit_unlink(exit);
    if (to && to->transient)
        return;
    if (!tr_arch.reaches(exit->site, code)) {
        code = indirect_trampoline(cache_region_of(exit->site), code);
        if (!code || !tr_arch.reaches(exit->site, code))
            return; /* the stub goes on asking */
    }
    exit->linked = true;
    exit->to = to;
    exit->next_in = *list_of(to);
    *list_of(to) = exit;
    point(exit, code);
    stat_add(&translator.stats.links, 1);
}

void exit_unlink(struct tr_exit *exit)
{
    if (!exit->linked)
        return;
    point(exit, exit->stub);
    list_remove(list_of(exit->to), exit);
    exit->linked = false;
    exit->to = NULL;
}

struct tr_exit *exit_of_stub(uintptr_t stub)
{
    struct tr_chunk *chunk = cache_chunk_of(stub);
    if (chunk && chunk->state == CHUNK_STUBS)
        return indirect_exit(chunk, stub);
    struct tr_fragment *fragment = chunk ? cache_fragment(stub) : NULL;
    for (unsigned i = 0; fragment && i < fragment->exit_count; i++) {
        if (fragment->exits[i].stub == stub)
            return &fragment->exits[i];
    }
    return NULL;
}

void exits_detach(struct tr_fragment *fragment)
{
    while (fragment->in)
        exit_unlink(fragment->in);
    for (unsigned i = 0; i < fragment->exit_count; i++) {
        struct tr_exit *exit = &fragment->exits[i];
        if (exit->linked)
            list_remove(list_of(exit->to), exit);
        exit->linked = false;
    }
}

void exits_unlink_native(uintptr_t start, uintptr_t end)
{
    for (struct tr_exit *exit = native_links, *next; exit; exit = next) {
        next = exit->next_in;
        if (!start || exit->target - start < end - start)
            exit_unlink(exit);
    }
}
