#!/usr/bin/env python3
"""RESULTS.md and the charts out of what run.py measured: report.py results.json [--folder benchmarks]

Every figure is the median over rounds of the medians inside them; every ratio is taken inside a round, and then its median.
"""
import argparse
import html
import json
import math
import pathlib
from collections import defaultdict
from statistics import median

OURS = "sklearn-in-rust"
MLP = [f"mlp_{n}" for n in (100, 250, 500, 750, 900)]
NATIVE = ("onnx32", "onnx64")
NAMES = {OURS: "this engine", "bootstrap": "this engine's bootstrap", "sklearn": "scikit-learn", "onnx32": "ONNX Runtime, float32",
         "onnx64": "ONNX Runtime, float64", "treelite": "treelite", "tl2cgen": "tl2cgen's C", "m2cgen": "m2cgen's C", "lleaves": "lleaves (twin)",
         "xgboost": "XGBoost (twin)", "ydf": "YDF (twin)", "handler": "scikit-learn-lambda", "read": "reading the file alone",
         "unpack": "decompressing alone"}


def short(value):
    if value is None:
        return ""
    if value == 0 or not math.isfinite(value):
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.{max(0, 1 - math.floor(math.log10(abs(value))))}f}"


class Results:
    def __init__(self, path):
        raw = json.loads(path.read_text())
        self.about, self.models, self.peers = raw, raw["models"], raw["peers"]
        self.runs = defaultdict(lambda: defaultdict(list))
        self.failed = [run for run in raw["runs"] if "error" in run]
        self.load, self.rounds = [run["load1"] for run in raw["runs"] if "load1" in run], 1 + max((run["round"] for run in raw["runs"]), default=0)
        for run in raw["runs"]:
            if "error" not in run:
                self.runs[run["phase"], run["model"], run["engine"], run.get("threads", 1), run.get("part", "")][run["round"]].append(run)
        self.all = [run for run in raw["runs"] if "error" not in run]

    def by_round(self, phase, model, engine, figure, threads=1, part=""):
        found = {}
        for turn, runs in self.runs.get((phase, model, engine, threads, part), {}).items():
            values = [value for value in map(figure, runs) if value is not None]
            if values:
                found[turn] = median(values)
        return found

    def value(self, *where, **more):
        found = self.by_round(*where, **more)
        return median(found.values()) if found else None

    def ratio(self, phase, model, engine, base, figure, part=""):
        """How many times as much the engine takes as the base."""
        ours, theirs = self.by_round(phase, model, engine, figure, part=part), self.by_round(phase, model, base, figure, part=part)
        both = [ours[turn] / theirs[turn] for turn in ours if theirs.get(turn)]
        if both:
            return median(both)
        ours, theirs = median(ours.values()) if ours else None, median(theirs.values()) if theirs else None
        return ours / theirs if ours and theirs else None

    def engines(self, phase, model):
        return list(dict.fromkeys(key[2] for key in self.runs if key[:2] == (phase, model)))


def of(name):
    return lambda run: run.get(name)


def a_row(size):
    """Microseconds a row in batches of this size."""
    def figure(run):
        batch = (run.get("batch") or {}).get(str(size))
        return batch and batch["s"] / batch["rows"] * 1e6
    return figure


MEGABYTES = lambda run: run["hwm_kb"] / 1024 if run.get("hwm_kb") else None
ROW, BATCH = of("p50_us"), a_row(100_000)


