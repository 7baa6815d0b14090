# SPDX-License-Identifier: MIT
"""Clients for memcached and redis: bulk load that checks every value, and a cheap pipelined one for
measuring. Standard library only."""

import random
import socket
import threading


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def accepts(port):
    """Whether somebody listens there: the readiness test of the servers."""
    def ready():
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return True
        except OSError:
            return False
    return ready


class Connection:
    """Lines and counted blocks over a TCP or Unix stream."""

    def __init__(self, port):
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.sock.makefile("rb", 1 << 16)

    def send(self, data):
        self.sock.sendall(data)

    def line(self):
        line = self.file.readline()
        if not line.endswith(b"\r\n"):
            raise AssertionError(f"connection ended: {line!r}")
        return line[:-2]

    def block(self, size):
        data = self.file.read(size + 2)
        if len(data) != size + 2 or data[-2:] != b"\r\n":
            raise AssertionError("connection ended within a value")
        return data[:-2]

    def close(self):
        self.file.close()
        self.sock.close()


def expect(got, *wanted):
    if got not in wanted:
        raise AssertionError(f"got {got[:80]!r}, wanted one of {wanted!r}")


class Memcached(Connection):
    def set(self, key, value):
        self.send(b"set %s 0 0 %d\r\n%s\r\n" % (key, len(value), value))
        expect(self.line(), b"STORED")

    def get(self, key):
        self.send(b"get %s\r\n" % key)
        head = self.line()
        if head == b"END":
            return None
        value = self.block(int(head.split()[3]))
        expect(self.line(), b"END")
        return value

    def delete(self, key):
        self.send(b"delete %s\r\n" % key)
        expect(self.line(), b"DELETED", b"NOT_FOUND")

    def increment(self, key):
        self.send(b"incr %s 1\r\n" % key)
        return int(self.line())

    def other_commands(self):
        self.send(b"stats\r\n")
        while self.line() != b"END":
            pass
        self.send(b"stats slabs\r\nstats items\r\nversion\r\n")
        for _ in range(2):
            while self.line() != b"END":
                pass
        self.line()


class Redis(Connection):
    def call(self, *words):
        self.send(redis_request(*words))
        return self.reply()

    def reply(self):
        line = self.line()
        kind, rest = line[:1], line[1:]
        if kind == b"$":
            return None if rest == b"-1" else self.block(int(rest))
        if kind == b"*":
            return [self.reply() for _ in range(int(rest))]
        if kind == b":":
            return int(rest)
        if kind == b"-":
            raise AssertionError(rest.decode())
        return rest

    def set(self, key, value):
        expect(self.call(b"SET", key, value), b"OK")

    def get(self, key):
        return self.call(b"GET", key)

    def delete(self, key):
        self.call(b"UNLINK", key)

    def increment(self, key):
        return self.call(b"INCR", key)

    def other_commands(self):
        self.call(b"INFO")
        self.call(b"DBSIZE")


def redis_request(*words):
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words)


def checked_load(connect, port, clients, operations):
    """`clients` threads set, read back, delete and count; raises on the first wrong answer. Each owns its
    keys, so every value is known; one counter is shared and must end at the exact total."""
    failures = []
    setup = connect(port)
    setup.set(b"total", b"0")

    def one(number):
        try:
            client_session(connect(port), number, operations)
        except Exception as error:  # the thread's only way out
            failures.append(f"client {number}: {error!r}")

    threads = [threading.Thread(target=one, args=(n,)) for n in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise AssertionError("; ".join(failures[:3]))
    expect(setup.get(b"total"), b"%d" % (clients * ((operations + 9) // 10)))
    setup.close()


def client_session(client, number, operations):
    rng = random.Random(number)
    known = {}
    for turn in range(operations):
        key = b"k%d-%d" % (number, rng.randrange(200))
        action = rng.random()
        if action < 0.4:
            known[key] = rng.randbytes(8).hex().encode() * rng.randrange(1, 200)
            client.set(key, known[key])
        elif action < 0.95:
            if client.get(key) != known.get(key):
                raise AssertionError(f"wrong value for {key!r}")
        else:
            client.delete(key)
            known.pop(key, None)
        if turn % 10 == 0:
            client.increment(b"total")
    client.other_commands()
    client.close()


class PipelinedLoad:
    """Sends the same batches of `depth` requests again and again over several connections, and compares what
    comes back as a whole: little work for the client, so that the server is what is measured."""

    KEYS = 32

    def __init__(self, connect, port, connections, depth=KEYS):
        self.clients, self.depth = [], depth
        for number in range(connections):
            client = connect(port)
            keys = [b"bench-%d-%d" % (number, i) for i in range(self.KEYS)]
            value = b"%08d" % number * 12
            for key in keys:
                client.set(key, value)
            batch = memcached_batch if connect is Memcached else redis_batch
            self.clients.append((client, [batch(keys[at:at + depth], value)
                                          for at in range(0, self.KEYS, depth)]))

    def rounds(self, count):
        """Each connection does every batch once a round; returns how many requests were answered."""
        for _ in range(count):
            for at in range(self.KEYS // self.depth):
                for client, batches in self.clients:
                    client.send(batches[at][0])
                for client, batches in self.clients:
                    answer = batches[at][1]
                    if client.file.read(len(answer)) != answer:
                        raise AssertionError("wrong answer under load")
        return count * len(self.clients) * self.KEYS

    def close(self):
        for client, _ in self.clients:
            client.close()


def memcached_batch(keys, value):
    request, answer = b"", b""
    for key in keys:
        if key.endswith(b"0"):
            request += b"set %s 0 0 %d\r\n%s\r\n" % (key, len(value), value)
            answer += b"STORED\r\n"
        else:
            request += b"get %s\r\n" % key
            answer += b"VALUE %s 0 %d\r\n%s\r\nEND\r\n" % (key, len(value), value)
    return request, answer


def redis_batch(keys, value):
    request, answer = b"", b""
    for key in keys:
        if key.endswith(b"0"):
            request += redis_request(b"SET", key, value)
            answer += b"+OK\r\n"
        else:
            request += redis_request(b"GET", key)
            answer += b"$%d\r\n%s\r\n" % (len(value), value)
    return request, answer
