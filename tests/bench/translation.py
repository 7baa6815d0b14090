# SPDX-License-Identifier: MIT
"""What it costs to run from the code cache, with nobody looking at the accesses: CPU time of compressors and programs
full of indirect calls, a server's requests per second, what a program's start costs for the code that ran."""

import os
import re
import shutil
import statistics
import tempfile
import time

import measure
import programs
from load import clients, watched
from mysql import Mysql

BARE = ["--mode=full", "--translation-stress=bare"]
FULL = [*BARE, "--translate=first-thread"]
START = [*BARE, "--translate=start"]
REAL = os.path.join(measure.TESTS, "real")

COMPRESSORS = [
    ("pigz -p2", ["pigz", "-c", "-p2"]),
    ("pbzip2 -p2", ["pbzip2", "-c", "-p2"]),
    ("lbzip2 -n2", ["lbzip2", "-c", "-n2"]),
    ("zstd -T2 -9", ["zstd", "-q", "-c", "-T2", "-9"]),
    ("xz -T2", ["xz", "-c", "-T2", "-1", "--block-size=1MiB"]),
]
MEAN_LIMIT, PROGRAM_LIMIT, SERVER_LIMIT = 1.10, 1.25, 1.15

PYTHON = """import threading, re, json
def work():
    d = {}
    for i in range(500000):
        d[str(i % 700)] = d.get(str(i % 700), 0) + len(re.sub('[13]', 'x', str(i)))
    json.loads(json.dumps(d))
    sorted(range(100000), key=lambda x: -x % 1009)
t = [threading.Thread(target=work) for _ in range(2)]
[x.start() for x in t]; [x.join() for x in t]
"""
PERL = """use threads; $_->join for map { threads->create(sub { my %h;
for my $i (1 .. 2000000) { $h{$i % 900} .= chr(65 + $i % 26) }
my $n = 0; for (values %h) { $n++ while /[AEIOU][^A-F]+?Z/g } $n }) } 1 .. 2"""
LUA = """local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
local t = {} for i = 1, 300000 do t[i] = tostring(i * 7919 % 100003) end table.sort(t)
local s = 0 for i = 1, #t do s = s + #t[i] % 7 end print(fib(30), s, #table.concat(t))"""
SQL = """create table t(a integer primary key, b text, c int);
with recursive n(i) as (select 1 union all select i+1 from n where i<500000)
insert into t select i, 'row '||i, (i*7919)%1009 from n;
create index ti on t(c); select c, count(*), sum(length(b)) from t group by c order by 2 desc, 1 limit 5;
update t set b=upper(b) where c%3=0; select sum(c) from t where b like 'ROW%';
select count(*), sum(c*a%17) from t where a%5<>2 and length(b)>6;
"""
FFMPEG = (
    "ffmpeg -v error -nostdin -f lavfi -i testsrc2=size=640x360:duration=12 -threads 2 -vf hue=h=40,scale=480:270 "
    "-c:v libx264 -preset veryfast -f null -"
).split()

# Keys of the report's statistics, and their columns here.
STATS = {"translated_fragments": "fragments", "translated_bytes": "program", "translation_bytes": "cache",
         "translation_metadata": "metadata", "translation_faults": "faults", "translation_dispatches": "dispatches",
         "translation_links": "links", "translation_misses": "misses"}
COUNTED = list(STATS.values())


def geometric_mean(values):
    return statistics.geometric_mean(values) if values else 0


class Runs:
    """CPU time of one command natively, in mode locks and in mode full, in turns; and the last report's statistics."""

    def __init__(self, bench, argv, cwd=None, options=FULL):
        self.report = os.path.join(bench.directory, "translation.json")
        self.argv, self.cwd = argv, cwd
        ways = [None, watched.LOCKS, options]
        native, locks, full = measure.alternate([self.cpu(way) for way in ways], min(5, bench.rounds))
        self.locks, self.full = measure.Ratio(locks, native), measure.Ratio(full, native)
        self.stats = statistics_of(self.report)

    def cpu(self, options):
        def run():
            line = self.argv if options is None else watched.command(self.argv, self.report, options)
            result = watched.run(line, cwd=self.cwd)
            if result.status != 0:
                raise RuntimeError(f"status {result.status}: {result.stderr.decode(errors='replace')[-300:]}")
            return result.cpu

        return run


