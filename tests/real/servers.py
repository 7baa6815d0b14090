# SPDX-License-Identifier: MIT
"""Cases that are servers under load: each answer is checked, and the status after SIGTERM."""

import hashlib
import os
import random
import re
import signal
import socket
import threading
import urllib.request

from load import clients, watched
from mysql import Mysql, quoted


class KeyValue:
    """memcached or redis: eight clients check every value."""

    WORK = "8 clients, then pipelined load; 4 threads for I/O"
    COMPARED = "every value read, counters, status after SIGTERM"

    def __init__(self, name, package, connect, argv, operations):
        self.NAME, self.NEEDS = name, {argv(0)[0]: package}
        self.connect, self.argv, self.operations = connect, argv, operations

    def run(self, context):
        port = clients.free_port()
        server = context.server(self.argv(port), clients.accepts(port))
        try:
            clients.checked_load(self.connect, port, 8, self.operations)
            load = clients.PipelinedLoad(self.connect, port, 8)
            answered = load.rounds(100)
            load.close()
            extra = self.extra(context, port)
            status = server.stop()
        finally:
            server.kill()
        return {"status": status, "answered": answered, "extra": extra}

    @staticmethod
    def extra(_context, _port):
        return None


class Redis(KeyValue):
    """Also redis-benchmark, which knows most data types; it fails on an error reply."""

    COMPARED = KeyValue.COMPARED + ", redis-benchmark without an error"

    @staticmethod
    def extra(context, port):
        said = context.plain(["redis-benchmark", "-p", str(port), "-c", "10", "-n", "200", "-r", "100", "-q", "-e"],
                             timeout=600)
        return b"rror" in said, len(re.findall(rb"requests per second", said)) > 10


class RedisBenchmark:
    """redis-benchmark with threads of its own against a server that runs natively."""

    NAME = "redis-benchmark"
    NEEDS = {"redis-benchmark": "redis-tools", "redis-server": "redis-server"}
    WORK, COMPARED = "`--threads 2 -c 8 -n 5000`, SET and GET; the server natively", "status, one result for each test"

    def run(self, context):
        port = clients.free_port()
        server = watched.Server(["redis-server", "--save", "", "--bind", "127.0.0.1", "--port", str(port)],
                                clients.accepts(port), cwd=context.directory)
        try:
            said = context.run(["redis-benchmark", "-p", str(port), "--threads", "2", "-c", "8", "-n", "5000", "-t", "set,get"])
        finally:
            server.kill()
        return {"status": said.status, "results": said.stdout.count(b"throughput summary")}


NGINX = """
daemon off; pid {directory}/nginx.pid; error_log {directory}/error.log warn; worker_processes 2;
{user}
thread_pool pool threads=4 max_queue=1000;
events {{ worker_connections 256; }}
http {{
    access_log {directory}/access.log;
    client_body_temp_path {directory}/t1; proxy_temp_path {directory}/t2; fastcgi_temp_path {directory}/t3;
    uwsgi_temp_path {directory}/t4; scgi_temp_path {directory}/t5;
    server {{
        listen 127.0.0.1:{port};
        root {directory}/www;
        aio threads=pool; aio_write on; sendfile off; output_buffers 2 32k;
    }}
}}
"""


class Nginx:
    """Files of many sizes, read by the threads of a pool, fetched by eight clients at once."""

    NAME, NEEDS = "nginx", {"nginx": "nginx-light", "wrk": "wrk"}
    WORK = "480 files by 8 clients, each read by a thread of the pool; then wrk with 16 connections"
    COMPARED = "every body, wrk without an error, error log, status after SIGQUIT"

    def run(self, context):
        port = clients.free_port()
        os.mkdir(context.path("www"))
        rng = random.Random(4)
        sums = {}
        for number in range(40):
            data = rng.randbytes(rng.randrange(1, 400_000))
            with open(context.path(f"www/{number}"), "wb") as file:
                file.write(data)
            sums[number] = hashlib.sha256(data).hexdigest()
        user = "user root;" if os.geteuid() == 0 else ""
        with open(context.path("nginx.conf"), "w", encoding="ascii") as file:
            file.write(NGINX.format(directory=context.directory, port=port, user=user))
        server = context.server(["nginx", "-p", context.directory, "-c", context.path("nginx.conf"),
                                 "-e", context.path("error.log")], clients.accepts(port))
        try:
            wrong = self.fetch_all(port, sums)
            said = context.plain(["wrk", "-t2", "-c16", "-d2s", f"http://127.0.0.1:{port}/1"]).decode()
            status = server.stop(signal.SIGQUIT)
        finally:
            server.kill()
        with open(context.path("error.log"), encoding="utf-8") as file:
            return {"wrong files": wrong, "wrk": re.findall("Non-2xx.*|Socket errors.*", said), "status": status,
                    "error log": file.read()}

    @staticmethod
    def fetch_all(port, sums):
        wrong = []

        def one(seed):
            for number in random.Random(seed).choices(sorted(sums), k=60):
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/{number}", timeout=60) as answer:
                    if hashlib.sha256(answer.read()).hexdigest() != sums[number]:
                        wrong.append(number)

        run_all([threading.Thread(target=one, args=(seed,)) for seed in range(8)])
        return wrong


