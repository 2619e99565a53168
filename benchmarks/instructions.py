#!/usr/bin/env python3
"""Counts instructions, which no noise can hide: instructions.py [--write] [--profile fastrel] [NAME ...]

Loads each small model of testdata/kernels, and lets it answer rows, under valgrind's callgrind. Against the counts that are committed in
instructions.json, more than --tolerance per cent either way is an error: a kernel that became faster is written down with --write, one that
became slower is explained or mended. The counts hold for one compiler, profile and kind of processor (AVX2), which the file names.
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
COUNTS = HERE / "instructions.json"
# Rows that are answered: enough that a call's own costs are small beside them, few enough for a simulated processor.
ROWS = {"logistic": 2000, "mlp": 500, "forest": 500, "boosting": 1000, "histogram_boosting": 1000, "svc": 200, "knn_brute": 200, "knn_kd": 500,
        "tfidf": 200}


def count(worker, model, rows, method="predict"):
    """Instructions of loading a model and answering so many rows."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", str(worker), "--phase", "once", "--method", method,
               "--model", str(model), "--rows", str(rows)]
    run = subprocess.run(command, capture_output=True, text=True)
    found = re.search(r"Collected : (\d+)", run.stderr)
    if run.returncode or not found:
        sys.exit(f"{' '.join(command)}: {run.stderr[-500:]}")
    return int(found[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=list(ROWS))
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--profile", default="fastrel")
    parser.add_argument("--tolerance", type=float, default=3)
    args = parser.parse_args()
    subprocess.run(["cargo", "build", "--profile", args.profile, "-p", "skestimators", "--example", "bench_worker"], cwd=HERE.parent, check=True)
    worker = HERE.parent / "target" / args.profile / "examples/bench_worker"
    compiler = subprocess.run(["rustc", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    known = json.loads(COUNTS.read_text()) if COUNTS.exists() else {"counts": {}}
    found, off = {}, []
    for name in args.names:
        load = count(worker, HERE.parent / f"testdata/kernels/{name}.joblib", 0)
        row = (count(worker, HERE.parent / f"testdata/kernels/{name}.joblib", ROWS[name]) - load) / ROWS[name]
        found[name] = {"load": load, "row": round(row, 1)}
        for what, value in found[name].items():
            before = known["counts"].get(name, {}).get(what)
            change = (value / before - 1) * 100 if before else 0.0
            if before is None or abs(change) > args.tolerance:
                off.append(name)
            print(f"{name}, {what}: {value:,.0f} ({change:+.1f} %)" if before else f"{name}, {what}: {value:,.0f}", flush=True)
    if args.write:
        known = {"compiler": compiler, "profile": args.profile, "counts": known["counts"] | found}
        COUNTS.write_text(json.dumps(known, indent=1) + "\n")
    elif off:
        made = f"{known.get('compiler')}, {known.get('profile')}"
        sys.exit(f"other counts than committed: {', '.join(dict.fromkeys(off))} (committed with {made}; now {compiler}, {args.profile})")


if __name__ == "__main__":
    main()