class Mark:
    """One mark of the table: what was measured for each model, whether it holds, and what bounds it."""

    def __init__(self, what, mark, bound):
        self.what, self.mark, self.found, self.missed, self.bound = what, mark, [], [], bound

    def add(self, name, value, unit, holds):
        if value is not None:
            self.found.append((f"{name} {short(value)}{unit}".strip(), holds(value)))
            if not holds(value):
                self.missed.append((name, short(value) + unit))

    def most(self, name, value, unit, limit):
        self.add(name, value, unit, lambda value: value <= limit)
        return self

    def least(self, name, value, unit, limit):
        self.add(name, value, unit, lambda value: value >= limit)
        return self

    def bounds(self, title):
        """A line for each model that misses the mark."""
        measured = lambda name: self.bound and self.bound(name.split(" (")[0])
        return [[f"{title}, {self.mark}", name, value, measured(name) or "no bound measured: what is missing is to be gained"] for name, value in self.missed]

    def line(self):
        reached = sum(holds for _, holds in self.found)
        state = "not measured" if not self.found else "yes" if reached == len(self.found) else "no" if reached == 0 else f"{reached} of {len(self.found)}"
        return [self.what, self.mark, ", ".join(text if holds else f"**{text}**" for text, holds in self.found), state]


def marks(r):
    """The marks in the order of the issue."""
    out, limits = [], Limits(r)

    def mark(what, text, bound=None):
        out.append(Mark(what, text, bound))
        return out[-1]

    def times(what, text, phase, models, engine, figure, least, bound=None):
        """So many times faster than the engine."""
        found = mark(what, text, bound)
        for model in models:
            found.least(model, r.ratio(phase, model, engine, OURS, figure), "x", least)
        return found

    wall = of("wall_ms")
    small = [name for name, about in r.models.items() if about["bytes"] < 1e6]
    found = mark("cold start, models under 1 MB", "<= 5 ms", limits.starting)
    for name in small:
        found.most(name, r.value("cold", name, OURS, wall), " ms", 5)
    found = mark("", "<= 2x m2cgen's compiled C", limits.starting)
    for name in small:
        found.most(name, r.ratio("cold", name, OURS, "m2cgen", wall), "x", 2)
    times("", "8x under ONNX Runtime native", "cold", [name for name in small if not name.startswith("t")], "onnx32", wall, 8, limits.starting)

    read, ours = r.value("cold", "mlp_900", "read", of("load_ms")), r.value("cold", "mlp_900", OURS, wall)
    found = mark("cold start, mlp_900", "<= 1.5x reading the file + 5 ms")
    if read and ours:
        found.most(f"{short(read)} ms to read, limit {short(1.5 * read + 5)} ms:", ours, " ms", 1.5 * read + 5)
    found = mark("", "peak memory <= file + 12 MB")
    peak = r.value("cold", "mlp_900", OURS, MEGABYTES)
    if peak:
        found.most("file +", peak - r.models["mlp_900"]["bytes"] / 2**20, " MB", 12)

    found = mark("compressed joblib, files of 1 MB and more", "<= 1.10x the decompressor alone", limits.unpacking)
    for (phase, model, engine, _, part) in list(r.runs):
        if phase == "load" and engine == OURS and part.count(".") == 2 and r.models[model]["bytes"] >= 1e6:
            found.most(model + part.removesuffix(".joblib"), r.value("load", model, OURS, lambda run: run["load_s"] / run["unpack_s"], part=part), "x", 1.10)

    mark("load of rf500", ">= 4x joblib.load", limits.loading).least("rf500", r.ratio("load", "rf500", "sklearn", OURS, of("load_s"), part=".joblib"), "x", 4)
    mark("", ">= 1 GB/s").least("", r.value("load", "rf500", OURS, lambda run: run["bytes"] / run["load_s"] / 1e9, part=".joblib"), " GB/s", 1)
    found = mark("", "peak <= 1.5x file")
    peak = r.value("cold", "rf500", OURS, MEGABYTES)
    if peak:
        found.most("", peak * 2**20 / r.models["rf500"]["bytes"], "x", 1.5)

    parts = [r.value("lambda", "lr_iris", engine, ROW) for engine in ("bootstrap", "null", "handle")]
    found = mark("Lambda loop", "<= 100 µs beside lambda_runtime's own loop and `handle()`")
    if all(parts):
        found.most("", parts[0] - parts[1] - parts[2], " µs", 100)
    mark("1,000 x 50 numbers as JSON", ">= 5x Python's json + handler", limits.parsing).least("", r.ratio("lambda", "json50_1000", "handler", "handle", ROW), "x", 5)

    found = mark("one row, linear and the like", "<= 0.5 µs", limits.adding)
    for name in ("lr_iris", "lr_digits", "linsvc_digits", "pca_lr", "gnb", "kmeans50"):
        found.most(name, r.value("steady", name, OURS, ROW), " µs", 0.5)
    found = mark("one row, MLP", ">= 80 % of the memory bandwidth", limits.reading)
    for name in MLP:
        row, rate = r.value("steady", name, OURS, ROW), r.value("limits", name, "read", of("GBps"))
        if row and rate:
            found.least(name, r.runs["limits", name, "read", 1, ""][0][0]["bytes"] / row / 1e3 / rate * 100, " %", 80)
    times("", ">= 2x ONNX Runtime in float64", "steady", MLP, "onnx64", ROW, 2, limits.reading)
    times("", ">= ONNX Runtime in float32", "steady", MLP[:3], "onnx32", ROW, 1, limits.reading)
    times("one row, forests", ">= 3x ONNX Runtime native", "steady", ("rf100", "et100", "rfreg100", "rf_digits"), "onnx32", ROW, 3, limits.walking(ROW))
    boosted = ("gb200_d3", "gb200_d6", "hgb_num", "hgb_cat")
    found = mark("one row, boosting", "<= 1.5x tl2cgen's compiled C", limits.walking(ROW))
    for name in boosted:
        found.most(name, r.ratio("steady", name, OURS, "tl2cgen", ROW), "x", 1.5)
    times("", ">= 3x ONNX Runtime native", "steady", boosted, "onnx32", ROW, 3, limits.walking(ROW))
    big = ("rf100", "et100", "rfreg100", "rf500")
    times("batch, big forests", ">= 1.5x scikit-learn", "steady", big, "sklearn", BATCH, 1.5, limits.walking(BATCH))
    times("", ">= 4x ONNX Runtime", "steady", big, "onnx32", BATCH, 4, limits.walking(BATCH))
    times("batch, boosting", ">= 1.3x tl2cgen's C", "steady", ["gb200_d3"], "tl2cgen", BATCH, 1.3, limits.walking(BATCH))
    times("", ">= 1.2x XGBoost's twin", "steady", ["gb200_d6"], "xgboost", BATCH, 1.2, limits.walking(BATCH))
    times("", ">= YDF's QuickScorer twin", "steady", ["gb200_d6"], "ydf", BATCH, 1, limits.walking(BATCH))
    times("", ">= lleaves' twin", "steady", ["hgb_num"], "lleaves", BATCH, 1, limits.walking(BATCH))
    times("", ">= 2x ONNX Runtime", "steady", ["hgb_cat"], "onnx32", BATCH, 2, limits.walking(BATCH))
    times("batch, MLP in float64", ">= 1.3x ONNX Runtime in float64", "steady", MLP, "onnx64", BATCH, 1.3, limits.multiplying)
    times("", ">= 1.5x scikit-learn", "steady", MLP, "sklearn", BATCH, 1.5, limits.multiplying)

    def ahead(found, name, least):
        rivals = [engine for engine in r.engines("steady", name) if engine in NAMES and engine != OURS]
        rated = {engine: ratio for engine in rivals if (ratio := r.ratio("steady", name, engine, OURS, BATCH))}
        if rated:
            engine = min(rated, key=rated.get)
            found.least(f"{name} ({NAMES[engine]})", rated[engine], "x", least)

    ahead(mark("batch, SVC with probabilities", ">= 4x the best peer"), "svc_digits", 4)
    times("batch, KNN", ">= 2x scikit-learn", "steady", ("knn_brute", "knn_kd"), "sklearn", BATCH, 2)
    times("batch, TF-IDF and linear", ">= 10x scikit-learn", "steady", ["tfidf_lr"], "sklearn", BATCH, 10)
    mixed = ("tab_lr", "tab_hgb", "pca_lr", "gpr", "gpc", "iforest", "stack")
    times("batch, pipelines, PCA, Gaussian processes, isolation forest, stacking", ">= 3x scikit-learn", "steady", mixed, "sklearn", BATCH, 3)
    found = mark("", "ahead of every peer")
    for name in mixed:
        ahead(found, name, 1)

    for size in (10_000, 100_000):
        found = mark("two threads" if size == 10_000 else "", f">= 1.7x one thread, {size:,} rows", limits.threads(size))
        for name in r.models:
            one, two = (r.by_round("threads", name, OURS, a_row(size), threads=count) for count in (1, 2))
            both = [one[turn] / two[turn] for turn in one if turn in two]
            found.least(name, median(both) if both else None, "x", 1.7)
    found = mark("", "one row no slower (5 % is noise)", limits.alone)
    for name in r.models:
        one, two = (r.by_round("threads", name, OURS, ROW, threads=count) for count in (1, 2))
        both = [two[turn] / one[turn] for turn in one if turn in two]
        found.most(name, median(both) if both else None, "x", 1.05)
    size = r.value("binary", "bootstrap", "size", of("bytes"))
    mark("binary", "bootstrap with S3 <= 6 MB", limits.size).most(f"{size or 0:,} bytes,", size and size / 2**20, " MiB", 6)
    mark("", "skestimators without default features compiles in < 60 s, in Cargo's own release profile", limits.compiling).most("", r.value("binary", "skestimators", "compile", of("seconds")), " s", 60)
    return out


