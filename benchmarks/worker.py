"""One Python engine, one model, one phase, one line of JSON: the counterpart of worker.rs, with the same arguments and the same figures.

    worker.py --engine sklearn|onnx|treelite|lleaves|xgboost|ydf|handler --model FILE --phase cold|steady|load
        [--method predict_proba] [--data SET.npy|SET.jsonl] [--row SET.row.json] [--threads 1] [--rows 1000,100000] [--budget 0.4] [--cap 0.8]

Before the first answer of a cold start nothing is imported but what the engine needs.
"""
import time

STARTED = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
import json
import os
import sys

ARGS = dict(zip((word[2:] for word in sys.argv[1::2]), sys.argv[2::2]))
MODEL, METHOD, THREADS = ARGS["model"], ARGS.get("method", "predict"), int(ARGS.get("threads", 1))


class Sklearn:
    def imports(self):
        global joblib
        import joblib

    def load(self):
        self.model = joblib.load(MODEL)
        if THREADS > 1:
            self.spread(self.model)
        self.call = getattr(self.model, METHOD)

    def spread(self, model):
        """More threads for what predicts in threads; elsewhere `n_jobs` would start processes."""
        if any(part in type(model).__name__ for part in ("Forest", "ExtraTrees", "KNeighbors")):
            model.set_params(n_jobs=THREADS)
        for _, step in getattr(model, "steps", ()):
            self.spread(step)

    def rows(self, X):
        return X


class Onnx:
    """Only for rows with texts: numbers go through the native host."""

    def imports(self):
        global onnxruntime
        import onnxruntime

    def load(self):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = THREADS
        self.session = onnxruntime.InferenceSession(MODEL, options, providers=["CPUExecutionProvider"])

    def rows(self, X):
        import numpy as np
        if isinstance(X, list):
            return {"X": np.array(X, dtype=object).reshape(-1, 1)}
        if X.dtype == object:
            column = lambda i: X[:, i:i + 1] if isinstance(X[0, i], str) else X[:, i:i + 1].astype(np.float32)
            return {f"c{i}": column(i) for i in range(X.shape[1])}
        return {"X": X.astype(np.float32)}

    def call(self, rows):
        return self.session.run([ARGS["output"]], rows)[0]


class Treelite:
    def imports(self):
        global treelite
        import treelite

    def load(self):
        self.model = treelite.Model.deserialize(MODEL)

    def rows(self, X):
        return X

    def call(self, X):
        return treelite.gtil.predict(self.model, X, nthread=THREADS)


class Lleaves(Treelite):
    def imports(self):
        global lleaves
        import lleaves

    def load(self):
        self.model = lleaves.Model(model_file=MODEL)
        self.model.compile(cache=MODEL + ".compiled")

    def call(self, X):
        return self.model.predict(X, n_jobs=THREADS)


class Xgboost(Treelite):
    def imports(self):
        global xgboost
        import xgboost

    def load(self):
        self.model = xgboost.Booster({"nthread": THREADS})
        self.model.load_model(MODEL)

    def call(self, X):
        return self.model.inplace_predict(X)


class Ydf(Treelite):
    """Its own benchmark, in C++ and without Python around it: the fastest of its engines."""

    def imports(self):
        global ydf
        import ydf

    def load(self):
        ydf.verbose(0)
        self.model = ydf.load_model(MODEL)

    def own_benchmark(self, X):
        import re
        features = {f"f{i}": X[:, i].astype("float32") for i in range(X.shape[1])}
        best = None
        for engine in self.model.list_compatible_engines():
            self.model.force_engine(engine)
            text = str(self.model.benchmark(features, benchmark_duration=float(ARGS["cap"])))
            found = re.search(r"(\d+(?:\.\d+)?)\s*(us|ns|µs)", text.splitlines()[0]) if text else None
            if found:
                seconds = float(found[1]) * (1e-9 if found[2] == "ns" else 1e-6)
                best = min(filter(None, (best, (seconds, engine))))
        return best


class Handler:
    """The Python toolkit's own handler, event text to answer text, as the platform's runtime would call it."""

    def imports(self):
        os.environ["SKLEARN_MODEL_PATH"] = MODEL
        global scikit_learn_lambda
        import scikit_learn_lambda

    def load(self):
        pass  # At the first event.

    def rows(self, X):
        return open(ARGS["row"]).read()

    def call(self, event):
        answer = scikit_learn_lambda.handler(json.loads(event), None)
        if answer["statusCode"] != 200:
            raise SystemExit(answer["body"])
        return json.dumps(answer)


