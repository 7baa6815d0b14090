# SPDX-License-Identifier: MIT
"""Python's own threads, locks, queues and pools, with extension modules that leave the interpreter lock.
Run by tests/real/run; prints the same in every run."""

import concurrent.futures
import hashlib
import queue
import sqlite3
import threading
import time
import zlib

lock, condition, total = threading.Lock(), threading.Condition(), 0
jobs, results = queue.Queue(maxsize=8), queue.Queue()


def worker():
    global total
    while (job := jobs.get()) is not None:
        data = bytes([job % 256]) * 200_000
        results.put((job, zlib.crc32(zlib.compress(data)), hashlib.sha256(data).hexdigest()[:8]))
        with lock:
            total += job
        jobs.task_done()
    jobs.task_done()


def queues():
    threads = [threading.Thread(target=worker) for _ in range(4)]
    for thread in threads:
        thread.start()
    for job in range(200):
        jobs.put(job)
    for _ in threads:
        jobs.put(None)
    jobs.join()
    for thread in threads:
        thread.join()
    print("queue", total, sorted(results.get() for _ in range(200))[-1])


def conditions():
    order = []

    def player(number):
        for turn in range(50):
            with condition:
                condition.wait_for(lambda: len(order) % 3 == number)
                order.append(number)
                condition.notify_all()

    threads = [threading.Thread(target=player, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print("conditions", len(order), order == [0, 1, 2] * 50)


def others():
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        print("pool", sum(pool.map(lambda n: n * n, range(1000))))
    barrier, hits = threading.Barrier(4), []
    threads = [threading.Thread(target=lambda: hits.append(barrier.wait())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print("barrier", sorted(hits))
    gate = threading.Event()
    timer = threading.Timer(0.01, gate.set)
    timer.start()
    print("event", gate.wait(30))
    timer.join()
    print("timed out", lock.acquire(timeout=0.01) and lock.acquire(timeout=0.01))
    lock.release()
    database = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
    database.execute("CREATE TABLE t (n)")
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        inserts = [pool.submit(database.execute, "INSERT INTO t VALUES (?)", (n,)) for n in range(100)]
    for insert in inserts:
        insert.result()
    print("database", database.execute("SELECT SUM(n) FROM t").fetchone())
    threading.Thread(target=time.sleep, args=(100,), daemon=True).start()


queues()
conditions()
others()
