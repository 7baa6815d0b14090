/* SPDX-License-Identifier: MIT */
/* The table of descriptors; see fd_table.h. Two levels, so that it costs what the program uses. */
#include "intercept/fd_table.h"

#include "base/hash.h"

#define PAGE_FDS 1024
#define PAGES (FD_LIMIT / PAGE_FDS)

/* Channels that nobody reads or writes any more, but whose reader may not have been recognised yet: the
 * oldest is given up when there are too many. */
#define ORPHANS 1024

struct channel {
    struct hash_node by_key;
    uintptr_t address; /* of its OBJECT_FD; a number, never reused */
    uint32_t readers, writers;
    bool had_reader;
    uint32_t orphan_slot; /* place in `orphans` + 1, 0 if it is in use */
    struct channel *next_free;
};

struct fd_page {
    struct description *entries[PAGE_FDS];
};

static struct {
    struct spin lock;
    struct fd_page *pages[PAGES];
    struct hash_table channels;
    struct description *free_descriptions;
    struct channel *free_channels;
    struct channel *orphans[ORPHANS];
    uint32_t next_orphan;
    uint64_t keys_given, addresses_given;
} table = {.lock = SPIN_INIT(RANK_FD)};

/* Carriers to give up when the lock has been released: the analysis's lock is an outer one. */
struct departed {
    uintptr_t addresses[8];
    unsigned count;
};

static void report_departed(struct self *self, const struct departed *departed,
                            const struct call_site *site)
{
    for (unsigned i = 0; i < departed->count; i++) {
        struct event event = {.type = EVENT_DESTROY, .object = OBJECT_FD,
                              .addr = departed->addresses[i]};
        emit(self, site, &event, false);
    }
}

uint64_t fd_fresh_key(void)
{
    /* Odd, while the keys of what can be recognised are made even by fd_classify.c. */
    return fetch_add_relaxed(&table.keys_given, 2) + 1;
}

/* --- channels; all with the lock held --------------------------------------------------------------- */

static struct channel *channel_new(uint64_t key)
{
    struct channel *channel = table.free_channels;
    if (channel)
        table.free_channels = channel->next_free;
    else
        channel = arena_alloc(&runtime.arena, sizeof(*channel));
    if (!channel)
        return NULL;
    *channel = (struct channel){.address = ++table.addresses_given};
    if (!hash_add(&table.channels, &channel->by_key, key)) {
        channel->next_free = table.free_channels;
        table.free_channels = channel;
        return NULL;
    }
    return channel;
}

static struct channel *channel_get(uint64_t key)
{
    if (!table.channels.arena)
        hash_init(&table.channels, &runtime.arena);
    struct hash_node *node = hash_find(&table.channels, key);
    return node ? hash_entry(node, struct channel, by_key) : channel_new(key);
}

static void channel_free(struct channel *channel, struct departed *departed)
{
    hash_remove(&table.channels, &channel->by_key);
    if (departed->count < ARRAY_LEN(departed->addresses))
        departed->addresses[departed->count++] = channel->address;
    channel->next_free = table.free_channels;
    table.free_channels = channel;
}

static void orphan_add(struct channel *channel, struct departed *departed)
{
    uint32_t slot = table.next_orphan++ % ORPHANS;
    if (table.orphans[slot])
        channel_free(table.orphans[slot], departed);
    table.orphans[slot] = channel;
    channel->orphan_slot = slot + 1;
}

static void orphan_adopt(struct channel *channel)
{
    if (channel->orphan_slot)
        table.orphans[channel->orphan_slot - 1] = NULL;
    channel->orphan_slot = 0;
}

static void channel_use(struct channel *channel, bool reads)
{
    if (!channel)
        return;
    orphan_adopt(channel);
    if (reads)
        channel->readers++;
    else
        channel->writers++;
    channel->had_reader |= reads;
}

static void channel_drop(struct channel *channel, bool reads, struct departed *departed)
{
    if (!channel)
        return;
    if (reads)
        channel->readers--;
    else
        channel->writers--;
    if (channel->readers + channel->writers > 0)
        return;
    if (channel->had_reader)
        channel_free(channel, departed);
    else
        orphan_add(channel, departed);
}

/* --- descriptions and entries; all with the lock held -------------------------------------------------- */

static struct description *description_new(const struct fd_nature *nature)
{
    struct description *description = table.free_descriptions;
    if (description)
        table.free_descriptions = description->next_free;
    else
        description = arena_alloc(&runtime.arena, sizeof(*description));
    if (!description)
        return NULL;
    *description = (struct description){
        .references = 1,
        .signals = nature->signals,
        .in = nature->in ? channel_get(nature->in) : NULL,
        .out = nature->out ? channel_get(nature->out) : NULL,
    };
    channel_use(description->in, true);
    channel_use(description->out, false);
    return description;
}