def work(name):
    """Multiply-adds of one row in a network of three hidden layers on iris."""
    n = int(name.removeprefix("mlp_"))
    return 4 * n + 2 * n * n + 3 * n


class Limits:
    """What the machine allows, for marks that are not reached: a sentence for each model, or nothing where that was not measured."""

    ADDS = {"lr_iris": 3 * 4, "lr_digits": 10 * 64, "linsvc_digits": 10 * 64, "pca_lr": 30 * 64 + 10 * 30}

    def __init__(self, r):
        self.r = r
        self.peak, self.thread, self.new, self.twice, self.wait = (
            r.value("limits", "machine", "machine", of(figure)) for figure in ("GFLOPS", "thread_us", "new_GBps", "two_threads", "wait_ns"))

    def starting(self, name):
        parts = [self.r.value("cold", name, OURS, of(part)) for part in ("start_ms", "load_ms", "first_ms")]
        empty = self.r.value("cold", name, "m2cgen", of("start_ms"))
        if None not in parts:
            start, load, first = map(short, parts)
            return (f"the system takes {start} ms until `main`, loading {load} ms, the first answer {first} ms"
                    + (f"; C with nothing to load is at its `main` after {short(empty)} ms" if empty else ""))

    def unpacking(self, name):
        model, _, form = name.partition(".")
        unpack = self.r.value("load", model, OURS, of("unpack_s"), part=f".{form}.joblib")
        load, plain = (self.r.value("load", model, OURS, of("load_s"), part=part) for part in (f".{form}.joblib", ".joblib"))
        if load and unpack and plain and self.new:
            return (f"{short(load * 1e3)} ms; {short(unpack * 1e3)} ms to decompress, of which {short(self.r.models[model]['bytes'] / self.new / 1e6)} ms write new memory; the file without "
                    f"compression takes {short(plain * 1e3)} ms to load: one after the other {short((unpack + plain) * 1e3)} ms")

    def loading(self, name):
        joblib = self.r.value("load", name, "sklearn", of("load_s"), part=".joblib")
        ours, reading = (self.r.value("load", name, OURS, of(figure), part=".joblib") for figure in ("load_s", "unpack_s"))
        if joblib and ours and reading:
            return f"{short(ours * 1e3)} ms, joblib.load {short(joblib * 1e3)} ms; reading the file into memory alone takes {short(reading * 1e3)} ms"

    def adding(self, name):
        if self.peak and name in self.ADDS:
            count = self.r.value("limits", name, "callgrind", of("instructions"))
            counted = f": {count:,.0f} instructions with vectors of four, in 0.5 µs {short(count / 500)} a nanosecond" if count else ""
            return (f"its {self.ADDS[name]:,} multiply-adds take {short(2 * self.ADDS[name] / self.peak / 1e3)} µs in registers; the rest are exponentials, and what each step checks, "
                    f"allocates and hands on for a single row{counted}")

    def reading(self, name):
        rate, ours, float32 = (self.r.value(*where) for where in (("limits", name, "read", of("GBps")), ("steady", name, OURS, ROW), ("steady", name, "onnx32", ROW)))
        if rate and ours and float32:
            size = self.r.runs["limits", name, "read", 1, ""][0][0]["bytes"]
            return (f"{short(ours)} µs, ONNX Runtime in float32 {short(float32)} µs; reading the {short(size / 1e6)} MB of float64 weights once takes {short(size / rate / 1e3)} µs at "
                    f"{short(rate)} GB/s; float32 has half the bytes, and answers that differ")

    def multiplying(self, name):
        ours, theirs = (self.r.value("steady", name, engine, BATCH) for engine in (OURS, "sklearn"))
        if ours and theirs and self.peak:
            speed = lambda row: 2 * work(name) / row / 1e3
            return (f"{short(speed(ours))} GFLOP/s, scikit-learn's OpenBLAS {short(speed(theirs))}; multiplying and adding in registers alone, this processor does {short(self.peak)}")

    def walking(self, figure):
        def bound(name):
            ours, steps = self.r.value("steady", name, OURS, figure), self.r.models[name].get("steps")
            if ours and steps and self.wait:
                return (f"{short(ours)} µs a row, which passes {steps:,} splits of {self.r.models[name]['trees']} trees: {short(ours / steps * 1e3)} ns each; one that is waited for in the second "
                        f"cache takes {short(self.wait)} ns, and several walks wait at once")
        return bound

    def threads(self, size):
        def bound(name):
            one = self.r.value("threads", name, OURS, a_row(size), threads=1)
            if one and self.thread and self.twice:
                batch = one * size
                return (f"one thread takes {short(batch)} µs; starting and ending another {short(self.thread)} µs, and two that only multiply and add do {self.twice:.2f} times the work of one: "
                        f"at most {batch / (batch / self.twice + self.thread):.2f}x")
        return bound

    def alone(self, name):
        same = [row for phase in ("steady", "threads") for row in self.r.by_round(phase, name, OURS, ROW).values()]
        if same:
            return f"a single row starts no thread, however many it may; in one thread the same call took {short(min(same))} to {short(max(same))} µs in this run"

    def parsing(self, _):
        ours, theirs, loop = (self.r.value("lambda", "json50_1000", engine, ROW) for engine in ("handle", "handler", "null"))
        if ours and theirs and loop:
            return f"{short(ours / 1e3)} ms, Python {short(theirs / 1e3)} ms: {short(ours / 50)} ns for each of 50,000 numbers of some 19 digits, from text to answer; lambda_runtime's own loop takes {short(loop / 1e3)} ms"

    def size(self, _):
        parts = [self.r.value("binary", "bootstrap", "size", of(part)) for part in ("code", "unwinding", "constants")]
        if None not in parts:
            code, unwinding, constants = (short(part / 2**20) for part in parts)
            return (f"{code} MB of machine code for all estimators, containers, TLS, S3 and Lambda; {unwinding} MB of tables by which a panic in one request becomes an answer; "
                    f"{constants} MB of constants and tables")

    def compiling(self, _):
        own = self.r.value("binary", "skestimators", "compile", of("own_seconds"))
        if own:
            return f"the crate itself takes {short(own)} s of it on this machine's processors, the rest are those it depends on"


