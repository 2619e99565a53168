"""Brings the models into each peer's own form, and says why where one cannot: peers.py FOLDER [--only NAME,...] [--peers NAME,...]

FOLDER/peers/PEER/NAME… and FOLDER/peers/peers.json: {peer: {model: {path, seconds, largest difference …} or {why}}}. What is there is
not made again. Each runs in a process of its own with a time limit: a converter that never ends is an answer too.
"""
import argparse
import json
import os
import pathlib
import signal
import subprocess
import sys
import time
import warnings

import models

LIMIT = 900
HOST = pathlib.Path(__file__).with_name("compiled_host.c")
MLP = [f"mlp_{n}" for n in models.UNITS]
FORESTS = ["rf_digits", "dt", "rf100", "et100", "rfreg100", "rf500", "iforest"]
BOOSTED = ["gb200_d3", "gb200_d6", "hgb_num", "hgb_cat"]
# What is tried. Beyond it a peer has no converter for the class at all, or one that takes hours.
TRIED = {
    "onnx32": [name for name in models.recipes(1) if name != "json50"],
    "onnx64": MLP + ["lr_iris", "lr_digits", "gnb", "gpr"],
    "treelite": FORESTS + BOOSTED,
    "tl2cgen": BOOSTED + ["iforest"],
    "m2cgen": ["lr_iris", "lr_digits", "linsvc_digits", "svc_iris", "dt"],
    "lleaves": ["hgb_num"],
    "xgboost": ["gb200_d6"],
    "ydf": ["gb200_d6", "hgb_num"],
}
TWINS = ("lleaves", "xgboost", "ydf")  # They train their own model of the same shape: these read no scikit-learn model.


def onnx(model, X, about, path, double):
    import numpy as np
    import onnxruntime
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType, StringTensorType
    number, kind = (DoubleTensorType, np.float64) if double else (FloatTensorType, np.float32)
    if isinstance(X, list):
        inputs, feed = [("X", StringTensorType([None, 1]))], {"X": np.array(X).reshape(-1, 1)}
    elif X.dtype == object:
        texts = [isinstance(cell, str) for cell in X[0]]
        inputs = [(f"c{i}", (StringTensorType if text else number)([None, 1])) for i, text in enumerate(texts)]
        feed = {f"c{i}": X[:, i:i + 1].astype(str if text else kind) for i, text in enumerate(texts)}
    else:
        inputs, feed = [("X", number([None, X.shape[1]]))], {"X": X.astype(kind)}
    options = None
    if about["method"] == "predict_proba":
        options = {id(model): {"zipmap": False}}
    elif about["class"] == "LinearSVC":
        options = {id(model): {"raw_scores": True}}
    try:
        graph = convert_sklearn(model, initial_types=inputs, options=options)
    except RuntimeError as e:
        if "ai.onnx.ml" not in str(e):
            raise
        graph = convert_sklearn(model, initial_types=inputs, options=options, target_opset={"": 18, "ai.onnx.ml": 3})
    path = path.with_suffix(".onnx")
    path.write_bytes(graph.SerializeToString())
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    outputs = [output.name for output in session.get_outputs()]
    chosen = next((name for name in ("probabilities", "scores") if name in outputs), outputs[-1])
    if about["method"] == "predict":
        chosen = outputs[0]
    return path, session.run([chosen], feed)[0], {"output": chosen}


def in_treelite(model, X, about, path):
    import treelite
    converted = treelite.sklearn.import_model(model)
    path = path.with_suffix(".treelite")
    converted.serialize(str(path))
    return path, treelite.gtil.predict(converted, X), {}


def compiled(path, sources, X, width, macros, big):
    """A program out of generated C and the host, and its answers."""
    import numpy as np
    program = path.with_suffix(".bin")
    command = ["gcc", "-O1" if big else "-O2", "-w", f"-I{path}", *macros, "-o", str(program), str(HOST), *map(str, sources), "-lm"]
    subprocess.run(command, check=True)
    rows = path / "rows.npy"
    np.save(rows, np.ascontiguousarray(X, dtype=np.float64))
    out = subprocess.run([program, "answers", rows, str(X.shape[1]), str(width)], capture_output=True, check=True).stdout
    return program, np.frombuffer(out).reshape(len(X), width), {"optimised": "-O1" if big else "-O2", "width": width}


def in_tl2cgen(model, X, about, path):
    import tl2cgen
    import treelite
    converted = treelite.sklearn.import_model(model)
    path.mkdir(exist_ok=True)
    big = about["nodes"] > 20_000
    tl2cgen.generate_c_code(converted, dirpath=str(path), params={"parallel_comp": 32} if big else {})
    return compiled(path, sorted(path.glob("*.c")), X, 1, ["-DTL2CGEN"], big)


def in_m2cgen(model, X, about, path):
    import m2cgen
    sys.setrecursionlimit(100_000)
    code = m2cgen.export_to_c(model)
    path.mkdir(exist_ok=True)
    source = path / "model.c"
    source.write_text(code)
    scalar, count = "double score(" in code, len(getattr(model, "classes_", [0]))
    width = 1 if scalar else count * (count - 1) // 2 if about["class"] == "SVC" else count
    notes = {"SVC": "decision values of pairs, no probabilities", "LogisticRegression": "decision values, no probabilities"}
    program, answers, extra = compiled(path, [source], X, width, ["-DSCALAR"] if scalar else ["-DVECTOR"], len(code) > 500_000)
    return program, answers, extra | ({"note": notes[about["class"]]} if about["class"] in notes else {})