def run_all(threads):
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class MariaDb:
    """A fresh server, four connections that insert, update in transactions and count."""

    NAME, WORK = "mariadb", "4 connections, 80 transactions, InnoDB and Aria, shutdown"
    COMPARED = "rows of the results, errors in the log, status"
    NEEDS = {"mariadbd": "mariadb-server-core", "mariadb-install-db": "mariadb-server-core"}

    def run(self, context):
        data, socket_path = context.path("data"), context.path("sock")
        root = ["--user=root"] if os.geteuid() == 0 else []
        context.plain(["mariadb-install-db", "--no-defaults", f"--datadir={data}", "--skip-test-db", *root],
                      timeout=300)
        server = context.server(
            ["mariadbd", "--no-defaults", f"--datadir={data}", f"--socket={socket_path}", "--skip-networking",
             "--skip-grant-tables", "--innodb-buffer-pool-size=32M", f"--pid-file={context.path('pid')}",
             f"--log-error={context.path('error.log')}", *root],
            lambda: connects(socket_path), patience=300)
        try:
            rows = self.work(socket_path)
            status = server.stop(timeout=90)
        finally:
            server.kill()
        with open(context.path("error.log"), encoding="utf-8", errors="replace") as file:
            errors = [line for line in file if "[ERROR]" in line]
        return {"rows": rows, "status": status, "errors": errors}

    def work(self, path):
        first = Mysql(path)
        for statement in ("CREATE DATABASE d", "USE d",
                          "CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, k INT, v VARCHAR(200), KEY(k)) ENGINE=InnoDB",
                          "CREATE TABLE total (n INT) ENGINE=InnoDB", "INSERT INTO total VALUES (0)",
                          "CREATE TABLE a (x INT) ENGINE=Aria"):
            first.query(statement)
        failures = []

        def one(seed):
            try:
                self.session(path, seed)
            except Exception as error:  # the thread's only way out
                failures.append(repr(error))

        run_all([threading.Thread(target=one, args=(seed,)) for seed in range(4)])
        if failures:
            raise AssertionError(failures[0])
        rows = [first.query(statement) for statement in (
            "SELECT COUNT(*), SUM(k), MIN(v), MAX(v) FROM t", "SELECT n FROM total", "SELECT SUM(x) FROM a",
            "SELECT k, COUNT(*) FROM t GROUP BY k ORDER BY k LIMIT 5")]
        first.close()
        return rows

    @staticmethod
    def session(path, seed):
        rng = random.Random(seed)
        client = Mysql(path)
        client.query("USE d")
        for _ in range(20):
            client.query("BEGIN")
            value = quoted("v" * rng.randrange(1, 150))
            client.query(f"INSERT INTO t (k, v) VALUES ({rng.randrange(20)}, {value}), ({rng.randrange(20)}, {value})")
            client.query("UPDATE total SET n = n + 1")
            client.query("COMMIT")
            client.query(f"INSERT INTO a VALUES ({rng.randrange(100)})")
            client.query(f"SELECT COUNT(*) FROM t WHERE k = {rng.randrange(20)}")
        client.close()


def connects(path):
    with socket.socket(socket.AF_UNIX) as sock:
        try:
            sock.connect(path)
            return True
        except OSError:
            return False


AS_ROOT = ["-u", "root"] if os.geteuid() == 0 else []
CASES = [
    KeyValue("memcached", "memcached", clients.Memcached,
             lambda port: ["memcached", *AS_ROOT, "-l", "127.0.0.1", "-t", "4", "-m", "16", "-p", str(port)], 2000),
    Redis("redis", "redis-server", clients.Redis,
             lambda port: ["redis-server", "--save", "", "--io-threads", "4", "--io-threads-do-reads", "yes",
                           "--lazyfree-lazy-user-del", "yes", "--bind", "127.0.0.1", "--port", str(port)], 150),
    RedisBenchmark(), Nginx(), MariaDb(),
]
