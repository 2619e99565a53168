#!/usr/bin/env python3
"""Compares builds of the worker: runs them in turn, round after round, and prints medians, their ratio, and whether the answers agree.

    python benchmarks/compare.py BEFORE AFTER --models A.joblib,B.joblib --data ROWS.npy --method predict_proba [--rounds 5] [--rows 250,5000]
"""
import argparse
import json
import os
import statistics
import subprocess
import tempfile


def run(binary, model, args, phase, *more):
    command = [binary, "--phase", phase, "--model", model, "--method", args.method, "--data", args.data, "--threads", str(args.threads),
               "--budget", str(args.budget), "--cap", str(args.cap), *more]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def answers(binary, model, args):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "answers")
        run(binary, model, args, "answers", "--rows", "3001", "--out", path)
        with open(path, "rb") as file:
            return file.read()


def figures(text):
    out = json.loads(text)
    found = {"load ms": out["load_s"] * 1e3, "one row us": out.get("p50_us", 0.0), "peak MB": out["hwm_kb"] / 1e3}
    for rows, batch in (out.get("batch") or {}).items():
        found[f"{rows} rows, us a row"] = batch["s"] / batch["rows"] * 1e6
        found[f"{rows} rows, processor us a row"] = batch["cpu_s"] / batch["rows"] * 1e6
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before")
    parser.add_argument("after")
    parser.add_argument("--models", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--method", default="predict_proba")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", default="250,5000")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--budget", type=float, default=0.05)
    parser.add_argument("--cap", type=float, default=0.25)
    args = parser.parse_args()
    both = [args.before, args.after]
    for model in args.models.split(","):
        name = os.path.basename(model)
        same = answers(args.before, model, args) == answers(args.after, model, args)
        print(f"{name}: the answers are {'the same bit for bit' if same else 'NOT the same'}")
        seen = {binary: {} for binary in both}
        for turn in range(args.rounds):
            for binary in both if turn % 2 == 0 else both[::-1]:
                for what, value in figures(run(binary, model, args, "steady", "--rows", args.rows)).items():
                    seen[binary].setdefault(what, []).append(value)
        for what in seen[args.before]:
            before, after = (statistics.median(seen[binary][what]) for binary in both)
            print(f"  {what}: {before:.3f} -> {after:.3f} ({before / max(after, 1e-9):.2f}x)", flush=True)


if __name__ == "__main__":
    main()
