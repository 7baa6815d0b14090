/* SPDX-License-Identifier: MIT */
/* Effects of functions on addresses that the table's language cannot say. */
#include <grp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>

#include "intercept/libc_handlers.h"
#include "translate/translate.h"

static const void *pointer(const struct libc_call *call, unsigned index) { return (const void *)libc_argument(call, index); }

static size_t address_bytes(const struct libc_call *call)
{
    return (int)libc_argument(call, 0) == AF_INET6 ? sizeof(struct in6_addr) : sizeof(struct in_addr);
}

void net_pton(struct libc_call *call) { libc_writes(call, pointer(call, 2), address_bytes(call)); }
void net_ntop(struct libc_call *call) { libc_reads(call, pointer(call, 1), address_bytes(call)); }

/* The list is new and its own; an address lies behind each entry. */
void net_addrinfo(struct libc_call *call)
{
    for (const struct addrinfo *info = *(struct addrinfo *const *)pointer(call, 3); info; info = info->ai_next) {
        libc_writes(call, info, sizeof(*info));
        libc_writes(call, info->ai_addr, info->ai_addrlen);
    }
}

void net_freeaddrinfo(struct libc_call *call)
{
    struct addrinfo info;
    for (const struct addrinfo *at = pointer(call, 0); at && tr_copy_guarded(&info, at, sizeof(info)) == 0; at = info.ai_next)
        libc_reads(call, at, sizeof(*at));
}

void net_grouplist(struct libc_call *call)
{
    const int *count = pointer(call, 3);
    libc_writes(call, count, sizeof(*count));
    if ((int)call->result >= 0)
        libc_writes(call, pointer(call, 2), (size_t)*count * sizeof(gid_t));
}
