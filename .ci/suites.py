#!/usr/bin/env python3
"""Runs the golden suites beside the project and holds them to what is done: suites.py SHARED_DIR path/to/sklambda [--hostile]

Families listed in DONE must pass whole. Over all families nothing may crash or hang, and the number of passed cases may not fall
below the floor in suites.json, which only rises. Hostile files are judged by exit status, by what the refusal
names, by processor time (100 ms; 2 s for a bomb) and by memory (size of the file and 64 MB)."""
import json
import os
import re
import subprocess
import sys
import tempfile
import threading

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
    """-> (status, processor seconds, peak bytes, standard error). The clock would count other programs too."""
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as said:
        given.write(stdin)
        given.seek(0)
        process = subprocess.Popen(arguments, stdin=given, stdout=subprocess.DEVNULL, stderr=said)
        late = threading.Timer(60, process.kill)
        late.start()
        _, state, usage = os.wait4(process.pid, 0)
        late.cancel()
        said.seek(0)
        status = os.waitstatus_to_exitcode(state)
        seconds = usage.ru_utime + usage.ru_stime
        process.returncode = status
        return "hang" if status == -9 else status, seconds, usage.ru_maxrss * 1024, said.read(100000).decode(errors="replace")


def run_within(bound, *arguments):
    """The fastest of up to three runs: what a busy machine adds to processor time is not the file's."""
    runs = [run(*arguments)]
    while runs[-1][1] > bound and len(runs) < 3:
        runs.append(run(*arguments))
    return min(runs, key=lambda answer: answer[1])


# A refusal names a byte of the stream, an object, a limit, or the format that the file has.
PLACE = re.compile(r"\(byte \d+|opcode|limit |Limits::|'|\w+\.\w+|data (are|end|expand|hold)|file is empty|is no pickle|file")


def hostile():
    """Every hostile file: exit status, what the refusal says, processor time and peak memory."""
    manifest = json.load(open(os.path.join(shared, "hostile/manifest.json")))
    bare = run([binary, "--version"])[2]
    rows = {}
    for entry in manifest:
        name, expect = entry["file"], entry["expect"]
        path = os.path.join(shared, "hostile", name)
        bomb = "bomb" in name or "bomb" in entry["what"]
        row = rows.setdefault(expect, {"files": 0, "panic": 0, "abort": 0, "hang": 0, "refused": 0, "named": 0, "s": 0, "MB": 0})
        row["files"] += 1
        bound = 2 if bomb else 0.1
        answers = [run_within(bound, [binary, "inspect", path]),
                   run_within(bound, [binary, "predict", "--model", path, "--input", "-"], b"[[0, 0, 0, 0]]")]
        (seen, *_), (predicted, _, _, refusal) = answers
        ok = seen in ((0,) if expect == "decode" else (0, 3))
        ok &= predicted == 3 if expect in ("reject", "match-cpython-or-reject") else predicted in (0, 3, 4)
        if not ok:
            faults.append("hostile: %s (%s): inspect %s, predict %s" % (name, expect, seen, predicted))
        for status, seconds, peak, text in answers:
            row["panic"] += status == 101 or "panicked" in text
            row["hang"] += status == "hang"
            row["abort"] += status != "hang" and status < 0
            own = max(0, peak - bare)
            row["s"], row["MB"] = max(row["s"], seconds), max(row["MB"], own >> 20)
            if seconds > bound or own > (512 << 20 if bomb else entry["size"] + (64 << 20)):
                faults.append("hostile: %s: %.3f s, %d MB" % (name, seconds, own >> 20))
        if predicted == 3:
            row["refused"] += 1
            row["named"] += bool(PLACE.search(refusal))
            if not PLACE.search(refusal):
                faults.append("hostile: %s: the refusal names nothing: %s" % (name, refusal.strip()))
    columns = ("files", "panic", "abort", "hang", "refused", "named", "s", "MB")
    print("hostile: " + " ".join("%9s" % c for c in ("expect",) + columns))
    for expect, row in sorted(rows.items()):
        cells = ["%9.3f" % row[c] if c == "s" else "%9d" % row[c] for c in columns]
        print("%-24s%s" % (expect, " ".join(cells)))


if "--hostile" not in sys.argv:
    handler()
hostile()
if "--hostile" not in sys.argv:
    for archive in ("sk-0.22.2.post1", "sk-0.24.2", "sk-1.2.2", "sk-1.5.2", "sk-1.9.1"):
        conformance(archive, archive)
    conformance(os.path.join(shared, "wild/wild-dev.tar.xz"), "wild-dev")
if faults:
    print("\n".join(faults[:60]))
    sys.exit("%d faults" % len(faults))