def peak_kb():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))


def array(rows):
    import numpy as np
    if isinstance(rows[0], str):
        return rows
    if any(isinstance(cell, str) for cell in rows[0]):
        return np.array([[float("nan") if cell is None else cell for cell in row] for row in rows], dtype=object)
    return np.array(rows, dtype=np.float64)


def read(count):
    """The first rows; what is asked beyond the last begins again with the first."""
    import numpy as np
    path = ARGS["data"]
    if path.endswith(".npy"):
        X = np.load(path, mmap_mode="r")
        return np.array(X[:count] if count <= len(X) else np.tile(X, (-(-count // len(X)), 1))[:count])
    with open(path) as file:
        return array([json.loads(line) for line, _ in zip(file, range(count))])


def cold(engine):
    engine.imports()
    imported = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    engine.load()
    loaded = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    row = None if isinstance(engine, Handler) else array([json.load(open(ARGS["row"]))])
    engine.call(engine.rows(row))
    answered = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    return {"t_main": STARTED, "t_import": imported, "t_load": loaded, "t_first": answered}


def load(engine):
    engine.imports()
    engine.load()  # What is imported on the way is paid once.
    first_peak, seconds, begin = peak_kb(), [], time.perf_counter()
    while len(seconds) < 3 or time.perf_counter() - begin < float(ARGS["cap"]) and len(seconds) < 50:
        engine.model = None
        start = time.perf_counter()
        engine.load()
        seconds.append(time.perf_counter() - start)
    seconds.sort()
    return {"load_s": seconds[len(seconds) // 2], "best_s": seconds[0], "reps": len(seconds), "hwm_kb": first_peak}


def steady(engine):
    clock, budget, cap = time.perf_counter, float(ARGS.get("budget", 0.4)), float(ARGS.get("cap", 0.8))
    engine.imports()
    start = clock()
    engine.load()
    result = {"load_s": clock() - start}
    sizes = [int(size) for size in ARGS.get("rows", "").split(",") if size]
    X = None if isinstance(engine, Handler) else read(max(sizes + [256]))
    if isinstance(engine, Ydf):
        best = engine.own_benchmark(X[:1000])
        if best:
            result["batch"] = {str(size): {"rows": 1000, "reps": 1, "s": best[0] * 1000, "best_s": best[0] * 1000, "engine": best[1]} for size in sizes}
        return result
    if budget > 0:
        rows = [engine.rows(X)] if X is None else [engine.rows(X[i:i + 1]) for i in range(min(256, len(X)))]
        for i in range(5):
            engine.call(rows[i % len(rows)])
        times, begin, i = [], clock(), 0
        while clock() - begin < budget or i < 5:
            start = clock()
            engine.call(rows[i % len(rows)])
            times.append(clock() - start)
            i += 1
        times.sort()
        result |= {"n": i, "p50_us": times[i // 2] * 1e6, "p99_us": times[i * 99 // 100] * 1e6, "min_us": times[0] * 1e6}
    result["batch"], each = {}, None
    for size in sizes:
        count = min(size, len(X))
        if each and each * count > cap:
            count = min(count, max(1000, int(cap / each) // 1000 * 1000))
        rows, wall, cpu, begin = engine.rows(X[:count]), [], [], clock()
        while not wall or clock() - begin < cap and len(wall) < 50:
            before, start = time.process_time(), clock()
            engine.call(rows)
            wall.append(clock() - start)
            cpu.append(time.process_time() - before)
        wall.sort()
        cpu.sort()
        each = wall[0] / count
        result["batch"][str(size)] = {"rows": count, "reps": len(wall), "s": wall[len(wall) // 2], "best_s": wall[0], "cpu_s": cpu[len(cpu) // 2]}
    return result


def main():
    engine = {"sklearn": Sklearn, "onnx": Onnx, "treelite": Treelite, "lleaves": Lleaves, "xgboost": Xgboost, "ydf": Ydf,
              "handler": Handler}[ARGS["engine"]]()
    if "ignore" not in sys.warnoptions:
        import warnings
        warnings.simplefilter("ignore")
    result = {"cold": cold, "steady": steady, "load": load}[ARGS["phase"]](engine)
    result.setdefault("hwm_kb", peak_kb())
    print(json.dumps(result), flush=True)
    os._exit(0)


main()