def statistics_of(report):
    counts = watched.read_report(report)[2]
    return {column: counts.get(key, 0) for key, column in STATS.items()}


def counted(stats):
    def shown(column):
        is_bytes = column in ("program", "cache", "metadata")
        return f"{stats[column] // 1024:,} KiB" if is_bytes else f"{stats[column]:,}"

    return [shown(column) for column in COUNTED]


def program_row(name, runs, limit=None):
    return [
        name,
        f"{runs.full.native:.2f} s",
        str(runs.locks),
        str(runs.full),
        "" if limit is None else "yes" if runs.full.ratio <= limit else "no",
        *counted(runs.stats),
    ]


def compressors(bench):
    source = os.path.join(bench.directory, "input-translation")
    programs.make_input(source, 4 if bench.quick else 24)
    rows, ratios = [], []
    for name, argv in COMPRESSORS:

        def row(name=name, argv=argv):
            runs = Runs(bench, [*argv, source])
            ratios.append(runs.full.ratio)
            return program_row(name, runs)

        rows.append(programs.guarded(row, name, argv[0]))
    mean = geometric_mean(ratios)
    rows.append(
        [
            f"**geometric mean of {len(ratios)}**",
            "",
            "",
            f"{mean:.3f}x",
            "yes" if ratios and mean <= MEAN_LIMIT else "no",
        ]
    )
    return rows


def indirect(bench):
    calls = os.path.join(bench.directory, "cxx_calls")
    watched.run(["g++", "-std=c++20", "-O2", os.path.join(REAL, "cxx_calls.cc"), "-o", calls, "-pthread"])
    rounds = "100000" if bench.quick else "300000"
    commands = [
        *((name, argv, FULL) for name, argv in interpreters()),
        *((f"{name}, from its start", argv, START) for name, argv in one_thread(bench)),
        ("own C++ program, all of:", [calls, rounds], FULL),
    ]
    commands += [
        (f"· {section}", [calls, rounds, section], FULL)
        for section in ("virtual", "function", "switch", "qsort", "containers", "recursion", "exceptions")
    ]
    return [
        programs.guarded(
            lambda n=name, a=argv, o=options: program_row(n, Runs(bench, a, options=o), PROGRAM_LIMIT), name, argv[0]
        )
        for name, argv, options in commands
    ]


def interpreters():
    """[name, command line], with threads"""
    return [
        ("python3, 2 threads", ["/usr/bin/python3", "-c", PYTHON]),
        ("perl, 2 threads", ["perl", "-e", PERL]),
        ("ffmpeg, libx264", FFMPEG),
        ("ripgrep -j2", ["rg", "-j2", "-c", r"(struct|union)\s+\w+_[a-z]+\s*\{", "/usr/include"]),
    ]


def one_thread(bench):
    script = os.path.join(bench.directory, "script.sql")
    with open(script, "w", encoding="ascii") as file:
        file.write(SQL)
    return [("lua", ["lua5.4", "-e", LUA]), ("sqlite3", ["sqlite3", ":memory:", f".read {script}"])]


