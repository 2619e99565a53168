#!/usr/bin/env python3
"""Runs the fuzz targets with their seeds and dictionaries, and keeps count of the processor hours that each has had.

    python3 fuzz/run.py                         each target for ten seconds: what a change must pass
    python3 fuzz/run.py --hours 1 --jobs 2      until each target has had an hour of processor time, earlier runs counted

The count is `fuzz/hours.json`: processor seconds, executions, edges of the program's graph that were reached, and what was found. A run
of `--hours` adds to it every ten minutes, so it can be stopped and taken up again; the seed of the random numbers differs each time.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import threading

import seeds

HERE = pathlib.Path(__file__).resolve().parent
COUNT = HERE / "hours.json"
DICTIONARIES = {"container": "pickle", "load": "pickle", "array": "pickle", "model": "pickle", "flips": "pickle",
                "request": "json", "event": "json", "rows": "rows"}
FILES = ("container", "load", "model")  # what takes a whole file starts from those of testdata
CHUNK = 600
INTERRUPTED = 72  # libFuzzer's exit status when it was stopped from outside


def build():
    # libFuzzer's instrumentation is an unstable compiler flag, which a stable compiler takes when it is asked to.
    subprocess.run(["cargo", "fuzz", "build", "--sanitizer", "none"], cwd=HERE.parent, env=os.environ | {"RUSTC_BOOTSTRAP": "1"}, check=True)


def fill():
    """Puts the seeds into the corpora."""
    seeds.write()
    small = sorted(path for path in (HERE.parent / "testdata").rglob("*.pkl") if path.stat().st_size < 8192)
    for target in DICTIONARIES:
        corpus = HERE / "corpus" / target
        corpus.mkdir(parents=True, exist_ok=True)
        for path in small[:: max(1, len(small) // 300)] if target in FILES else []:
            shutil.copy(path, corpus)


def run(target, seconds, seed):
    """Runs one target: its processor seconds, executions, edges reached, and whether it came to its end."""
    program = next((HERE / "target").glob(f"*/release/{target}"))
    artifacts = HERE / "artifacts" / target
    artifacts.mkdir(parents=True, exist_ok=True)
    command = [program, HERE / "corpus" / target, f"-dict={HERE}/{DICTIONARIES[target]}.dict", f"-artifact_prefix={artifacts}/", "-max_len=65536",
               "-timeout=10", "-rss_limit_mb=2048", f"-seed={seed}", f"-max_total_time={seconds}", "-print_final_stats=1"]
    log = HERE / "artifacts" / f"{target}.log"
    with open(log, "wb") as out:
        child = subprocess.Popen([str(part) for part in command], stdout=out, stderr=out)
        _, status, used = os.wait4(child.pid, 0)
    text = log.read_text(errors="replace")
    number = lambda pattern: int((re.findall(pattern, text) or [0])[-1])
    result = {"cpu_seconds": used.ru_utime + used.ru_stime, "executions": number(r"stat::number_of_executed_units: (\d+)"),
              "edges": number(r" cov: (\d+)"), "corpus": number(r" corp: (\d+)")}
    if os.waitstatus_to_exitcode(status) not in (0, INTERRUPTED):
        print(text[-3000:])
    return result, os.waitstatus_to_exitcode(status) in (0, INTERRUPTED)


def add(target, result, good, lock):
    with lock:
        count = json.loads(COUNT.read_text()) if COUNT.exists() else {}
        sums = count.setdefault(target, {"cpu_seconds": 0, "executions": 0, "edges": 0, "runs": 0, "findings": 0})
        for key in ("cpu_seconds", "executions"):
            sums[key] = round(sums[key] + result[key])
        sums["edges"] = max(sums["edges"], result["edges"])
        sums["runs"] += 1
        sums["findings"] += not good
        COUNT.write_text(json.dumps(count, indent=1, sort_keys=True) + "\n")


def had(target):
    count = json.loads(COUNT.read_text()) if COUNT.exists() else {}
    return count.get(target, {"cpu_seconds": 0, "runs": 0})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", metavar="TARGET", default=list(DICTIONARIES), help="all of them where none is named")
    parser.add_argument("--seconds", type=int, default=10, help="wall seconds of each target, without --hours (default 10)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--hours", type=float, help="processor hours that each target is to have had in all")
    parser.add_argument("--built", action="store_true", help="run the programs as they stand, do not build them")
    parser.add_argument("--jobs", type=int, default=1, help="targets at once, with --hours (default 1)")
    args = parser.parse_args()
    if unknown := [target for target in args.targets if target not in DICTIONARIES]:
        parser.error(f"no target {', '.join(unknown)}; there are {', '.join(DICTIONARIES)}")
    if not args.built:
        build()
    fill()
    failed = []
    if args.hours is None:
        for target in args.targets:
            result, good = run(target, args.seconds, args.seed)
            print(f"{target:10} {result['executions']:>9} executions, {result['edges']:>6} edges, {result['corpus']:>5} inputs kept", flush=True)
            failed += [] if good else [target]
    else:
        lock, busy = threading.Lock(), set()

        def take(_):
            while True:
                with lock:
                    # One that found something would find it again.
                    left = [target for target in args.targets
                            if target not in busy and target not in failed and had(target)["cpu_seconds"] < 3600 * args.hours]
                    if not left:
                        return
                    target = min(left, key=lambda name: had(name)["cpu_seconds"])
                    busy.add(target)
                rest = 3600 * args.hours - had(target)["cpu_seconds"]
                result, good = run(target, max(10, min(CHUNK, round(rest) + 5)), 1000 + had(target)["runs"])
                add(target, result, good, lock)
                print(f"{target:10} {json.dumps(had(target))}", flush=True)
                with lock:
                    busy.discard(target)
                    failed.extend([] if good else [target])

        with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
            list(pool.map(take, range(args.jobs)))
    if failed:
        raise SystemExit(f"found something, see fuzz/artifacts: {', '.join(sorted(set(failed)))}")


if __name__ == "__main__":
    main()