def twin(peer, X, path):
    """A model of the same shape, trained by the peer itself."""
    rows, y, _ = models.synth()
    if peer == "xgboost":
        import xgboost
        trained = xgboost.train({"objective": "binary:logistic", "max_depth": 6, "eta": 0.1, "seed": 0}, xgboost.DMatrix(rows, y), 200)
        path = path.with_suffix(".ubj")
        trained.save_model(path)
        return path, trained.inplace_predict(X), {}
    if peer == "ydf":
        import numpy as np
        import ydf
        ydf.verbose(0)
        features = lambda rows: {f"f{i}": rows[:, i].astype(np.float32) for i in range(rows.shape[1])}
        shape = {"max_depth": 6} if path.name == "gb200_d6" else {"growing_strategy": "BEST_FIRST_GLOBAL", "max_num_nodes": 61, "max_depth": -1}
        learner = ydf.GradientBoostedTreesLearner(label="y", num_trees=200, shrinkage=0.1, validation_ratio=0.0, num_threads=1, **shape)
        trained = learner.train(features(rows) | {"y": y})
        trained.save(str(path))
        return path, trained.predict(features(X)), {}
    import lightgbm
    import lleaves
    trained = lightgbm.train({"objective": "binary", "num_leaves": 31, "learning_rate": 0.1, "seed": 0, "verbosity": -1},
                             lightgbm.Dataset(rows, y), 200)
    path = path.with_suffix(".txt")
    trained.save_model(path)
    fast = lleaves.Model(model_file=str(path))
    fast.compile(cache=f"{path}.compiled")
    return path, fast.predict(X), {}


def convert(root, peer, name):
    import joblib
    import numpy as np
    about = json.loads((root / "models/models.json").read_text())[name]
    data = root / "data" / about["set"]
    if data.with_suffix(".npy").exists():
        X = np.array(np.load(data.with_suffix(".npy"), mmap_mode="r")[:1000])
    else:
        with open(data.with_suffix(".jsonl")) as file:
            X = [json.loads(line) for line, _ in zip(file, range(1000))]
        X = X if about["set"] == "text" else np.array([[np.nan if cell is None else cell for cell in row] for row in X], dtype=object)
    model = joblib.load(root / "models" / f"{name}.joblib")
    path = root / "peers" / peer / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if peer in TWINS:
        path, answers, extra = twin(peer, X, path)
        return {"path": str(path.relative_to(root)), "note": "a twin: trained by the peer itself"} | extra
    call = {"onnx32": lambda *a: onnx(*a, False), "onnx64": lambda *a: onnx(*a, True), "treelite": in_treelite, "tl2cgen": in_tl2cgen,
            "m2cgen": in_m2cgen}[peer]
    path, answers, extra = call(model, X, about, path)
    wanted = np.asarray(getattr(model, about["method"])(X), dtype=float)
    answers = np.squeeze(np.asarray(answers, dtype=float))
    if wanted.ndim == 2 and wanted.shape[1] == 2 and answers.ndim == 1:
        wanted = wanted[:, 1]
    found = {"path": str(path.relative_to(root))} | extra
    if wanted.shape == answers.shape and "note" not in found:
        off = np.abs(wanted - answers).reshape(len(wanted), -1).max(axis=1)
        found |= {"largest_difference": float(off.max()), "rows_off_by_1e-6": int((off > 1e-6).sum())}
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--peers", default=",".join(TRIED))
    parser.add_argument("--limit", type=float, default=LIMIT)
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    warnings.filterwarnings("ignore")
    root = args.folder.resolve()
    if args.one:
        start = time.perf_counter()
        try:
            found = convert(root, *args.one)
        except BaseException as e:
            found = {"why": f"{type(e).__name__}: {e}".replace("\n", " ").replace(f"{root}/", "")[:300]}
        print("RESULT", json.dumps(found | {"seconds": round(time.perf_counter() - start, 1)}), flush=True)
        os._exit(0)
    path, only = root / "peers/peers.json", set(filter(None, args.only.split(",")))
    path.parent.mkdir(exist_ok=True)
    made = models.index(root / "models/models.json")
    for peer in filter(None, args.peers.split(",")):
        for name in TRIED[peer]:
            known = models.index(path)
            if name in known.get(peer, {}) or only and name not in only or name not in made:
                continue
            child = subprocess.Popen([sys.executable, __file__, str(root), "--one", peer, name], stdout=subprocess.PIPE,
                                     stderr=subprocess.PIPE, text=True, start_new_session=True)
            try:
                out, err = child.communicate(timeout=args.limit)
                line = next((line for line in out.splitlines() if line.startswith("RESULT ")), None)
                found = json.loads(line[7:]) if line else {"why": f"ended with {child.returncode}: {err[-200:]}"}
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)  # The compiler that it waits for ends too.
                child.wait()
                found = {"why": f"not converted in {args.limit:.0f} s"}
            known = models.index(path)  # Another converter may have written meanwhile.
            known.setdefault(peer, {})[name] = found
            path.write_text(json.dumps(known, indent=1))
            print(peer, name, found, flush=True)


if __name__ == "__main__":
    main()
