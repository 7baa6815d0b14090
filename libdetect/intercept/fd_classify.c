/* SPDX-License-Identifier: MIT */
/* What an open descriptor is; see fd_classify.h.
 *
 * A TCP connection whose peer is on this machine is known by its pair of ports, if its peer can be in this process:
 * one of the ends called connect then, and before the other one existed. A UDP socket is known by its own port, a
 * Unix stream by the path that its server listens on: all clients of one path share their channels, which orders
 * a little more than necessary (sock_diag would tell them apart, at the cost of a netlink request each). */
#include "intercept/fd_classify.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include "base/hash.h"
#include "base/sys.h"

/* What a key is made of, so that a port and a path never meet. */
enum key_space { KEY_INODE = 1, KEY_TCP, KEY_UDP, KEY_LISTEN, KEY_UNIX_IN, KEY_UNIX_OUT, KEY_UNIX_DATAGRAM };

struct address {
    union {
        struct sockaddr any;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
        struct sockaddr_un un;
    } u;
    socklen_t length;
};

static uint64_t make_key(enum key_space space, uint64_t a, uint64_t b)
{
    /* Even and not 0: fd_fresh_key gives the odd ones. */
    return (hash_mix(hash_mix(a, (uint64_t)space), b) << 1) | (1ull << 63);
}

static bool own_address(int fd, struct address *address)
{
    address->length = sizeof(address->u);
    return sys_call(SYS_getsockname, fd, (long)&address->u, (long)&address->length, 0, 0, 0) == 0;
}

static bool peer_address(int fd, struct address *address)
{
    address->length = sizeof(address->u);
    return sys_call(SYS_getpeername, fd, (long)&address->u, (long)&address->length, 0, 0, 0) == 0;
}

static bool socket_option(int fd, int option, void *value, socklen_t length)
{
    return sys_call(SYS_getsockopt, fd, SOL_SOCKET, option, (long)value, (long)&length, 0) == 0;
}

static bool take(struct address *to, const struct sockaddr *from, socklen_t length)
{
    if (!from || length < sizeof(sa_family_t) || length > sizeof(to->u) || !sys_can_read_all(from, length))
        return false;
    memset(&to->u, 0, sizeof(to->u));
    memcpy(&to->u, from, length);
    to->length = length;
    return true;
}

static bool is_internet(const struct address *address)
{
    return address->u.any.sa_family == AF_INET || address->u.any.sa_family == AF_INET6;
}

static uint16_t port_of(const struct address *address)
{
    return ntohs(address->u.any.sa_family == AF_INET ? address->u.in.sin_port
                                                     : address->u.in6.sin6_port);
}

/* The host part as 16 bytes; IPv4 in the mapped form that a dual-stack socket shows. */
static struct in6_addr host_of(const struct address *address)
{
    if (address->u.any.sa_family == AF_INET6)
        return address->u.in6.sin6_addr;
    struct in6_addr host = {.s6_addr = {[10] = 0xff, [11] = 0xff}};
    memcpy(&host.s6_addr[12], &address->u.in.sin_addr, 4);
    return host;
}

static bool is_loopback(const struct in6_addr *host)
{
    return IN6_IS_ADDR_LOOPBACK(host) || IN6_IS_ADDR_UNSPECIFIED(host) ||
           (IN6_IS_ADDR_V4MAPPED(host) && (host->s6_addr[12] == 127 || host->s6_addr[12] == 0));
}

/* Whether `peer` is on this machine, seen from a socket whose own address is `own`. */
static bool stays_here(const struct address *own, const struct address *peer)
{
    struct in6_addr own_host = host_of(own), peer_host = host_of(peer);
    return is_loopback(&peer_host) || memcmp(&own_host, &peer_host, sizeof(own_host)) == 0;
}

/* --- Internet ------------------------------------------------------------------------------------------- */

/* Ports of this machine that the process has tried to connect to, a bit each. */
static uint64_t called_ports[UINT16_MAX / 64 + 1];

static bool is_called(uint16_t port)
{
    return load_relaxed(&called_ports[port / 64]) >> port % 64 & 1;
}

void fd_calls(const struct sockaddr *address, socklen_t length)
{
    struct address to;
    if (!take(&to, address, length) || !is_internet(&to))
        return;
    uint16_t port = port_of(&to);
    if (!is_called(port))
        fetch_or_relaxed(&called_ports[port / 64], 1ull << port % 64);
}

static bool classify_stream(const struct address *own, const struct address *peer,
                            struct fd_nature *nature)
{
    /* What another process writes orders nothing here. */
    if (!stays_here(own, peer) || !(is_called(port_of(own)) || is_called(port_of(peer))))
        return true;
    nature->in = make_key(KEY_TCP, port_of(peer), port_of(own));
    nature->out = make_key(KEY_TCP, port_of(own), port_of(peer));
    return true;
}

static bool classify_internet(int fd, int type, const struct address *own,
                              struct fd_nature *nature)
{
    struct address peer;
    bool connected = peer_address(fd, &peer);
    if (type == SOCK_STREAM)
        return connected && classify_stream(own, &peer, nature);
    if (type != SOCK_DGRAM)
        return true;
    nature->in = make_key(KEY_UDP, port_of(own), 0);
    if (connected && stays_here(own, &peer))
        nature->out = make_key(KEY_UDP, port_of(&peer), 0);
    return port_of(own) != 0;
}

/* --- Unix ------------------------------------------------------------------------------------------------ */

