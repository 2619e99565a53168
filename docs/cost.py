#!/usr/bin/env python3
"""The figures of cost.html: python3 docs/cost.py path/to/sklambda MODEL...   (Linux, standard library only)

cold  CPU milliseconds from starting the program to its first answer, median of 41 runs of `sklambda invoke`
warm  CPU microseconds of a request to `sklambda serve` with one row, over 2,000 requests on one connection
peak  the most memory that a cold start took, in MB
"""
import http.client
import json
import os
import re
import resource
import statistics
import subprocess
import sys

binary, models = sys.argv[1], sys.argv[2:]
body = json.dumps({"input": [[5.1, 3.5, 1.4, 0.2]], "return_probabilities": True})
event = json.dumps({"body": body}).encode()


def cold(model):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run = subprocess.Popen([binary, "invoke", "--model", model], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    run.stdin.write(event)
    run.stdin.close()
    answer = run.stdout.read()
    _, status, usage = os.wait4(run.pid, 0)
    run.returncode = status
    assert status == 0 and b"200" in answer, answer
    return 1000 * (usage.ru_utime + usage.ru_stime), usage.ru_maxrss / 1024


def warm(model):
    server = subprocess.Popen([binary, "serve", "--port", "0", "--model", model], stdout=subprocess.PIPE, text=True)
    try:
        address = None
        while not address:
            address = re.search(r"http://([0-9.]+:\d+)", server.stdout.readline())
        connection = http.client.HTTPConnection(address.group(1))

        def ask(count):
            for _ in range(count):
                connection.request("POST", "/predict", body)
                connection.getresponse().read()

        def used():
            fields = open("/proc/%d/stat" % server.pid).read().rsplit(")", 1)[1].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

        ask(200)
        start = used()
        ask(2000)
        return 1e6 * (used() - start) / 2000
    finally:
        server.kill()
        server.wait()


for model in models:
    runs = [cold(model) for _ in range(41)]
    print("%s: cold %.1f ms, warm %.0f us, peak %.0f MB" % (
        os.path.basename(model), statistics.median(t for t, _ in runs), warm(model), max(m for _, m in runs)))
