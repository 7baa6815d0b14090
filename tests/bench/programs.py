# SPDX-License-Identifier: MIT
"""Real programs: CPU time of compressors, and of servers per request, in pairs of alternating runs."""

import os
import random
import shutil
import tempfile
import time

import measure
from load import clients, watched

COMPRESSORS = [("pigz -p2", ["pigz", "-c", "-p2"]), ("xz -T2", ["xz", "-c", "-T2", "-1", "--block-size=1MiB"]),
               ("zstd -T2", ["zstd", "-q", "-c", "-T2", "-9"]), ("pbzip2 -p2", ["pbzip2", "-c", "-p2"])]


def memcached(port):
    return ["memcached", "-u", "root", "-l", "127.0.0.1", "-t", "4", "-p", str(port)]


def redis(port, *more):
    return ["redis-server", "--save", "", *more, "--bind", "127.0.0.1", "--port", str(port)]


def redis_threads(port):
    return redis(port, "--io-threads", "2", "--io-threads-do-reads", "yes")


# name, client, command, requests that a connection sends before it reads an answer
SERVERS = [
    ("memcached -t 4", clients.Memcached, memcached, 1),
    ("memcached -t 4, pipelined", clients.Memcached, memcached, 32),
    ("redis", clients.Redis, redis, 1),
    ("redis, pipelined", clients.Redis, redis, 32),
    ("redis, 2 io-threads that poll", clients.Redis, redis_threads, 32),
]
LIMIT = 1.05


def make_input(path, mebibytes):
    """Text-like data that compresses about threefold; the same every time."""
    rng = random.Random(1)
    words = ["".join(rng.choices("etaoinshrdlu", k=rng.randrange(2, 9))) for _ in range(3000)]
    with open(path, "w", encoding="ascii") as file:
        for _ in range(mebibytes):
            file.write(" ".join(rng.choices(words, k=180_000))[:1 << 20].ljust(1 << 20))


def compressor_row(bench, name, argv, source):
    def cpu(prefix):
        def run():
            result = watched.run([*prefix, *argv, source])
            if result.status != 0:
                raise RuntimeError(f"{name}: status {result.status}: {result.stderr.decode()[-300:]}")
            return result.cpu
        return run

    native, detect = measure.alternate([cpu([]), cpu(measure.DETECT.prefix)],
                                       min(5, bench.rounds))
    ratio = measure.Ratio(detect, native)
    return [name, f"{ratio.native:.3f} s CPU", f"{ratio.median:.3f} s CPU", str(ratio), "",
            "yes" if ratio.ratio <= LIMIT else "no"]


def server_row(bench, name, connect, argv, depth):
    """Both servers run at the same time and get the load in turns."""
    with tempfile.TemporaryDirectory(prefix="detect-bench-") as directory:
        servers = []
        try:
            for options in (None, watched.LOCKS):
                port = clients.free_port()
                server = watched.Server(argv(port), clients.accepts(port), options=options, cwd=directory,
                                        report=os.path.join(directory, "report.json"))
                servers.append((server, clients.PipelinedLoad(connect, port, 8, depth)))
            turns = measure.alternate([burst(bench, depth, *each) for each in servers], 3 * bench.rounds)
            for server, load in servers:
                load.close()
                server.stop()
        finally:
            for server, _ in servers:
                server.kill()
    cpu = measure.Ratio([c for c, _ in turns[1]], [c for c, _ in turns[0]])
    wall = measure.Ratio([w for _, w in turns[1]], [w for _, w in turns[0]])
    return [name, f"{cpu.native * 1e6:.2f} us CPU", f"{cpu.median * 1e6:.2f} us CPU", str(cpu), str(wall),
            "yes" if min(cpu.ratio, wall.ratio) <= LIMIT else "no"]


def burst(bench, depth, server, load):
    """(CPU seconds of the server, wall seconds), each per request, over one burst."""
    def run():
        before = server.cpu()
        begin = time.monotonic()
        requests = load.rounds((20 if bench.quick else 80) // (4 if depth == 1 else 1))
        return (server.cpu() - before) / requests, (time.monotonic() - begin) / requests
    return run


def measure_section(bench):
    rows = []
    source = os.path.join(bench.directory, "input")
    make_input(source, 3 if bench.quick else 24)
    for name, argv in COMPRESSORS:
        rows.append(guarded(compressor_row, name, argv[0], bench, name, argv, source))
    for name, connect, argv, depth in SERVERS:
        rows.append(guarded(server_row, name, argv(0)[0], bench, name, connect, argv, depth))
    head = ["program", "native", "detect", "CPU, detect/native", "wall, detect/native", f"within {LIMIT}x"]
    note = "\nServers: per request, 8 connections, nine reads to a write; one request at a time on each, or 32 at once.\n"
    return measure.table("Programs", head, rows) + note


def guarded(function, name, program, *args):
    if not shutil.which(program):
        return [name, "not installed"]
    try:
        return function(*args)
    except (RuntimeError, AssertionError, OSError) as error:
        return [name, f"failed: {str(error).splitlines()[0]}"]
