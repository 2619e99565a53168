#!/usr/bin/env python3
"""This engine beside scikit-learn and what else runs its models: everything interleaved in one run.

    python benchmarks/run.py                         prepare what is missing, measure, write results.json, RESULTS.md and the charts
    python benchmarks/run.py --prepare               only prepare: environments, models, what the peers make of them, programs
    python benchmarks/run.py --only rf100,dt --phases steady --rounds 1 --peers sklearn,onnx32 --out /tmp/r.json

It needs Python 3.10 to 3.12 (one peer has no newer wheels), Rust and gcc. What it makes is kept in benchmarks/.cache (--work): about 3 GB.

A round visits every phase and model once; the engines of one model run back to back, another one first in each round, so that a ratio
inside a round compares like with like. Every run is a process of its own. Rounds follow one another until --rounds or --minutes is
reached; --resume goes on with the rounds of an earlier run. Phases:

    cold      from exec to the first answer of one row: scikit-learn, this library, the real `bootstrap` under a Runtime API, the peers
    toolkit   the Python toolkit's own benchmark: networks of three hidden layers behind its handler, cold and warm
    steady    one-row latency, and batches of 1,000 and up to 100,000 rows (as many as --cap seconds allow), one thread
    threads   the same of this engine in one and in two threads
    load      loading again and again, compressed and not, against joblib.load and against the decompressor alone
    lambda    requests through the Lambda loop, beside lambda_runtime's own loop; JSON of 1,000 x 50 numbers
    limits    how fast this machine reads and writes memory, multiplies, and starts a thread
    growth    time against rows, features, trees, depth, support vectors, vocabulary (one round)
    binary    the program's size and the time to compile the library (only where asked for)
"""
import argparse
import glob
import json
import os
import pathlib
import platform
import re
import resource
import shutil
import socket
import subprocess
import sys
import threading
import time

import instructions

HERE = pathlib.Path(__file__).resolve().parent
PHASES = ["limits", "cold", "toolkit", "steady", "threads", "load", "lambda", "growth"]
PER_ROUND = [phase for phase in PHASES if phase != "growth"]
ENVIRONMENTS = {
    # Without pandas, whose import would be counted as scikit-learn's.
    "sklearn": ["scikit-learn==1.8.0", "scikit-learn-lambda==0.1.0", "lz4"],
    "peers": ["scikit-learn==1.8.0", "skl2onnx==1.20.0", "onnx<1.23", "protobuf<7", "onnxruntime==1.32.0", "treelite==4.8.1", "tl2cgen==1.0.0",
              "m2cgen==0.10.0", "lightgbm==4.7.0", "lleaves==1.3.0", "llvmlite<0.44", "xgboost-cpu==3.2.0", "ydf==0.16.1"],
}
GROWING = ("lr_digits", "gnb", "dt", "gb200_d6", "hgb_num", "rf100", "mlp_250", "svc_digits", "knn_kd", "tfidf_lr")
OURS, PYTHON_PEERS = "sklearn-in-rust", ("treelite", "lleaves", "xgboost", "ydf")
CLOCK = lambda: time.clock_gettime_ns(time.CLOCK_MONOTONIC)


def call(*command, **more):
    print("+", *command, flush=True)
    subprocess.run(list(map(str, command)), check=True, **more)


class Place:
    """Where everything is."""

    def __init__(self, args):
        self.work, self.profile = args.work.resolve(), args.profile
        built = HERE.parent / "target" / self.profile
        self.worker, self.loop, self.bootstrap = built / "examples/bench_worker", built / "examples/bench_lambda", built / "bootstrap"
        self.onnx_host = self.work / "onnx_host/release/onnx_host"
        self.events = self.work / "events"

    def python(self, environment):
        return self.work / "venv" / environment / "bin/python"

    def index(self, path):
        path = self.work / path
        return json.loads(path.read_text()) if path.exists() else {}


