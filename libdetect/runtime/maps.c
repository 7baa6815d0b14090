/* SPDX-License-Identifier: MIT */
/* Reads /proc/self/maps; see maps.h. */
#include "runtime/maps.h"

#include <fcntl.h>

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

/* Whether the mapping of the address is shared: "low-high rwxs ...", a line for each. */
static bool is_shared_in(struct maps *maps, uintptr_t addr)
{
    for (;;) {
        int c;
        uintptr_t low = maps_number(maps, &c);
        if (c != '-')
            return false;
        uintptr_t high = maps_number(maps, &c);
        for (int i = 0; i < 3; i++)
            maps_char(maps);
        bool shared = maps_char(maps) == 's';
        if (addr >= low && addr < high)
            return shared;
        do
            c = maps_char(maps);
        while (c >= 0 && c != '\n');
    }
}

bool maps_is_shared(uintptr_t addr)
{
    struct maps maps = {.fd = sys_open("/proc/self/maps", O_RDONLY | O_CLOEXEC, 0)};
    if (maps.fd < 0)
        return false;
    bool shared = is_shared_in(&maps, addr);
    sys_close(maps.fd);
    return shared;
}
