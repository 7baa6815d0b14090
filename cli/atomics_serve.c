/* SPDX-License-Identifier: MIT */
/* See atomics.h: the socket, and who does the work. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "atomics.h"
#include "atomics_cache.h"
#include "atomics_table.h"

#define PATIENCE_MS 1000 /* for a question, which its asker has sent already when we are told of it */

/* --- the socket ---------------------------------------------------------------------------------------------------------------- */

/* Its path may be too long for an address; the one of its directory's descriptor is not. */
static bool bind_in(int socket, const char *directory)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    int n = snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/" ATOMICS_SOCKET, fd);
    bool bound = n > 0 && (size_t)n < sizeof(address.sun_path) &&
                 bind(socket, (struct sockaddr *)&address, sizeof(address)) == 0;
    if (bound) /* a program that root starts may go on as another user */
        chmod(address.sun_path, 0666);
    close(fd);
    return bound;
}

void atomics_open(struct atomics_server *server, struct pool *pool, const struct options *options, const char *directory)
{
    *server = (struct atomics_server){.socket = -1, .pool = pool, .options = options};
    if (options->mode != MODE_FULL)
        return;
    server->path = pool_printf(pool, "%s/" ATOMICS_SOCKET, directory);
    unlink(server->path); /* of a run that was killed */
    server->socket = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (server->socket >= 0 && (!bind_in(server->socket, directory) || listen(server->socket, 128) != 0)) {
        close(server->socket);
        server->socket = -1;
    }
}

void atomics_close(struct atomics_server *server)
{
    if (server->socket < 0)
        return;
    close(server->socket);
    unlink(server->path);
    for (size_t i = 0; i < server->worker_count; i++) {
        kill(server->workers[i], SIGKILL);
        waitpid(server->workers[i], NULL, 0);
    }
}

/* --- an answer ------------------------------------------------------------------------------------------------------------------ */

/* `file` -1: nothing is known of the module. */
static void answer(int connection, int file)
{
    char byte = file >= 0;
    struct iovec part = {&byte, 1};
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {{0}};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (file >= 0) {
        message.msg_control = control.bytes;
        message.msg_controllen = sizeof(control.bytes);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(header), &file, sizeof(int));
    }
    while (sendmsg(connection, &message, MSG_NOSIGNAL) < 0 && errno == EINTR)
        continue;
}

/* A file without a name, for what the cache cannot keep. */
static int in_memory(const void *bytes, size_t size)
{
    int fd = memfd_create("detect-atomics", MFD_CLOEXEC);
    if (fd >= 0 && write(fd, bytes, size) != (ssize_t)size) {
        close(fd);
        return -1;
    }
    return fd;
}

static int64_t time_of(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? (int64_t)st.st_mtime : 0;
}

/* In a process of its own. */
static int make_table(const struct options *options, const char *build_id, const char *path)
{
    struct pool pool;
    struct atomics_table table = {.pool = &pool};
    size_t size;
    pool_init(&pool);
    struct symbolizer *symbolizer = sym_create(&pool, options->debug_dir, options->debuginfod);
    struct sym_binary *binary = sym_binary(symbolizer, path, *build_id ? build_id : NULL);
    dwarf_fill_table(&table, symbolizer, binary, time_of(path));
    const void *bytes = table_finish(&table, build_id, &size);
    int fd = cache_keep(&pool, build_id, bytes, size);
    return fd >= 0 ? fd : in_memory(bytes, size);
}

static void start_worker(struct atomics_server *server, int connection, const char *build_id, const char *path)
{
    pid_t pid = fork();
    if (pid == 0) {
        close(server->socket);
        answer(connection, make_table(server->options, build_id, path));
        _exit(0);
    }
    if (pid < 0)
        return;
    server->workers = pool_grow(server->pool, server->workers, server->worker_count, &server->worker_capacity,
                                sizeof(*server->workers));
    server->workers[server->worker_count++] = pid;
}

static void reap(struct atomics_server *server)
{
    size_t left = 0;
    for (size_t i = 0; i < server->worker_count; i++)
        if (waitpid(server->workers[i], NULL, WNOHANG) == 0)
            server->workers[left++] = server->workers[i];
    server->worker_count = left;
}

/* --- a question ------------------------------------------------------------------------------------------------------------------- */

/* The id becomes part of a file's name. */
static bool is_build_id(const char *text)
{
    return strlen(text) < ATOMICS_ID_TEXT && text[strspn(text, "0123456789abcdef")] == '\0';
}

static void serve(struct atomics_server *server, int connection)
{
    char message[ATOMICS_MESSAGE + 1];
    struct timeval patience = {.tv_usec = PATIENCE_MS * 1000};
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    ssize_t size = recv(connection, message, ATOMICS_MESSAGE, 0);
    if (size <= 0)
        return;
    message[size] = '\0';
    size_t id_size = strlen(message) + 1;
    const char *path = message + id_size;
    if (id_size >= (size_t)size || !is_build_id(message) || path[0] != '/')
        return;
    int fd = cache_find(server->pool, message);
    if (fd < 0) {
        start_worker(server, connection, message, path);
        return;
    }
    answer(connection, fd);
    close(fd);
}

void atomics_handle(struct atomics_server *server)
{
    reap(server);
    for (int connection; server->socket >= 0 && (connection = accept4(server->socket, NULL, NULL, SOCK_CLOEXEC)) >= 0;) {
        serve(server, connection);
        close(connection);
    }
}