def prepare(place, args):
    for name, packages in ENVIRONMENTS.items():
        python = place.python(name)
        stamp = python.parent.parent / "packages.txt"
        if stamp.exists() and stamp.read_text() == "\n".join(packages):
            continue
        if not (3, 10) <= sys.version_info < (3, 13):
            sys.exit(f"Python {platform.python_version()}: llvmlite 0.43 has wheels for 3.10 to 3.12")
        call(sys.executable, "-m", "venv", python.parent.parent)
        call(python, "-m", "pip", "install", "-q", *packages)
        stamp.write_text("\n".join(packages))
    profile = ["--profile", place.profile]
    call("cargo", "build", *profile, "-p", "skestimators", "--example", "bench_worker", cwd=HERE.parent)
    call("cargo", "build", *profile, "-p", "sklambda", "--no-default-features", "--features", "lambda", "--bin", "bootstrap",
         "--example", "bench_lambda", cwd=HERE.parent)
    call("cargo", "build", "--release", "--manifest-path", HERE / "onnx_host/Cargo.toml", "--target-dir", place.work / "onnx_host")
    only = ["--only", args.only] if args.only else []
    call(place.python("sklearn"), HERE / "models.py", place.work, *(["--only", args.only + ",json50"] if only else []))
    if "growth" in args.phases:
        call(place.python("sklearn"), HERE / "models.py", place.work, "--growth")
    call(place.python("peers"), HERE / "peers.py", place.work, *only)
    write_events(place)


def write_events(place):
    """The requests as API Gateway sends them: one row of each model, and a thousand rows of fifty numbers."""
    place.events.mkdir(exist_ok=True)
    def write(name, rows, proba):
        body = json.dumps({"input": rows} | ({"return_probabilities": True} if proba else {}), ensure_ascii=False)
        event = {"resource": "/", "path": "/", "httpMethod": "POST", "headers": {"content-type": "application/json"},
                 "isBase64Encoded": False, "body": body}
        (place.events / f"{name}.json").write_text(json.dumps(event))
    for name, about in place.index("models/models.json").items():
        row = json.loads((place.work / "data" / f"{about['set']}.row.json").read_text())
        write(name, [row], about["method"] == "predict_proba")
    code = "import numpy, json, sys; print(json.dumps(numpy.load(sys.argv[1])[:1000].tolist()))"
    if (place.work / "data/json50.npy").exists():
        rows = subprocess.run([place.python("sklearn"), "-c", code, place.work / "data/json50.npy"], capture_output=True, check=True)
        write("json50_1000", json.loads(rows.stdout), True)


def environment(threads, **more):
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("OMP_", "OPENBLAS_", "MKL_", "AWS_", "SKLEARN_"))}
    return kept | {"OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": str(threads)} | more


def run(command, threads=1, timeout=90):
    """Starts a worker and waits: its line of JSON, with what is seen from outside."""
    load, before = os.getloadavg()[0], resource.getrusage(resource.RUSAGE_CHILDREN)
    start = CLOCK()
    child = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(threads))
    try:
        out, err = child.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
        return {"error": f"not done in {timeout} s"}
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    lines = [line for line in out.decode().splitlines() if line.startswith("{")]
    if not lines:
        return {"error": f"exit {child.returncode}: {err.decode(errors='replace').strip()[-300:]}"}
    result = json.loads(lines[-1])
    if "t_first" in result:
        times = [start] + [result.pop(key) for key in ("t_main", "t_import", "t_load", "t_first")]
        steps = dict(zip(("start_ms", "import_ms", "load_ms", "first_ms"), ((b - a) / 1e6 for a, b in zip(times, times[1:]))))
        result |= {"wall_ms": (times[-1] - start) / 1e6} | steps
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return result | {"cpu_ms": cpu * 1e3, "load1": load}


class RuntimeApi:
    """What a function for Lambda asks for events: as little as it takes, on plain sockets, to add as little as it can to what is measured."""

    def __init__(self, event):
        body = event.encode()
        self.event = (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nLambda-Runtime-Aws-Request-Id: 1\r\n"
                      b"Lambda-Runtime-Deadline-Ms: 4102444800000\r\nLambda-Runtime-Trace-Id: t\r\n"
                      b"Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:eu-west-1:1:function:f\r\nContent-Length: %d\r\n\r\n" % len(body)) + body
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.asked, self.answered, self.body, self.done = [], [], b"", threading.Condition()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.connection, args=(peer,), daemon=True).start()

    def connection(self, peer):
        try:
            self.serve(peer)
        except OSError:
            pass  # The function was ended.

    def received(self, peer):
        part = peer.recv(1 << 18)
        if not part:
            raise ConnectionError("the function has gone")
        return part

    def serve(self, peer):
        kept = b""
        while True:
            while (end := kept.find(b"\r\n\r\n")) < 0:
                kept += self.received(peer)
            head, kept = kept[:end], kept[end + 4:]
            if head.startswith(b"GET"):
                self.asked.append(CLOCK())
                peer.sendall(self.event)
                continue
            length = re.search(rb"(?i)content-length: *(\d+)", head)
            if length:
                while len(kept) < int(length[1]):
                    kept += self.received(peer)
                body, kept = kept[:int(length[1])], kept[int(length[1]):]
            else:
                while b"0\r\n\r\n" not in kept:
                    kept += self.received(peer)
                body, kept = kept.split(b"0\r\n\r\n", 1)
            with self.done:
                self.answered.append(CLOCK())
                self.body = self.body or head.split(b" ")[1] + b" " + body
                self.done.notify()
            peer.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n{}")

    def wait(self, count, timeout):
        with self.done:
            return self.done.wait_for(lambda: len(self.answered) >= count, timeout)