class MariaDb:
    """CPU time of a server for a small SQL job; each run on a copy of one fresh data directory."""

    def __init__(self, bench):
        self.bench, self.fresh = bench, os.path.join(bench.directory, "mariadb")
        made = watched.run(
            ["mariadb-install-db", "--no-defaults", f"--datadir={self.fresh}", "--skip-test-db", *self.root()]
        )
        if made.status != 0:
            raise RuntimeError(f"mariadb-install-db: status {made.status}")

    @staticmethod
    def root():
        return ["--user=root"] if os.geteuid() == 0 else []

    def cpu(self, options):
        def run():
            with tempfile.TemporaryDirectory(prefix="detect-bench-") as directory:
                data, path = os.path.join(directory, "data"), os.path.join(directory, "sock")
                shutil.copytree(self.fresh, data)
                server = watched.Server(
                    [
                        "mariadbd",
                        "--no-defaults",
                        f"--datadir={data}",
                        f"--socket={path}",
                        "--skip-networking",
                        "--skip-grant-tables",
                        "--innodb-buffer-pool-size=32M",
                        f"--log-error={directory}/log",
                        *self.root(),
                    ],
                    lambda: os.path.exists(path),
                    report=self.report(),
                    options=options,
                )
                try:
                    before = server.cpu()
                    self.work(path)
                    used = server.cpu() - before
                    server.stop(timeout=90)
                finally:
                    server.kill()
                return used

        return run

    def report(self):
        return os.path.join(self.bench.directory, "translation.json")

    def work(self, path):
        client = Mysql(path)
        for statement in (
            "CREATE DATABASE d",
            "USE d",
            "CREATE TABLE t (id INT PRIMARY KEY, k INT, v VARCHAR(99), KEY(k)) ENGINE=InnoDB",
        ):
            client.query(statement)
        for first in range(0, 2000 if self.bench.quick else 12000, 50):
            client.query(
                "INSERT INTO t VALUES "
                + ",".join(f"({n},{n * 7919 % 1009},'v{n}')" for n in range(first, first + 50))
            )
        for n in range(60 if self.bench.quick else 300):
            client.query(
                f"SELECT k, COUNT(*), MAX(v) FROM t WHERE k % {n % 7 + 2} = 0 GROUP BY k ORDER BY 2 DESC, 1 LIMIT 3"
            )
        client.close()

    def row(self):
        native, locks, full = measure.alternate([self.cpu(way) for way in (None, watched.LOCKS, FULL)], 3)
        runs = Runs.__new__(Runs)
        runs.locks, runs.full, runs.stats = (
            measure.Ratio(locks, native),
            measure.Ratio(full, native),
            statistics_of(self.report()),
        )
        return program_row("mariadb, SQL job", runs, PROGRAM_LIMIT)


def redis_rate(port, quick):
    said = watched.run(
        [
            "redis-benchmark",
            "-p",
            str(port),
            "-c",
            "16",
            "-n",
            "20000" if quick else "100000",
            "-t",
            "set,get",
            "-P",
            "8",
            "--csv",
        ]
    ).stdout.decode()
    if not said:
        raise RuntimeError("redis-benchmark has no result")
    return statistics.harmonic_mean([float(rate) for rate in re.findall(r'^"[A-Z]+","([0-9.]+)"', said, re.M)])


def nginx_rate(port, quick):
    said = watched.run(
        ["wrk", "-t1", "-c16", "-d1s" if quick else "-d3s", f"http://127.0.0.1:{port}/page"]
    ).stdout.decode()
    return float(re.search(r"Requests/sec:\s+([0-9.]+)", said).group(1))


class PipelinedRate:
    """memcached: 8 connections with 32 requests at once on each."""

    def __init__(self):
        self.loads = {}

    def __call__(self, port, quick):
        if port not in self.loads:
            self.loads[port] = clients.PipelinedLoad(clients.Memcached, port, 8)
        begin = time.monotonic()
        return self.loads[port].rounds(40 if quick else 200) / (time.monotonic() - begin)


def nginx(port, directory):
    conf = os.path.join(directory, f"nginx-{port}.conf")
    with open(os.path.join(directory, "page"), "wb") as file:
        file.write(b"x" * 20000)
    with open(conf, "w", encoding="ascii") as file:
        file.write(
            f"""daemon off; master_process off; pid {directory}/{port}.pid; error_log {directory}/error.log;
            thread_pool pool threads=2; events {{ worker_connections 256; }}
            http {{ access_log off; client_body_temp_path {directory}/t1; proxy_temp_path {directory}/t2;
            fastcgi_temp_path {directory}/t3; uwsgi_temp_path {directory}/t4; scgi_temp_path {directory}/t5;
            server {{ listen 127.0.0.1:{port}; root {directory};
                aio threads=pool; sendfile off; output_buffers 2 32k; }} }}"""
        )
    return ["nginx", "-p", directory, "-c", conf, "-e", os.path.join(directory, "error.log")]


