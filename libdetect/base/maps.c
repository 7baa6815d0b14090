/* SPDX-License-Identifier: MIT */
/* Reads /proc/self/maps; see maps.h. */
#include "base/maps.h"

#include <fcntl.h>
#include <sys/mman.h>

#include "base/sys.h"

/* /proc/self/maps, a character at a time. */
struct maps {
    int fd;
    int filled, next;
    char buffer[512];
};

static int maps_char(struct maps *maps)
{
    if (maps->next == maps->filled) {
        maps->next = 0;
        maps->filled = (int)sys_read(maps->fd, maps->buffer, sizeof(maps->buffer));
        if (maps->filled <= 0)
            return -1;
    }
    return (unsigned char)maps->buffer[maps->next++];
}

/* A number in lower-case hexadecimal; *last is the character behind it. */
static uintptr_t maps_number(struct maps *maps, int *last)
{
    uintptr_t number = 0;
    int c;
    while ((c = maps_char(maps)) >= 0) {
        if (c >= '0' && c <= '9')
            number = number * 16 + (uintptr_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            number = number * 16 + (uintptr_t)(c - 'a' + 10);
        else
            break;
    }
    *last = c;
    return number;
}

/* "rwxp": the protection, and whether it is shared. */
static void read_protection(struct maps *maps, struct maps_entry *entry)
{
    entry->protection = maps_char(maps) == 'r' ? PROT_READ : 0;
    entry->protection |= maps_char(maps) == 'w' ? PROT_WRITE : 0;
    entry->protection |= maps_char(maps) == 'x' ? PROT_EXEC : 0;
    entry->shared = maps_char(maps) == 's';
}

/* The rest of the line, without the blanks before it; cut if it does not fit. */
static void read_path(struct maps *maps, char *path, size_t size)
{
    size_t used = 0;
    int c = maps_char(maps);
    while (c == ' ')
        c = maps_char(maps);
    for (; c >= 0 && c != '\n'; c = maps_char(maps))
        if (used + 1 < size)
            path[used++] = (char)c;
    path[used] = '\0';
}

/* A line: "low-high rwxp offset device inode   path". */
static bool read_entry(struct maps *maps, struct maps_entry *entry, char *path, size_t path_size)
{
    int c;
    entry->start = maps_number(maps, &c);
    if (c != '-')
        return false;
    entry->end = maps_number(maps, &c);
    read_protection(maps, entry);
    maps_char(maps);
    entry->offset = maps_number(maps, &c);
    for (int blanks = 0; blanks < 2 && c >= 0 && c != '\n';) /* device and inode */
        blanks += (c = maps_char(maps)) == ' ';
    entry->path = path;
    read_path(maps, path, path_size);
    return true;
}

bool maps_each(char *path, size_t path_size, bool (*visit)(void *ctx, const struct maps_entry *entry), void *ctx)
{
    struct maps maps = {.fd = sys_open("/proc/self/maps", O_RDONLY | O_CLOEXEC, 0)};
    if (maps.fd < 0)
        return false;
    struct maps_entry entry;
    while (read_entry(&maps, &entry, path, path_size) && visit(ctx, &entry)) {
    }
    sys_close(maps.fd);
    return true;
}

struct search {
    uintptr_t addr;
    bool shared;
};

static bool visit_shared(void *ctx, const struct maps_entry *entry)
{
    struct search *search = ctx;
    if (search->addr >= entry->end)
        return true;
    search->shared = entry->shared && search->addr >= entry->start;
    return false;
}

bool maps_is_shared(uintptr_t addr)
{
    char path[1];
    struct search search = {addr, false};
    maps_each(path, sizeof(path), visit_shared, &search);
    return search.shared;
}