static void description_drop(struct description *description, struct departed *departed)
{
    if (!description || --description->references > 0)
        return;
    channel_drop(description->in, true, departed);
    channel_drop(description->out, false, departed);
    description->next_free = table.free_descriptions;
    table.free_descriptions = description;
}

/* Where the entry of `fd` is; NULL if it has no page and `make` is false, or out of memory. */
static struct description **entry_of(int fd, bool make)
{
    if (fd < 0 || fd >= FD_LIMIT)
        return NULL;
    struct fd_page **page = &table.pages[fd / PAGE_FDS];
    /* Acquires the empty page that the store below released. */
    struct fd_page *entries = load_acquire(page);
    if (!entries && make) {
        entries = arena_alloc(&runtime.arena, sizeof(*entries));
        store_release(page, entries);
    }
    return entries ? &entries->entries[fd % PAGE_FDS] : NULL;
}

static void entry_set(int fd, struct description *description, struct departed *departed)
{
    struct description **entry = entry_of(fd, description != NULL);
    if (!entry) {
        description_drop(description, departed);
        return;
    }
    struct description *before = *entry;
    /* Released to the acquire in fd_lookup. */
    store_release(entry, description);
    description_drop(before, departed);
}

/* --- public ---------------------------------------------------------------------------------------------- */

struct description *fd_lookup(int fd)
{
    struct description **entry = entry_of(fd, false);
    return entry ? load_acquire(entry) : NULL;
}

uintptr_t fd_in(const struct description *description)
{
    const struct channel *channel = description ? load_relaxed(&description->in) : NULL;
    return channel ? channel->address : 0;
}

uintptr_t fd_out(const struct description *description)
{
    const struct channel *channel = description ? load_relaxed(&description->out) : NULL;
    return channel ? channel->address : 0;
}

struct description *fd_learn(struct self *self, int fd, const struct fd_nature *nature)
{
    (void)self;
    struct departed departed = {.count = 0};
    spin_lock(&table.lock);
    if (!fd_lookup(fd))
        entry_set(fd, description_new(nature), &departed);
    spin_unlock(&table.lock);
    return fd_lookup(fd);
}

void fd_enter(struct self *self, int fd, const struct fd_nature *nature,
              const struct call_site *site)
{
    struct departed departed = {.count = 0};
    spin_lock(&table.lock);
    entry_set(fd, description_new(nature), &departed);
    spin_unlock(&table.lock);
    report_departed(self, &departed, site);
}

void fd_share(struct self *self, int from, int to, const struct call_site *site)
{
    struct departed departed = {.count = 0};
    spin_lock(&table.lock);
    struct description *description = fd_lookup(from);
    if (from != to) {
        if (description)
            description->references++;
        entry_set(to, description, &departed);
    }
    spin_unlock(&table.lock);
    report_departed(self, &departed, site);
}

void fd_forget(struct self *self, int fd, const struct call_site *site)
{
    if (!fd_lookup(fd))
        return;
    struct departed departed = {.count = 0};
    spin_lock(&table.lock);
    entry_set(fd, NULL, &departed);
    spin_unlock(&table.lock);
    report_departed(self, &departed, site);
}

void fd_forget_range(struct self *self, unsigned first, unsigned last,
                     const struct call_site *site)
{
    if (last >= FD_LIMIT)
        last = FD_LIMIT - 1;
    for (unsigned fd = first; fd <= last; fd++) {
        if (!entry_of((int)fd, false))
            fd |= PAGE_FDS - 1; /* nothing known up to the end of this page */
        else
            fd_forget(self, (int)fd, site);
    }
}

uintptr_t fd_channel(struct self *self, uint64_t key, const struct call_site *site)
{
    struct departed departed = {.count = 0};
    spin_lock(&table.lock);
    struct channel *channel = channel_get(key);
    uintptr_t address = channel ? channel->address : 0;
    if (channel && !channel->orphan_slot && channel->readers + channel->writers == 0)
        orphan_add(channel, &departed);
    spin_unlock(&table.lock);
    report_departed(self, &departed, site);
    return address;
}

/* --- fork ------------------------------------------------------------------------------------------------- */

void fd_table_lock(void) { spin_lock(&table.lock); }
void fd_table_unlock(void) { spin_unlock(&table.lock); }

__attribute__((constructor)) static void take_part_in_forks(void)
{
    runtime_fork_part = (struct fork_part){fd_table_lock, fd_table_unlock};
}