/* FNV-1a over the name; 0 for a socket without one. */
static uint64_t path_hash(const struct address *address)
{
    size_t start = offsetof(struct sockaddr_un, sun_path);
    if (address->length <= start)
        return 0;
    size_t size = address->length - start;
    const char *path = address->u.un.sun_path;
    if (path[0]) /* a file's name ends at its NUL, an abstract one at the length */
        size = strnlen(path, size);
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char)path[i]) * 0x100000001b3u;
    return hash | 1;
}

static bool classify_unix_datagram(uint64_t own, uint64_t peer, struct fd_nature *nature)
{
    if (own)
        nature->in = make_key(KEY_UNIX_DATAGRAM, own, 0);
    if (peer)
        nature->out = make_key(KEY_UNIX_DATAGRAM, peer, 0);
    return own || peer;
}

/* Two descriptors of one process only: what another process writes orders nothing here. */
static bool peer_is_this_process(int fd)
{
    struct ucred peer = {.pid = 0};
    return socket_option(fd, SO_PEERCRED, &peer, sizeof(peer)) && peer.pid == sys_getpid();
}

static bool classify_unix(int fd, int type, const struct address *own, struct fd_nature *nature)
{
    struct address peer;
    bool connected = peer_address(fd, &peer);
    uint64_t own_path = path_hash(own), peer_path = connected ? path_hash(&peer) : 0;
    if (type == SOCK_DGRAM)
        return classify_unix_datagram(own_path, peer_path, nature);
    if (!connected)
        return false;
    if (!peer_is_this_process(fd))
        return true;
    if (peer_path) { /* the client's end */
        nature->out = make_key(KEY_UNIX_IN, peer_path, 0);
        nature->in = make_key(KEY_UNIX_OUT, peer_path, 0);
    } else if (own_path) {
        nature->in = make_key(KEY_UNIX_IN, own_path, 0);
        nature->out = make_key(KEY_UNIX_OUT, own_path, 0);
    }
    return true;
}

static bool classify_socket(int fd, struct fd_nature *nature)
{
    int type = 0;
    struct address own;
    if (!socket_option(fd, SO_TYPE, &type, sizeof(type)) || !own_address(fd, &own))
        return false;
    if (is_internet(&own))
        return classify_internet(fd, type, &own, nature);
    if (own.u.any.sa_family == AF_UNIX)
        return classify_unix(fd, type, &own, nature);
    return true;
}

/* --- public ---------------------------------------------------------------------------------------------- */

static bool inode_of(int fd, struct stat *status)
{
    return sys_call(SYS_fstat, fd, (long)status, 0, 0, 0, 0) == 0;
}

uint64_t fd_inode_key(int fd)
{
    struct stat status;
    return inode_of(fd, &status) ? make_key(KEY_INODE, status.st_dev, status.st_ino) : 0;
}

static void classify_pipe(int fd, uint64_t key, struct fd_nature *nature)
{
    long access = sys_call(SYS_fcntl, fd, F_GETFL, 0, 0, 0, 0) & O_ACCMODE;
    nature->in = access == O_WRONLY ? 0 : key;
    nature->out = access == O_RDONLY ? 0 : key;
}

bool fd_classify(int fd, struct fd_nature *nature)
{
    *nature = (struct fd_nature){.in = 0};
    struct stat status;
    if (!inode_of(fd, &status))
        return false;
    if (S_ISSOCK(status.st_mode))
        return classify_socket(fd, nature);
    if (S_ISFIFO(status.st_mode))
        classify_pipe(fd, make_key(KEY_INODE, status.st_dev, status.st_ino), nature);
    else if ((status.st_mode & S_IFMT) == 0) /* an anonymous inode: an eventfd that was inherited … */
        nature->in = nature->out = fd_fresh_key();
    return true;
}

uint64_t fd_datagram_key(int fd, const struct sockaddr *address, socklen_t length)
{
    struct address to, own;
    if (!take(&to, address, length) || !own_address(fd, &own))
        return 0;
    if (to.u.any.sa_family == AF_UNIX)
        return make_key(KEY_UNIX_DATAGRAM, path_hash(&to), 0);
    if (!is_internet(&to) || !is_internet(&own) || !stays_here(&own, &to))
        return 0;
    return make_key(KEY_UDP, port_of(&to), 0);
}

uint64_t fd_listen_key(const struct sockaddr *address, socklen_t length)
{
    struct address to;
    if (!take(&to, address, length))
        return 0;
    if (to.u.any.sa_family == AF_UNIX)
        return make_key(KEY_LISTEN, path_hash(&to), AF_UNIX);
    return is_internet(&to) ? make_key(KEY_LISTEN, port_of(&to), AF_INET) : 0;
}

uint64_t fd_listening_key(int fd)
{
    struct address own;
    return own_address(fd, &own) ? fd_listen_key(&own.u.any, own.length) : 0;
}

struct description *fd_describe_in(struct self *self, int fd)
{
    struct description *description = fd_lookup(fd);
    struct fd_nature nature;
    if (UNLIKELY(!description) && fd >= 0 && fd < FD_LIMIT && fd_classify(fd, &nature))
        description = fd_learn(self, fd, &nature);
    return description;
}

struct description *fd_describe(int fd)
{
    struct description *description = fd_lookup(fd);
    if (LIKELY(description) || fd < 0 || fd >= FD_LIMIT)
        return description;
    struct self *self = self_enter();
    if (!self)
        return NULL;
    description = fd_describe_in(self, fd);
    self_leave(self);
    return description;
}
