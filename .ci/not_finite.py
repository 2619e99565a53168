#!/usr/bin/env python3
"""Changed models with an answer that is not finite: is scikit-learn's finite?

    python3 .ci/not_finite.py FOLDER

FOLDER is what `MUTATION_KEEP=FOLDER MUTATION_MODELS=... cargo test -p skestimators --test mutation -- --ignored` left. The scikit-learn must be the
version that the models were made with. (The files name nothing that the decoder's closed tables do not have.)
"""
import collections
import json
import pathlib
import sys
import warnings

import joblib
import numpy
import scipy.sparse

warnings.simplefilter("ignore")


def numbers(answer):
    """All arrays of numbers in an answer."""
    if scipy.sparse.issparse(answer):
        answer = answer.data
    if isinstance(answer, (list, tuple)) or hasattr(answer, "__next__"):
        return [part for one in answer for part in numbers(one)]
    array = numpy.asarray(answer)
    return [array] if array.dtype.kind == "f" else []


# What is not a method there.
OURS = {"kneighbors_dist": lambda model, x: model.kneighbors(x)[0], "predict_std": lambda model, x: model.predict(x, return_std=True)[1]}


def main():
    verdicts, finite = collections.Counter(), []
    for path in sorted(pathlib.Path(sys.argv[1]).glob("*.json")):
        about = json.loads(path.read_text())
        try:
            model = joblib.load(path.with_suffix(".pkl"))
        except Exception as error:
            verdicts[f"scikit-learn cannot load it: {type(error).__name__}"] += len(about["asked"])
            continue
        for method, rows in about["asked"]:
            if not about["rows"][rows]:  # documents
                verdicts["not asked again"] += 1
                continue
            x = numpy.array([[float(v) for v in row] for row in about["rows"][rows]])
            try:
                with numpy.errstate(all="ignore"):
                    answers = numbers(OURS[method](model, x) if method in OURS else getattr(model, method)(x))
            except Exception as error:
                verdicts[f"scikit-learn refuses: {type(error).__name__}"] += 1
                continue
            if all(numpy.isfinite(answer).all() for answer in answers):
                verdicts["FINITE"] += 1
                finite.append(f"{about['what']}: {method} of rows {rows}")
            else:
                verdicts["not finite either"] += 1
    for verdict, count in verdicts.most_common():
        print(f"{count:7} {verdict}")
    for (model, method), count in collections.Counter((one.split(" byte")[0].split(" cut")[0], one.split(": ")[1]) for one in finite).most_common():
        print(f"finite: {count:5} {model}: {method}")
    sys.exit(bool(finite))


if __name__ == "__main__":
    main()
