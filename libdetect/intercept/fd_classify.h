/* SPDX-License-Identifier: MIT */
/* What an open descriptor is, asked from the kernel: pipes by their inode, connections inside this
 * machine by their ports or paths. Both ends of a connection come to the same two keys, whichever is looked
 * at first. Raw system calls only; errno is untouched. */
#ifndef DETECT_INTERCEPT_FD_CLASSIFY_H
#define DETECT_INTERCEPT_FD_CLASSIFY_H

#include <sys/socket.h>

#include "intercept/fd_table.h"

/* False if it cannot be said yet (a socket without a peer) or the descriptor is not open. */
bool fd_classify(int fd, struct fd_nature *nature);
/* What is known of `fd`, found out now if need be; NULL if that is not possible. Called outside of the
 * detector. */
struct description *fd_describe(int fd);
/* The same between self_enter() and self_leave(). */
struct description *fd_describe_in(struct self *self, int fd);
/* The process is about to connect a stream to `address`: it may have both ends from now on. Must come before the real
 * call, whether there are threads yet or not. */
void fd_calls(const struct sockaddr *address, socklen_t length);
/* The key of datagrams that are sent to `address` by a socket; 0 if they leave the machine. */
uint64_t fd_datagram_key(int fd, const struct sockaddr *address, socklen_t length);
/* The key of what passes from connect to accept on a listening address; 0 if there is none. */
uint64_t fd_listen_key(const struct sockaddr *address, socklen_t length);
/* The same key, asked from the listening socket. */
uint64_t fd_listening_key(int fd);
/* The key of a POSIX message queue or of another file that is known by its inode alone. */
uint64_t fd_inode_key(int fd);

#endif