def bounds(all_marks):
    """Every model that misses a mark, with what bounds it."""
    rows, title = [], ""
    for mark in all_marks:
        title = mark.what or title
        rows += mark.bounds(title)
    return table(["mark", "model", "stands at", "bound"], rows) if rows else "All are reached.\n"


def table(head, rows):
    return "\n".join(["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *("| " + " | ".join(map(str, row)) + " |" for row in rows)]) + "\n"


def by_engine(r, phase, figure, engines, shown=short, part="", models=None):
    """A model a line, an engine a column."""
    seen = [engine for engine in engines if any(r.value(phase, name, engine, figure, part=part) for name in r.models)]
    rows = []
    for name in models or r.models:
        values = [r.value(phase, name, engine, figure, part=part) for engine in seen]
        if any(values):
            rows.append([name, *map(shown, values)])
    return table(["model", *(NAMES[engine] for engine in seen)], rows) if rows else "Not measured.\n"


def slope(points):
    """How time grows with size: the exponent of the best fit on logarithmic axes."""
    xs, ys = [[math.log(value) for value in values] for values in zip(*points)]
    x, y = sum(xs) / len(xs), sum(ys) / len(ys)
    return sum((a - x) * (b - y) for a, b in zip(xs, ys)) / sum((a - x) ** 2 for a in xs)


def growth(r):
    found, peaks = defaultdict(dict), {}
    for run in r.all:
        if run["phase"] == "growth" and run.get("batch"):
            batch = next(iter(run["batch"].values()))
            seconds = batch["s"] if run["dimension"] == "rows" else batch["s"] / batch["rows"]
            found[run["dimension"], run["what"]].setdefault(run["size"], []).append(seconds)
            if run["size"] == 1_000_000:
                peaks[run["what"]] = MEGABYTES(run)
    rows, million = [], []
    for (dimension, what), sizes in found.items():
        points = sorted((size, median(seconds)) for size, seconds in sizes.items())
        if len(points) > 1:
            scale, unit = (1e3, " ms") if dimension == "rows" else (1e6, " µs a row")
            rows.append([dimension, what, f"{points[0][0]:,} to {points[-1][0]:,}", f"{short(points[0][1] * scale)} to {short(points[-1][1] * scale)}{unit}",
                         f"{slope(points):.2f}"])
        if dimension == "rows" and points[-1][0] == 1_000_000:
            million.append([what, short(points[-1][1]), short(points[-1][1]), short(peaks.get(what))])
    if not rows:
        return "Not measured.\n"
    return (table(["grows", "of", "from, to", "time", "exponent"], rows) + "\nA million rows in one call, one thread (the rows themselves, as doubles, are part of the memory):\n\n"
            + table(["model", "seconds", "µs a row", "peak MB"], million))


# Charts: a line for each model, a dot for each engine, on a logarithmic axis.

COLOURS = {OURS: "#e8590c", "bootstrap": "#f08c00", "sklearn": "#868e96", "handler": "#868e96", "onnx32": "#228be6", "onnx64": "#15aabf",
           "treelite": "#be4bdb", "tl2cgen": "#2f9e44", "m2cgen": "#94d82d", "lleaves": "#fa5252", "xgboost": "#7950f2", "ydf": "#e64980",
           "read": "#fab005", "unpack": "#fab005"}
STYLE = """text{font:12px system-ui,sans-serif;fill:#1f2328}.faint{fill:#59636e}.line{stroke:#d1d9e0}.ground{fill:#fff}.title{font-size:15px;font-weight:600}
@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.faint{fill:#9198a1}.line{stroke:#3d444d}.ground{fill:#0d1117}}"""


def chart(path, title, unit, rows, note=""):
    """rows: [(label, {engine: value})]"""
    rows = [(label, {engine: value for engine, value in values.items() if value}) for label, values in rows]
    rows = [(label, values) for label, values in rows if values]
    if not rows:
        return
    engines = [engine for engine in COLOURS if any(engine in values for _, values in rows)]
    every = [value for _, values in rows for value in values.values()]
    low, high = math.floor(math.log10(min(every))), math.ceil(math.log10(max(every)))
    high += high == low
    left, right, step, width = 130, 760, 20, 900
    legend = -(-len(engines) // 4)
    top = 52 + 18 * legend + 22
    height = top + step * len(rows) + 16
    at = lambda value: left + (math.log10(value) - low) / (high - low) * (right - left)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" aria-label="{html.escape(title)}">',
           f"<style>{STYLE}</style>", f'<rect class="ground" width="{width}" height="{height}" rx="6"/>',
           f'<text class="title" x="16" y="26">{html.escape(title)}</text>', f'<text class="faint" x="16" y="44">{html.escape(note)}</text>']
    for i, engine in enumerate(engines):
        x, y = 24 + i % 4 * 215, 62 + 18 * (i // 4)
        out.append(f'<circle cx="{x}" cy="{y - 4}" r="5" fill="{COLOURS[engine]}"/><text x="{x + 11}" y="{y}">{html.escape(NAMES[engine])}</text>')
    for power in range(low, high + 1):
        x = at(10.0 ** power)
        out.append(f'<line class="line" x1="{x:.1f}" x2="{x:.1f}" y1="{top - 6}" y2="{height - 12}"/>')
        out.append(f'<text class="faint" x="{x:.1f}" y="{top - 10}" text-anchor="middle">{10 ** power:,}{unit if power == high else ""}</text>')
    for i, (label, values) in enumerate(rows):
        y = top + step * i + step / 2
        out.append(f'<text x="{left - 12}" y="{y + 4}" text-anchor="end">{html.escape(label)}</text>')
        out.append(f'<line class="line" x1="{left}" x2="{right}" y1="{y}" y2="{y}" stroke-dasharray="1 4"/>')
        for engine in sorted(values, key=lambda engine: engine == OURS):
            radius = 6 if engine == OURS else 4.5
            out.append(f'<circle cx="{at(values[engine]):.1f}" cy="{y}" r="{radius}" fill="{COLOURS[engine]}"><title>{html.escape(NAMES[engine])}: {short(values[engine])}{unit}</title></circle>')
        first = next((engine for engine in (OURS, "bootstrap") if engine in values), None)
        if first:
            out.append(f'<text x="{right + 16}" y="{y + 4}">{short(values[first])}{unit}</text>')
    path.write_text("\n".join(out) + "\n</svg>\n")


def charts(r, folder):
    folder.mkdir(exist_ok=True)
    peers = [engine for engine in NAMES if engine not in ("read", "unpack", "handler")]
    each = lambda phase, figure, engines: [(name, {engine: r.value(phase, name, engine, figure) for engine in engines}) for name in r.models]
    toolkit = []
    for part, figure, scale in (("cold", of("wall_ms"), 1), ("warm", ROW, 1e-3)):
        for name in MLP:
            values = {engine: r.value("toolkit", name, engine, figure, part=part) for engine in ("handler", "bootstrap")}
            toolkit.append((f"{name}, {part}", {engine: value and value * scale for engine, value in values.items()}))
    chart(folder / "toolkit.svg", "Networks of three hidden layers behind the Lambda handler", " ms", toolkit,
          "First answer of a fresh process (cold), and one request after another (warm). Left is better.")
    chart(folder / "cold.svg", "Cold start: from exec to the first answer", " ms", each("cold", of("wall_ms"), [*peers, "read"]), "A fresh process each, file in the page cache. Left is better.")
    chart(folder / "one_row.svg", "One row, one thread", " µs", each("steady", ROW, peers), "Median of warm calls. Left is better.")
    batch = each("steady", BATCH, peers)
    chart(folder / "batch.svg", "Batches of up to 100,000 rows, one thread", " rows/s",
          [(name, {engine: value and 1e6 / value for engine, value in values.items()}) for name, values in batch], "Right is better.")
    loads = []
    for (phase, model, engine, _, part) in r.runs:
        if phase == "load" and engine == OURS:
            seconds = {OURS: r.value("load", model, OURS, of("load_s"), part=part), "sklearn": r.value("load", model, "sklearn", of("load_s"), part=part),
                       "unpack": r.value("load", model, OURS, of("unpack_s"), part=part)}
            loads.append((model + part.replace(".joblib", ""), {engine: value and value * 1e3 for engine, value in seconds.items()}))
    chart(folder / "load.svg", "Loading a file that was loaded before", " ms", sorted(loads), "joblib.load with everything imported, against reading and decompressing alone. Left is better.")
    chart(folder / "memory.svg", "Peak memory up to the first answer", " MB", each("cold", MEGABYTES, peers), "Of the whole process. Left is better.")


def cannot(r):
    rows = []
    for peer, models in r.peers.items():
        for name, about in models.items():
            if name not in r.models:
                continue
            if "why" in about:
                rows.append([NAMES[peer], name, "cannot: " + about["why"].replace("|", "/")[:140]])
            elif about.get("rows_off_by_1e-6"):
                rows.append([NAMES[peer], name, f"differs from scikit-learn by up to {about['largest_difference']:.2g}, {about['rows_off_by_1e-6']} of 1,000 rows by more than 1e-6"])
            elif about.get("note"):
                rows.append([NAMES[peer], name, about["note"]])
    rows += [[NAMES.get(run["engine"], run["engine"]), run["model"], f"{run['phase']}: {run['error']}".replace("\n", " ").replace("|", "/")[:140]] for run in r.failed if run["round"] == 0]
    return table(["who", "model", "what"], rows)


def write(r, folder):
    about, machine = r.about, r.about["machine"]
    found = marks(r)
    lines = [mark.line() for mark in found]
    full = sum(line[3] == "yes" for line in lines)
    peers = [engine for engine in NAMES if engine not in ("read", "unpack", "handler")]
    rate = lambda value: short(value and 1e6 / value)
    packages = ", ".join(package for package in about["packages"]["peers"] if "==" in package)
    text = f"""# Results

Made by `benchmarks/report.py` from [results.json](results.json); do not edit. Measured {about['when']} at commit {about['commit']} (profile `{about['profile']}`) by

    {about['command']}

on {machine['processor']}, {machine['cpus']} processors, {machine['system']}; the load of the machine was {short(min(r.load, default=0))} to {short(max(r.load, default=0))}, {short(median(r.load) if r.load else 0)} in the middle.
Rounds: {r.rounds}. Python {machine['python']}; {packages}.
Figures are medians over the rounds; ratios are taken inside a round. Wall time throughout. Twins are models of the same shape that the peer trained itself.

## Marks

{full} of {len(lines)} lines are reached for every model that they name. What misses its mark is in bold.

{table(["what", "mark", "measured", "reached"], lines)}
## What bounds the marks that are not reached

{bounds(found)}
## The Python toolkit's own benchmark

`scikit-learn-lambda`'s handler in Python against the real `bootstrap`: cold is from exec to the answer of the first event (for `bootstrap` through a Runtime API, for the
handler a plain call), warm is event text to answer text.

Cold, ms:

{by_engine(r, "toolkit", of("wall_ms"), ["handler", "bootstrap"], part="cold", models=MLP)}
Warm, µs:

{by_engine(r, "toolkit", ROW, ["handler", "bootstrap"], part="warm", models=MLP)}
![](charts/toolkit.svg)

## Cold start, ms

{by_engine(r, "cold", of("wall_ms"), [*peers, "read"])}
![](charts/cold.svg)

## Peak memory up to the first answer, MB

{by_engine(r, "cold", MEGABYTES, [*peers, "read"])}
![](charts/memory.svg)

## One row, µs (median)

{by_engine(r, "steady", ROW, peers)}
![](charts/one_row.svg)

## Batches of 1,000 rows, rows a second

{by_engine(r, "steady", a_row(1000), peers, rate)}
## Batches of up to 100,000 rows, rows a second

{by_engine(r, "steady", BATCH, peers, rate)}
![](charts/batch.svg)

## Loading

![](charts/load.svg)

## How time grows

{growth(r)}
## What peers cannot do, or do otherwise

{cannot(r)}"""
    (folder / "RESULTS.md").write_text(text.rstrip() + "\n")
    charts(r, folder / "charts")
    for line in lines:
        print(" | ".join(line))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=pathlib.Path)
    parser.add_argument("--folder", type=pathlib.Path, help="where RESULTS.md and charts/ go; beside the results if not said")
    args = parser.parse_args()
    write(Results(args.results), args.folder or args.results.resolve().parent)


if __name__ == "__main__":
    main()
