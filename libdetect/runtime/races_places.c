/* SPDX-License-Identifier: MIT */
/* What a report says of memory that belongs to a thread: its frames and its thread-local storage. Called by init.c when a
 * finding is written, in any thread; of other threads only what cannot go meanwhile is read. */
#include <link.h>
#include <pthread.h>

#include "base/atomic.h"
#include "runtime/modules.h"
#include "runtime/races.h"
#include "runtime/runtime.h"

/* --- thread-local storage --------------------------------------------------------------------------------------------- */

/* Storage of the modules that were there when the program started lies at the same distance from each thread's pointer. Of
 * others glibc allocates it, and it is a heap block like any other. */
#define MOST_MODULES 128
#define STATIC_ROOM (1 << 20) /* more than glibc ever gives */

static struct tls_module {
    uintptr_t module; /* an address in it */
    intptr_t offset;  /* of its storage from the thread pointer */
    size_t size;
} tls_modules[MOST_MODULES];
static uint32_t tls_count; /* grows only; written by one thread at a time */

static bool is_known(uintptr_t module)
{
    for (uint32_t i = 0; i < tls_count; i++)
        if (tls_modules[i].module == module)
            return true;
    return false;
}

void races_tls_module(const struct dl_phdr_info *info)
{
    intptr_t offset = (intptr_t)info->dlpi_tls_data - (intptr_t)pthread_self();
    if (!info->dlpi_tls_data || offset >= 0 || offset < -STATIC_ROOM || tls_count == MOST_MODULES)
        return;
    uintptr_t module = 0;
    size_t size = 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        if (info->dlpi_phdr[i].p_type == PT_LOAD && !module)
            module = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
        if (info->dlpi_phdr[i].p_type == PT_TLS)
            size = info->dlpi_phdr[i].p_memsz;
    }
    if (size == 0 || is_known(module))
        return;
    tls_modules[tls_count] = (struct tls_module){module, offset, size};
    store_release(&tls_count, tls_count + 1); /* acquired by find_storage() */
}

struct tls_search {
    uintptr_t address;
    const struct tls_module *found;
    size_t offset; /* in the module's storage */
};

static bool find_storage(void *ctx, thread_id id, const struct self *self, uintptr_t pointer)
{
    struct tls_search *search = ctx;
    uint32_t count = load_acquire(&tls_count);
    (void)id, (void)self;
    for (uint32_t i = 0; i < count; i++) {
        uintptr_t start = pointer + (uintptr_t)tls_modules[i].offset;
        if (search->address >= start && search->address - start < tls_modules[i].size) {
            search->found = &tls_modules[i];
            search->offset = search->address - start;
            return true;
        }
    }
    return false;
}

thread_id races_tls_owner(uintptr_t address, frame_t *place)
{
    struct tls_search search = {.address = address};
    thread_id owner = threads_search(find_storage, &search);
    if (owner != THREAD_NONE)
        *place = FRAME(FRAME_MODULE(modules_frame(search.found->module)), search.offset);
    return owner;
}

/* --- frames ------------------------------------------------------------------------------------------------------------- */

struct frame_search {
    thread_id id;
    uintptr_t address;
    struct tr_call from, into;
};

static bool find_calls(void *ctx, thread_id id, const struct self *self, uintptr_t pointer)
{
    struct frame_search *search = ctx;
    if (id != search->id)
        return false;
    tr_calls_around(pointer, search->address, &search->from, &search->into);
    /* The calls that lead to the detector's function that calls main or a start routine are none that it leads to. */
    if (self->start_sp > search->address && (search->into.sp == 0 || self->start_sp < search->into.sp))
        search->into = (struct tr_call){.sp = self->start_sp};
    return true;
}

bool races_frame_of(thread_id thread, uintptr_t address, struct races_frame *frame)
{
    struct frame_search search = {.id = thread, .address = address};
    if (!races_are_on || threads_search(find_calls, &search) == THREAD_NONE)
        return false;
    bool known = search.into.sp > address;
    *frame = (struct races_frame){search.from.return_pc, known ? search.into.sp : 0, known ? search.into.return_pc : 0};
    return true;
}
