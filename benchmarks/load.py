#!/usr/bin/env python3
"""The server under load: load.py path/to/sklambda [--slow SOCKETS SECONDS] [--soak REQUESTS]

--slow   peers that send one byte of a head a second, while others ask: latencies before and meanwhile
--soak   so many requests over a few connections, some of them bad: every one is answered, and the memory does not grow"""
import os
import re
import socket
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
MODEL = os.path.join(HERE, "../testdata/examples/iris_logistic.joblib")
BODY = b'{"input": [[5.1, 3.5, 1.4, 0.2]], "return_probabilities": true}'
GOOD = b"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY
BAD = b"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\n{]}[{"


class Server:
    def __init__(self, binary):
        command = [binary, "serve", "--model", MODEL, "--port", "0"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for line in self.process.stdout:
            found = re.search(r"http://([\d.]+):(\d+)", line)
            if found:
                self.address = (found[1], int(found[2]))
                break
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def memory(self):
        text = open("/proc/%d/status" % self.process.pid).read()
        return int(re.search(r"VmRSS:\s+(\d+)", text)[1]) * 1024

    def connect(self):
        peer = socket.create_connection(self.address)
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return peer, peer.makefile("rb", 1 << 16)


def answer(file):
    """-> status"""
    status = int(file.readline().split()[1])
    length = 0
    while True:
        line = file.readline().strip().lower()
        if not line:
            break
        if line.startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    file.read(length)
    return status


def latencies(server, seconds):
    peer, file = server.connect()
    out = []
    end = time.time() + seconds
    while time.time() < end:
        start = time.perf_counter()
        peer.sendall(GOOD)
        assert answer(file) == 200
        out.append(time.perf_counter() - start)
        time.sleep(0.002)
    return sorted(out)


def percentiles(times):
    return "p50 %.2f ms, p99 %.2f ms of %d requests" % (times[len(times) // 2] * 1e3, times[len(times) * 99 // 100] * 1e3, len(times))


def slow(server, sockets, seconds):
    before = latencies(server, min(seconds, 15))
    print("alone: " + percentiles(before))
    peers = []
    for _ in range(sockets):
        try:
            peers.append(socket.create_connection(server.address, timeout=1))
        except OSError:
            pass
    stop = threading.Event()

    def drip():
        while not stop.wait(1):
            for i, peer in enumerate(peers):
                try:
                    peer.sendall(b"P")
                except OSError:  # The server has had enough of it: another one comes.
                    try:
                        peers[i] = socket.create_connection(server.address, timeout=0.1)
                    except OSError:
                        pass

    thread = threading.Thread(target=drip)
    thread.start()
    meanwhile = latencies(server, seconds)
    stop.set()
    thread.join()
    print("with %d slow sockets: %s" % (len(peers), percentiles(meanwhile)))
    p99 = [times[len(times) * 99 // 100] for times in (before, meanwhile)]
    print("p99 is %.2f times its value" % (p99[1] / p99[0]))


def soak(server, count, connections=4, ahead=20):
    lost = [0]

    def ask(requests):
        peer, file = server.connect()
        while requests > 0:
            batch = [GOOD] * min(ahead, requests)
            # One bad request in each hundred.
            if requests // ahead % 5 == 0:
                batch[0] = BAD
            peer.sendall(b"".join(batch))
            for sent in batch:
                try:
                    lost[0] += answer(file) != (400 if sent is BAD else 200)
                except (OSError, IndexError, ValueError):
                    lost[0] += 1
                    peer, file = server.connect()
                    break
            requests -= len(batch)

    def run(requests):
        threads = [threading.Thread(target=ask, args=(requests // connections,)) for _ in range(connections)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    run(min(count, 20_000))
    before, start = server.memory(), time.time()
    run(count)
    growth = server.memory() - before
    print("%d requests in %.0f s, %d answered otherwise; memory %.1f MB, grew by %d kB" %
          (count, time.time() - start, lost[0], before / 1e6, growth // 1024))
    if lost[0] or growth > 1 << 20:
        sys.exit(1)


def main():
    server = Server(sys.argv[1])
    arguments = sys.argv[2:]
    try:
        if "--slow" in arguments:
            at = arguments.index("--slow")
            slow(server, int(arguments[at + 1]), float(arguments[at + 2]))
        if "--soak" in arguments:
            soak(server, int(arguments[arguments.index("--soak") + 1]))
    finally:
        server.process.terminate()
        server.process.wait(40)


main()