def function(command, event, model, seconds=0.0, timeout=60):
    """A program for Lambda from exec on: how long to its first answer, and how long a request takes from one asking to the next."""
    api = RuntimeApi(event)
    more = {"AWS_LAMBDA_RUNTIME_API": api.address, "AWS_LAMBDA_FUNCTION_NAME": "f", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
            "AWS_LAMBDA_FUNCTION_VERSION": "1", "AWS_LAMBDA_LOG_GROUP_NAME": "g", "AWS_LAMBDA_LOG_STREAM_NAME": "s",
            "LOG_REQUESTS": "0", "SKLEARN_MODEL_PATH": str(model)}
    load, start = os.getloadavg()[0], CLOCK()
    child = subprocess.Popen(list(map(str, command)), env=environment(1, **more), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        if not api.wait(1, timeout):
            return {"error": f"no answer in {timeout} s"}
        if b"/response" not in api.body or b'"statusCode":200' not in api.body.replace(b" ", b""):
            return {"error": api.body[-300:].decode(errors="replace")}
        peak = int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{child.pid}/status").read_text())[1])
        time.sleep(seconds)
        asked = list(api.asked)
    finally:
        child.kill()
        child.wait()
        api.listener.close()
    result = {"wall_ms": (api.answered[0] - start) / 1e6, "hwm_kb": peak, "load1": load}
    turns = sorted((b - a) / 1e3 for a, b in zip(asked[10:], asked[11:]))
    if turns:
        result |= {"n": len(turns), "p50_us": turns[len(turns) // 2], "p99_us": turns[len(turns) * 99 // 100], "min_us": turns[0]}
    return result


def plain(value):
    """Figures as far as they mean anything: six digits."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    return float(f"{value:.6g}") if isinstance(value, float) else value


class Bench:
    def __init__(self, place, args):
        self.place, self.args = place, args
        self.models, self.sets = place.index("models/models.json"), place.index("data/sets.json")
        self.peers = place.index("peers/peers.json")
        only = set(filter(None, args.only.split(",")))
        self.chosen = [name for name in self.models if name != "json50" and (not only or name in only)]
        self.end = time.monotonic() + args.minutes * 60
        self.lib = next(iter(glob.glob(str(place.work / "venv/peers/lib/*/site-packages/onnxruntime/capi/libonnxruntime.so.*"))), "")
        self.runs, self.seen = [], set()
        if args.resume and args.out.exists():
            self.runs = json.loads(args.out.read_text())["runs"]
            self.seen = {self.key(**run) for run in self.runs}

    @staticmethod
    def key(phase, round, model, engine, threads=1, part="", **_):
        return phase, round, model, engine, threads, part

    def wanted(self, engine):
        return not self.args.peers or engine in (OURS, *self.args.peers.split(","))

    def measure(self, make, reps=1, **about):
        """One run, unless it was made before or the time is over."""
        key = self.key(**about)
        if key in self.seen or time.monotonic() > self.end or not self.wanted(about["engine"]):
            return
        self.seen.add(key)
        for _ in range(reps):
            try:
                result = make()
            except OSError as e:  # A program that is not there.
                result = {"error": str(e)}
            if "error" in result:
                print("error:", *key, result["error"], flush=True)
            self.runs.append(about | plain(result))

    def save(self):
        about = {"when": time.strftime("%Y-%m-%d %H:%M"), "command": command(),
                 "machine": machine(), "profile": self.place.profile, "commit": commit(), "packages": ENVIRONMENTS,
                 "models": {name: self.models[name] for name in self.chosen}, "peers": self.peers}
        text = json.dumps(about, indent=1)[:-2] + ',\n "runs": [\n' + ",\n".join("  " + json.dumps(run) for run in self.runs) + "\n ]\n}\n"
        new = self.args.out.with_suffix(".new")
        new.write_text(text)
        os.replace(new, self.args.out)

    # Commands

    def paths(self, name):
        about, work = self.models[name], self.place.work
        numbers = self.sets[about["set"]]["kind"] == "numbers"
        return work / "models" / f"{name}.joblib", work / "data" / f"{about['set']}.{'npy' if numbers else 'jsonl'}", work / "data" / f"{about['set']}.row.json"

    def words(self, name, phase, threads, sizes):
        model, data, row = self.paths(name)
        budget = self.args.budget if threads == 1 or phase == "threads" else 0
        return ["--method", self.models[name]["method"], "--data", data, "--row", row, "--phase", "steady" if phase == "threads" else phase,
                "--threads", threads, "--rows", sizes, "--budget", budget, "--cap", self.args.cap]

    def engines(self, name, phase):
        """Who can run this model: engine -> a maker of its command."""
        place, (model, data, _), found = self.place, self.paths(name), {}
        words = lambda threads, sizes: self.words(name, phase, threads, sizes)
        python = lambda environment, engine, path, *more: lambda threads, sizes: [
            place.python(environment), HERE / "worker.py", "--engine", engine, "--model", path, *more, *words(threads, sizes)]
        found[OURS] = lambda threads, sizes: [place.worker, "--model", model, *words(threads, sizes)]
        found["sklearn"] = python("sklearn", "sklearn", model)
        for peer, models in self.peers.items():
            about = models.get(name, {})
            if "path" not in about:
                continue
            path = place.work / about["path"]
            if peer.startswith("onnx") and data.suffix == ".npy":
                double = ["--double"] if peer == "onnx64" else []
                found[peer] = lambda threads, sizes, path=path, about=about, double=double: [
                    place.onnx_host, *double, "--lib", self.lib, "--model", path, "--output", about["output"], *words(threads, sizes)]
            elif peer.startswith("onnx"):
                found[peer] = python("peers", "onnx", path, "--output", about["output"])
            elif peer in PYTHON_PEERS:
                found[peer] = python("peers", peer, path)
            else:
                columns = self.sets[self.models[name]["set"]]["columns"]
                found[peer] = lambda threads, sizes, path=path, about=about: [
                    path, phase, data, columns, about["width"], sizes, self.args.budget, self.args.cap]
        return found

    def in_turn(self, found, turn):
        names = list(found)
        first = turn % len(names)
        return [(engine, found[engine]) for engine in names[first:] + names[:first]]

    # Phases

    def cold(self, turn):
        for name in self.chosen:
            model, _, _ = self.paths(name)
            about = {"phase": "cold", "round": turn, "model": name}
            for engine, make in self.in_turn(self.engines(name, "cold"), turn):
                if engine in ("lleaves", "xgboost", "ydf"):
                    continue  # Not the model, and as slow to import as scikit-learn.
                reps = 1 if engine in ("sklearn", "treelite") or engine.startswith("onnx") and name.startswith("t") else 3
                self.measure(lambda: run(make(1, "")), reps, engine=engine, **about)
            event = (self.place.events / f"{name}.json").read_text()
            self.measure(lambda: function([self.place.bootstrap], event, model), 3, engine="bootstrap", **about)
            self.measure(lambda: run([self.place.worker, "--phase", "read", "--model", model]), 3, engine="read", **about)
            self.save()

    def toolkit(self, turn):
        for name in [name for name in self.chosen if name.startswith("mlp")]:
            (model, _, _), event = self.paths(name), self.place.events / f"{name}.json"
            about = {"phase": "toolkit", "round": turn, "model": name}
            handler = [self.place.python("sklearn"), HERE / "worker.py", "--engine", "handler", "--model", model, "--row", event,
                       "--budget", self.args.budget * 2]
            self.measure(lambda: run([*handler, "--phase", "cold"]), engine="handler", part="cold", **about)
            self.measure(lambda: function([self.place.bootstrap], event.read_text(), model), 3, engine="bootstrap", part="cold", **about)
            self.measure(lambda: run([*handler, "--phase", "steady"]), engine="handler", part="warm", **about)
            self.measure(lambda: run([self.place.loop, "handle", model, event, self.args.budget]), engine="bootstrap", part="warm", **about)
        self.save()

    def steady(self, turn):
        for name in self.chosen:
            for engine, make in self.in_turn(self.engines(name, "steady"), turn):
                if engine == "ydf" and turn > 0:
                    continue
                self.measure(lambda: run(make(1, "1000,100000")), phase="steady", round=turn, model=name, engine=engine)
            self.save()

    def threads(self, turn):
        for name in self.chosen:
            make = self.engines(name, "threads")[OURS]
            for count in (1, 2) if turn % 2 == 0 else (2, 1):
                self.measure(lambda: run(make(count, "10000,100000"), count), phase="threads", round=turn, model=name, engine=OURS, threads=count)
        self.save()

    def load(self, turn):
        for name in [name for name in self.chosen if self.models[name]["forms"] or name in ("rf500", "mlp_900", "et100", "rfreg100")]:
            for suffix in [".joblib", *self.models[name]["forms"]]:
                path, about = self.place.work / "models" / (name + suffix), {"phase": "load", "round": turn, "model": name, "part": suffix}
                words = ["--model", path, "--phase", "load", "--cap", self.args.cap]
                self.measure(lambda: run([self.place.worker, *words]), engine=OURS, **about)
                self.measure(lambda: run([self.place.python("sklearn"), HERE / "worker.py", "--engine", "sklearn", *words]), engine="sklearn", **about)
            self.save()

    def _lambda(self, turn):
        for name, event in (("lr_iris", "lr_iris"), ("json50", "json50_1000")):
            path = self.place.events / f"{event}.json"
            if not path.exists():
                continue
            (model, _, _), text, about = self.paths(name), path.read_text(), {"phase": "lambda", "round": turn, "model": event}
            seconds = self.args.budget * 3
            self.measure(lambda: function([self.place.bootstrap], text, model, seconds), engine="bootstrap", **about)
            self.measure(lambda: function([self.place.loop, "null"], text, model, seconds), engine="null", **about)
            self.measure(lambda: run([self.place.loop, "handle", model, path, self.args.budget]), engine="handle", **about)
            self.measure(lambda: run([self.place.python("sklearn"), HERE / "worker.py", "--engine", "handler", "--model", model, "--row", path,
                                      "--phase", "steady", "--budget", self.args.budget * 2]), engine="handler", **about)
        self.save()

    def limits(self, turn):
        self.measure(lambda: run([self.place.worker, "--phase", "machine", "--budget", self.args.budget]),
                     phase="limits", round=turn, model="machine", engine="machine")
        for name in [name for name in self.chosen if name.startswith("mlp")]:
            self.measure(lambda: run([self.place.worker, "--phase", "bandwidth", "--bytes", weights(name), "--budget", self.args.budget]),
                         phase="limits", round=turn, model=name, engine="read")
        # What passes through several steps for one row.
        for name in [name for name in self.chosen if name == "pca_lr" and shutil.which("valgrind")]:
            counted = lambda rows: instructions.count(self.place.worker, self.paths(name)[0], rows, self.models[name]["method"])
            self.measure(lambda: {"instructions": (counted(2_000) - counted(0)) / 2_000}, phase="limits", round=turn, model=name, engine="callgrind")

    def growth(self, turn):
        steady = [self.place.worker, "--phase", "steady", "--budget", 0, "--cap", self.args.cap]
        for name in [name for name in self.chosen if name in GROWING]:
            model, data, _ = self.paths(name)
            each = 0
            for size in (1_000, 10_000, 100_000, 1_000_000):
                if each * size > self.args.longest:
                    break
                command = [*steady, "--model", model, "--data", data, "--method", self.models[name]["method"], "--rows", size]
                self.measure(lambda: run(command, timeout=240), phase="growth", round=turn, model=name, engine=OURS, part=f"rows {size}", dimension="rows",
                             what=name, size=size)
                seen = [run["batch"][str(size)]["best_s"] for run in self.runs if run["model"] == name and run.get("part") == f"rows {size}" and "batch" in run]
                each = seen[-1] / size if seen else each
            self.save()
        folder = self.place.work / "growth"
        for name, about in self.place.index("growth/models.json").items() if not self.args.only else ():
            data = folder / f"{name}.{'npy' if about['kind'] == 'numbers' else 'jsonl'}"
            command = [*steady, "--model", folder / f"{name}.joblib", "--data", data, "--method", about["method"], "--rows", about["rows"]]
            self.measure(lambda: run(command), phase="growth", round=turn, model=name, engine=OURS, part=about["dimension"],
                         dimension=about["dimension"], what=about["what"], size=about["size"])
        self.save()

    def binary(self, turn):
        target = self.place.work / "compile"
        def build():
            shutil.rmtree(target, ignore_errors=True)
            start = time.monotonic()
            # As a dependency of somebody's program: the profile is that of Cargo's `--release`, not that of the programs here.
            words = ("--profile", "fastrel", "-p", "skestimators", "--target-dir", target)
            call("cargo", "build", *words, "--no-default-features", cwd=HERE.parent)
            all_of_it = time.monotonic()
            call("cargo", "clean", *words, cwd=HERE.parent)
            call("cargo", "build", *words, "--no-default-features", cwd=HERE.parent)
            return {"seconds": all_of_it - start, "own_seconds": time.monotonic() - all_of_it}
        self.measure(build, phase="binary", round=turn, model="skestimators", engine="compile")
        self.measure(lambda: {"bytes": self.place.bootstrap.stat().st_size, **sections(self.place.bootstrap)}, phase="binary", round=turn, model="bootstrap", engine="size")
        shutil.rmtree(target, ignore_errors=True)
        self.save()

    def rounds(self):
        once = [phase for phase in self.args.phases if phase not in PER_ROUND]
        for turn in range(self.args.rounds):
            for phase in [phase for phase in self.args.phases if turn == 0 or phase not in once]:
                if time.monotonic() > self.end:
                    print("the time is over", flush=True)
                    return
                start = time.monotonic()
                getattr(self, "_lambda" if phase == "lambda" else phase)(turn)
                self.save()
                print(f"round {turn + 1}, {phase}: {time.monotonic() - start:.0f} s, load {os.getloadavg()[0]:.1f}", flush=True)


def sections(program):
    """Bytes of a program's machine code, of its tables for unwinding, and of its constants."""
    lines = subprocess.run(["readelf", "-SW", program], capture_output=True, text=True, check=True).stdout.splitlines()
    sizes = {words[0]: int(words[4], 16) for line in lines if len(words := line.partition("]")[2].split()) > 5 and words[0].startswith(".")}
    parts = {"code": [".text"], "unwinding": [".eh_frame", ".eh_frame_hdr", ".gcc_except_table"], "constants": [".rodata", ".data.rel.ro", ".rela.dyn"]}
    return {part: sum(sizes.get(name, 0) for name in names) for part, names in parts.items()}


def weights(name):
    """Bytes of the weights of a network of three hidden layers on iris; its file has the optimiser's state too."""
    n = int(name.removeprefix("mlp_"))
    return 8 * (4 * n + n + 2 * (n * n + n) + 3 * n + 3)


def command():
    """What was typed, but for where things are kept."""
    words = ["python", "benchmarks/run.py"]
    for word in sys.argv[1:]:
        if words[-1] in ("--work", "--out"):
            words.pop()
        elif word not in ("--no-prepare", "--no-report"):
            words.append(word)
    return " ".join(words)


def machine():
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    return {"processor": model, "cpus": os.cpu_count(), "system": platform.system() + " " + platform.release(), "python": platform.python_version()}


def commit():
    found = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=HERE, capture_output=True, text=True)
    return found.stdout.strip()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = lambda text: list(filter(None, text.split(",")))
    parser.add_argument("--work", type=pathlib.Path, default=HERE / ".cache", help="where models, environments and programs are kept")
    parser.add_argument("--out", type=pathlib.Path, default=HERE / "results.json")
    parser.add_argument("--profile", default="release", help="the build of this engine that is measured")
    parser.add_argument("--only", default="", help="models, with commas between them")
    parser.add_argument("--phases", type=names, default=PHASES)
    parser.add_argument("--peers", default="", help="engines beside this one: " + "sklearn, onnx32, onnx64, treelite, tl2cgen, m2cgen, lleaves, xgboost, ydf, bootstrap, handler, read, handle, null")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=60, help="no run begins later")
    parser.add_argument("--budget", type=float, default=0.25, help="seconds of one-row calls")
    parser.add_argument("--cap", type=float, default=0.5, help="seconds for each size of a batch")
    parser.add_argument("--longest", type=float, default=30, help="seconds that a batch of a million rows may take")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--prepare", action="store_true")
    parser.add_argument("--no-prepare", action="store_true", help="everything is there")
    parser.add_argument("--no-report", action="store_true")
    args = parser.parse_args()
    place = Place(args)
    place.work.mkdir(parents=True, exist_ok=True)
    if not args.no_prepare:
        prepare(place, args)
    if args.prepare:
        return
    bench = Bench(place, args)
    bench.rounds()
    bench.save()
    if not args.no_report:
        call(sys.executable, HERE / "report.py", args.out)


if __name__ == "__main__":
    main()
