#!/usr/bin/env python3
"""Runs the golden suites beside the project and holds them to what is done: suites.py SHARED_DIR path/to/sklambda

Families listed in DONE must pass whole. Over all families nothing may crash or hang, and the number of passed cases may not fall
below the floor in suites.json, which only rises. Hostile files are judged by exit status, time and memory."""
import json
import os
import resource
import subprocess
import sys
import time

shared, binary = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
here = os.path.dirname(os.path.abspath(__file__))
floors = json.load(open(os.path.join(here, "suites.json")))
faults = []


def conformance(archive, name):
    report = os.path.abspath("target/conformance-%s.json" % name)
    command = [os.path.join(shared, "conformance/run"), archive, binary, "--jobs", "2", "--failures", "20", "--json", report]
    environment = dict(os.environ, PATH=os.path.dirname(sys.executable) + ":" + os.environ["PATH"])
    out = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)
    if not os.path.exists(report):
        sys.exit(out.stdout)
    document = json.load(open(report))
    results, total = document["results"], document["total"]
    undone = tuple(floors["waiting"])
    for r in results:
        worst = r["state"]
        if worst in ("crashed", "timeout"):
            faults.append("%s: %s %s" % (name, worst, r["id"]))
        elif worst != "passed" and r["family"] in floors["done"] and r["estimator"] not in undone:
            faults.append("%s: %s %s" % (name, worst, r["id"]))
    passed, floor = total.get("passed", 0), floors["passed"].get(name, 0)
    print("%s: %d of %d cases passed (floor %d)" % (name, passed, len(results), floor))
    if passed < floor:
        faults.append("%s: %d cases passed, the floor is %d" % (name, passed, floor))


def handler():
    command = [sys.executable, os.path.join(shared, "seed/compare_handler.py"), os.path.join(shared, "seed/handler_golden"),
               "--cmd", binary + " invoke"]
    out = subprocess.run(command, stdout=subprocess.PIPE, text=True).stdout.strip().splitlines()
    print("handler: " + out[-1])
    passed = int(out[-1].split()[0])
    if passed < floors["passed"]["handler"]:
        faults.extend(["handler: " + line for line in out])


def run(arguments, stdin=b""):
    """-> (status, seconds, peak bytes)"""
    start = time.time()
    process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        process.communicate(stdin, timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return "hang", 10, 0
    except BrokenPipeError:
        pass
    return process.wait(), time.time() - start, 0


def hostile():
    manifest = json.load(open(os.path.join(shared, "hostile/manifest.json")))
    bad = 0
    for entry in manifest:
        path = os.path.join(shared, "hostile", entry["file"])
        expect = entry["expect"]
        seen, seconds, _ = run([binary, "inspect", path])
        predicted, more, _ = run([binary, "predict", "--model", path, "--input", "-"], b"[[0, 0, 0, 0]]")
        ok = seen in ((0,) if expect == "decode" else (0, 3))
        ok &= predicted == 3 if expect in ("reject", "match-cpython-or-reject") else predicted in (0, 3, 4)
        if not ok:
            bad += 1
            faults.append("hostile: %s (%s): inspect %s, predict %s" % (entry["file"], expect, seen, predicted))
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    print("hostile: %d of %d files judged well; largest process %d MiB" % (len(manifest) - bad, len(manifest), peak))


handler()
hostile()
for archive in ("sk-0.22.2.post1", "sk-0.24.2", "sk-1.2.2", "sk-1.5.2", "sk-1.9.1"):
    conformance(archive, archive)
conformance(os.path.join(shared, "wild/wild-dev.tar.xz"), "wild-dev")
if faults:
    print("\n".join(faults[:60]))
    sys.exit("%d faults" % len(faults))
