/* SPDX-License-Identifier: MIT */
/* What epoll instances watch; see fd_epoll.h. Two tables over the same records, under the table's lock. */
#include "intercept/fd_epoll.h"

#include "base/hash.h"
#include "intercept/fd_table.h"

struct registration {
    struct hash_node by_pair;
    struct hash_node by_data;       /* in the table if it is the first of its data */
    struct registration *same_data; /* the next one; same epoll and data */
    uint64_t data_key;
    int fd;
};

static struct hash_table pairs, datas;

static uint64_t pair_key(int epoll, int fd)
{
    return (uint64_t)(uint32_t)epoll << 32 | (uint32_t)fd;
}

static struct registration *first_with(uint64_t data_key)
{
    struct hash_node *node = hash_find(&datas, data_key);
    return node ? hash_entry(node, struct registration, by_data) : NULL;
}

static void link_data(struct registration *entry, uint64_t data_key)
{
    struct registration *first = first_with(data_key);
    entry->data_key = data_key;
    entry->same_data = NULL;
    if (first) {
        entry->same_data = first->same_data;
        first->same_data = entry;
    } else {
        hash_add(&datas, &entry->by_data, data_key);
    }
}

static void unlink_data(struct registration *entry)
{
    struct registration *first = first_with(entry->data_key);
    if (first == entry) {
        hash_remove(&datas, &entry->by_data);
        if (entry->same_data)
            hash_add(&datas, &entry->same_data->by_data, entry->data_key);
        return;
    }
    while (first && first->same_data != entry)
        first = first->same_data;
    if (first)
        first->same_data = entry->same_data;
}

static struct registration *enter(int epoll, int fd, uint64_t data_key)
{
    if (!pairs.arena) {
        hash_init(&pairs, &runtime.arena);
        hash_init(&datas, &runtime.arena);
    }
    struct hash_node *node = hash_find(&pairs, pair_key(epoll, fd));
    struct registration *entry = node ? hash_entry(node, struct registration, by_pair) : NULL;
    if (entry) {
        if (entry->data_key == data_key)
            return entry;
        unlink_data(entry);
    } else {
        entry = arena_alloc(&runtime.arena, sizeof(*entry));
        if (!entry || !hash_add(&pairs, &entry->by_pair, pair_key(epoll, fd)))
            return NULL;
        entry->fd = fd;
    }
    link_data(entry, data_key);
    return entry;
}

uintptr_t fd_epoll_register(int epoll, int fd, uint64_t data)
{
    struct self *self = self_enter();
    if (!self)
        return 0;
    fd_table_lock();
    struct registration *entry = enter(epoll, fd, hash_mix(data, (uint64_t)epoll));
    fd_table_unlock();
    self_leave(self);
    return (uintptr_t)entry;
}

unsigned fd_epoll_find(int epoll, uint64_t data, struct fd_epoll_found found[FD_EPOLL_SAME_DATA])
{
    unsigned count = 0;
    struct self *self = self_enter();
    if (!self)
        return 0;
    fd_table_lock();
    struct registration *entry = first_with(hash_mix(data, (uint64_t)epoll));
    for (; entry && count < FD_EPOLL_SAME_DATA; entry = entry->same_data)
        found[count++] = (struct fd_epoll_found){entry->fd, (uintptr_t)entry};
    fd_table_unlock();
    self_leave(self);
    return count;
}