def server_row(bench, name, argv, rate, options=FULL):
    """Three servers run at the same time and get the load in turns: native, in mode locks, and with `options`."""
    with tempfile.TemporaryDirectory(prefix="detect-bench-") as directory:
        os.chmod(directory, 0o755)
        report, servers = os.path.join(directory, "report.json"), []
        try:
            for way in (None, watched.LOCKS, options):
                port = clients.free_port()
                servers.append(
                    (
                        watched.Server(
                            argv(port, directory),
                            clients.accepts(port),
                            options=way,
                            cwd=directory,
                            report=report,
                        ),
                        port,
                    )
                )

            def turn(server, port):
                def run():
                    before = server.cpu()
                    requests = rate(port, bench.quick)
                    return requests, server.cpu() - before

                return run

            turns = measure.alternate([turn(*each) for each in servers], bench.rounds)
            for server, _ in servers:
                server.stop()
        finally:
            for server, _ in servers:
                server.kill()
        rates = [[requests for requests, _ in each] for each in turns]
        locks, full = measure.Ratio(rates[1], rates[0]), measure.Ratio(rates[2], rates[0])
        return [
            name,
            f"{full.native:,.0f}",
            str(locks),
            str(full),
            "yes" if full.ratio >= 1 / SERVER_LIMIT else "no",
            *counted(statistics_of(report)),
        ]


SERVERS = [
    (
        "memcached -t 2, pipelined",
        lambda port, _: ["memcached", "-u", "root", "-l", "127.0.0.1", "-t", "2", "-p", str(port)],
        PipelinedRate(),
    ),
    ("redis", lambda port, _: programs.redis(port), redis_rate),
    ("nginx, thread pool", nginx, nginx_rate),
]


def start_up(bench):
    """CPU time above mode locks, for 100 KB of code that ran, in programs that run much code once."""
    source = os.path.join(bench.directory, "start.c")
    with open(source, "w", encoding="utf-8") as file:
        file.write('#include <stdio.h>\nint main(void) { return puts("x") < 0; }\n')
    commands = [
        ("perl -e 1", ["perl", "-e", "1"]),
        ("python3 -c 'import json, ssl'", ["/usr/bin/python3", "-c", "import json, ssl"]),
        ("gcc -O2 -c (3 processes)", ["gcc", "-O2", "-c", source, "-o", "/dev/null"]),
        ("ffmpeg -h full", ["ffmpeg", "-h", "full"]),
        ("git --version", ["git", "--version"]),
    ]
    rows = []
    for name, argv in commands:

        def row(name=name, argv=argv):
            runs = Runs(bench, argv, options=START)
            more = (runs.full.median - runs.locks.median) * 1000
            part = runs.stats["program"] / 1e5
            return [
                name,
                f"{runs.full.native * 1000:.1f} ms",
                f"{runs.locks.median * 1000:.1f} ms",
                f"{runs.full.median * 1000:.1f} ms",
                f"{more / part:.2f} ms" if part else "",
                *counted(runs.stats),
            ]

        rows.append(programs.guarded(row, name, argv[0]))
    return rows


def compressor_section(bench):
    head = ["program", "native CPU", "locks/native", "full/native", "within the aim", *COUNTED]
    title = f"Translation: compressors (aim: geometric mean {MEAN_LIMIT:.2f}x)"
    return measure.table(title, head, compressors(bench))


def call_section(bench):
    head = ["program", "native CPU", "locks/native", "full/native", "within the aim", *COUNTED]
    rows = indirect(bench)
    rows.insert(4, programs.guarded(lambda: MariaDb(bench).row(), "mariadb", "mariadbd"))
    return measure.table(f"Translation: indirect calls, C++ (aim: {PROGRAM_LIMIT:.2f}x each)", head, rows)


def server_section(bench):
    head = ["server", "native requests/s", "locks/native", "full/native", f"at least 1/{SERVER_LIMIT}", *COUNTED]
    rows = []
    for name, argv, rate in SERVERS:

        def row(name=name, argv=argv, rate=rate):
            return server_row(bench, name, argv, rate)

        rows.append(programs.guarded(row, name, argv(1, bench.directory)[0]))
    return measure.table("Translation: servers, requests per second", head, rows)


def start_section(bench):
    head = ["program", "native CPU", "locks", "full, from the start", "more per 100 KB of code that ran", *COUNTED]
    return measure.table("Translation: start-up", head, start_up(bench))
