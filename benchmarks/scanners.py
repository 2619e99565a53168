#!/usr/bin/env python3
"""Scanners of pickle files and this project, side by side on the same files: scanners.py SHARED_DIR path/to/sklambda [WILD_DIR]

Needs picklescan, modelscan and fickling from PyPI. Only their scanners are run, which unpickle nothing; each file in a process of its
own, with a time limit. Prints the table in docs/security.md."""
import collections
import json
import logging
import multiprocessing
import os
import subprocess
import sys

shared, binary = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
wild = os.path.abspath(sys.argv[3]) if len(sys.argv) > 3 else None
SECONDS = 60


def picklescan(path):
    from picklescan.scanner import scan_file_path
    result = scan_file_path(path)
    return "flagged" if result.infected_files else "failed" if result.scan_err else "clean"


def modelscan(path):
    from modelscan.modelscan import ModelScan
    summary = ModelScan().scan(path)["summary"]
    if summary["total_issues"]:
        return "flagged"
    return "clean" if summary["scanned"]["total_scanned"] else "failed"


def fickling(path):
    from fickling.analysis import Severity, check_safety
    from fickling.fickle import Pickled
    with open(path, "rb") as file:
        pickled = Pickled.load(file)
    return "flagged" if check_safety(pickled).severity > Severity.LIKELY_SAFE else "clean"


def ours(path):
    # A harmless file must decode, whatever it is; a model is asked, and nothing else is answered.
    harmless = path in HARMLESS
    command = [binary, "inspect", path] if harmless else [binary, "predict", "--model", path, "--input", "-"]
    status = subprocess.run(command, input=b"[[0, 0, 0, 0]]", capture_output=True).returncode
    # 4: the model stands, and wants other rows than these.
    return {0: "clean", 3: "flagged", 4: "clean"}.get(status, "failed")


def worker(tool, pipe):
    logging.disable(logging.CRITICAL)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    while True:
        path = pipe.recv()
        try:
            pipe.send(tool(path))
        except BaseException:  # A scanner that cannot read a file has told nobody that it is bad.
            pipe.send("failed")


class Tool:
    """A worker process, replaced when a file takes too long or kills it."""

    def __init__(self, tool):
        self.tool, self.process = tool, None

    def judge(self, path):
        if self.process is None:
            self.pipe, theirs = multiprocessing.Pipe()
            self.process = multiprocessing.Process(target=worker, args=(self.tool, theirs), daemon=True)
            self.process.start()
        try:
            self.pipe.send(path)
            if self.pipe.poll(SECONDS):
                return self.pipe.recv()
            verdict = "hung"
        except (EOFError, OSError):
            verdict = "crashed"
        self.process.kill()
        self.process = None
        return verdict


def groups():
    """-> {group: [path]}; the first are to be caught, the last two are harmless."""
    out = collections.OrderedDict((name, []) for name in ("calls", "tampered", "malformed", "controls", "real"))
    for entry in json.load(open(os.path.join(shared, "hostile/manifest.json"))):
        path = os.path.join(shared, "hostile", entry["file"])
        if entry["expect"] == "decode":
            out["controls"].append(path)
        elif entry["expect"] == "reject":
            tampered = entry["file"].startswith("tampered/")
            out["calls" if entry.get("globals") and not tampered else "tampered" if tampered else "malformed"].append(path)
    if wild:
        cases = [json.loads(line) for line in open(os.path.join(wild, "cases.jsonl"))]
        out["real"] = [os.path.join(wild, name) for name in sorted({case["model"] for case in cases})]
    return out


HARMLESS = set(groups()["controls"] + groups()["real"])


def main():
    tools = [("picklescan", picklescan), ("modelscan", modelscan), ("fickling", fickling), ("sklambda", ours)]
    table, missed = {}, collections.defaultdict(list)
    for name, tool in tools:
        tool = Tool(tool)
        for group, paths in groups().items():
            verdicts = [tool.judge(path) for path in paths]
            table[name, group] = collections.Counter(verdicts)
            missed[name, group] = [p for p, v in zip(paths, verdicts) if (v == "flagged") == (group in ("controls", "real"))]
    titles = [("calls", "attacks that call something: flagged"), ("malformed", "broken and oversized streams: flagged"),
              ("tampered", "models with an impossible value: flagged"), ("controls", "harmless control files: flagged (false alarm)"),
              ("real", "real scikit-learn files: flagged (false alarm)")]
    print("| Files | count | " + " | ".join(name for name, _ in tools) + " |\n|---|---:|" + "---:|" * len(tools))
    for group, title in titles:
        total = sum(table["sklambda", group].values())
        cells = []
        for name, _ in tools:
            counts = table[name, group]
            bad = sum(counts[v] for v in ("failed", "hung", "crashed"))
            cells.append("%d%s" % (counts["flagged"], " (+%d not scanned)" % bad if bad else ""))
        print("| %s | %d | %s |" % (title, total, " | ".join(cells)))
    if "--list" in sys.argv:
        for (name, group), paths in missed.items():
            for path in paths:
                print(name, group, os.path.relpath(path, shared))


if __name__ == "__main__":
    main()
