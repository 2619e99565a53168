#!/usr/bin/env python
# -*- coding: utf-8 -*-
"""Write the golden fixtures: fitted scikit-learn models and the answers they give.

    python generate.py [--only REGEX]             with the interpreter of one environment: its scikit-learn version
    python generate.py --all DIR [--only REGEX]   with every environment DIR/sk-<version>; starts from an empty case folder
    python generate.py --examples                 the models of the README, the examples and the command-line tests (scikit-learn 1.9.1)
    python generate.py --list                     the names of all cases

A case is one line at the end of this file.  It becomes testdata/<package>/<Case>/ with one model file a version and
expected.json:

    estimator   "<package>.<Class>"
    inputs      name -> {"kind": "dense", "dtype", "rows"} | {"kind": "sparse", "dtype", "shape", "indptr", "indices", "data"}
                | {"kind": "frame", "columns", "rows"} | {"kind": "rows" | "text" | "records" | "labels", "rows"};  the same for
                all versions of the case.  In rows, records and labels a float that JSON has no number for is {"$float": "NaN"}
    versions    name -> file, sklearn, params, classes, methods, absent, errors
      methods   "<method>" or "<method>@<input>" -> input, dtype, output, and exact or rtol + atol.
                staged_* are stacked along axis 0; predict_std is the second answer of predict(return_std=True);
                predict_cov, kneighbors_dist and the like are parts of what Python gives in one; neighbours within a radius are
                sorted by distance, then by index.  labels_, embedding_ are stored results of what cannot say more
                decision_path is {"csr": ...} (a forest adds n_nodes_ptr); the answer of a multi-output predict_proba is a list
      absent    methods that the object does not have (hasattr is false)
      errors    {method, input, message}: what scikit-learn refuses, with its words

A method's entry, "absent" and "errors" may be the name of another version instead: that version's value holds here too (its
numbers differ by less than a thousandth of the tolerance).
NaN and infinities are "NaN", "Infinity", "-Infinity".  Labels that are bytes are written as text (latin-1), dtype "|S..".
The answers are those of the model as read back from the file.  Output is reproducible: fixed seeds, fixed hash seed, one
thread, no time stamps.  The code runs under Python 2.7 and all later ones.
"""
from __future__ import print_function

import argparse
import binascii
import importlib
import inspect
import io
import json
import os
import pickle
import re
import shutil
import subprocess
import sys
import warnings

HERE = os.path.dirname(os.path.abspath(__file__))
FIXED = {"PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1",
         "PYTHONDONTWRITEBYTECODE": "1"}
PY2 = sys.version_info[0] == 2
METHODS = ("predict", "predict_proba", "predict_log_proba", "predict_joint_log_proba", "decision_function", "transform", "inverse_transform",
           "score_samples", "apply", "decision_path", "staged_predict", "staged_predict_proba",
           "staged_decision_function")
# Asked where they are, and not listed as absent elsewhere: few classes have them.
RARE = ("mahalanobis", "kneighbors_dist", "kneighbors_ind", "radius_neighbors_dist", "radius_neighbors_ind", "predict_cov")
# What those leave that answer for the samples of their fit alone.
STORED = ("labels_", "row_labels_", "column_labels_", "embedding_")
CASES = []
# Versions between two that differ more: only basic cases, and those of families whose state changed around them.
BETWEEN = ((0, 19), (0, 21), (1, 1), (1, 6), (1, 8))
EVERY_VERSION = re.compile(
    r"^LogisticRegression(CV)?-(ovr|multinomial|auto|liblinear|binary|multiclass|labels-str|sparsified)"
    r"|^(SGD|Bayesian|ARD)\w+-?(log|average|modified-huber-binary|normalize)?$|^RidgeClassifier|^RANSAC|Regressor-(power-1|identity)"
    r"|^(Poisson|Gamma)Regressor$|^(Nu)?SVC-(prob|ovo|break|sparse$)|^OneClassSVM$|^MLP\w+(-binary|-multilabel|-targets|-float32)$"
    r"|^DecisionTree\w+-(missing|outputs$)|^RandomForestClassifier-missing|^IsolationForest(-sparse)?$"
    r"|^GradientBoosting\w+-(exponential|huber|init-zero|init-tree|init-linear)$"
    r"|^HistGradient\w+(-missing|-categorical|-categorical-dtype|-poisson|-binary)?$|^AdaBoostClassifier-(samme|one|logistic)"
    r"|^Bagging\w+(-features)?$|^VotingClassifier-(soft|dropped)|^VotingRegressor$|^Stacking\w+(-passthrough)?$|^RandomTrees"
    r"|^Pipeline-(passthrough|nested|frame)|Scaler(-clip|-constant)?$|SearchCV(-logistic|-regression)?$")


class Skip(Exception):
    """This version does not have what the case is about."""


def case(key, name, data, **params):
    """Register a case.  Parameters that begin with an underscore are about the case, not about the estimator:
    _since, _until   first and last version that can do it (by default decided by classes and parameters);
    _maybe           parameters given only to versions that know them;
    _also            further inputs to ask: "sparse", "f32", "int", "bool", "one" (one sample), "empty" (none);
    _every           also written by the versions in between;
    _inverse         inverse_transform is asked with the rounded answer of transform rather than with X;
    _post            what is done to the fitted model;
    _py2             a basic one: also written by Python 2 and by the versions in between;
    _fitless         the version that first fitted it: before, it was complete without;
    _ties            equal distances come in an order that is known: neighbours are asked for in spite of them;
    _fit             arguments of fit beyond X and y;
    _partial         use partial_fit;
    _rtol            another tolerance, for answers that went through 32 bits on the way."""
    opts = dict((k, params.pop(k)) for k in list(params) if k.startswith("_"))
    CASES.append((key, key.split(".")[1] + ("-" + name if name else ""), data, params, opts))


# ------------------------------------------------------------------ versions and parameters

def number(text):
    """"0.22.2.post1" -> (0, 22, 2)"""
    return tuple(int(n) for n in re.findall(r"\d+", text.split("-")[0].split(".post")[0])[:3])


def current():
    import sklearn
    return number(sklearn.__version__)


class V(object):
    """A parameter value that depends on the version: V("0", "log", "1.1", "log_loss")."""

    def __init__(self, *pairs):
        self.pairs = sorted((number(v), value) for v, value in zip(pairs[::2], pairs[1::2]))

    def build(self):
        return [value for since, value in self.pairs if since <= current()][-1]


class E(object):
    """An estimator inside another one."""

    def __init__(self, key, **params):
        self.key, self.params = key, params

    def build(self):
        return make(self.key, self.params, {})


class Call(object):
    """A value made when it is needed."""

    def __init__(self, function):
        self.build = function


def build(value):
    if hasattr(value, "build"):
        return build(value.build())
    if isinstance(value, list):
        return [build(v) for v in value]
    if isinstance(value, tuple):
        return tuple(build(v) for v in value)
    if isinstance(value, dict):
        return dict((k, build(v)) for k, v in value.items())
    return value


def find(key):
    package, name = key.split(".")
    for enable in ("enable_hist_gradient_boosting", "enable_halving_search_cv", "enable_iterative_imputer"):
        try:
            importlib.import_module("sklearn.experimental." + enable)
        except ImportError:
            pass
    for module in (package, package + ".text", package + ".image", package + "._gpc", package + ".gpc"):
        try:
            return getattr(importlib.import_module("sklearn." + module), name)
        except (ImportError, AttributeError):
            pass
    raise Skip("no %s" % key)


OLD_NAMES = {"estimator": ["base_estimator"], "max_iter": ["n_iter"], "sparse_output": ["sparse"]}


def make(key, params, maybe):
    cls = find(key)
    known = cls._get_param_names()
    kwargs = {}
    for source, optional in ((params, False), (maybe, True)):
        for name, value in source.items():
            for old in [name] + OLD_NAMES.get(name, []):
                if old in known:
                    kwargs[old] = build(value)
                    break
            else:
                if not optional:
                    raise Skip("%s has no parameter %s" % (key, name))
    return cls(**kwargs)


# ------------------------------------------------------------------ data

class Data(object):
    """Training data and inputs to ask; further inputs by name."""

    def __init__(self, X, y, T, **more):
        self.X, self.y, self.T, self.more = X, y, T, more
        self.further = {}


class Records(list):
    """Lists of names, or of pairs."""


def rng(seed):
    import numpy as np
    return np.random.RandomState(seed)


def with_edges(X, T, scale=10.0):
    """Test rows, then a row of zeros, a large one and one seen in training."""
    import numpy as np
    return np.vstack([T, np.zeros((1, X.shape[1])), np.round(T[:1] * scale, 2), X[:1]])


def blobs(k, n, p, seed):
    import numpy as np
    r = rng(seed)
    centers = np.round(r.uniform(-3, 3, (k, p)), 2)
    y = np.arange(n) % k
    X = np.round(centers[y] + 1.2 * r.randn(n, p), 2)
    T = np.round(centers[np.arange(4) % k] + 1.5 * r.randn(4, p), 3)
    return X, y, with_edges(X, T)


def iris(n=45):
    return Data(*blobs(3, n, 4, 1))


def four(n=48):
    return Data(*blobs(4, n, 3, 5))


def binary(n=40):
    return Data(*blobs(2, n, 4, 2))


def one_class():
    d = binary(30)
    d.y = d.y * 0 + 7
    return d


def outliers():
    d = blobs(1, 40, 3, 3)
    return Data(d[0], None, d[2])


def labelled(base, *labels, **kw):
    """The same data with other labels."""
    def data():
        import numpy as np
        d = base()
        d.y = np.array(labels, dtype=kw.get("dtype"))[d.y]
        return d
    return data


def as_float32(base):
    def data():
        import numpy as np
        d = base()
        d.X = d.X.astype(np.float32)
        if d.y is not None and d.y.dtype.kind == "f":
            d.y = d.y.astype(np.float32)
        return d
    return data


def column_y(base):
    def data():
        d = base()
        d.y = d.y.reshape(-1, 1)
        return d
    return data


def regression(n=40, p=4, seed=4):
    import numpy as np
    r = rng(seed)
    X = np.round(r.randn(n, p) * 2 + 1, 2)
    w = np.linspace(-1.5, 2.0, p)
    y = np.round(X.dot(w) + 3.0 + 0.5 * r.randn(n), 3)
    return Data(X, y, with_edges(X, np.round(r.randn(4, p) * 2 + 1, 3)))


def wiggly():
    """A target that trees and networks need several splits for."""
    import numpy as np
    d = regression(50, 3, 14)
    d.y = np.round(np.sin(d.X[:, 0]) * 3 + (d.X[:, 1] > 1) * d.X[:, 2], 3)
    return d


def two_targets():
    import numpy as np
    d = regression()
    d.y = np.round(np.column_stack([d.y, 0.3 * d.X[:, 0] ** 2 - d.X[:, 1]]), 3)
    return d


def counts():
    import numpy as np
    d = regression(40, 3, 6)
    d.y = np.floor(np.exp(0.25 * d.X[:, 0] - 0.2 * d.X[:, 1] + 0.8) + rng(7).uniform(0, 1, 40))
    d.T = np.vstack([d.T[:5], d.X[:2]])
    return d


def positive():
    d = counts()
    d.y = d.y + 0.5
    return d


def multilabel():
    import numpy as np
    d = regression(45, 4, 8)
    d.y = np.column_stack([d.X[:, 0] > 1, d.X[:, 1] + d.X[:, 2] > 2, d.X[:, 3] < 1]).astype(int)
    return d


def two_outputs():
    """Two classification targets with different numbers of classes."""
    import numpy as np
    d = iris()
    d.y = np.column_stack([d.y, (d.X[:, 0] > 0).astype(int)])
    return d


def two_outputs_text():
    import numpy as np
    d = two_outputs()
    d.y = np.array(["low", "mid", "high"])[d.y]
    return d


def same_outputs():
    """Two classification targets with equal classes."""
    import numpy as np
    d = iris()
    d.y = np.column_stack([d.y, (d.y + (d.X[:, 1] > 0)) % 3])
    return d


def sparse(base):
    """The same data with many zeros, as CSR matrices."""
    def data():
        import scipy.sparse as sp
        d = base()
        for a in (d.X, d.T):
            a[abs(a) < 1.2] = 0.0
        d.X, d.T = sp.csr_matrix(d.X), sp.csr_matrix(d.T)
        return d
    return data


def missing(base):
    """The same data with holes."""
    def data():
        import numpy as np
        d = base()
        for a, seed in ((d.X, 21), (d.T, 22)):
            a[rng(seed).uniform(0, 1, a.shape) < 0.2] = np.nan
        d.T[2] = np.nan
        return d
    return data


def emptied(base):
    """The same data, one column without any value in the fit."""
    def data():
        import numpy as np
        d = base()
        d.X[:, 2] = np.nan
        return d
    return data


def constant_column():
    d = regression(30, 4, 9)
    d.X[:, 2] = 5.0
    return d


def gram(base):
    """A precomputed kernel."""
    def data():
        d = base()
        d.T, d.X = d.T.dot(d.X.T).round(3), d.X.dot(d.X.T).round(3)
        return d
    return data


def exact_gram(base):
    """The same to its last digit, so that no rounding of BLAS is seen."""
    def data():
        d = base()
        d.T, d.X = d.T.dot(d.X.T).round(6), d.X.dot(d.X.T).round(6)
        return d
    return data


def weighted(base):
    def data():
        import numpy as np
        d = base()
        d.more["sample_weight"] = np.round(rng(31).uniform(0.2, 2.0, d.X.shape[0]), 2)
        return d
    return data


def weightless(base):
    """The samples of the middle class weigh nothing."""
    def data():
        import numpy as np
        d = base()
        d.more["sample_weight"] = np.where(d.y == np.unique(d.y)[1], 0.0, 1.0)
        return d
    return data


def steps():
    """One feature, as isotonic regression has it."""
    import numpy as np
    r = rng(43)
    X = np.round(np.concatenate([r.uniform(0, 10, 24), [3.0, 3.0]]), 1)
    y = np.round(np.log1p(X) + 0.3 * r.randn(26), 3)
    return Data(X, y, np.array([0.5, 2.25, 3.0, 4.7, 8.1, X.min(), X.max(), -4.0, 30.0]))


def inside(base):
    """Without values beyond those of the fit."""
    def data():
        d = base()
        d.T = d.T[(d.T >= d.X.min()) & (d.T <= d.X.max())]
        return d
    return data


def in_float32(base):
    """All of it, since these estimators take samples of the type of their fit alone."""
    def data():
        import numpy as np
        d = as_float32(base)()
        d.T = d.T.astype(np.float32)
        return d
    return data


def multilabel_constant():
    d = multilabel()
    d.y[:, 1] = 1
    return d


def nothing(base):
    """The same data without a target."""
    def data():
        d = base()
        d.y = None
        return d
    return data


def categorical(k=2):
    """Columns 0 and 2 are categories (codes), with holes and with codes never seen."""
    import numpy as np
    r = rng(11)
    X = np.column_stack([r.randint(0, 5, 60), np.round(r.randn(60), 2), r.randint(0, 3, 60), np.round(r.randn(60), 2)]).astype(float)
    score = np.array([0, 2, -1, 1, 3])[X[:, 0].astype(int)] + X[:, 1] + np.array([1, -2, 0])[X[:, 2].astype(int)]
    X[::9, 0] = np.nan
    X[4::11, 3] = np.nan
    y = np.digitize(score, [0.5, 2.0][:k - 1])
    T = np.vstack([X[1:6], [[4, 0.5, 2, np.nan], [9, 0.1, 1, -1], [np.nan, np.nan, np.nan, np.nan], [2, -5, 7, 100]]])
    return Data(X, y, T)


def categorical3():
    return categorical(3)


def categorical_target():
    d = categorical()
    d.y = d.X[:, 1] * 2 + (d.X[:, 2] == 1)
    return d


def words():
    """Counts of words, in three classes."""
    d = iris()
    d.X, d.T = abs(d.X).round(), abs(d.T).round()
    return d


def single(base):
    """All of it in one class."""
    def data():
        d = base()
        d.y = d.y * 0 + 7
        return d
    return data


def codes():
    """Categories as numbers from 0, each seen."""
    import numpy as np
    d = iris()
    d.X = np.column_stack([rng(41 + k).randint(0, k, 45) for k in (2, 3, 4, 5)])
    d.T = np.array([[0, 0, 0, 0], [1, 2, 3, 4], [1, 0, 3, 2]])
    return d


def frame(base, names=("age", "height", "width", "depth")):
    """The same data as a pandas DataFrame."""
    def data():
        import pandas as pd
        d = base()
        columns = list(names[:d.X.shape[1]])
        d.X, d.T = pd.DataFrame(d.X, columns=columns), pd.DataFrame(d.T, columns=columns)
        return d
    return data


def category_frame():
    """A DataFrame with a column of texts as categories, one of integer categories and two of numbers."""
    import numpy as np
    import pandas as pd
    d = categorical()

    def table(a):
        words = ["none", "blue", "red", "green", "violet"]
        color = [words[int(v)] if v == v and v < 5 else None for v in a[:, 0]]
        size = [int(v) * 10 if v == v and v < 3 else None for v in a[:, 2]]
        return pd.DataFrame({"weight": a[:, 1], "color": pd.Categorical(color, categories=sorted(words)),
                             "size": pd.Categorical(size, categories=[0, 10, 20]), "length": a[:, 3]},
                            columns=["weight", "color", "size", "length"])
    d.X, d.T = table(d.X), table(d.T)
    d.y = np.array(["no", "yes"])[d.y]
    return d


def asked(base, **further):
    """The same data with further inputs to ask: name -> function of the usual one."""
    def data():
        d = base()
        for name in further:
            d.further[name] = further[name](d.T)
        return d
    return data


def asked_of(base, *rows):
    """The same data, asked for some of the rows alone."""
    def data():
        d = base()
        d.T = d.T[list(rows)]
        return d
    return data


def ties():
    """A grid of points, some there twice: many distances are equal."""
    import numpy as np
    X = np.array([[i % 4, i // 4 % 4, i % 2] for i in range(32)], dtype=float)
    T = np.array([[0, 0, 0], [1.5, 1.5, 0.5], [3, 3, 1], [0.5, 2, 0], [-1, 5, 9]], dtype=float)
    return Data(X, np.arange(32) // 8, T)


def neighbourhood():
    """Points within reach of each other, for a radius."""
    import numpy as np
    d = Data(*blobs(3, 30, 2, 51))
    d.T = np.vstack([d.X[:3] + 0.25, d.X[4:6], [[0.0, 0.0]]])
    return d


def truths():
    """Bools, for distances of sets."""
    import numpy as np
    r = rng(52)
    return Data(r.uniform(size=(24, 5)) > 0.5, np.arange(24) % 3, r.uniform(size=(5, 5)) > 0.5)


def angles():
    """Latitudes and longitudes in radians."""
    import numpy as np
    r = rng(53)
    X = np.round(np.column_stack([r.uniform(-1.5, 1.5, 24), r.uniform(-3.1, 3.1, 24)]), 3)
    return Data(X, np.arange(24) % 3, np.array([[0.0, 0.0], [0.5, -2.0], [1.2, 3.0]]))


def distances(base):
    """Distances to the fitted points in place of the points."""
    def data():
        import numpy as np
        d = base()
        far = lambda a: np.round(np.sqrt(((a[:, None, :] - d.X[None, :, :]) ** 2).sum(axis=2)), 3)  # noqa: E731
        d.T, d.X = far(d.T), far(d.X)
        return d
    return data


def nonnegative(base=None):
    def data():
        import numpy as np
        d = (base or iris)()
        d.X, d.T = np.round(abs(d.X), 2), np.round(abs(d.T), 2)
        return d
    return data


def few(base, n):
    """The first rows alone, where a model keeps all of them."""
    def data():
        d = base()
        d.X, d.y = d.X[:n], d.y if d.y is None else d.y[:n]
        return d
    return data


def wide():
    """More columns than an answer has room for."""
    import numpy as np
    r = rng(54)
    X = np.round(r.randn(20, 12), 2)
    return Data(X, None, np.vstack([np.round(r.randn(3, 12), 2), np.zeros((1, 12))]))


def palette():
    """Categories that are text."""
    import numpy as np
    r = rng(61)
    names = np.array([[u"red", u"green", u"blue", u"gr\u00fcn"], [u"s", u"m", u"l", u"xl"], [u"", u"a", u"b", u" a"]])
    X = np.column_stack([names[j][np.minimum(r.randint(0, 5, 40), 3)] for j in range(3)])
    T = np.vstack([X[:4], [[u"blue", u"xl", u""], [u"red", u"s", u" a"]]])
    return Data(X, np.arange(40) % 3 * 1.5 + (X[:, 0] == u"red"), T)


def strange(base):
    """With categories that were never seen."""
    def data():
        import numpy as np
        d = base()
        d.further["strange"] = np.vstack([d.T[:1], [[u"yellow", u"m", u"a"], [u"Red", u"", u"B"]]]).astype(d.T.dtype)
        return d
    return data


def objects(base=palette):
    """The same as Python objects, with a column of numbers."""
    def data():
        import numpy as np
        d = base()
        table = lambda a: np.column_stack([a.astype(object), [[len(row[0])] for row in a]])  # noqa: E731
        d.X, d.T = table(d.X), table(d.T)
        return d
    return data


def holes(base=palette, hole=None):
    """Text with missing values."""
    def data():
        d = base()
        d.X, d.T = d.X.astype(object), d.T.astype(object)
        d.X[::7, 0] = hole
        d.X[3::9, 2] = hole
        d.T[1, 0] = d.T[2, 2] = hole
        return d
    return data


def named(key, **params):
    """An estimator that gives tables."""
    return Call(lambda: make(key, params, {}).set_output(transform="pandas"))


def frozen():
    from sklearn.frozen import FrozenEstimator
    d = labelled(binary, "no", "yes")()
    return FrozenEstimator(LR.build().fit(d.X, d.y))


def palette_frame(base=palette):
    """A table of text and numbers."""
    def data():
        import pandas as pd
        d = base()

        def table(a):
            columns = [("color", pd.Series(list(a[:, 0]), dtype=object)), ("size", pd.Series(list(a[:, 1]), dtype=object)),
                       ("length", pd.Series([len(v) for v in a[:, 0]], dtype="int64")), ("even", pd.Series([len(v) % 2 == 0 for v in a[:, 0]]))]
            return pd.DataFrame(dict(columns), columns=[name for name, _ in columns])
        d.X, d.T = table(d.X), table(d.T)
        return d
    return data


def numbers_in_table(t):
    """Text in a table whose last column holds numbers."""
    import pandas as pd
    return pd.DataFrame({"a": pd.Series([u"red"], dtype=object), "b": pd.Series([u"s"], dtype=object), "c": [7]}, columns=["a", "b", "c"])


def rare():
    """Numbers as categories, some of them seldom."""
    import numpy as np
    r = rng(62)
    X = np.column_stack([np.minimum(r.geometric(0.45, 60), 6), r.randint(0, 3, 60), np.minimum(r.geometric(0.3, 60), 8) * 10]).astype(float)
    T = np.vstack([X[:3], [[6, 2, 80], [5, 0, 70], [1, 1, 10]]])
    d = Data(X, np.round(r.randn(60) + X[:, 0], 2), T)
    d.further["strange"] = np.array([[1.0, 7.0, 15.0], [-1.0, 0.0, 10.0]])
    return d


def rare_classes():
    import numpy as np
    d = rare()
    d.y = np.array([u"lo", u"mid", u"hi"])[np.digitize(d.y, [1.0, 3.0])]
    return d


def rare_binary():
    import numpy as np
    d = rare()
    d.y = np.array([u"no", u"yes"])[(d.y > 2).astype(int)]
    return d


def on_edges():
    """Values on the edges of bins and beyond them, and a constant column."""
    import numpy as np
    r = rng(63)
    X = np.column_stack([np.arange(40) % 9, np.round(r.randn(40), 2), np.round(r.exponential(2.0, 40), 1), [3.0] * 40])
    T = np.array([[0, 0, 0, 3], [2, -9, 0.1, 2], [4, 9, 5, 4], [8, 0.5, 100, 3], [2.9999999999, 0.25, 2.5, 3], [-0.0, 1e-9, 1, 3]])
    d = Data(X, None, T)
    return d


def labels(*values, **kw):
    """Labels: fitted, and asked in another order."""
    def data():
        import numpy as np
        y = np.array(values, dtype=kw.get("dtype"))
        d = Data(y, None, y[::-1][:kw.get("ask", 4)])
        if "strange" in kw:
            d.further["strange"] = np.array(kw["strange"])
        return d
    return data


def tag_sets():
    sets = [(u"b", u"a"), (u"c",), (), (u"a", u"c", u"a"), (u"d",)]
    d = Data([list(s) for s in sets], None, [[u"a"], [], [u"d", u"b"], [u"a", u"b", u"c", u"d"]])
    d.further["strange"] = [[u"a", u"zz"]]
    return d


def number_sets():
    return Data([[3, 1], [2], [7, 2, 1]], None, [[1, 2, 3], [7], []])


def indicator():
    d = multilabel()
    return Data(d.y, None, d.y[:5])


SENTENCES = [
    u"The quick brown fox jumps over the lazy dog", u"A quick-brown FOX? It's the fox's den!", u"na\u00efve caf\u00e9 R\u00e9sum\u00e9 re\u0301sume\u0301",
    u"\u00bd cup of sugar, 2\u00b2 eggs and x_1 = 3.14", u"\u0130stanbul \u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03a3 STRASSE Stra\u00dfe", u"\u4eca\u65e5 \u306f \u4e16\u754c; hello   world\thello\nworld",
    u"one two three four five six seven", u"dogs dog dogs' dogged the of and", u"e-mail: me@example.org, http://example.org/a?b=c"]
ASKED = [u"the fox and the dog", u"CAF\u00c9 cafe\u0301 cafe na\u00efve naive", u"", u"!!! ...", u"unknown words only zzz", u"hello hello hello world 3 14 \u00bd",
         u"\u0928\u092e\u0938\u094d\u0924\u0947 \u4e16\u754c \u4eca\u65e5", u" a  b\u00a0c\u2003dogs\u2028fox "]


def documents():
    return Data(list(SENTENCES), None, list(ASKED))


def capitals():
    """Letters that Python 2 and 3 write differently in lower case."""
    return Data(list(SENTENCES), None, [u"\u0130STANBUL \u03c3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2 stra\u00dfe \u03a3\u0391\u03a3 \u1e9e"])


def one_document():
    return Data(list(SENTENCES[:1]), None, list(ASKED[:3]))


def term_counts():
    import numpy as np
    import scipy.sparse as sp
    X = rng(71).poisson(0.7, (20, 7))
    d = Data(sp.csr_matrix(X), None, sp.csr_matrix(np.vstack([X[:3], np.zeros((1, 7), dtype=int)])))
    d.further["dense"] = X[:3].astype(float)
    return d


def records():
    X = [{u"city": u"Bern", u"temperature": 12.5}, {u"city": u"London", u"rain": True, u"temperature": -3}, {u"city": u"Bern", u"wind": 7}]
    T = [{u"city": u"London", u"temperature": 1.5}, {u"city": u"Oslo", u"snow": 4, u"rain": False}, {}, {u"wind": 0, u"temperature": 2}]
    return Data(X, None, T)


def record_lists():
    X = [{u"tags": [u"a", u"b"], u"n": 1}, {u"tags": u"c", u"n": 2.5}]
    return Data(X, None, [{u"tags": [u"b", u"a"]}, {u"tags": u"b", u"n": 3}])


def hashed():
    X = [{u"dog": 1, u"cat": 2, u"elephant": 4}, {u"dog": -2, u"run": 5.5}, {}]
    return Data(X, None, X)


def hashed_words():
    X = [{u"color": u"red", u"dog": 1}, {u"color": u"gr\u00fcn"}]
    return Data(X, None, X)


def hashed_pairs():
    X = Records([[(u"a", 1), (u"b", -2.5)], [(u"a", 3), (u"a", -3)], [(u"c", u"d")]])
    return Data(X, None, X)


def hashed_text():
    X = Records([[u"a", u"bb", u"a"], [u"ccc", u"\u00fc"], []])
    return Data(X, None, X)


def pictures():
    import numpy as np
    X = np.arange(2 * 4 * 5, dtype=float).reshape(2, 4, 5)
    return Data(X, None, X + 0.5)


def color_pictures():
    import numpy as np
    X = np.arange(2 * 3 * 4 * 3, dtype=float).reshape(2, 3, 4, 3)
    return Data(X, None, X)


def unlabelled(base):
    """Most labels unknown: -1."""
    def data():
        import numpy as np
        d = base()
        d.y = np.where(np.arange(len(d.y)) % 4 == 0, d.y, -1)
        return d
    return data


def ranked():
    """Columns with equal scores, and a constant one."""
    import numpy as np
    d = nonnegative(iris)()
    column = lambda a: np.column_stack([a, a[:, 1], a[:, 0] * 0 + 2, a[:, 1]])  # noqa: E731
    d.X, d.T = column(d.X), column(d.T)
    return d


def ranked_regression():
    import numpy as np
    d = regression(40, 4, 81)
    d.X, d.T = np.column_stack([d.X, d.X[:, 2]]), np.column_stack([d.T, d.T[:, 2]])
    return d


def latent():
    """Five columns of two causes."""
    import numpy as np
    d = regression(60, 2, 83)
    mix = np.array([[1.0, 0.5, -1.0, 0.2, 0.7], [0.3, -1.0, 0.4, 1.0, -0.6]])
    d.X = np.round(d.X.dot(mix) + 0.3 * rng(84).randn(60, 5), 2)
    d.T = np.vstack([np.round(d.T.dot(mix), 2), d.X[:1]])
    return d


def minus_one(base):
    """Missing values marked by -1."""
    def data():
        import numpy as np
        d = missing(base)()
        d.X, d.T = (np.where(np.isnan(a), -1.0, a) for a in (d.X, d.T))
        return d
    return data


def empty_column(base):
    """A column without any value."""
    def data():
        import numpy as np
        d = base()
        d.X[:, 1] = np.nan
        return d
    return data


def csr_of(base):
    """The same values as CSR matrices."""
    def data():
        import scipy.sparse as sp
        d = base()
        d.X, d.T = sp.csr_matrix(d.X), sp.csr_matrix(d.T)
        return d
    return data


def asked_as_csr(base):
    """The same data, asked about as CSR matrices."""
    def data():
        import scipy.sparse as sp
        d = base()
        d.T = sp.csr_matrix(d.T)
        return d
    return data


def scattered():
    """Few donors for what is missing, some of which share no column with the row that misses it."""
    import numpy as np
    n = np.nan
    X = np.array([[1, n, 3, n], [n, 5, n, 2], [2, 4, n, n], [n, n, 7, 1], [3, n, n, 4], [n, 8, 6, n]])
    return Data(X, None, np.array([[n, 4.5, n, n], [2.5, n, n, n], [n, n, n, 3], [1, 2, n, n]]))


def smooth():
    """A few points of a curve, for Gaussian processes."""
    import numpy as np
    r = rng(91)
    X = np.round(r.uniform(-3, 3, (12, 2)), 2)
    y = np.round(np.sin(X[:, 0]) + 0.3 * X[:, 1] + 0.05 * r.randn(12), 3)
    return Data(X, y, np.vstack([np.round(r.uniform(-4, 4, (4, 2)), 2), X[:1], [[20.0, -20.0]]]))


def smooth_targets():
    import numpy as np
    d = smooth()
    d.y = np.column_stack([d.y, np.round(d.X[:, 1] ** 2, 2)])
    return d


# ------------------------------------------------------------------ JSON forms

def plain(value):
    """Nested lists of what JSON has."""
    import numpy as np
    if isinstance(value, dict):
        return dict((k, plain(v)) for k, v in value.items())
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, np.ndarray):
        return [plain(v) for v in value] if value.ndim else plain(value[()])
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, (float, np.floating)):
        value = float(value)
        return "NaN" if value != value else value if abs(value) != float("inf") else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, np.integer):
        return int(value)
    return value


def csr(m):
    m = m.tocsr()
    m.sort_indices()
    return {"shape": plain(list(m.shape)), "indptr": plain(m.indptr), "indices": plain(m.indices), "data": plain(m.data)}


def cells(value):
    """Nested lists of values whose types matter."""
    import numpy as np
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, (list, tuple, set)):
        return [cells(v) for v in (sorted(value) if isinstance(value, set) else value)]
    if isinstance(value, dict):
        return dict((key, cells(v)) for key, v in value.items())
    value = plain(value)
    return {"$float": value} if value in ("NaN", "Infinity", "-Infinity") else value


def input_form(x):
    import numpy as np
    if isinstance(x, list):
        first = x[0] if x else ""
        kind = "text" if hasattr(first, "lower") else "records" if isinstance(x, Records) or isinstance(first, dict) else "rows"
        return {"kind": kind, "rows": cells(x)}
    if isinstance(x, np.ndarray) and x.ndim == 2 and x.dtype.kind in "OUS":
        return {"kind": "rows", "rows": cells(x)}
    if isinstance(x, np.ndarray) and x.ndim == 1 and x.dtype.kind != "f":
        return {"kind": "labels", "dtype": x.dtype.str, "rows": cells(x)}
    if hasattr(x, "columns"):
        columns = []
        rows = [[] for _ in range(len(x))]
        for name in x.columns:
            column = {"name": name, "dtype": str(x[name].dtype)}
            if column["dtype"] in ("str", "string"):
                column["dtype"] = "object"       # the types of text since pandas 3
            if column["dtype"] == "category":
                column["categories"] = plain(list(x[name].cat.categories))
            columns.append(column)
            for row, value in zip(rows, x[name]):
                row.append(None if value is None or value != value else plain(value))
        return {"kind": "frame", "columns": columns, "rows": rows}
    if hasattr(x, "tocsr"):
        return dict(csr(x), kind="sparse", dtype=str(x.dtype))
    form = {"kind": "dense", "dtype": str(np.asarray(x).dtype), "rows": plain(x)}
    if x.shape[0] == 0:
        form["columns"] = x.shape[1]
    return form


def from_form(form):
    """The input that was written so."""
    import numpy as np
    import scipy.sparse as sp
    if form["kind"] == "sparse":
        return sp.csr_matrix((form["data"], form["indices"], form["indptr"]), shape=form["shape"], dtype=form["dtype"])
    if form["kind"] == "rows":
        return np.array([[float(v["$float"]) if isinstance(v, dict) else v for v in row] for row in form["rows"]], dtype=object)
    return np.array([[float(v) if hasattr(v, "lower") else v for v in np.atleast_1d(row)] for row in form["rows"]],
                    dtype=str(form["dtype"])).reshape(np.shape(form["rows"]))


def rounded(x):
    """An answer as an input."""
    import numpy as np
    if hasattr(x, "tocsr"):
        x = x.tocsr().copy()
        x.sort_indices()
        x.data = np.round(x.data, 3)
        return x
    x = np.asarray(x)
    return np.round(x, 3) if x.dtype.kind == "f" else x


def dumps(value, depth=0):
    """JSON with one line a method, whatever the Python."""
    if isinstance(value, dict) and depth < 4 and not ("kind" in value or "exact" in value or "rtol" in value):
        if not value:
            return "{}"
        pad = " " * (depth + 1)
        keys = sorted(value, key=lambda k: (number(k) if k[0].isdigit() else (), k))
        return "{\n%s\n%s}" % (",\n".join("%s%s: %s" % (pad, json.dumps(k), dumps(value[k], depth + 1)) for k in keys), " " * depth)
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def near(a, b, rtol, atol):
    """Whether two outputs are so close that one can stand for the other."""
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(near(x, y, rtol, atol) for x, y in zip(a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return set(a) == set(b) and all(near(a[k], b[k], rtol, atol) for k in a)
    if isinstance(a, float) and isinstance(b, float):
        return abs(a - b) <= rtol * abs(a) + atol
    return type(a) == type(b) and a == b


def alike(a, b):
    if not isinstance(a, dict):
        return a == b
    rest = [dict((k, v) for k, v in e.items() if k not in ("output", "atol")) for e in (a, b)]
    return rest[0] == rest[1] and near(a["output"], b["output"], a.get("rtol", 0) / 1000, a.get("atol", 0) / 1000)


def fields(entry):
    """(holder, key) of everything that may be said by naming another version."""
    return [(entry["methods"], m) for m in entry["methods"]] + [(entry, "absent"), (entry, "errors")]


def expand(doc):
    """Replace the names of versions by what they stand for."""
    for entry in doc["versions"].values():
        for holder, key in fields(entry):
            if not isinstance(holder[key], (dict, list)):
                other = doc["versions"][holder[key]]
                holder[key] = (other if key in ("absent", "errors") else other["methods"])[key]


def shorten(doc):
    """Say once what several versions answer alike."""
    doc = json.loads(json.dumps(doc))
    said = {}
    for version in sorted(doc["versions"], key=lambda v: (number(v), v)):
        for holder, key in fields(doc["versions"][version]):
            for other, value in said.get(key, []):
                if alike(value, holder[key]):
                    holder[key] = other
                    break
            else:
                said.setdefault(key, []).append((version, holder[key]))
    return doc


# ------------------------------------------------------------------ model files

def externals():
    """The joblib that scikit-learn up to 0.20 carried; its files name another module."""
    if current() < (0, 21):
        from sklearn.externals import joblib
    else:
        import joblib
    return joblib


def clean(model):
    """Zero what differs by chance: bytes that scikit-learn leaves as they were in memory, and running times.

    Random states are wound back to a plain one: 2.5 kB that no answer depends on and no compressor can shrink."""
    import numpy as np
    seen, work = set(), [model]
    while work:
        o = work.pop()
        if id(o) in seen or isinstance(o, (str, bytes, int, float, type(None))):
            continue
        seen.add(id(o))
        if type(o).__name__ == "Tree" and hasattr(o, "node_count"):
            nodes = o.__getstate__()["nodes"]
            if "missing_go_to_left" in nodes.dtype.names:
                raw = nodes.view(np.uint8).reshape(len(nodes), -1)
                raw[:, 57:] = 0
                raw[nodes["left_child"] == -1, 56] = 0
        elif isinstance(o, np.random.RandomState) and o is not np.random.mtrand._rand:
            o.set_state(("MT19937", np.arange(624, dtype=np.uint32), 624, 0, 0.0))
        elif isinstance(o, np.ma.MaskedArray):
            o.data[np.ma.getmaskarray(o)] = None if o.dtype == object else "" if o.dtype.kind in "SU" else 0
        elif isinstance(o, dict):
            for key in o:
                if key == "refit_time_":
                    o[key] = 0.0
                elif key == "n_iter_" and o.get("multi_class") == "crammer_singer":
                    o[key] = 0                   # never set by liblinear
                elif key in ("mean_fit_time", "std_fit_time", "mean_score_time", "std_score_time"):
                    o[key][:] = 0.0
            work.extend(o.values())
        elif isinstance(o, (list, tuple)) or isinstance(o, np.ndarray) and o.dtype == object:
            work.extend(np.asarray(o).ravel().tolist() if isinstance(o, np.ndarray) else o)
        elif hasattr(o, "__dict__"):
            if type(o).__name__ in ("SVR", "NuSVR") and "n_support_" in vars(o):
                # never set by libsvm for regression: real files hold numbers like these
                o.n_support_[:] = [-1426569461, 22090]
            work.append(vars(o))


def save(model, folder, stem, choice):
    """Write the model in one of the forms, the same one each time; -> file name, and what reads it."""
    import joblib
    protocols = [p for p in range(0, 6) if p <= pickle.HIGHEST_PROTOCOL]
    compressions = [("zlib", 9), ("gzip", 9), ("bz2", 9)] + ([] if PY2 else [("xz", 6), ("lzma", 6)])
    try:
        import lz4.frame  # noqa: F401
        compressions.append(("lz4", 9))
    except ImportError:
        pass
    libraries = [joblib, externals()]
    text = pickle.dumps(model, 2)
    kind = choice % 10
    if len(text) > 2500 or 5 <= kind < 9:
        kind = 9
    if kind < 3:
        name = stem + ".pkl"
        with open(os.path.join(folder, name), "wb") as fh:
            pickle.dump(model, fh, protocols[(choice // 10) % len(protocols)])
        return name, pickle
    name, lib = stem + ".joblib", libraries[(choice // 10) % 2]
    path = os.path.join(folder, name)
    if number(lib.__version__) < (0, 10):       # uncompressed: side files for the arrays
        lib.dump(model, path, compress=3 if kind == 9 or hasattr(model, "steps") else 0)
        return name, lib
    if kind == 9:
        method = compressions[(choice // 20) % len(compressions)]
        if method[0] == "lz4" and lib is not joblib:
            method = ("zlib", 3)
        lib.dump(model, path, compress=method)
        if method[0] == "gzip":
            with open(path, "r+b") as fh:       # no time stamp
                fh.seek(4)
                fh.write(b"\0\0\0\0")
    elif kind == 4:
        lib.dump(model, path, protocol=protocols[(choice // 20) % len(protocols)])
    else:
        lib.dump(model, path)
    return name, lib


def restore(path, lib):
    if lib is pickle:
        with open(path, "rb") as fh:
            return pickle.load(fh)
    with open(path, "rb") as fh:
        start = fh.read(4)
    if start == b"\x04\x22\x4d\x18":            # LZ4: joblib leaves the reader open, which is noisy
        import lz4.frame
        with open(path, "rb") as fh:
            return lib.load(io.BytesIO(lz4.frame.decompress(fh.read())))
    return lib.load(path)


# ------------------------------------------------------------------ answers

def takes_std(model):
    """Whether predict has return_std; None when that is for an inner estimator to say."""
    predict = getattr(type(model), "predict", None)
    if predict is None or isinstance(predict, property):
        return False
    if not PY2:
        names = inspect.signature(predict).parameters
        return "return_std" in names or (None if set(names) & set(["predict_params", "params", "args", "kwargs"]) else False)
    spec = inspect.getargspec(getattr(predict, "__func__", predict))
    return "return_std" in spec.args or (None if spec.keywords or spec.varargs else False)


def ask(model, method, x):
    import numpy as np
    if method == "predict_std":
        return model.predict(x, return_std=True)[1]
    if method == "predict_cov":
        return model.predict(x, return_cov=True)[1]
    if method in STORED:
        return getattr(model, method)
    if method.endswith(("_dist", "_ind")):
        dist, ind = getattr(model, method.rsplit("_", 1)[0])(x)
        if method.startswith("radius"):
            orders = [np.lexsort((i, d)) for d, i in zip(dist, ind)]
            dist, ind = ([np.asarray(v[o]) for v, o in zip(a, orders)] for a in (dist, ind))
        return dist if method.endswith("_dist") else ind
    out = getattr(model, method)(x)
    if method.startswith("staged_"):
        out = np.array(list(out))
    return out


def answer_form(model, method, out):
    import numpy as np
    more = {}
    if method == "decision_path" and isinstance(out, tuple):
        more["n_nodes_ptr"] = plain(out[1])
        out = out[0]
    if hasattr(out, "tocsr"):
        more.update(dtype=str(out.dtype), output={"csr": csr(out)})
        sample = out.data
    elif isinstance(out, list) and (not out or not hasattr(out[0], "dtype") or out[0].dtype.kind in "OUS"):
        more.update(dtype="|O", output=plain(out))   # sets of labels, terms of documents, records
        sample = np.zeros(0, dtype=object)
    elif getattr(out, "dtype", None) == object and out.ndim == 1 and hasattr(out[0], "dtype"):
        return answer_form(model, method, list(out))   # as many neighbours as there are
    elif isinstance(out, (list, tuple)):
        more.update(dtype=str(out[0].dtype), output=plain(out), list=True)
        sample = np.concatenate([np.ravel(o) for o in out])
    else:
        out = np.asarray(out)
        more.update(dtype=out.dtype.str, output=plain(out))
        sample = out.ravel()
    label = method in ("predict", "staged_predict") and hasattr(model, "classes_")
    single_tree = method == "predict" and hasattr(model, "tree_")
    if sample.dtype.kind not in "fc" or label or single_tree:
        more["exact"] = True
    else:
        finite = np.abs(sample[np.isfinite(sample)])
        size = max(1.0, float(finite.max())) if finite.size else 1.0
        narrow = sample.dtype.itemsize < 8
        more["rtol"] = 1e-5 if narrow else 1e-9
        more["atol"] = float("%.0e" % ((1e-6 if narrow else 1e-12) * size))
    return more


def inputs_of(data, opts):
    """name -> object: what is asked."""
    import numpy as np
    import scipy.sparse as sp
    inputs = dict(data.further, X=data.T)
    if isinstance(data.T, list):
        return inputs
    if isinstance(data.T, np.ndarray) and data.T.dtype.kind in "OUS":
        if data.T.ndim == 2:
            inputs["bad_width"] = data.T[:, :-1]
        return inputs
    if hasattr(data.T, "columns"):
        columns = list(data.T.columns)
        inputs["bad_width"] = data.T[columns[:-1]]
        inputs["reordered"] = data.T[columns[1:] + columns[:1]]
        return inputs
    if data.T.ndim != 2:
        return inputs
    inputs["bad_width"] = data.T[:2, :-1]
    if isinstance(data.T, np.ndarray):
        hole = data.T[:3].astype(float)
        hole[1, -1] = np.nan
        inputs["nan"] = hole
        inputs["infinite"] = np.where(np.isnan(hole), np.inf, hole)
        further = {"sparse": lambda: sp.csr_matrix(data.T), "f32": lambda: data.T.astype(np.float32),
                   "int": lambda: np.round(data.T).astype(np.int64), "bool": lambda: data.T > 0,
                   "one": lambda: data.T[:1], "empty": lambda: data.T[:0]}
        for name in opts.get("_also", ()):
            inputs[name] = further[name]()
    return inputs


def message_of(exc):
    text = exc.args[0] if len(exc.args) == 1 and isinstance(exc.args[0], (str, bytes)) else str(exc)
    text = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return text if len(text) < 300 else text.split("\n")[0]   # without the advice that follows


def final(model):
    """The estimator that answers in the end."""
    while True:
        if hasattr(model, "steps"):
            model = model.steps[-1][1]
        elif hasattr(model, "best_estimator_"):
            model = model.best_estimator_
        else:
            return model


def tied(model, x):
    """Whether the nearest of all samples are found by a selection that leaves open which of two equally near ones comes first."""
    import numpy as np
    if getattr(model, "_fit_method", "brute") != "brute":   # LSHForest has none, and selects too
        return False
    fitted = model._fit_X.shape[0]
    dist = np.asarray(model.kneighbors(x, n_neighbors=min(fitted, model.n_neighbors + 1))[0])
    return not np.all(np.diff(dist, axis=1) > 1e-7)


def answers(model, inputs, opts):
    rtol = opts.get("_rtol", 0)
    methods, absent, errors = {}, [], []

    def record(method, name):
        try:
            out = ask(model, method, inputs[name])
        except Exception as exc:  # noqa: what the library refuses is an answer too
            errors.append({"method": method, "input": name, "message": message_of(exc)})
            return
        if name == "bad_width":
            return                               # old versions take rows of any width here and there: nothing to hold to
        entry = answer_form(model, method, out)
        entry["input"] = name
        if "rtol" in entry:
            entry["rtol"] = max(entry["rtol"], rtol)
        methods[method if name == "X" else "%s@%s" % (method, name)] = entry

    # Trees as feature selectors, and decision_function of their regressors (predict under another name), are gone since 0.19.
    last = final(model)
    left_out = set()
    if current() < (0, 19) and type(last).__module__.split(".")[1] in ("tree", "ensemble"):
        if any(c.__name__ == "_LearntSelectorMixin" for c in type(last).__mro__):
            left_out.update(["transform", "inverse_transform"])
        if any(c.__name__ == "RegressorMixin" for c in type(last).__mro__):
            left_out.update(["decision_function", "staged_decision_function"])
    if isinstance(inputs["X"], list) and "inverse" not in inputs:
        left_out.add("inverse_transform")         # of documents: old versions make something even of them
    if type(last).__name__ in ("GMM", "DPGMM", "VBGMM"):
        left_out.add("score_samples")             # a pair
    if type(last).__name__ == "NMF" and hasattr(inputs["X"], "tocsr"):
        left_out.add("inverse_transform")         # numpy made objects of the product
    present = []
    for method in METHODS:
        if method in left_out:
            continue
        if hasattr(model, method):
            present.append(method)
            record(method, "inverse" if method == "inverse_transform" and "inverse" in inputs else "X")
        else:
            absent.append(method)
    for method in RARE:
        if method == "predict_cov":
            known = type(model).__name__ == "GaussianProcessRegressor"
        else:
            known = hasattr(model, re.sub("_(dist|ind)$", "", method))
            if method == "kneighbors_ind" and known and not opts.get("_ties"):
                known = not tied(model, inputs["X"])
        if known:
            record(method, "X")
    if not present:
        for method in STORED:
            if hasattr(model, method):
                record(method, "X")
                methods[method]["input"] = None
    std = takes_std(model) if "predict" in present else False
    if std:
        record("predict_std", "X")
    elif std is False:
        absent.append("predict_std")
    if hasattr(model, "get_feature_names_out"):
        try:
            methods["get_feature_names_out"] = {"input": None, "exact": True, "dtype": "object",
                                                "output": plain(model.get_feature_names_out())}
        except Exception:  # noqa: it asks for more than the object knows
            pass
    first = "predict" if "predict" in present else "transform" if "transform" in present else None
    for name in sorted(inputs):
        # Sparse rows came late to some predict methods: to answer is right too.
        if name == "sparse" and current() < (0, 20):
            continue
        # With names in another order 1.0 and 1.1 warn and go on: to refuse is right too.
        if name not in ("X", "inverse") and first and not (name == "reordered" and (1, 0) <= current() < (1, 2)):
            record(first, name)
    return methods, absent, errors


# ------------------------------------------------------------------ one version

def version_name():
    import sklearn
    return sklearn.__version__ + ("-py27" if PY2 else "")


def fit(key, data, params, opts):
    model = make(key, params, opts.get("_maybe", {}))
    args = dict(data.more, **opts.get("_fit", {}))
    if current() < number(opts.get("_fitless", "0")):
        return model
    if opts.get("_partial"):
        model.partial_fit(data.X, data.y, **dict(args, **opts["_partial"]))
    elif data.y is None:
        model.fit(data.X, **args)
    else:
        model.fit(data.X, data.y, **args)
    if opts.get("_post"):
        opts["_post"](model)
    return model


def write_case(key, name, data_of, params, opts):
    import sklearn
    folder = os.path.join(HERE, key.split(".")[0], name)
    path = os.path.join(folder, "expected.json")
    version = version_name()
    doc = {"estimator": key, "inputs": {}, "versions": {}}
    if os.path.exists(path):
        with io.open(path, encoding="utf-8") as fh:
            doc = json.load(fh)
        expand(doc)
    if os.path.isdir(folder):
        for old in os.listdir(folder):
            if re.match(re.escape(version) + r"\.(pkl|joblib)", old):
                os.remove(os.path.join(folder, old))
    doc["versions"].pop(version, None)
    try:
        if current() < number(opts.get("_since", "0")) or current()[:2] > number(opts.get("_until", "99.0"))[:2]:
            raise Skip("not in this version")
        if PY2 and not opts.get("_py2"):
            raise Skip("not written by Python 2")
        if current()[:2] in BETWEEN and not opts.get("_py2") and not opts.get("_every") and not EVERY_VERSION.search(name):
            raise Skip("only the versions around this one")
        data = data_of()
        model = fit(key, data, params, opts)
        clean(model)
        if not os.path.isdir(folder):
            os.makedirs(folder)
        choice = binascii.crc32(("%s/%s" % (name, version)).encode()) & 0x7FFFFFFF
        file, lib = save(model, folder, version, choice)
        model = restore(os.path.join(folder, file), lib)
        inputs = inputs_of(data, opts)
        if opts.get("_inverse"):
            written = doc["inputs"].get("inverse")
            inputs["inverse"] = from_form(written) if written else rounded(model.transform(inputs["X"]))
        forms = json.loads(json.dumps(dict((k, input_form(v)) for k, v in inputs.items())))
        if doc["versions"] and doc["inputs"] != forms:
            raise ValueError("other inputs than in the versions written before: run --all --only %s" % name)
        doc["inputs"] = forms
        methods, absent, errors = answers(model, inputs, opts)
        if not methods:
            raise ValueError("no method answered: %r" % errors)
        if hasattr(model, "classes_"):
            classes = plain(model.classes_)
            if not isinstance(classes, list) or None in classes:
                classes = None                   # trees for regression had a list of nothing
        else:
            classes = None
        doc["versions"][version] = {
            "file": file, "sklearn": sklearn.__version__, "params": re.sub(r"\s+", " ", re.sub(r" at 0x\w+", "", repr(model))), "classes": classes,
            "methods": methods, "absent": absent, "errors": errors}
    finally:
        if doc["versions"]:
            with io.open(path, "w", encoding="utf-8", newline="\n") as fh:
                text = dumps(shorten(doc)) + "\n"
                fh.write(text if not PY2 else text.decode("ascii"))
    size = sum(os.path.getsize(os.path.join(folder, f)) for f in os.listdir(folder) if f.startswith(version + "."))
    if size > 200000:
        raise ValueError("%s has %d bytes" % (file, size))


def one_version(only):
    warnings.filterwarnings("ignore")
    done, skipped, failed = 0, [], 0
    for key, name, data, params, opts in CASES:
        if only and not re.search(only, key.split(".")[0] + "/" + name):
            continue
        try:
            warnings.simplefilter("ignore")
            write_case(key, name, data, params, opts)
            done += 1
        except Skip as exc:
            skipped.append("%s: %s" % (name, exc))
        except Exception as exc:  # noqa: one broken case must not hide the others
            failed += 1
            print("%s FAILED %s: %s: %s" % (version_name(), name, type(exc).__name__, str(exc)[:300]))
    print("%s: %d written, %d skipped, %d failed" % (version_name(), done, len(skipped), failed))
    sys.stdout.flush()
    return 1 if failed else 0


def every_version(folder, only):
    for key, name, _, _, _ in CASES:
        if not only or re.search(only, key.split(".")[0] + "/" + name):
            shutil.rmtree(os.path.join(HERE, key.split(".")[0], name), ignore_errors=True)
    names = [n for n in os.listdir(folder) if n.startswith("sk-") and os.path.exists(os.path.join(folder, n, ".recipe"))]
    # one environment a version: variants (other numpy, other Python 3) are left out
    names = [n for n in names if re.match(r"sk-[\d.]+(post\d+)?(-py27)?$", n)]
    status = 0
    for name in sorted(names, key=lambda n: number(n[3:])):
        command = [os.path.join(folder, name, "bin", "python"), os.path.abspath(__file__)]
        code = subprocess.call(command + (["--only", only] if only else []), env=dict(os.environ, **FIXED))
        if code not in (0, 1):
            print("%s STOPPED with status %d: its later cases are missing" % (name, code))
        status |= code != 0
    return int(status)


def examples():
    import joblib
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC
    warnings.filterwarnings("ignore")
    X, y = load_iris(return_X_y=True)
    folder = os.path.join(HERE, "examples")
    if not os.path.isdir(folder):
        os.makedirs(folder)
    joblib.dump(LogisticRegression(max_iter=1000).fit(X, y), os.path.join(folder, "iris_logistic.joblib"))
    with open(os.path.join(folder, "iris_pipeline.pkl"), "wb") as fh:
        pickle.dump(make_pipeline(StandardScaler(), SVC(probability=True, random_state=0)).fit(X, y), fh)
    joblib.dump(MLPClassifier(hidden_layer_sizes=(8,), max_iter=800, random_state=0).fit(X, y),
                os.path.join(folder, "iris_mlp.joblib"))
    # Bundles, as people save a model with its metadata: with one estimator, and with two.
    bundles = os.path.join(HERE, "bundles")
    if not os.path.isdir(bundles):
        os.makedirs(bundles)
    scaler = StandardScaler().fit(X)
    logistic = LogisticRegression(max_iter=1000).fit(scaler.transform(X), y)
    joblib.dump({"columns": ["sl", "sw", "pl", "pw"], "model": logistic}, os.path.join(bundles, "one.joblib"))
    joblib.dump([{"scaler": scaler, "model": logistic}, "2026-11-28"], os.path.join(bundles, "two.joblib"))
    rows = X[[0, 50, 100, 133]]
    doc = {"rows": plain(rows), "models": {}}
    for name in ("iris_logistic.joblib", "iris_pipeline.pkl", "iris_mlp.joblib"):
        model = restore(os.path.join(folder, name), pickle if name.endswith(".pkl") else joblib)
        doc["models"][name] = {"predict": plain(model.predict(rows)), "predict_proba": plain(model.predict_proba(rows))}
    with io.open(os.path.join(folder, "expected.json"), "w", encoding="utf-8", newline="\n") as fh:
        fh.write(dumps(doc) + "\n")
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--all", metavar="DIR")
    parser.add_argument("--only", metavar="REGEX")
    parser.add_argument("--examples", action="store_true")
    parser.add_argument("--list", action="store_true")
    args = parser.parse_args()
    names = [key.split(".")[0] + "/" + name for key, name, _, _, _ in CASES]
    if len(names) != len(set(names)):
        raise SystemExit("two cases of one name: %s" % sorted(n for n in set(names) if names.count(n) > 1))
    if args.list:
        print("\n".join(names))
        return 0
    if args.all:
        return every_version(args.all, args.only)
    if any(os.environ.get(k) != v for k, v in FIXED.items()):
        os.environ.update(FIXED)                 # hash seed and threads are read when Python starts
        os.execv(sys.executable, [sys.executable] + sys.argv)
    return examples() if args.examples else one_version(args.only)


# ------------------------------------------------------------------ the cases

LOG = V("0", "log", "1.1", "log_loss")
SQUARED = V("0", "squared_loss", "1.0", "squared_error")
ABC = labelled(iris, "setosa", "versicolor", "virginica")
DROP = V("0", None, "0.21", "drop")


def sparsify(model):
    model.sparsify()


# -- linear_model: logistic regression
L = "linear_model.LogisticRegression"
case(L, "binary", binary, solver="lbfgs", _py2=True, _also=("sparse", "f32", "int"))
case(L, "multiclass", iris, solver="lbfgs", _py2=True, _also=("sparse",))
case(L, "four", four, solver="newton-cg")
case(L, "ovr", iris, multi_class="ovr", solver="lbfgs")
case(L, "multinomial", iris, multi_class="multinomial", solver="lbfgs", _py2=True)
case(L, "auto", iris, multi_class="auto", solver="lbfgs", _since="0.20")
case(L, "auto-liblinear", iris, multi_class="auto", solver="liblinear", _since="0.20")
case(L, "auto-binary", binary, multi_class="auto", solver="lbfgs", _since="0.20")
case(L, "multinomial-binary", binary, multi_class="multinomial", solver="lbfgs")
case(L, "ovr-binary", binary, multi_class="ovr", solver="sag", random_state=0)
case(L, "liblinear", iris, solver="liblinear", _until="1.7", _py2=True)
case(L, "liblinear-binary", binary, solver="liblinear", penalty="l1", C=0.3, random_state=0)
case(L, "newton-cholesky", iris, solver="newton-cholesky", _since="1.2")
case(L, "newton-cholesky-binary", binary, solver="newton-cholesky", _since="1.2")
case(L, "saga-elasticnet", binary, solver="saga", penalty="elasticnet", l1_ratio=0.5, max_iter=100, random_state=0)
case(L, "saga-l1", iris, solver="saga", penalty="l1", max_iter=100, random_state=0, _since="0.19")
case(L, "unpenalized", binary, solver="lbfgs", penalty=V("0", "none", "1.2", None), _since="0.21")
case(L, "no-intercept", iris, solver="lbfgs", fit_intercept=False)
case(L, "balanced", iris, solver="lbfgs", class_weight="balanced")
case(L, "sparse", sparse(iris), solver="lbfgs")
case(L, "sparsified", iris, solver="lbfgs", _post=sparsify)
case(L, "sparsified-binary", binary, solver="liblinear", penalty="l1", C=0.1, random_state=0, _post=sparsify)
case(L, "sparsified-sparse", sparse(binary), solver="lbfgs", _post=sparsify)
case(L, "float32", as_float32(iris), solver="lbfgs", _also=("f32",))
case(L, "frame", frame(iris), solver="lbfgs")
case(L, "labels-str", ABC, solver="lbfgs", _py2=True)
case(L, "labels-object", labelled(iris, "a", "bb", u"\u00fc", dtype=object), solver="lbfgs")
case(L, "labels-bytes", labelled(iris, b"x", b"yy", b"zzz"), solver="lbfgs", _until="1.5")
case(L, "labels-bool", labelled(binary, False, True), solver="lbfgs", _py2=True)
case(L, "labels-float", labelled(iris, -1.0, 0.0, 2.0), solver="lbfgs", _py2=True)
case(L, "labels-negative", labelled(binary, -1, 1), solver="lbfgs")
case(L, "labels-int32", labelled(iris, 10, 20, 30, dtype="int32"), solver="lbfgs")
case(L, "labels-uint8", labelled(binary, 3, 250, dtype="uint8"), solver="lbfgs")
case(L, "weighted", weighted(iris), solver="lbfgs")
LCV = "linear_model.LogisticRegressionCV"
case(LCV, "binary", binary, Cs=[0.1, 1.0], cv=3, solver="lbfgs")
case(LCV, "multiclass", iris, Cs=[0.1, 1.0], cv=3, solver="lbfgs")
case(LCV, "ovr", iris, Cs=[0.1, 1.0], cv=3, solver="lbfgs", multi_class="ovr")
case(LCV, "multinomial", iris, Cs=[0.1, 1.0], cv=3, solver="lbfgs", multi_class="multinomial")
case(LCV, "liblinear", iris, Cs=[0.1, 1.0], cv=3, solver="liblinear", _until="1.7")
case(LCV, "labels-str", ABC, Cs=[0.1, 1.0], cv=3, solver="lbfgs", refit=False)
case(LCV, "attributes", iris, Cs=[0.1, 1.0], cv=3, solver="lbfgs", use_legacy_attributes=False)

# -- linear_model: ridge
R = "linear_model.Ridge"
case(R, "", regression, alpha=0.5, _py2=True, _also=("sparse", "f32", "int"))
case(R, "svd", regression, solver="svd")
case(R, "lsqr", regression, solver="lsqr", tol=1e-6)
case(R, "sag", regression, solver="sag", random_state=0, max_iter=200)
case(R, "no-intercept", regression, fit_intercept=False)
case(R, "targets", two_targets, alpha=Call(lambda: __import__("numpy").array([0.5, 2.0])))
case(R, "column", column_y(regression))
case(R, "sparse", sparse(regression), solver="sag", tol=1e-8, random_state=0)
case(R, "float32", as_float32(regression), _also=("f32",))
case(R, "frame", frame(regression))
case(R, "positive", regression, positive=True)
case(R, "normalize", regression, normalize=True, _until="1.1")
case("linear_model.RidgeCV", "", regression, alphas=[0.1, 1.0, 10.0], _py2=True)
case("linear_model.RidgeCV", "cv", two_targets, alphas=[0.1, 1.0], cv=3)
case("linear_model.RidgeCV", "per-target", two_targets, alphas=[0.1, 1.0, 10.0], alpha_per_target=True)
RC = "linear_model.RidgeClassifier"
case(RC, "binary", binary, _py2=True)
case(RC, "multiclass", iris, alpha=2.0)
case(RC, "multilabel", multilabel, _since="1.0")
case(RC, "labels-str", ABC)
case(RC, "labels-bool", labelled(binary, False, True))
case(RC, "sparse", sparse(iris), random_state=0)
case("linear_model.RidgeClassifierCV", "binary", binary, alphas=[0.1, 1.0])
case("linear_model.RidgeClassifierCV", "multiclass", iris, alphas=[0.1, 1.0], cv=3)
case("linear_model.RidgeClassifierCV", "multilabel", multilabel, alphas=[0.1, 1.0], _since="1.0")

# -- linear_model: least squares, lasso, elastic net
case("linear_model.LinearRegression", "", regression, _py2=True, _also=("sparse", "f32", "int"))
case("linear_model.LinearRegression", "targets", two_targets)
case("linear_model.LinearRegression", "column", column_y(regression))
case("linear_model.LinearRegression", "no-intercept", regression, fit_intercept=False)
case("linear_model.LinearRegression", "positive", regression, positive=True)
case("linear_model.LinearRegression", "positive-targets", two_targets, positive=True)
case("linear_model.LinearRegression", "sparse", sparse(regression))
case("linear_model.LinearRegression", "float32", as_float32(regression), _also=("f32",))
case("linear_model.LinearRegression", "frame", frame(regression))
case("linear_model.Lasso", "", regression, alpha=0.1, _py2=True, _also=("sparse",))
case("linear_model.Lasso", "targets", two_targets, alpha=0.05)
case("linear_model.Lasso", "sparse", sparse(regression), alpha=0.05)
case("linear_model.Lasso", "no-intercept", regression, alpha=0.1, fit_intercept=False)
case("linear_model.Lasso", "zero", regression, alpha=1e4)
case("linear_model.ElasticNet", "", regression, alpha=0.1, l1_ratio=0.7)
case("linear_model.ElasticNet", "targets", two_targets, alpha=0.1)
case("linear_model.ElasticNet", "sparse", sparse(two_targets), alpha=0.05)
case("linear_model.ElasticNet", "float32", as_float32(regression), alpha=0.05, _also=("f32",))
case("linear_model.LassoCV", "", regression, alphas=[0.01, 0.1, 1.0], cv=3)
case("linear_model.ElasticNetCV", "", regression, alphas=[0.01, 0.1, 1.0], l1_ratio=[0.3, 0.8], cv=3)
case("linear_model.ElasticNetCV", "no-intercept", regression, alphas=[0.01, 0.1, 1.0], cv=3, fit_intercept=False)
case("linear_model.MultiTaskLasso", "", two_targets, alpha=0.05)
case("linear_model.MultiTaskElasticNet", "", two_targets, alpha=0.2)
case("linear_model.MultiTaskElasticNet", "no-intercept", two_targets, alpha=0.2, fit_intercept=False)
case("linear_model.MultiTaskLassoCV", "", two_targets, alphas=[0.01, 0.1, 1.0], cv=3)
case("linear_model.MultiTaskElasticNetCV", "", two_targets, alphas=[0.01, 0.1, 1.0], cv=3)
case("linear_model.Lars", "", regression, n_nonzero_coefs=3)
case("linear_model.Lars", "targets", two_targets)
case("linear_model.Lars", "no-path", regression, fit_path=False)
case("linear_model.Lars", "normalize", regression, normalize=True, _until="1.1")
case("linear_model.LarsCV", "", regression, cv=3)
case("linear_model.LassoLars", "", regression, alpha=0.05)
case("linear_model.LassoLars", "targets", two_targets, alpha=0.05)
case("linear_model.LassoLarsCV", "", regression, cv=3)
case("linear_model.LassoLarsIC", "aic", regression)
case("linear_model.LassoLarsIC", "bic", regression, criterion="bic", fit_intercept=False)
case("linear_model.OrthogonalMatchingPursuit", "", regression, n_nonzero_coefs=2)
case("linear_model.OrthogonalMatchingPursuit", "targets", two_targets)
case("linear_model.OrthogonalMatchingPursuitCV", "", regression, cv=3)

# -- linear_model: Bayesian, robust, quantile
case("linear_model.BayesianRidge", "", regression, _py2=True, _also=("f32",))
case("linear_model.BayesianRidge", "no-intercept", regression, fit_intercept=False, compute_score=True)
case("linear_model.BayesianRidge", "normalize", regression, normalize=True, _until="1.1")
case("linear_model.BayesianRidge", "asked-sparse", asked_as_csr(few(regression, 8)), _since="0.24", _until="1.0")
case("linear_model.BayesianRidge", "frame", frame(regression))
case("linear_model.BayesianRidge", "weighted", weighted(regression), _since="0.20")
case("linear_model.ARDRegression", "", regression)
case("linear_model.ARDRegression", "pruned", lambda: regression(40, 6, 17), threshold_lambda=50.0)
case("linear_model.ARDRegression", "no-intercept", regression, fit_intercept=False)
case("linear_model.ARDRegression", "normalize", regression, normalize=True, _until="1.1")
case("linear_model.HuberRegressor", "", regression, epsilon=1.2)
case("linear_model.HuberRegressor", "no-intercept", regression, fit_intercept=False)
case("linear_model.TheilSenRegressor", "", regression, max_subpopulation=150, random_state=0)
case("linear_model.TheilSenRegressor", "no-intercept", regression, max_subpopulation=150, fit_intercept=False, random_state=0)
case("linear_model.RANSACRegressor", "", regression, random_state=0, _py2=True)
case("linear_model.RANSACRegressor", "targets", two_targets, random_state=0)
case("linear_model.RANSACRegressor", "tree", wiggly, estimator=E("tree.DecisionTreeRegressor", max_depth=3, random_state=0), min_samples=0.5, random_state=0)
case("linear_model.RANSACRegressor", "ridge", regression, estimator=E("linear_model.Ridge"), min_samples=10, residual_threshold=2.0, random_state=0)
case("linear_model.QuantileRegressor", "", regression, quantile=0.2, alpha=0.01, solver="highs")
case("linear_model.QuantileRegressor", "no-intercept", regression, fit_intercept=False, alpha=0.0, solver="highs")

# -- linear_model: stochastic gradient descent and its kin
S = "linear_model.SGDClassifier"
for _loss in ("hinge", "modified_huber", "squared_hinge", "perceptron", "huber", "epsilon_insensitive", "squared_epsilon_insensitive"):
    case(S, _loss.replace("_", "-"), iris, loss=_loss, max_iter=20, random_state=0)
case(S, "squared-error", iris, loss=SQUARED, max_iter=20, learning_rate="invscaling", eta0=0.001, random_state=0)
case(S, "log", iris, loss=LOG, max_iter=20, random_state=0, _py2=True, _also=("sparse",))
case(S, "log-binary", binary, loss=LOG, max_iter=20, random_state=0, _py2=True)
case(S, "hinge-binary", labelled(binary, "no", "yes"), max_iter=20, random_state=0)
case(S, "modified-huber-binary", binary, loss="modified_huber", max_iter=20, random_state=0)
case(S, "modified-huber-four", four, loss="modified_huber", max_iter=5, random_state=0)
case(S, "average", iris, loss=LOG, average=True, max_iter=20, random_state=0)
case(S, "average-late", binary, loss=LOG, average=10**6, max_iter=5, random_state=0)
case(S, "sparsified", iris, loss=LOG, penalty="l1", alpha=0.05, max_iter=20, random_state=0, _post=sparsify)
case(S, "sparse", sparse(iris), loss=LOG, max_iter=20, random_state=0)
case(S, "early-stopping", iris, loss=LOG, early_stopping=True, max_iter=20, random_state=0)
case(S, "partial", iris, loss=LOG, random_state=0, _partial={"classes": [0, 1, 2, 3]})
case(S, "no-intercept", binary, loss=LOG, fit_intercept=False, max_iter=20, random_state=0)
case(S, "float32", as_float32(iris), loss=LOG, max_iter=20, random_state=0, _also=("f32",))
SR = "linear_model.SGDRegressor"
case(SR, "", regression, max_iter=20, random_state=0, _py2=True)
for _loss in ("huber", "epsilon_insensitive", "squared_epsilon_insensitive"):
    case(SR, _loss.replace("_", "-"), regression, loss=_loss, max_iter=20, random_state=0)
case(SR, "average", regression, average=True, max_iter=20, random_state=0)
case(SR, "sparsified", regression, penalty="l1", alpha=0.1, max_iter=20, random_state=0, _post=sparsify)
case(SR, "sparse", sparse(regression), max_iter=20, random_state=0)
case("linear_model.SGDOneClassSVM", "", outliers, nu=0.3, random_state=0)
case("linear_model.SGDOneClassSVM", "sparse", sparse(outliers), random_state=0)
case("linear_model.SGDOneClassSVM", "average", outliers, average=True, random_state=0)
case("linear_model.Perceptron", "", iris, max_iter=10, random_state=0)
case("linear_model.Perceptron", "binary", labelled(binary, False, True), max_iter=10, random_state=0, _py2=True)
case("linear_model.PassiveAggressiveClassifier", "", iris, max_iter=10, random_state=0)
case("linear_model.PassiveAggressiveClassifier", "binary", labelled(binary, "n", "y"), loss="squared_hinge", max_iter=10, random_state=0)
case("linear_model.PassiveAggressiveRegressor", "", regression, max_iter=10, random_state=0)

# -- linear_model: generalized linear models
case("linear_model.PoissonRegressor", "", counts, alpha=0.5)
case("linear_model.PoissonRegressor", "sparse", sparse(counts))
case("linear_model.PoissonRegressor", "newton-cholesky", counts, solver="newton-cholesky")
case("linear_model.PoissonRegressor", "float32", as_float32(counts), alpha=0.5, _also=("f32",))
case("linear_model.GammaRegressor", "", positive, alpha=0.1)
case("linear_model.GammaRegressor", "no-intercept", positive, alpha=0.1, fit_intercept=False)
for _power in (0, 1, 1.5, 2, 3):
    case("linear_model.TweedieRegressor", "power-%s" % str(_power).replace(".", "_"), positive, power=_power, alpha=0.1)
case("linear_model.TweedieRegressor", "identity", positive, power=0, link="identity")
case("linear_model.TweedieRegressor", "identity-poisson", positive, power=1.2, link="identity", _until="1.0")
case("linear_model.TweedieRegressor", "log", positive, power=0, link="log", alpha=0.1)
case("linear_model.TweedieRegressor", "frame", frame(positive), power=1.5, alpha=0.1)

# -- svm: liblinear
LS = "svm.LinearSVC"
case(LS, "", iris, random_state=0, _py2=True, _also=("sparse",))
case(LS, "binary", binary, random_state=0, _py2=True)
case(LS, "crammer-singer", iris, multi_class="crammer_singer", random_state=0)
case(LS, "crammer-singer-binary", binary, multi_class="crammer_singer", random_state=0)
case(LS, "sparsified", iris, penalty="l1", dual=False, C=0.05, random_state=0, _post=sparsify)
case(LS, "sparse", sparse(iris), random_state=0)
case(LS, "no-intercept", iris, fit_intercept=False, random_state=0)
case(LS, "labels-str", ABC, random_state=0, intercept_scaling=2.0)
case("svm.LinearSVR", "", regression, C=0.5, random_state=0)
case("svm.LinearSVR", "squared", regression, loss="squared_epsilon_insensitive", fit_intercept=False, random_state=0)
case("svm.LinearSVR", "sparse", sparse(regression), random_state=0)

# -- svm: libsvm
C = "svm.SVC"
case(C, "linear", iris, kernel="linear", _py2=True)
case(C, "poly", iris, kernel="poly", degree=2, gamma=0.1, coef0=1.0)
case(C, "poly-cubic", binary, kernel="poly", gamma=0.1)
case(C, "rbf", iris, kernel="rbf", gamma=0.2, _py2=True, _also=("sparse", "f32", "int"))
case(C, "sigmoid", iris, kernel="sigmoid", gamma=0.01, coef0=0.1)
case(C, "gamma-auto", iris, gamma="auto")
case(C, "gamma-scale", iris, gamma="scale", _since="0.20")
case(C, "binary", binary, gamma=0.2, _py2=True)
case(C, "four", four, gamma=0.2)
case(C, "ovo", four, gamma=0.2, decision_function_shape="ovo", _py2=True)
case(C, "ovr", four, gamma=0.2, decision_function_shape="ovr")
case(C, "ovo-binary", binary, gamma=0.2, decision_function_shape="ovo")
case(C, "weightless", weightless(few(ABC, 24)), kernel="linear", _since="1.9")
case(C, "break-ties", four, gamma=0.01, C=0.1, break_ties=True, decision_function_shape="ovr")
case(C, "probability", iris, gamma=0.2, probability=True, random_state=0, _py2=True)
case(C, "probability-binary", binary, gamma=0.2, probability=True, random_state=0, _py2=True)
case(C, "probability-four", four, kernel="linear", probability=True, random_state=0)
case(C, "probability-sparse", sparse(iris), gamma=0.2, probability=True, random_state=0)
case(C, "sparse", sparse(iris), gamma=0.2)
case(C, "sparse-linear", sparse(iris), kernel="linear")
case(C, "sparse-binary", sparse(binary), kernel="poly", gamma=0.1, coef0=1.0)
case(C, "precomputed", gram(iris), kernel="precomputed")
case(C, "precomputed-binary", gram(lambda: binary(20)), kernel="precomputed", probability=True, random_state=0)
case(C, "balanced", iris, gamma=0.2, class_weight="balanced", C=0.5)
case(C, "weighted", weighted(iris), gamma=0.2)
case(C, "labels-str", ABC, gamma=0.2, probability=True, random_state=0)
case(C, "labels-bool", labelled(binary, False, True), gamma=0.2)
case(C, "labels-bytes", labelled(iris, b"x", b"yy", b"zzz"), gamma=0.2, _until="1.5")
case(C, "labels-float", labelled(iris, 5.0, 1.0, -2.0), gamma=0.2)
case(C, "float32", as_float32(iris), gamma=0.2, _also=("f32",))
case(C, "frame", frame(iris), gamma=0.2)
case("svm.NuSVC", "", iris, gamma=0.2, nu=0.3)
case("svm.NuSVC", "probability", binary, gamma=0.2, nu=0.3, probability=True, random_state=0)
case("svm.NuSVC", "ovo", four, gamma=0.2, nu=0.2, decision_function_shape="ovo", kernel="poly")
case("svm.NuSVC", "sparse", sparse(iris), nu=0.3, kernel="linear")
case("svm.SVR", "", regression, gamma=0.1, _py2=True, _also=("sparse",))
case("svm.SVR", "linear", regression, kernel="linear", C=0.5)
case("svm.SVR", "poly", regression, kernel="poly", gamma=0.1, coef0=0.5)
case("svm.SVR", "sigmoid", regression, kernel="sigmoid", gamma=0.01)
case("svm.SVR", "sparse", sparse(regression), gamma=0.1)
case("svm.SVR", "precomputed", gram(lambda: regression(20)), kernel="precomputed", C=0.1)
case("svm.NuSVR", "", regression, gamma=0.1, nu=0.6)
case("svm.NuSVR", "linear", regression, kernel="linear")
case("svm.OneClassSVM", "", outliers, gamma=0.2, nu=0.3)
case("svm.OneClassSVM", "linear", outliers, kernel="linear", nu=0.2)
case("svm.OneClassSVM", "poly", outliers, kernel="poly", gamma=0.1, coef0=1.0, nu=0.2)
case("svm.OneClassSVM", "sigmoid", outliers, kernel="sigmoid", gamma=0.05, nu=0.2)
case("svm.OneClassSVM", "sparse", sparse(outliers), gamma=0.2, nu=0.2)

# -- neural_network
M = "neural_network.MLPClassifier"
for _activation in ("identity", "logistic", "tanh", "relu"):
    case(M, _activation, iris, hidden_layer_sizes=(4, 3), activation=_activation, max_iter=20, random_state=0, _py2=_activation == "relu")
    case("neural_network.MLPRegressor", _activation, regression, hidden_layer_sizes=(3,), activation=_activation, max_iter=20, random_state=0)
case(M, "binary", binary, hidden_layer_sizes=(3,), max_iter=30, random_state=0, _py2=True, _also=("sparse", "f32"))
case(M, "multilabel", multilabel, hidden_layer_sizes=(3,), max_iter=30, random_state=0)
case(M, "lbfgs", iris, hidden_layer_sizes=(3,), solver="lbfgs", max_iter=30, random_state=0)
case(M, "sgd", ABC, hidden_layer_sizes=(3,), solver="sgd", max_iter=20, random_state=0)
case(M, "no-hidden", iris, hidden_layer_sizes=(), max_iter=30, random_state=0, _since="0.24")
case(M, "early-stopping", iris, hidden_layer_sizes=(3,), early_stopping=True, max_iter=20, random_state=0)
case(M, "labels-bool", labelled(binary, False, True), hidden_layer_sizes=(3,), max_iter=20, random_state=0)
case(M, "float32", as_float32(iris), hidden_layer_sizes=(3,), max_iter=20, random_state=0, _also=("f32",))
case(M, "sparse", sparse(iris), hidden_layer_sizes=(3,), max_iter=20, random_state=0)
case(M, "frame", frame(iris), hidden_layer_sizes=(3,), max_iter=20, random_state=0)
case(M, "partial", iris, hidden_layer_sizes=(3,), random_state=0, _partial={"classes": [0, 1, 2]})
MR = "neural_network.MLPRegressor"
case(MR, "targets", two_targets, hidden_layer_sizes=(3, 2), max_iter=20, random_state=0)
case(MR, "column", column_y(regression), hidden_layer_sizes=(3,), solver="lbfgs", max_iter=20, random_state=0)
case(MR, "poisson", counts, hidden_layer_sizes=(3,), loss="poisson", max_iter=20, random_state=0)

# -- tree
T = "tree.DecisionTreeClassifier"
case(T, "", iris, max_depth=3, random_state=0, _py2=True, _also=("sparse", "f32", "int"))
case(T, "binary", binary, max_depth=3, random_state=0)
case(T, "entropy", iris, criterion="entropy", random_state=0, max_leaf_nodes=6)
case(T, "outputs", two_outputs, max_depth=3, random_state=0)
case(T, "outputs-equal", same_outputs, max_depth=3, random_state=0)
case(T, "outputs-str", two_outputs_text, max_depth=3, random_state=0, _since="0.22")
case(T, "outputs-text", two_outputs_text, max_depth=1, random_state=0, _until="0.20")
case(T, "multilabel", multilabel, max_depth=3, random_state=0)
case(T, "sparse", sparse(iris), max_depth=3, random_state=0)
case(T, "missing", missing(iris), max_depth=4, random_state=0, _since="1.3")
case(T, "missing-binary", missing(binary), max_depth=4, random_state=0, _since="1.3")
case(T, "balanced", iris, class_weight="balanced", max_depth=3, random_state=0)
case(T, "weighted", weighted(iris), max_depth=3, random_state=0)
case(T, "one-class", one_class, random_state=0)
case(T, "pruned", iris, ccp_alpha=0.02, random_state=0)
case(T, "random", ABC, splitter="random", max_depth=3, random_state=0)
case(T, "labels-bool", labelled(binary, False, True), max_depth=2, random_state=0)
case(T, "labels-bytes", labelled(iris, b"x", b"yy", b"zzz"), max_depth=3, random_state=0, _until="1.5")
case(T, "labels-float", labelled(iris, -1.0, 0.0, 2.0), max_depth=3, random_state=0)
case(T, "frame", frame(iris), max_depth=3, random_state=0)
case(T, "monotonic", binary, max_depth=3, monotonic_cst=[1, 0, -1, 0], random_state=0)
TR = "tree.DecisionTreeRegressor"
case(TR, "", wiggly, max_depth=4, random_state=0, _py2=True, _also=("sparse", "f32"))
case(TR, "absolute", wiggly, criterion=V("0", "mae", "1.0", "absolute_error"), max_depth=3, random_state=0)
case(TR, "friedman", wiggly, criterion="friedman_mse", max_depth=3, random_state=0)
case(TR, "poisson", counts, criterion="poisson", max_depth=3, random_state=0, _since="0.24")
case(TR, "targets", two_targets, max_depth=3, random_state=0)
case(TR, "column", column_y(wiggly), max_depth=3, random_state=0)
case(TR, "sparse", sparse(wiggly), max_depth=3, random_state=0)
case(TR, "missing", missing(wiggly), max_depth=4, random_state=0, _since="1.3")
case("tree.ExtraTreeClassifier", "", ABC, max_depth=3, random_state=0)
case("tree.ExtraTreeClassifier", "outputs", two_outputs, max_depth=3, random_state=0)
case("tree.ExtraTreeClassifier", "missing", missing(iris), max_depth=4, random_state=0, _since="1.6")
case("tree.ExtraTreeRegressor", "", wiggly, max_depth=3, random_state=0)
case("tree.ExtraTreeRegressor", "best-missing", missing(wiggly), max_depth=3, splitter="best", random_state=0, _since="1.6", _until="1.6", _every=True)
case("tree.ExtraTreeRegressor", "targets", two_targets, max_depth=3, random_state=0)

# -- ensemble: forests
F = "ensemble.RandomForestClassifier"
case(F, "", iris, n_estimators=4, max_depth=3, random_state=0, _py2=True, _also=("sparse", "f32"))
case(F, "binary", labelled(binary, "no", "yes"), n_estimators=4, max_depth=3, random_state=0)
case(F, "outputs", two_outputs, n_estimators=3, max_depth=3, random_state=0)
case(F, "multilabel", multilabel, n_estimators=3, max_depth=3, random_state=0)
case(F, "balanced", iris, n_estimators=3, max_depth=3, class_weight="balanced_subsample", random_state=0)
case(F, "oob", iris, n_estimators=10, max_depth=2, oob_score=True, random_state=0)
case(F, "sparse", sparse(iris), n_estimators=3, max_depth=3, random_state=0)
case(F, "missing", missing(iris), n_estimators=3, max_depth=3, random_state=0, _since="1.4")
case(F, "frame", frame(iris), n_estimators=3, max_depth=3, random_state=0)
case(F, "labels-bool", labelled(binary, False, True), n_estimators=3, max_depth=2, random_state=0)
case(F, "leaves", iris, n_estimators=3, max_leaf_nodes=5, random_state=0, _since="1.9")
FR = "ensemble.RandomForestRegressor"
case(FR, "", wiggly, n_estimators=4, max_depth=3, random_state=0, _py2=True)
case(FR, "targets", two_targets, n_estimators=3, max_depth=3, random_state=0)
case(FR, "max-samples", wiggly, n_estimators=3, max_depth=3, max_samples=0.5, random_state=0)
case(FR, "missing", missing(wiggly), n_estimators=3, max_depth=3, random_state=0, _since="1.4")
case("ensemble.ExtraTreesClassifier", "", iris, n_estimators=3, max_depth=3, random_state=0)
case("ensemble.ExtraTreesClassifier", "outputs", two_outputs, n_estimators=3, max_depth=3, random_state=0)
case("ensemble.ExtraTreesRegressor", "", wiggly, n_estimators=3, max_depth=3, random_state=0)
case("ensemble.ExtraTreesRegressor", "missing", missing(wiggly), n_estimators=3, max_depth=3, random_state=0, _since="1.6")
case("ensemble.RandomTreesEmbedding", "", outliers, n_estimators=3, max_depth=2, random_state=0)
case("ensemble.RandomTreesEmbedding", "dense", outliers, n_estimators=3, max_depth=2, sparse_output=False, random_state=0)
case("ensemble.IsolationForest", "", outliers, n_estimators=4, max_samples=8, random_state=0)
case("ensemble.IsolationForest", "contamination", outliers, n_estimators=4, max_samples=8, contamination=0.2, random_state=0)
case("ensemble.IsolationForest", "features", outliers, n_estimators=4, max_samples=8, max_features=2, random_state=0, _since="0.19")
case("ensemble.IsolationForest", "sparse", sparse(outliers), n_estimators=4, max_samples=8, random_state=0)

# -- ensemble: gradient boosting
G = "ensemble.GradientBoostingClassifier"
DEVIANCE = V("0", "deviance", "1.1", "log_loss")
case(G, "", iris, n_estimators=2, max_depth=2, random_state=0, _py2=True)
case(G, "binary", labelled(binary, "no", "yes"), n_estimators=3, max_depth=2, random_state=0, _py2=True, _also=("sparse", "f32"))
case(G, "exponential", binary, n_estimators=3, max_depth=2, loss="exponential", random_state=0)
case(G, "init-zero", iris, n_estimators=2, max_depth=2, init="zero", random_state=0)
case(G, "init-zero-binary", binary, n_estimators=3, max_depth=2, init="zero", random_state=0)
case(G, "init-logistic", iris, n_estimators=2, max_depth=2, init=E(L, solver="liblinear"), random_state=0, _since="0.21", _until="1.7")
case(G, "init-logistic-binary", binary, n_estimators=3, max_depth=2, init=E(L, solver="liblinear"), random_state=0, _since="0.21")
case(G, "init-tree", iris, n_estimators=2, max_depth=2, init=E(T, max_depth=2, random_state=0), random_state=0, _since="0.21")
case(G, "init-tree-exponential", binary, n_estimators=3, max_depth=2, loss="exponential", init=E(T, max_depth=1, random_state=0), random_state=0, _since="0.21")
case(G, "subsample", iris, n_estimators=2, max_depth=2, subsample=0.7, max_features=2, random_state=0)
case(G, "stopped", binary, n_estimators=30, max_depth=2, n_iter_no_change=2, random_state=0)
case(G, "sparse", sparse(binary), n_estimators=3, max_depth=2, random_state=0, _since="0.20")
case(G, "labels-bool", labelled(binary, False, True), n_estimators=3, max_depth=2, random_state=0)
case(G, "weighted", weighted(iris), n_estimators=3, max_depth=2, random_state=0)
case(G, "frame", frame(iris), n_estimators=2, max_depth=2, random_state=0)
GR = "ensemble.GradientBoostingRegressor"
case(GR, "", wiggly, n_estimators=3, max_depth=2, random_state=0, _py2=True)
case(GR, "absolute", wiggly, n_estimators=3, max_depth=2, loss=V("0", "lad", "1.0", "absolute_error"), random_state=0)
case(GR, "huber", wiggly, n_estimators=3, max_depth=2, loss="huber", random_state=0)
case(GR, "quantile", wiggly, n_estimators=3, max_depth=2, loss="quantile", alpha=0.8, random_state=0)
case(GR, "init-zero", wiggly, n_estimators=3, max_depth=2, init="zero", random_state=0)
case(GR, "init-linear", wiggly, n_estimators=3, max_depth=2, init=E("linear_model.LinearRegression"), random_state=0, _since="0.21", _rtol=1e-6)
case(GR, "sparse", sparse(wiggly), n_estimators=3, max_depth=2, random_state=0, _since="0.20")

# -- ensemble: histogram gradient boosting
H = "ensemble.HistGradientBoostingClassifier"
HR = "ensemble.HistGradientBoostingRegressor"
SMALL = dict(max_iter=4, min_samples_leaf=4, max_leaf_nodes=5, max_bins=20, random_state=0)
case(H, "", iris, **SMALL)
case(H, "binary", labelled(binary, "no", "yes"), _also=("f32",), **SMALL)
case(H, "labels-bool", labelled(binary, False, True), **SMALL)
case(H, "labels-float", labelled(iris, -1.0, 0.0, 2.0), **SMALL)
case(H, "missing", missing(iris), _since="0.22", **SMALL)
case(H, "missing-binary", missing(binary), _since="0.22", **SMALL)
case(H, "categorical", categorical, categorical_features=[0, 2], **SMALL)
case(H, "categorical-mask", categorical3, categorical_features=[True, False, True, False], **SMALL)
case(H, "categorical-dtype", category_frame, categorical_features="from_dtype", _since="1.4", **SMALL)
case(H, "categorical-names", category_frame, categorical_features=["color", "size"], _since="1.4", **SMALL)
case(H, "frame", frame(iris), **SMALL)
case(H, "stopped", binary, max_iter=8, max_leaf_nodes=4, min_samples_leaf=4, n_iter_no_change=2, random_state=0, _maybe={"early_stopping": True})
case(H, "monotonic", binary, monotonic_cst=[1, 0, -1, 0], **SMALL)
case(H, "interaction", iris, interaction_cst=[[0, 1], [2, 3]], **SMALL)
case(H, "weighted", weighted(iris), _since="0.23", **SMALL)
case(H, "balanced", iris, class_weight="balanced", **SMALL)
case(H, "max-features", iris, max_features=0.5, **SMALL)
case(HR, "", wiggly, **SMALL)
case(HR, "absolute", wiggly, loss=V("0", "least_absolute_deviation", "1.0", "absolute_error"), _since="0.23", **SMALL)
case(HR, "poisson", counts, loss="poisson", _since="0.23", **SMALL)
case(HR, "gamma", positive, loss="gamma", _since="1.3", **SMALL)
case(HR, "quantile", wiggly, loss="quantile", quantile=0.7, **SMALL)
case(HR, "missing", missing(wiggly), _since="0.22", **SMALL)
case(HR, "categorical", categorical_target, categorical_features=[0, 2], **SMALL)
case(HR, "float32", as_float32(wiggly), _also=("f32",), **SMALL)

# -- ensemble: AdaBoost, bagging
A = "ensemble.AdaBoostClassifier"
case(A, "single", one_class, n_estimators=2, random_state=0, algorithm="SAMME", _since="0.22", _until="0.24")
STUMP = E(T, max_depth=1, random_state=0)
case(A, "", iris, n_estimators=4, random_state=0, _py2=True)
case(A, "binary", labelled(binary, "no", "yes"), n_estimators=4, random_state=0)
case(A, "samme", iris, n_estimators=4, random_state=0, _maybe={"algorithm": "SAMME"}, _py2=True)
case(A, "samme-binary", binary, n_estimators=4, random_state=0, _maybe={"algorithm": "SAMME"})
case(A, "samme-four", four, n_estimators=5, estimator=E(T, max_depth=2, random_state=0), random_state=0, _maybe={"algorithm": "SAMME"})
case(A, "samme-r", iris, n_estimators=4, algorithm="SAMME.R", random_state=0, _until="1.5")
case(A, "samme-r-binary", binary, n_estimators=4, algorithm="SAMME.R", random_state=0, _until="1.5")
case(A, "logistic", binary, n_estimators=3, estimator=E(L, solver="liblinear"), random_state=0, _maybe={"algorithm": "SAMME"})
case(A, "linear-svc", iris, n_estimators=3, estimator=E(LS, random_state=0), random_state=0, _maybe={"algorithm": "SAMME"})
case(A, "one-estimator", binary, n_estimators=1, random_state=0)
case(A, "sparse", sparse(iris), n_estimators=3, estimator=STUMP, random_state=0)
case("ensemble.AdaBoostRegressor", "", wiggly, n_estimators=4, estimator=E(TR, max_depth=2), random_state=0, _py2=True)
case("ensemble.AdaBoostRegressor", "square", wiggly, n_estimators=4, estimator=E(TR, max_depth=2), loss="square", random_state=0)
case("ensemble.AdaBoostRegressor", "exponential", wiggly, n_estimators=4, estimator=E(TR, max_depth=2), loss="exponential", random_state=0)
case("ensemble.AdaBoostRegressor", "ridge", regression, n_estimators=3, estimator=E(R), random_state=0)
B = "ensemble.BaggingClassifier"
case(B, "", iris, n_estimators=3, estimator=E(T, max_depth=2), random_state=0, _py2=True)
case(B, "features", iris, n_estimators=4, estimator=E(T, max_depth=2), max_features=2, max_samples=0.7, random_state=0)
case(B, "bootstrap-features", ABC, n_estimators=4, estimator=E(T, max_depth=2), bootstrap=False, bootstrap_features=True, random_state=0)
case(B, "logistic", iris, n_estimators=3, estimator=E(L, solver="lbfgs"), random_state=0)
case(B, "logistic-binary", binary, n_estimators=3, estimator=E(L, solver="lbfgs"), max_features=3, random_state=0)
case(B, "vote", iris, n_estimators=4, estimator=E(LS, random_state=0), random_state=0)
case(B, "svc", iris, n_estimators=3, estimator=E(C, gamma=0.2), random_state=0)
case(B, "rare-class", labelled(four, 0, 1, 2, 9), n_estimators=4, estimator=E(T, max_depth=2), max_samples=6, random_state=0)
case("ensemble.BaggingRegressor", "", wiggly, n_estimators=3, estimator=E(TR, max_depth=2), random_state=0)
case("ensemble.BaggingRegressor", "features", regression, n_estimators=3, estimator=E(R), max_features=2, random_state=0)
case("ensemble.BaggingRegressor", "targets", two_targets, n_estimators=3, estimator=E("linear_model.LinearRegression"), random_state=0, _since="1.0")

# -- ensemble: voting, stacking
TWO = [("lr", E(L, solver="lbfgs")), ("tree", E(T, max_depth=2, random_state=0))]
THREE = TWO + [("svc", E(C, gamma=0.2, probability=True, random_state=0))]
VC = "ensemble.VotingClassifier"
case(VC, "hard", iris, estimators=THREE, _py2=True)
case(VC, "soft", iris, estimators=THREE, voting="soft")
case(VC, "weights", ABC, estimators=THREE, voting="soft", weights=[2, 1, 0.5])
case(VC, "hard-weights", ABC, estimators=THREE, weights=[1, 3, 1])
case(VC, "not-flattened", binary, estimators=TWO, voting="soft", flatten_transform=False)
case(VC, "dropped", iris, estimators=TWO + [("gone", DROP)], voting="soft", _since="0.20", flatten_transform=True)
case(VC, "pipeline", labelled(binary, "no", "yes"), estimators=[("p", E("pipeline.Pipeline", steps=[("s", E("preprocessing.StandardScaler")), ("m", E(L, solver="lbfgs"))])), ("t", E(T, max_depth=2, random_state=0))], voting="soft")
VR = "ensemble.VotingRegressor"
LINEAR_TREE = [("lr", E("linear_model.LinearRegression")), ("tree", E(TR, max_depth=2, random_state=0))]
case(VR, "", wiggly, estimators=LINEAR_TREE)
case(VR, "weights", wiggly, estimators=LINEAR_TREE, weights=[3, 1])
case(VR, "dropped", wiggly, estimators=LINEAR_TREE + [("gone", DROP)])
SC = "ensemble.StackingClassifier"
case(SC, "", iris, estimators=TWO, cv=3)
case(SC, "binary", labelled(binary, "no", "yes"), estimators=TWO, cv=3)
case(SC, "passthrough", iris, estimators=TWO, cv=3, passthrough=True, final_estimator=E(T, max_depth=2, random_state=0))
case(SC, "predict", iris, estimators=TWO, cv=3, stack_method="predict")
case(SC, "decision", iris, estimators=[("svc", E(C, gamma=0.2)), ("lr", E(L, solver="lbfgs"))], cv=3, stack_method="decision_function")
case(SC, "mixed", binary, estimators=[("svm", E(LS, random_state=0)), ("lr", E(L, solver="lbfgs"))], cv=3)
case(SC, "dropped", iris, estimators=TWO + [("gone", "drop")], cv=3)
case(SC, "multilabel", multilabel, estimators=[("tree", E(T, max_depth=3, random_state=0)), ("mlp", E(M, hidden_layer_sizes=(3,), max_iter=20, random_state=0))], final_estimator=E(T, max_depth=3, random_state=0), cv=3, _since="1.2")
SREG = "ensemble.StackingRegressor"
case(SREG, "", wiggly, estimators=LINEAR_TREE, cv=3)
case(SREG, "passthrough", wiggly, estimators=LINEAR_TREE, cv=3, passthrough=True, final_estimator=E(R))

# -- pipeline
P = "pipeline.Pipeline"
SCALE = ("scale", E("preprocessing.StandardScaler"))
case(P, "logistic", iris, steps=[SCALE, ("model", E(L, solver="lbfgs"))], _py2=True)
case(P, "svc", labelled(binary, "no", "yes"), steps=[SCALE, ("model", E(C, gamma=0.2, probability=True, random_state=0))])
case(P, "mlp", iris, steps=[SCALE, ("model", E(M, hidden_layer_sizes=(4,), max_iter=20, random_state=0))])
case(P, "regression", regression, steps=[("scale", E("preprocessing.MinMaxScaler")), ("model", E(R))], _py2=True)
case(P, "forest", iris, steps=[("scale", E("preprocessing.RobustScaler")), ("model", E(F, n_estimators=3, max_depth=2, random_state=0))])
case(P, "boosting", binary, steps=[SCALE, ("model", E(G, n_estimators=3, max_depth=2, random_state=0))])
case(P, "transformers", regression, steps=[SCALE, ("norm", E("preprocessing.Normalizer"))])
case(P, "invertible", regression, steps=[SCALE, ("range", E("preprocessing.MinMaxScaler"))])
case(P, "nested", iris, steps=[("inner", E(P, steps=[SCALE, ("max", E("preprocessing.MaxAbsScaler"))])), ("model", E(L, solver="lbfgs"))])
case(P, "none", iris, steps=[("nothing", None), ("model", E(L, solver="lbfgs"))], _until="1.6")
case(P, "passthrough", iris, steps=[("nothing", "passthrough"), SCALE, ("model", E(L, solver="lbfgs"))], _since="0.21")
case(P, "passthrough-last", regression, steps=[SCALE, ("nothing", "passthrough")], _since="0.21")
case(P, "sparse", sparse(iris), steps=[("scale", E("preprocessing.MaxAbsScaler")), ("model", E(L, solver="lbfgs"))])
case(P, "frame", frame(iris), steps=[SCALE, ("model", E(L, solver="lbfgs"))])
case(P, "bayes", regression, steps=[SCALE, ("model", E("linear_model.BayesianRidge"))])
case(P, "isolation", outliers, steps=[SCALE, ("model", E("ensemble.IsolationForest", n_estimators=4, max_samples=16, contamination=0.1, random_state=0))])
case(P, "missing", missing(iris), steps=[SCALE, ("model", E(H, **SMALL))], _since="0.22")

# -- preprocessing: scalers
Z = "preprocessing.StandardScaler"
case(Z, "", regression, _py2=True, _also=("sparse", "f32", "int"))
case(Z, "no-mean", regression, with_mean=False, _also=("sparse",))
case(Z, "no-std", regression, with_std=False)
case(Z, "neither", regression, with_mean=False, with_std=False)
case(Z, "constant", constant_column)
case(Z, "sparse", sparse(regression), with_mean=False)
case(Z, "float32", as_float32(regression), _also=("f32",))
case(Z, "missing", missing(regression), _since="0.20")
case(Z, "weighted", weighted(regression), _since="0.24")
case(Z, "frame", frame(regression))
case("preprocessing.MinMaxScaler", "", regression, _py2=True, _also=("f32", "int"))
case("preprocessing.MinMaxScaler", "range", constant_column, feature_range=(-1, 2))
case("preprocessing.MinMaxScaler", "clip", regression, clip=True)
case("preprocessing.MinMaxScaler", "missing", missing(regression), _since="0.20")
case("preprocessing.MaxAbsScaler", "", regression, _also=("sparse", "f32"))
case("preprocessing.MaxAbsScaler", "sparse", sparse(regression))
case("preprocessing.MaxAbsScaler", "clip", regression, clip=True)
case("preprocessing.RobustScaler", "", regression, _also=("f32",))
case("preprocessing.RobustScaler", "quantiles", constant_column, quantile_range=(10.0, 80.0))
case("preprocessing.RobustScaler", "no-centering", regression, with_centering=False, _also=("sparse",))
case("preprocessing.RobustScaler", "no-scaling", regression, with_scaling=False)
case("preprocessing.RobustScaler", "unit-variance", regression, unit_variance=True)
for _norm in ("l1", "l2", "max"):
    case("preprocessing.Normalizer", _norm, regression, norm=_norm, _also=("sparse", "f32", "int"), _py2=_norm == "l2")

# -- model_selection
GS = "model_selection.GridSearchCV"
case(GS, "logistic", iris, estimator=E(L, solver="lbfgs"), param_grid={"C": [0.1, 1.0]}, cv=3)
case(GS, "pipeline", labelled(binary, "no", "yes"), estimator=E(P, steps=[SCALE, ("model", E(C, gamma=0.2))]), param_grid={"model__C": [0.1, 1.0]}, cv=3)
case(GS, "tree", wiggly, estimator=E(TR, max_depth=3, random_state=0), param_grid={"max_depth": [2, 3]}, cv=3)
case(GS, "scoring", iris, estimator=E(T, random_state=0), param_grid=[{"max_depth": [1, 3]}, {"criterion": ["entropy"]}], scoring="accuracy", cv=3)
case(GS, "multimetric", binary, estimator=E(L, solver="lbfgs"), param_grid={"C": [0.1, 1.0]}, scoring=["accuracy", "roc_auc"], refit="roc_auc", cv=3, _since="0.19")
case(GS, "scaler", regression, estimator=E(P, steps=[("a", E("preprocessing.RobustScaler")), ("m", E(R))]), param_grid={"m__alpha": [0.1, 1.0]}, cv=3)
case(GS, "frame", frame(iris), estimator=E(T, random_state=0), param_grid={"max_depth": [1, 3]}, cv=3)


def log_uniform():
    from scipy.stats import uniform
    distribution = uniform(0.1, 2.0)
    distribution.random_state = 0
    return distribution


case("model_selection.RandomizedSearchCV", "", iris, estimator=E(L, solver="lbfgs"), param_distributions={"C": Call(log_uniform)}, n_iter=2, cv=3, random_state=0)
case("model_selection.RandomizedSearchCV", "regression", regression, estimator=E(R), param_distributions={"alpha": [0.1, 1.0, 10.0]}, n_iter=2, cv=3, random_state=0)
case("model_selection.HalvingGridSearchCV", "", lambda: iris(60), estimator=E(L, solver="lbfgs"), param_grid={"C": [0.1, 1.0]}, cv=3, random_state=0)
case("model_selection.HalvingRandomSearchCV", "", lambda: binary(60), estimator=E(T, random_state=0), param_distributions={"max_depth": [1, 2, 3]}, n_candidates=3, cv=3, random_state=0)

case("grid_search.GridSearchCV", "", iris, estimator=E(L, solver="lbfgs"), param_grid={"C": [0.1, 1.0]}, cv=3, _py2=True)

# -- naive_bayes
case("naive_bayes.GaussianNB", "", iris, _py2=True, _also=("f32",))
case("naive_bayes.GaussianNB", "priors", labelled(binary, "no", "yes"), priors=[0.3, 0.7])
case("naive_bayes.GaussianNB", "smoothing", weighted(iris), var_smoothing=0.1)
case("naive_bayes.MultinomialNB", "", words, _py2=True, _also=("sparse",))
case("naive_bayes.MultinomialNB", "sparse", sparse(words), alpha=0.1, fit_prior=False)
case("naive_bayes.MultinomialNB", "single", single(words), _until="0.24")
case("naive_bayes.ComplementNB", "", words)
case("naive_bayes.ComplementNB", "norm", words, norm=True)
case("naive_bayes.BernoulliNB", "", iris, binarize=0.5, _py2=True)
case("naive_bayes.BernoulliNB", "binary", sparse(words), binarize=None)
case("naive_bayes.BernoulliNB", "single", single(iris), alpha=0.5, fit_prior=False, _until="0.24")
case("naive_bayes.CategoricalNB", "", codes)

# -- dummy
for _strategy in ("most_frequent", "prior"):
    case("dummy.DummyClassifier", _strategy.replace("_", "-"), ABC, strategy=_strategy)
case("dummy.DummyClassifier", "constant", iris, strategy="constant", constant=2)
case("dummy.DummyClassifier", "constant-bytes", labelled(iris, b"x", b"yy", b"zzz"), strategy="constant", constant=b"yy", _py2=True, _until="0.20")
case("dummy.DummyClassifier", "outputs", two_outputs, strategy="prior")
case("dummy.DummyRegressor", "", regression)
case("dummy.DummyRegressor", "median", two_targets, strategy="median")
case("dummy.DummyRegressor", "quantile", regression, strategy="quantile", quantile=0.8)
case("dummy.DummyRegressor", "constant", regression, strategy="constant", constant=4.5)

# -- compose, and the encoders beside it
SPLIT = [("a", E(Z), [0, 2]), ("b", E("preprocessing.MinMaxScaler"), [1])]
case("compose.ColumnTransformer", "", regression, transformers=SPLIT)
case("compose.ColumnTransformer", "passthrough", regression, transformers=SPLIT, remainder="passthrough")
case("compose.ColumnTransformer", "dropped", regression, transformers=SPLIT[:1] + [("c", "drop", [1]), ("d", "passthrough", [3])])
case("compose.ColumnTransformer", "frame", frame(regression), transformers=[("a", E(Z), ["age", "width"]), ("b", "passthrough", ["depth"])])
case("preprocessing.OrdinalEncoder", "", codes)
case("preprocessing.FunctionTransformer", "", regression, validate=True)

# -- estimators made of estimators
LR = E(L, solver="lbfgs")
DT = E(T, max_depth=3, random_state=0)
for _inner, _name in ((LR, ""), (DT, "tree"), (E(C, gamma=0.2), "svc"), (E(R), "regressor")):
    case("multiclass.OneVsRestClassifier", _name, labelled(iris, "a", "b", "c"), estimator=_inner, _py2=_name == "", _also=() if _name == "regressor" else ("sparse",))
case("multiclass.OneVsRestClassifier", "binary", labelled(binary, "no", "yes"), estimator=LR)
case("multiclass.OneVsRestClassifier", "multilabel", multilabel, estimator=LR)
case("multiclass.OneVsRestClassifier", "constant", multilabel_constant, estimator=LR)
case("multiclass.OneVsRestClassifier", "single", single(binary), estimator=LR, _since="0.22", _until="1.0")
for _inner, _name in ((LR, ""), (DT, "tree"), (E("svm.LinearSVC", random_state=0), "svc"), (E(R), "regressor")):
    case("multiclass.OneVsOneClassifier", _name, four, estimator=_inner, _py2=_name == "")
case("multiclass.OneVsOneClassifier", "binary", labelled(binary, "no", "yes"), estimator=LR)
case("multiclass.OneVsOneClassifier", "precomputed", gram(iris), estimator=E(C, kernel="precomputed"))
case("multiclass.OutputCodeClassifier", "", labelled(four, "a", "b", "c", "d"), estimator=LR, random_state=0, _py2=True)
case("multiclass.OutputCodeClassifier", "tree", four, estimator=DT, code_size=2.0, random_state=0)
case("multioutput.MultiOutputClassifier", "", two_outputs, estimator=LR, _py2=True)
case("multioutput.MultiOutputClassifier", "same", same_outputs, estimator=DT)
case("multioutput.MultiOutputClassifier", "svc", two_outputs, estimator=E("svm.LinearSVC", random_state=0))
case("multioutput.MultiOutputRegressor", "", two_targets, estimator=E(R), _py2=True, _also=("sparse",))
case("multioutput.MultiOutputRegressor", "frame", frame(two_targets), estimator=E(TR, max_depth=3, random_state=0))
case("multioutput.ClassifierChain", "", multilabel, estimator=LR, _py2=True, _also=("sparse",))
case("multioutput.ClassifierChain", "order", multilabel, estimator=DT, order=[2, 0, 1])
case("multioutput.ClassifierChain", "proba", multilabel, estimator=LR, chain_method="predict_proba")
case("multioutput.ClassifierChain", "sparse", sparse(multilabel), estimator=LR, _since="0.20")
case("multioutput.ClassifierChain", "three", few(two_outputs, 20), estimator=LR, _since="1.3", _until="1.4")
case("multioutput.RegressorChain", "", two_targets, estimator=E(R), order=[1, 0])
case("calibration.CalibratedClassifierCV", "", labelled(binary, "no", "yes"), estimator=E("svm.LinearSVC", random_state=0), cv=3, _py2=True)
case("calibration.CalibratedClassifierCV", "three", iris, estimator=E("svm.LinearSVC", random_state=0), cv=3)
case("calibration.CalibratedClassifierCV", "isotonic", iris, estimator=E("naive_bayes.GaussianNB"), method="isotonic", cv=3)
case("calibration.CalibratedClassifierCV", "isotonic-binary", binary, estimator=DT, method="isotonic", cv=2)
case("calibration.CalibratedClassifierCV", "temperature", iris, estimator=LR, method="temperature", cv=3, _since="1.8")
case("calibration.CalibratedClassifierCV", "temperature-tree", binary, estimator=DT, method="temperature", cv=3, _since="1.8")
case("calibration.CalibratedClassifierCV", "one", iris, estimator=LR, ensemble=False, cv=3)
case("calibration.CalibratedClassifierCV", "frame", frame(iris), estimator=LR, cv=2)
case("isotonic.IsotonicRegression", "", inside(steps), _py2=True)
case("isotonic.IsotonicRegression", "nan", steps, out_of_bounds="nan")
case("isotonic.IsotonicRegression", "clip", steps, out_of_bounds="clip", increasing="auto", y_min=0.3)
case("isotonic.IsotonicRegression", "raise", inside(steps), out_of_bounds="raise", increasing=False)
case(P, "named-steps", frame(missing(regression)), steps=[("fill", named("impute.SimpleImputer")), ("columns", named("compose.ColumnTransformer", transformers=[("b", E(Z), ["width", "age"]), ("a", "passthrough", ["depth"])])), ("model", E(R))], _since="1.9")
case("compose.ColumnTransformer", "weights", frame(regression), transformers=[("p", "passthrough", ["age"]), ("z", E(Z), ["width"])], transformer_weights={"p": 3.5, "z": 2.0}, _since="1.9")
case("ensemble.AdaBoostRegressor", "text", palette, estimator=E(P, steps=[("codes", E("preprocessing.OneHotEncoder", handle_unknown="ignore")), ("model", E(R))]), n_estimators=3, random_state=0, _since="1.9")
case(VC, "frozen", labelled(binary, "no", "yes"), estimators=Call(lambda: [("a", frozen())]), voting="soft", _since="1.9")
case("frozen.FrozenEstimator", "", iris, estimator=Call(lambda: LR.build().fit(iris().X, iris().y)))

def npy(name):
    """A function of numpy."""
    return Call(lambda: getattr(__import__("numpy"), name))


def func(path):
    """A function of scikit-learn, such as "feature_selection.chi2"."""
    module, name = path.rsplit(".", 1)
    return Call(lambda: getattr(importlib.import_module("sklearn." + module), name))


def array_of(*values, **kw):
    return Call(lambda: __import__("numpy").array(values, **kw))


# -- preprocessing: encoders
OH = "preprocessing.OneHotEncoder"
case(OH, "", codes, _py2=True, _inverse=True)
case(OH, "auto", asked(rare, one=lambda t: t[:1]), _maybe={"categories": "auto"}, _every=True, _inverse=True, _since="0.20")
case(OH, "legacy", codes, sparse=False, n_values=array_of(3, 4, 5, 6), _py2=True, _until="0.21")
case(OH, "legacy-features", codes, categorical_features=[1, 3], handle_unknown="ignore", _py2=True, _until="0.21")
case(OH, "legacy-mask", asked(codes, strange=lambda t: t + 1), categorical_features=array_of(True, False, True, False), handle_unknown="ignore", sparse=False, _py2=True, _until="0.21")
case(OH, "text", strange(palette), _every=True, _inverse=True, _since="0.20")
case(OH, "text-ignore", strange(palette), handle_unknown="ignore", sparse_output=False, _inverse=True, _since="0.20")
case(OH, "objects", objects(), _inverse=True, _since="0.20")
case(OH, "none", holes(), handle_unknown="ignore", _inverse=True, _since="0.24")
case(OH, "nan", holes(hole=float("nan")), sparse_output=False, _inverse=True, _since="0.24")
case(OH, "missing-numbers", missing(rare), handle_unknown="ignore", _inverse=True, _since="0.24")
case(OH, "frame", palette_frame(), _every=True, _inverse=True, _since="0.20")
case(OH, "given", strange(palette), categories=[[u"blue", u"green", u"gr\u00fcn", u"red", u"yellow"], [u"l", u"m", u"s", u"xl"], [u"", u" a", u"a", u"b"]], handle_unknown="ignore", _inverse=True)
case(OH, "float32", rare, handle_unknown="ignore", dtype=npy("float32"), _since="0.20")
case(P, "encoded-float32", rare, steps=[("codes", E(OH, sparse_output=False, handle_unknown="ignore", dtype=npy("float32"))), ("model", E("decomposition.PCA", n_components=3, svd_solver="full"))], _since="1.2")
case(OH, "drop-first", strange(palette), drop="first", _every=True, _inverse=True)
case(OH, "drop-if-binary", lambda: Data(truths().X.astype(float)[:, :3], None, truths().T.astype(float)[:, :3]), drop="if_binary", _inverse=True, _since="0.23")
case(OH, "drop-given", palette, drop=array_of(u"red", u"m", u"", dtype=object), sparse_output=False, _inverse=True)
case(OH, "drop-ignore", strange(palette), drop="first", handle_unknown="ignore", _inverse=True, _since="1.0")
case(OH, "frequency", rare, min_frequency=8, handle_unknown="infrequent_if_exist", _every=True, _inverse=True)
case(OH, "frequency-drop", rare, min_frequency=0.1, max_categories=4, drop="first", handle_unknown="ignore", sparse_output=False, _inverse=True)
case(OH, "max-categories", strange(palette), max_categories=3, handle_unknown="infrequent_if_exist", _inverse=True)
case(OH, "warn", rare, min_frequency=8, handle_unknown="warn", _since="1.6")
case(OH, "bools", truths, _inverse=True, _since="0.20")
case(OH, "text-of-numbers", asked(palette, numbers=lambda t: [[1.0, 2.0, 3.0]], frame=numbers_in_table), handle_unknown="ignore", _since="1.9")
OR = "preprocessing.OrdinalEncoder"
case(OR, "text", strange(palette), _every=True, _inverse=True)
case(OR, "objects", objects(), dtype=npy("int64"), _inverse=True)
case(OR, "frame", palette_frame(), _inverse=True)
case(OR, "given", palette, _since="1.0", categories=[[u"red", u"green", u"blue", u"gr\u00fcn"], [u"s", u"m", u"l", u"xl"], [u"", u"a", u"b", u" a"]], dtype=npy("float32"), _inverse=True)
case(OR, "int8", lambda: Data(__import__("numpy").arange(0.0, 160.0)[:, None] ** 2, None, [[16129.0], [16384.0], [25281.0]]), dtype=npy("int8"), _since="0.20")
case(OR, "unknown", strange(palette), handle_unknown="use_encoded_value", unknown_value=-1, _every=True, _inverse=True)
case(OR, "wrapped", lambda: Data(__import__("numpy").arange(3.0)[:, None], None, __import__("numpy").array([[0.0], [2.0], [-1.0], [-2.0]])), handle_unknown="use_encoded_value", unknown_value=-5, _since="0.24")
case(OR, "unknown-nan", rare, handle_unknown="use_encoded_value", unknown_value=npy("nan"), _inverse=True)
case(OR, "none", holes(), _inverse=True, _since="1.0")
case(OR, "nan", missing(rare), handle_unknown="use_encoded_value", unknown_value=-2, _inverse=True, _since="1.0")
case(OR, "encoded-missing", holes(hole=float("nan")), encoded_missing_value=-5, _every=True, _inverse=True)
case(OR, "text-of-numbers", asked(palette, numbers=lambda t: [[1.0, 2.0, 3.0]]), handle_unknown="use_encoded_value", unknown_value=-1, _since="1.9")
case(OR, "frequency", rare, min_frequency=8, handle_unknown="use_encoded_value", unknown_value=99, dtype=npy("int32"), _every=True, _inverse=True)
case(OR, "max-categories", missing(rare), max_categories=3, handle_unknown="use_encoded_value", unknown_value=-1, _inverse=True)
TE = "preprocessing.TargetEncoder"
case(TE, "", rare, cv=2, random_state=0, _every=True)
case(TE, "smooth", strange(palette), smooth=3.0, cv=2, target_type="continuous", random_state=0)
case(TE, "binary", rare_binary, cv=2, random_state=0, _every=True)
case(TE, "multiclass", rare_classes, cv=2, random_state=0, _every=True, _since="1.4")
case(TE, "frame", palette_frame(), cv=2, random_state=0)
case(TE, "missing", missing(rare), cv=2, random_state=0)
case(TE, "given", rare, categories=[[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 9.0], [0.0, 1.0, 2.0], [10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0]], cv=2, random_state=0)

# -- preprocessing: labels
LE = "preprocessing.LabelEncoder"
case(LE, "", labels(3, 1, 2, 3, strange=[1, 9]), _py2=True, _inverse=True)
case(LE, "text", labels(u"b", u"a", u"\u00fc", u"", strange=[u"zz"]), _every=True, _inverse=True)
case(LE, "objects", labels(u"b", u"a", u"cc", dtype=object), _inverse=True)
case(LE, "bools", labels(True, False), _inverse=True)
case(LE, "negative", labels(-1.5, 0.0, 2.0, -1.5), _inverse=True)
LB = "preprocessing.LabelBinarizer"
case(LB, "", labels(3, 1, 2, 3, ask=4), _py2=True, _inverse=True)
case(LB, "text", labels(u"b", u"a", u"c", ask=3, strange=[u"zz", u"a"]), neg_label=-1, pos_label=2, _every=True, _inverse=True)
case(LB, "binary", labels(u"no", u"yes", u"no"), _inverse=True)
case(LB, "one", labels(5, 5), _inverse=True)
case(LB, "sparse", labels(3, 1, 2, 3), sparse_output=True, _inverse=True)
case(LB, "sparse-binary", labels(0, 1, 1), sparse_output=True, _inverse=True)
case(LB, "indicator", indicator)
ML = "preprocessing.MultiLabelBinarizer"
case(ML, "", tag_sets, _py2=True, _inverse=True)
case(ML, "numbers", number_sets, _inverse=True)
case(ML, "given", tag_sets, classes=[u"d", u"c", u"b", u"a"], sparse_output=True, _inverse=True)

# -- preprocessing: numbers
case("preprocessing.Binarizer", "", regression, _py2=True, _also=("sparse", "f32", "int"))
case("preprocessing.Binarizer", "threshold", on_edges, threshold=2.5)
case("preprocessing.Binarizer", "frame", frame(regression), threshold=-0.5)
case("preprocessing.KernelCenterer", "", exact_gram(few(iris, 12)), _py2=True)
KB = "preprocessing.KBinsDiscretizer"
for _strategy in ("uniform", "quantile", "kmeans"):
    case(KB, _strategy, on_edges, strategy=_strategy, n_bins=4, encode="ordinal", _inverse=True, _every=True, _maybe={"random_state": 0})
case(KB, "onehot", on_edges, n_bins=[3, 2, 4, 2], strategy="uniform", _inverse=True, _every=True)
case(KB, "dense", on_edges, n_bins=3, encode="onehot-dense", strategy="quantile", _inverse=True)
case(KB, "float32", as_float32(on_edges), n_bins=5, encode="ordinal", strategy="uniform", dtype=npy("float32"), _also=("f32",), _inverse=True)
case(KB, "narrowed", on_edges, n_bins=5, encode="onehot-dense", strategy="uniform", dtype=npy("float32"), _since="0.24")
case(KB, "averaged", on_edges, n_bins=4, strategy="quantile", quantile_method="averaged_inverted_cdf", encode="ordinal", _inverse=True)
PF = "preprocessing.PolynomialFeatures"
case(PF, "", regression, _py2=True, _also=("sparse", "f32", "int", "one"))
case(PF, "three", regression, degree=3, include_bias=False, _also=("sparse",))
case(PF, "interactions", regression, degree=3, interaction_only=True, _also=("sparse",), _every=True)
case(PF, "range", regression, degree=(2, 3), _since="1.0", _also=("sparse",))
case(PF, "none", regression, degree=0, _since="1.1")
case(PF, "sparse", sparse(regression), _since="0.20", degree=4, include_bias=False, _every=True)
case(PF, "sparse-interactions", sparse(regression), _since="0.20", degree=2, interaction_only=True)
case(PF, "order", frame(regression), order="F")
PT = "preprocessing.PowerTransformer"
case(PT, "", regression, _inverse=True, _every=True, _also=("one",))
case(PT, "raw", missing(regression), standardize=False, _inverse=True)
case(PT, "box-cox", asked(nonnegative(lambda: Data(abs(regression().X) + 0.1, None, abs(regression().T) + 0.1)), negative=lambda t: -t), method="box-cox", _inverse=True, _every=True)
case(PT, "box-cox-raw", nonnegative(lambda: Data(abs(regression().X) + 0.1, None, abs(regression().T) + 0.1)), method="box-cox", standardize=False, _inverse=True)
case(PT, "skewed", nonnegative(lambda: Data(regression().X ** 2 * 10, None, regression().T ** 2 * 10)), _inverse=True)
case(PT, "frame", frame(regression), _inverse=True)
QT = "preprocessing.QuantileTransformer"
case(QT, "", on_edges, n_quantiles=10, random_state=0, _inverse=True, _every=True)
case(QT, "normal", on_edges, n_quantiles=8, output_distribution="normal", random_state=0, _inverse=True, _every=True)
case(QT, "missing", missing(regression), n_quantiles=10, random_state=0, _inverse=True, _since="0.20")
case(QT, "sparse", csr_of(nonnegative(lambda: Data(regression().X * (abs(regression().X) > 1.2), None, regression().T))), n_quantiles=10, ignore_implicit_zeros=True, random_state=0, _inverse=True)
case(QT, "float32", as_float32(on_edges), n_quantiles=10, random_state=0, _also=("f32",), _inverse=True)
SP = "preprocessing.SplineTransformer"
for _extra in ("constant", "linear", "continue", "periodic", "error"):
    case(SP, _extra, regression, extrapolation=_extra, n_knots=4, degree=V("0", 2, "1.0", 3), _every=_extra == "constant")
case(SP, "quantile", on_edges, knots="quantile", degree=2, include_bias=False)
case(SP, "given", regression, knots=array_of([-3, -3, -3, -3], [0, 0, 0, 0.5], [1, 1, 2, 2], [4, 4, 4, 4]), degree=1, extrapolation="linear")
case(SP, "steps", regression, degree=0, extrapolation="continue")
case(SP, "sparse", regression, sparse_output=True, _since="1.2")
case(SP, "zeros", missing(regression), handle_missing="zeros", extrapolation="constant")
FT = "preprocessing.FunctionTransformer"
case(FT, "log", nonnegative(regression), func=npy("log1p"), inverse_func=npy("expm1"), validate=True, _every=True, _also=("f32", "int"))
case(FT, "sqrt", nonnegative(regression), func=npy("sqrt"), inverse_func=npy("square"), validate=False)
case(FT, "clip", regression, func=npy("clip"), kw_args={"a_min": -1.0, "a_max": 2.0}, validate=True, _since="0.20")
case(FT, "sparse", sparse(regression), func=npy("abs"), accept_sparse=True, validate=True)
case(FT, "frame", frame(nonnegative(regression)), func=npy("log1p"), feature_names_out="one-to-one")
case(FT, "exp", regression, func=npy("exp"), inverse_func=npy("log"), validate=True)
case(FT, "tanh", regression, func=npy("tanh"), validate=True)

# -- imputers
I = "preprocessing.Imputer"
for _strategy in ("mean", "median", "most_frequent"):
    case(I, _strategy.replace("_", "-"), missing(regression), strategy=_strategy, _py2=True)
case(I, "rows", asked_of(missing(regression), 0, 1, 3, 4, 5), axis=1, _py2=True)
case(I, "zeros", regression, missing_values=0, strategy="mean", _py2=True)
case(I, "sparse", csr_of(minus_one(regression)), missing_values=-1, _py2=True)
case(I, "empty", empty_column(missing(regression)), _py2=True)
SI = "impute.SimpleImputer"
for _strategy in ("mean", "median", "most_frequent"):
    case(SI, _strategy.replace("_", "-"), missing(regression), strategy=_strategy, _every=True)
case(SI, "constant", missing(regression), strategy="constant", fill_value=-7.5, _every=True)
case(SI, "constant-text", holes(hole=float("nan")), strategy="constant", fill_value=u"?")
case(SI, "text", holes(), missing_values=None, strategy="most_frequent", _every=True)
case(SI, "indicator", missing(regression), add_indicator=True, _inverse=True, _every=True)
case(SI, "indicator-text", holes(hole=float("nan")), strategy="most_frequent", add_indicator=True, _inverse=True)
case(SI, "minus-one", minus_one(regression), missing_values=-1, strategy="median")
case(SI, "sparse", csr_of(minus_one(regression)), missing_values=-1)
case(SI, "empty", empty_column(missing(regression)), strategy="mean", _every=True)
case(SI, "empty-kept", empty_column(missing(regression)), strategy="median", keep_empty_features=True)
case(SI, "empty-constant", empty_column(missing(regression)), strategy="constant", add_indicator=True, _every=True)
case(SI, "frame", frame(missing(regression)), strategy="median")
case(SI, "float32", as_float32(missing(regression)), _also=("f32",))
MI = "impute.MissingIndicator"
case(MI, "", missing(regression), _every=True)
case(MI, "all", missing(regression), features="all")
case(MI, "sparse", missing(lambda: regression(40, 4, 82)), sparse=True, error_on_new=False)
case(MI, "new", asked(lambda: Data(empty_column(regression)().X, None, empty_column(regression)().X[:4]), new=lambda t: missing(regression)().T), _every=True)
case(MI, "zeros", lambda: Data(codes().X.astype(float), None, codes().T.astype(float)), missing_values=0)
case(MI, "text", holes(), missing_values=None)
case(MI, "sparse-input", csr_of(minus_one(regression)), missing_values=-1)
KI = "impute.KNNImputer"
case(KI, "", missing(lambda: regression(20)), n_neighbors=3, _every=True)
case(KI, "distance", missing(lambda: regression(20)), n_neighbors=4, weights="distance")
case(KI, "indicator", missing(lambda: regression(20)), n_neighbors=2, add_indicator=True)
case(KI, "empty", empty_column(missing(lambda: regression(20))), n_neighbors=2, _every=True)
case(KI, "empty-kept", empty_column(missing(lambda: regression(20))), n_neighbors=2, keep_empty_features=True)
case(KI, "rounded", missing(iris), n_neighbors=2, weights="distance", _since="1.9")
case(KI, "minus-one", minus_one(lambda: regression(20)), missing_values=-1, n_neighbors=2)
case(KI, "scattered", scattered, n_neighbors=6, _until="1.5")
II = "impute.IterativeImputer"
case(II, "constant-empty", emptied(missing(iris)), initial_strategy="constant", fill_value=3.0, max_iter=2, random_state=0, _since="1.6")
case(II, "", missing(regression), max_iter=3, random_state=0, _every=True, _rtol=1e-7)
case(II, "ridge", missing(regression), estimator=E(R), max_iter=2, imputation_order="roman", initial_strategy="median", random_state=0, _since="0.21", _rtol=1e-7)
case(II, "bounds", missing(regression), max_iter=2, min_value=-1.0, max_value=2.0, imputation_order="descending", add_indicator=True, random_state=0, _since="0.21", _rtol=1e-7)
case(II, "tree", missing(regression), estimator=E(TR, max_depth=2, random_state=0), max_iter=2, random_state=0, skip_complete=True, _since="0.22")
case(II, "nearest", missing(regression), estimator=E(R), n_nearest_features=2, max_iter=2, random_state=0, _since="0.22", _rtol=1e-7)
case(II, "constant", empty_column(missing(regression)), estimator=E(R), initial_strategy="constant", fill_value=1.0, keep_empty_features=True, max_iter=2, random_state=0, _rtol=1e-7)
case(II, "empty", empty_column(missing(regression)), estimator=E(R), max_iter=2, random_state=0, _since="0.21", _rtol=1e-7)

# -- feature_selection
F_CLASS, CHI2, F_REG = func("feature_selection.f_classif"), func("feature_selection.chi2"), func("feature_selection.f_regression")
FS = "feature_selection."
case(FS + "SelectKBest", "", ranked, k=3, _py2=True, _inverse=True, _also=("sparse", "f32"))
case(FS + "SelectKBest", "chi2", sparse(nonnegative(iris)), score_func=CHI2, k=2, _inverse=True)
case(FS + "SelectKBest", "all", regression, score_func=F_REG, k="all", _inverse=True)
case(FS + "SelectKBest", "frame", frame(iris), k=2, _inverse=True)
case(FS + "SelectPercentile", "", ranked, percentile=40, _py2=True, _inverse=True)
case(FS + "SelectPercentile", "regression", ranked_regression, score_func=F_REG, percentile=50, _inverse=True)
case(FS + "SelectFpr", "", ranked, alpha=0.01, _py2=True, _inverse=True)
case(FS + "SelectFdr", "", ranked_regression, score_func=F_REG, alpha=0.05, _py2=True, _inverse=True)
case(FS + "SelectFwe", "", ranked_regression, score_func=F_REG, alpha=0.2, _py2=True, _inverse=True)
for _mode, _param in (("percentile", 60), ("k_best", 2), ("fpr", 0.05), ("fdr", 0.05), ("fwe", 0.05)):
    case(FS + "GenericUnivariateSelect", _mode.replace("_", "-"), ranked, mode=_mode, param=_param, _py2=_mode == "k_best", _inverse=True)
case(FS + "VarianceThreshold", "", constant_column, _py2=True, _inverse=True)
case(FS + "VarianceThreshold", "threshold", missing(regression), threshold=3.5, _since="0.22", _inverse=True)
case(FS + "VarianceThreshold", "sparse", sparse(regression), threshold=3.5, _inverse=True)
case(FS + "RFE", "", ABC, estimator=LR, n_features_to_select=2, _py2=True, _inverse=True)
case(FS + "RFE", "step", regression, estimator=E(R), n_features_to_select=1, step=2, _inverse=True)
case(FS + "RFE", "tree", binary, estimator=DT, n_features_to_select=0.5, _since="0.24", _inverse=True)
case(FS + "RFE", "pipeline", binary, estimator=E(P, steps=[SCALE, ("model", LR)]), importance_getter="named_steps.model.coef_", n_features_to_select=2, _inverse=True)
case(FS + "RFECV", "", iris, estimator=LR, cv=3, _py2=True, _inverse=True)
SFM = FS + "SelectFromModel"
case(SFM, "", ABC, estimator=LR, _py2=True, _inverse=True)
case(SFM, "median", regression, estimator=E(R), threshold="median", _every=True, _inverse=True)
case(SFM, "naive-bayes", few(words, 12), estimator=E("naive_bayes.MultinomialNB"), _since="0.22", _until="1.0")
case(SFM, "scaled", iris, estimator=E(F, n_estimators=3, max_depth=2, random_state=0), threshold="1.25*mean", _inverse=True)
case(SFM, "lasso", regression, estimator=E("linear_model.Lasso", alpha=1.0), _inverse=True)
case(SFM, "l1", iris, estimator=E("svm.LinearSVC", penalty="l1", dual=False, C=0.05, random_state=0), _inverse=True)
case(SFM, "number", two_targets, estimator=E(R), threshold=0.5, norm_order=2, _inverse=True, _since="0.18")
case(SFM, "most", iris, estimator=LR, max_features=2, threshold=-float("inf"), _every=True, _inverse=True)
case(SFM, "prefit", iris, estimator=Call(lambda: LR.build().fit(iris().X, iris().y)), prefit=True, _fitless="1.1", _every=True, _inverse=True)
case(SFM, "importances", binary, estimator=E(P, steps=[SCALE, ("model", LR)]), importance_getter="named_steps.model.coef_", _inverse=True)
case(SFM, "frame", frame(regression), estimator=E(R), threshold="0.5*median", _inverse=True)
case(SFM, "frozen", labelled(binary, "no", "yes"), estimator=Call(frozen), _since="1.9")
case(SFM, "embedding", iris, estimator=E("ensemble.RandomTreesEmbedding", n_estimators=3, max_depth=2, random_state=0), _since="1.9")
case(SFM, "boosted-forests", iris, estimator=E("ensemble.AdaBoostClassifier", estimator=E(F, n_estimators=2, max_depth=1, random_state=0), n_estimators=2, random_state=0), _since="1.9")
case(FS + "SequentialFeatureSelector", "", iris, estimator=LR, n_features_to_select=2, cv=2, _every=True, _inverse=True)
case(FS + "SequentialFeatureSelector", "missing", missing(iris), estimator=E("tree.DecisionTreeClassifier", max_depth=2, random_state=0), n_features_to_select=2, cv=2, _since="1.3")
case(FS + "SequentialFeatureSelector", "missing-bagging", missing(iris), estimator=E("ensemble.BaggingClassifier", n_estimators=2, random_state=0), n_features_to_select=2, cv=2, _since="1.4")
case(FS + "SequentialFeatureSelector", "backward", frame(regression), estimator=E(R), n_features_to_select=3, direction="backward", cv=2, _inverse=True)

# -- kernels
KR = "kernel_ridge.KernelRidge"
for _kernel, _more in (("linear", {}), ("rbf", {"gamma": 0.3}), ("poly", {"degree": 2, "gamma": 0.5, "coef0": 1.5}), ("sigmoid", {"gamma": 0.01, "coef0": 0.2}), ("laplacian", {}), ("cosine", {})):
    case(KR, _kernel, few(regression, 20), kernel=_kernel, _py2=_kernel in ("linear", "rbf"), _since="0.17" if _kernel in ("linear", "rbf") else "0.18", **_more)
case(KR, "chi2", few(nonnegative(regression), 20), kernel="chi2", gamma=0.2)
case(KR, "additive-chi2", few(nonnegative(regression), 20), kernel="additive_chi2")
case(KR, "precomputed", exact_gram(few(regression, 20)), kernel="precomputed")
case(KR, "targets", few(two_targets, 20), kernel="rbf", alpha=0.5)
case(KR, "sparse", few(sparse(two_targets), 20), kernel="poly", degree=2)
KA = "kernel_approximation."
for _kernel, _more in (("rbf", {"gamma": 0.2}), ("linear", {}), ("polynomial", {"degree": 2, "coef0": 1}), ("sigmoid", {"gamma": 0.05}), ("cosine", {}), ("laplacian", {"gamma": 0.3})):
    case(KA + "Nystroem", _kernel, regression, kernel=_kernel, n_components=5, random_state=0, _py2=_kernel == "rbf", _rtol=1e-7, **_more)
case(KA + "Nystroem", "default", sparse(regression), n_components=6, random_state=0, _every=True, _rtol=1e-7)
case(KA + "Nystroem", "chi2", nonnegative(regression), kernel="chi2", n_components=5, random_state=0, _every=True, _rtol=1e-6)
case(KA + "RBFSampler", "", regression, n_components=6, gamma=0.3, random_state=0, _py2=True, _also=("sparse", "f32"))
case(KA + "RBFSampler", "scale", regression, n_components=5, gamma="scale", random_state=0, _since="1.2")
case(KA + "RBFSampler", "float32", as_float32(regression), n_components=5, random_state=0, _also=("f32",), _since="1.0")
case(KA + "SkewedChi2Sampler", "", asked(nonnegative(regression), negative=lambda t: -2 * t - 1), skewedness=0.5, n_components=6, random_state=0, _py2=True)
for _steps in (1, 2, 3):
    case(KA + "AdditiveChi2Sampler", "%d" % _steps, asked(nonnegative(regression), negative=lambda t: -t), sample_steps=_steps, _py2=_steps == 2, _also=("sparse",))
case(KA + "AdditiveChi2Sampler", "interval", nonnegative(regression), sample_steps=2, sample_interval=0.4, _also=("sparse",), _every=True)
case(KA + "AdditiveChi2Sampler", "sparse", csr_of(nonnegative(lambda: Data(regression().X * (abs(regression().X) > 1), None, regression().T))), _every=True)
case(KA + "PolynomialCountSketch", "", regression, n_components=8, random_state=0, _every=True, _also=("sparse",))
case(KA + "PolynomialCountSketch", "three", regression, degree=3, gamma=0.5, coef0=2.0, n_components=10, random_state=0, _also=("sparse",))
case("random_projection.GaussianRandomProjection", "", wide, n_components=4, random_state=0, _py2=True, _inverse=True, _also=("sparse", "f32"))
case("random_projection.GaussianRandomProjection", "inverse", wide, n_components=4, compute_inverse_components=True, random_state=0, _inverse=True, _every=True)
case("random_projection.SparseRandomProjection", "", wide, n_components=4, random_state=0, _py2=True, _inverse=True, _also=("sparse", "f32"))
case("random_projection.SparseRandomProjection", "dense", csr_of(wide), n_components=5, density=0.5, dense_output=True, random_state=0, _inverse=True)
case("random_projection.SparseRandomProjection", "inverse", wide, n_components=4, compute_inverse_components=True, random_state=0, _inverse=True, _every=True)

# -- cross_decomposition
CD = "cross_decomposition."
case(CD + "PLSRegression", "", regression, n_components=2, _py2=True, _inverse=True)
case(CD + "PLSRegression", "targets", two_targets, n_components=2, _every=True, _inverse=True)
case(CD + "PLSRegression", "square", lambda: Data(two_targets().X[:, :2], two_targets().y, two_targets().T[:, :2]), n_components=1, _every=True, _inverse=True)
case(CD + "PLSRegression", "unscaled", two_targets, n_components=1, scale=False, _inverse=True)
case(CD + "PLSRegression", "column", column_y(regression), n_components=1, _inverse=True)
case(CD + "PLSRegression", "frame", frame(two_targets), n_components=2, _inverse=True)
for _name in ("PLSCanonical", "CCA"):
    case(CD + _name, "", two_targets, n_components=2, _py2=True, _inverse=True, _rtol=1e-7)
    case(CD + _name, "unscaled", two_targets, n_components=1, scale=False, _inverse=True, _rtol=1e-7)
case(CD + "PLSSVD", "", two_targets, n_components=2, _py2=True)
case(CD + "PLSSVD", "unscaled", two_targets, n_components=1, scale=False)
TT = "compose.TransformedTargetRegressor"
case(TT, "", regression, regressor=E(R), _every=True)
case(TT, "log", positive, regressor=E(R), func=npy("log"), inverse_func=npy("exp"), _every=True)
case(TT, "scaler", regression, regressor=E(R), transformer=E(Z), _every=True)
case(TT, "targets", two_targets, regressor=E(R), transformer=E("preprocessing.MinMaxScaler"))
case(TT, "quantile", regression, regressor=E("linear_model.LinearRegression"), transformer=E("preprocessing.QuantileTransformer", n_quantiles=10, random_state=0))
case(TT, "power", positive, regressor=E(TR, max_depth=2, random_state=0), transformer=E("preprocessing.PowerTransformer"))
case(TT, "frame", frame(positive), regressor=E(R), func=npy("sqrt"), inverse_func=npy("square"))

# -- semi_supervised
SS = "semi_supervised."
case(SS + "LabelPropagation", "", unlabelled(few(iris, 24)), gamma=0.5, _py2=True)
case(SS + "LabelPropagation", "knn", unlabelled(few(iris, 24)), kernel="knn", n_neighbors=4, _every=True)
case(SS + "LabelSpreading", "", unlabelled(few(iris, 24)), gamma=0.5, alpha=0.3, _py2=True)
case(SS + "LabelSpreading", "knn", unlabelled(few(binary, 24)), kernel="knn", n_neighbors=3)
case(SS + "SelfTrainingClassifier", "", unlabelled(iris), estimator=LR, _every=True)
case(SS + "SelfTrainingClassifier", "k-best", unlabelled(binary), estimator=E("naive_bayes.GaussianNB"), criterion="k_best", k_best=5)
case(SS + "SelfTrainingClassifier", "svc", unlabelled(iris), estimator=E(C, gamma=0.2, probability=True, random_state=0), threshold=0.6)

# -- manifold, and what answers for the samples of its fit alone
M_ = "manifold."
case(M_ + "Isomap", "", few(iris, 24), n_neighbors=4, n_components=2, _py2=True, _rtol=1e-6)
case(M_ + "Isomap", "brute", few(iris, 24), n_neighbors=6, n_components=3, neighbors_algorithm="brute", _every=True, _rtol=1e-6)
case(M_ + "Isomap", "radius", few(iris, 24), n_neighbors=None, radius=6.0, _since="1.1", _rtol=1e-6)
case(M_ + "Isomap", "manhattan", few(iris, 24), n_neighbors=6, metric="manhattan", _rtol=1e-6)
case(M_ + "Isomap", "asked-sparse", few(iris, 8), n_neighbors=4, n_components=1, neighbors_algorithm="brute", _also=("sparse",), _since="0.20", _until="0.22", _every=True, _rtol=1e-6)
case(M_ + "LocallyLinearEmbedding", "", few(iris, 24), n_neighbors=5, n_components=2, eigen_solver="dense", random_state=0, _py2=True, _rtol=1e-5)
for _method in ("modified", "hessian", "ltsa"):
    case(M_ + "LocallyLinearEmbedding", _method, few(iris, 24), n_neighbors=7, n_components=2, method=_method, eigen_solver="dense", random_state=0, _rtol=1e-5)
case(M_ + "TSNE", "", few(iris, 16), perplexity=4.0, random_state=0, init="random", method="exact", _maybe={"learning_rate": 50.0, "max_iter": 250}, _py2=True)
case(M_ + "MDS", "", few(iris, 16), random_state=0, n_init=1, max_iter=20, _maybe={"init": "random"}, _every=True)
case(M_ + "ClassicalMDS", "", few(iris, 16))
case(M_ + "SpectralEmbedding", "", few(iris, 16), random_state=0, affinity="rbf", gamma=0.3, _py2=True)
C_ = "cluster."
case(C_ + "AgglomerativeClustering", "", nothing(few(iris, 20)), n_clusters=3, _py2=True)
case(C_ + "AgglomerativeClustering", "threshold", nothing(few(iris, 20)), n_clusters=None, distance_threshold=4.0, linkage="average", _since="0.21")
case(C_ + "DBSCAN", "", nothing(few(iris, 20)), eps=2.0, min_samples=3, _py2=True)
case(C_ + "HDBSCAN", "", nothing(few(iris, 20)), min_cluster_size=4, _maybe={"copy": True}, _every=True)
case(C_ + "OPTICS", "", nothing(few(iris, 20)), min_samples=4, _every=True)
case(C_ + "SpectralClustering", "", nothing(few(iris, 20)), n_clusters=3, gamma=1.0, random_state=0, _py2=True)
case(C_ + "SpectralBiclustering", "", nothing(nonnegative(few(iris, 20))), n_clusters=2, random_state=0, _py2=True, n_components=3, n_best=2, method="log")
case(C_ + "SpectralCoclustering", "", nothing(nonnegative(few(iris, 20))), n_clusters=2, random_state=0, _py2=True)

# -- neighbors
N_ = "neighbors."
for _algorithm in ("brute", "kd_tree", "ball_tree"):
    _short = _algorithm.replace("_", "-")
    case(N_ + "KNeighborsClassifier", _short, ABC, n_neighbors=4, algorithm=_algorithm, leaf_size=5, _py2=True, _also=("f32", "one"))
    case(N_ + "KNeighborsClassifier", _short + "-ties", ties, n_neighbors=5, algorithm=_algorithm, leaf_size=4, weights="distance", _ties=True, _every=True)
    case(N_ + "KNeighborsRegressor", _short, regression, n_neighbors=3, algorithm=_algorithm, leaf_size=6, weights="distance", _py2=True)
    case(N_ + "RadiusNeighborsRegressor", _short, neighbourhood, radius=2.5, algorithm=_algorithm, leaf_size=5, weights="distance", _py2=True)
    case(N_ + "RadiusNeighborsClassifier", _short, neighbourhood, radius=2.5, algorithm=_algorithm, leaf_size=5, _py2=True, _maybe={"outlier_label": 7})
    case(N_ + "NearestNeighbors", _short, ties, n_neighbors=6, radius=1.5, algorithm=_algorithm, leaf_size=4, _ties=True, _py2=True)
    case(N_ + "KernelDensity", _short, few(outliers, 24), bandwidth=0.8, algorithm=V("0", "auto" if _algorithm == "brute" else _algorithm), leaf_size=4, _py2=True)
for _metric, _more in (("manhattan", {}), ("chebyshev", {}), ("minkowski", {"p": 3}), ("canberra", {}), ("braycurtis", {}), ("hamming", {})):
    case(N_ + "KNeighborsClassifier", _metric, iris, n_neighbors=3, metric=_metric, algorithm="ball_tree" if _metric != "hamming" else "brute", leaf_size=5, _every=_metric in ("manhattan", "minkowski"), **_more)
    case(N_ + "NearestNeighbors", _metric, few(iris, 20), n_neighbors=3, metric=_metric, algorithm="brute", **_more)
for _metric in ("cosine", "correlation", "sqeuclidean", "cityblock"):
    case(N_ + "NearestNeighbors", _metric, asked_of(nothing(few(iris, 20)), 0, 1, 2, 3, 5), n_neighbors=3, metric=_metric, algorithm="brute")
case(N_ + "NearestNeighbors", "nan_euclidean", asked_of(missing(few(iris, 20)), 0, 1, 3, 5), n_neighbors=3, metric="nan_euclidean", algorithm="brute", _since="1.6")
for _metric in ("jaccard", "dice", "rogerstanimoto", "russellrao", "sokalmichener", "sokalsneath", "matching", "kulsinski", "yule"):
    case(N_ + "NearestNeighbors", _metric, truths, n_neighbors=4, metric=_metric, algorithm="brute", _until={"sokalmichener": "1.6", "matching": "1.2", "kulsinski": "1.1"}.get(_metric, "99"))
    if _metric != "yule":
        case(N_ + "KNeighborsClassifier", _metric, lambda: Data(truths().X.astype(float), truths().y, truths().T.astype(float)), n_neighbors=4, metric=_metric, algorithm="ball_tree", leaf_size=5, _until={"matching": "1.2", "kulsinski": "1.2"}.get(_metric, "99"))
_lsh = dict(n_estimators=4, n_candidates=3, radius=0.002, random_state=0, _until="0.20")
case(N_ + "LSHForest", "", iris, n_neighbors=4, _py2=True, **_lsh)
case(N_ + "LSHForest", "sparse", sparse(iris), n_neighbors=4, **_lsh)
case(N_ + "LSHForest", "filled", few(iris, 20), n_neighbors=6, min_hash_match=24, **_lsh)
case(N_ + "LSHForest", "defaults", iris, random_state=1, _until="0.20")
case(N_ + "NearestNeighbors", "haversine", nothing(angles), n_neighbors=3, metric="haversine", algorithm="ball_tree", leaf_size=5)
case(N_ + "NearestNeighbors", "seuclidean", nothing(few(iris, 20)), n_neighbors=3, metric="seuclidean", metric_params={"V": array_of(1.0, 2.0, 0.5, 1.5)}, algorithm="ball_tree", leaf_size=4)
case(N_ + "NearestNeighbors", "seuclidean-brute", nothing(few(iris, 20)), n_neighbors=3, metric="seuclidean", metric_params={"V": array_of(1.0, 2.0, 0.5, 1.5)}, algorithm="brute")
case(N_ + "NearestNeighbors", "mahalanobis", nothing(few(iris, 20)), n_neighbors=3, metric="mahalanobis", metric_params={"VI": Call(lambda: __import__("numpy").diag([1.0, 2.0, 0.5, 1.0]) + 0.1)}, algorithm="ball_tree", leaf_size=4)
case(N_ + "NearestNeighbors", "weighted", nothing(few(iris, 20)), n_neighbors=3, metric="minkowski", p=3, metric_params={"w": array_of(1.0, 2.0, 0.5, 0.0)}, algorithm="ball_tree", leaf_size=4, _since="1.1")
case(N_ + "NearestNeighbors", "wminkowski", nothing(few(iris, 20)), n_neighbors=3, metric="wminkowski", metric_params={"p": 3, "w": array_of(1.0, 2.0, 0.5, 0.1)}, algorithm="ball_tree", leaf_size=4, _until="1.2")
case(N_ + "NearestNeighbors", "precomputed", nothing(distances(few(iris, 20))), n_neighbors=3, metric="precomputed", radius=3.0)
case(N_ + "NearestNeighbors", "sparse", nothing(sparse(iris)), n_neighbors=3, radius=3.0)
case(N_ + "NearestNeighbors", "float32", nothing(in_float32(iris)), n_neighbors=3, radius=3.0, algorithm="brute")
case(N_ + "KNeighborsClassifier", "outputs", two_outputs_text, n_neighbors=3, _every=True)
case(N_ + "KNeighborsClassifier", "bools", labelled(binary, False, True), n_neighbors=2)
case(N_ + "KNeighborsClassifier", "negative", labelled(binary, -1, 1), n_neighbors=4, p=1)
case(N_ + "KNeighborsClassifier", "one-class", one_class, n_neighbors=2)
case(N_ + "KNeighborsClassifier", "asked-sparse", few(binary, 8), n_neighbors=2, metric="chebyshev", algorithm="brute", _also=("sparse",), _since="0.24", _until="1.2")
case(N_ + "NearestCentroid", "asked-sparse", few(binary, 8), metric="canberra", _also=("sparse",), _since="0.24", _until="1.2")
case(N_ + "KNeighborsClassifier", "sparse", sparse(iris), n_neighbors=3, weights="distance")
case(N_ + "KNeighborsClassifier", "precomputed", distances(few(iris, 20)), n_neighbors=3, metric="precomputed", weights="distance")
case(N_ + "KNeighborsClassifier", "frame", frame(iris), n_neighbors=3)
case(N_ + "KNeighborsClassifier", "cosine", iris, n_neighbors=3, metric="cosine", algorithm="brute")
case(N_ + "KNeighborsRegressor", "targets", two_targets, n_neighbors=3, _every=True)
case(N_ + "KNeighborsRegressor", "precomputed", distances(few(regression, 20)), n_neighbors=3, metric="precomputed")
case(N_ + "KNeighborsRegressor", "sparse", sparse(regression), n_neighbors=3)
case(N_ + "RadiusNeighborsClassifier", "outlier", neighbourhood, radius=1.0, outlier_label=-1)
case(N_ + "RadiusNeighborsClassifier", "most-frequent", neighbourhood, radius=1.0, outlier_label="most_frequent", weights="distance", _since="0.22")
case(N_ + "RadiusNeighborsClassifier", "counted", labelled(neighbourhood, 1, 2, 3), radius=1.0, p=1, outlier_label=1, algorithm="brute", _since="1.3")
case(N_ + "RadiusNeighborsClassifier", "counted-frequent", neighbourhood, radius=1.0, metric="chebyshev", outlier_label="most_frequent", algorithm="brute", _since="1.3")
case(N_ + "RadiusNeighborsClassifier", "refused", neighbourhood, radius=0.3)
case(N_ + "RadiusNeighborsRegressor", "targets", lambda: Data(neighbourhood().X, two_targets().y[:30], neighbourhood().T), radius=2.0)
case(N_ + "RadiusNeighborsRegressor", "empty", neighbourhood, radius=0.2)
case(N_ + "NearestCentroid", "", ABC, _py2=True)
case(N_ + "NearestCentroid", "manhattan", iris, metric="manhattan", _every=True)
case(N_ + "NearestCentroid", "shrink", iris, shrink_threshold=0.4, _every=True)
case(N_ + "NearestCentroid", "priors", binary, priors=[0.3, 0.7])
case(N_ + "NearestCentroid", "sparse", sparse(iris))
case(N_ + "LocalOutlierFactor", "", outliers, n_neighbors=5, novelty=True, contamination=0.1, _every=True)
case(N_ + "LocalOutlierFactor", "brute", outliers, n_neighbors=4, novelty=True, contamination="auto", algorithm="brute", metric="manhattan", _since="0.20")
case(N_ + "LocalOutlierFactor", "ties", nothing(ties), n_neighbors=5, novelty=True, contamination="auto", _since="0.20")
for _kernel in ("gaussian", "tophat", "epanechnikov", "exponential", "linear", "cosine"):
    case(N_ + "KernelDensity", _kernel, few(outliers, 24), bandwidth=2.0, kernel=_kernel, leaf_size=6, _every=_kernel == "tophat")
case(N_ + "KernelDensity", "weighted", weighted(few(outliers, 24)), bandwidth=1.5, leaf_size=6, _since="0.20", _every=True)
case(N_ + "KernelDensity", "scott", few(outliers, 24), bandwidth="scott", _since="1.2")
case(N_ + "KernelDensity", "manhattan", few(outliers, 24), bandwidth=1.5, metric="manhattan", rtol=1e-4, leaf_size=4)
case(N_ + "KNeighborsTransformer", "", nothing(few(iris, 20)), n_neighbors=3, _every=True)
case(N_ + "KNeighborsTransformer", "connectivity", nothing(few(iris, 20)), n_neighbors=3, mode="connectivity")
case(N_ + "RadiusNeighborsTransformer", "", nothing(few(iris, 20)), radius=3.0, _every=True)
case(N_ + "RadiusNeighborsTransformer", "connectivity", nothing(few(iris, 20)), radius=3.0, mode="connectivity")
case(N_ + "NeighborhoodComponentsAnalysis", "", iris, n_components=2, max_iter=5, random_state=0, _every=True)

# -- decomposition
D_ = "decomposition."
case(D_ + "PCA", "", nothing(regression), n_components=2, _py2=True, _inverse=True, _also=("f32", "int", "one"), _rtol=1e-8)
case(D_ + "PCA", "whiten", nothing(regression), n_components=3, whiten=True, _py2=True, _inverse=True, _rtol=1e-8)
case(D_ + "PCA", "part", nothing(regression), n_components=0.8, svd_solver="full", _inverse=True, _rtol=1e-8, _since="0.18")
case(D_ + "PCA", "mle", nothing(latent), n_components="mle", svd_solver="full", _inverse=True, _rtol=1e-8, _since="0.18")
case(D_ + "PCA", "all", nothing(constant_column), whiten=True, _inverse=True, _rtol=1e-6)
case(D_ + "PCA", "randomized", nothing(regression), n_components=2, svd_solver="randomized", random_state=0, _inverse=True, _rtol=1e-8)
case(D_ + "PCA", "arpack", nothing(regression), n_components=2, svd_solver="arpack", random_state=0, _inverse=True, _rtol=1e-8)
case(D_ + "PCA", "sparse", nothing(sparse(regression)), n_components=2, svd_solver="arpack", random_state=0, _since="1.4", _inverse=True, _rtol=1e-8)
case(D_ + "PCA", "covariance", nothing(regression), n_components=2, svd_solver="covariance_eigh", whiten=True, _since="1.5", _inverse=True, _rtol=1e-8)
case(D_ + "PCA", "float32", nothing(as_float32(regression)), n_components=2, svd_solver="full", _since="0.20", _also=("f32",), _inverse=True, _rtol=1e-5)
case(D_ + "PCA", "frame", nothing(frame(regression)), n_components=2, _inverse=True, _rtol=1e-8)
case(D_ + "RandomizedPCA", "", nothing(regression), n_components=2, random_state=0, _py2=True, _inverse=True, _rtol=1e-8)
case(D_ + "RandomizedPCA", "whiten", nothing(regression), n_components=2, whiten=True, random_state=0, _py2=True, _inverse=True, _rtol=1e-8)
case(D_ + "IncrementalPCA", "", nothing(regression), n_components=2, batch_size=13, _py2=True, _inverse=True, _rtol=1e-8, _also=("sparse",))
case(D_ + "IncrementalPCA", "whiten", nothing(regression), n_components=3, whiten=True, _inverse=True, _rtol=1e-8)
for _kernel, _more in (("linear", {}), ("rbf", {"gamma": 0.2}), ("poly", {"degree": 2, "coef0": 0.5}), ("sigmoid", {"gamma": 0.02}), ("cosine", {})):
    case(D_ + "KernelPCA", _kernel, nothing(few(regression, 16)), kernel=_kernel, n_components=2, eigen_solver="dense", _py2=_kernel == "rbf", _rtol=1e-6, **_more)
case(D_ + "KernelPCA", "inverse", nothing(few(regression, 16)), kernel="rbf", n_components=2, fit_inverse_transform=True, alpha=0.1, eigen_solver="dense", _every=True, _inverse=True, _rtol=1e-6)
case(D_ + "KernelPCA", "precomputed", nothing(exact_gram(few(regression, 16))), kernel="precomputed", n_components=2, eigen_solver="dense", _every=True, _rtol=1e-6)
case(D_ + "KernelPCA", "sparse", nothing(few(sparse(regression), 16)), kernel="rbf", n_components=2, eigen_solver="dense", _rtol=1e-6)
case(D_ + "TruncatedSVD", "", nothing(sparse(regression)), n_components=2, random_state=0, _py2=True, _inverse=True, _rtol=1e-8, _also=("one",))
case(D_ + "TruncatedSVD", "arpack", nothing(regression), n_components=2, algorithm="arpack", random_state=0, _inverse=True, _rtol=1e-8, _also=("sparse", "f32"))
for _fun in ("logcosh", "exp", "cube"):
    case(D_ + "FastICA", _fun, nothing(lambda: regression(60, 4)), n_components=2, fun=_fun, random_state=0, max_iter=50, _maybe={"whiten": V("0", True, "1.1", "arbitrary-variance")}, _py2=_fun == "logcosh", _inverse=True, _rtol=1e-6)
case(D_ + "FastICA", "unit", nothing(lambda: regression(60, 4)), n_components=3, whiten="unit-variance", random_state=0, max_iter=50, _since="1.1", _inverse=True, _rtol=1e-6)
case(D_ + "FastICA", "raw", nothing(lambda: regression(60, 3)), whiten=False, random_state=0, max_iter=50, _inverse=True, _rtol=1e-6)
case(D_ + "FactorAnalysis", "", nothing(lambda: regression(60, 4)), n_components=2, max_iter=50, random_state=0, _py2=True, _rtol=1e-6)
case(D_ + "FactorAnalysis", "varimax", nothing(lambda: regression(60, 4)), n_components=2, svd_method="lapack", rotation="varimax", max_iter=50, _rtol=1e-6)
case(D_ + "SparsePCA", "", nothing(regression), n_components=2, alpha=0.5, max_iter=20, random_state=0, _py2=True, _maybe={"normalize_components": True}, _inverse=True, _rtol=1e-6)
case(D_ + "SparsePCA", "raw", nothing(regression), n_components=2, alpha=0.5, max_iter=20, ridge_alpha=0.1, random_state=0, _every=True, _inverse=True, _rtol=1e-6)
case(D_ + "MiniBatchSparsePCA", "", nothing(regression), n_components=2, alpha=0.5, random_state=0, batch_size=10, _maybe={"n_iter": 10, "max_iter": 10, "normalize_components": True}, _every=True, _inverse=True, _rtol=1e-6)

# -- feature_extraction
X_ = "feature_extraction."
CV = X_ + "CountVectorizer"
HV = X_ + "HashingVectorizer"
case(CV, "", documents, _py2=True, _inverse=True)
case(CV, "capitals", capitals, _every=True)
case(HV, "capitals", capitals, n_features=64)
case(CV, "bigrams", documents, ngram_range=(1, 3), _inverse=True, min_df=1, max_features=60)
case(CV, "char", one_document, analyzer="char", ngram_range=(1, 2), _py2=True, _inverse=True)
case(CV, "char-wb", one_document, analyzer="char_wb", ngram_range=(2, 4), _every=True)
case(CV, "accents", documents, strip_accents="unicode", _every=True)
case(CV, "ascii", documents, strip_accents="ascii", lowercase=False)
case(CV, "stop-words", documents, stop_words="english", binary=True, _py2=True)
case(CV, "stop-list", documents, stop_words=[u"the", u"fox", u"hello"], dtype=npy("float32"))
case(CV, "pattern", documents, token_pattern=u"(?u)\\b\\w+\\b", _every=True)
case(CV, "pattern-group", documents, token_pattern=u"([a-z]{2,})-?", _since="0.24")
case(CV, "pattern-set", documents, token_pattern=u"(?i)[^\\W\\d_]+(?=\\s|$)")
case(CV, "vocabulary", documents, vocabulary=[u"fox", u"dog", u"caf\u00e9", u"hello"], _py2=True, _inverse=True)
case(CV, "vocabulary-dict", documents, vocabulary={u"fox": 2, u"dog": 0, u"world": 1}, _inverse=True)
TV = X_ + "TfidfVectorizer"
case(TV, "", documents, _py2=True, _inverse=True)
case(TV, "l1", documents, norm="l1", sublinear_tf=True, smooth_idf=False, _every=True)
case(TV, "raw", documents, norm=None, ngram_range=(2, 2), _since="0.20", min_df=1, max_features=40)
case(TV, "no-idf", documents, use_idf=False, binary=True, _every=True)
case(TV, "float32", documents, dtype=npy("float32"), _since="0.20")
case(TV, "float32-widened", one_document, dtype=npy("float32"), sublinear_tf=True, _until="0.19", _every=True)
case(TV, "char-wb", one_document, analyzer="char_wb", ngram_range=(1, 3), lowercase=False, _every=True)
case(HV, "", documents, n_features=64, _py2=True)
case(HV, "unsigned", documents, n_features=37, alternate_sign=False, norm=None, _since="0.19", _every=True)
case(HV, "binary", documents, n_features=16, binary=True, norm="l1", ngram_range=(1, 2))
case(HV, "non-negative", documents, n_features=32, non_negative=True, _py2=True, _until="0.20")
TF = X_ + "TfidfTransformer"
case(TF, "", term_counts, _py2=True)
case(TF, "sublinear", term_counts, sublinear_tf=True, norm="l1", smooth_idf=False, _every=True)
case(TF, "no-idf", term_counts, use_idf=False, norm=None, _every=True)
case(TF, "float32", in_float32(words), sublinear_tf=True, norm=None, _since="0.19", _until="0.22", _every=True)
case(X_ + "DictVectorizer", "", records, _py2=True, _inverse=True)
case(X_ + "DictVectorizer", "dense", records, sparse=False, sort=False, separator=":", _inverse=True, _since="0.22")
case(X_ + "DictVectorizer", "lists", record_lists, _since="0.24", _inverse=True)
case(X_ + "DictVectorizer", "lists-dense", record_lists, sparse=False, _since="1.0", _inverse=True)
case(X_ + "DictVectorizer", "float32", records, dtype=npy("float32"), _every=True)
case(X_ + "FeatureHasher", "", hashed, n_features=16, _py2=True)
case(X_ + "FeatureHasher", "words", hashed_words, n_features=16, _every=True, _since="0.18")
case(X_ + "FeatureHasher", "pairs", hashed_pairs, n_features=10, input_type="pair", _every=True)
case(X_ + "FeatureHasher", "text", hashed_text, n_features=8, input_type="string", _py2=True)
case(X_ + "FeatureHasher", "unsigned", hashed, n_features=12, alternate_sign=False, dtype=npy("float32"), _since="0.19")
case(X_ + "PatchExtractor", "", pictures, patch_size=(2, 3), _py2=True)
case(X_ + "PatchExtractor", "color", color_pictures, patch_size=(2, 2))

# -- gaussian_process
GP = "gaussian_process.GaussianProcessRegressor"


def kernel(text):
    """A kernel, from the classes of its module."""
    return Call(lambda: eval(text, vars(importlib.import_module("sklearn.gaussian_process.kernels")).copy()))


for _name, _text in (("", "ConstantKernel(2.0) * RBF(1.5)"), ("white", "RBF([1.0, 2.0]) + WhiteKernel(0.1)"), ("matern-0.5", "Matern(1.5, nu=0.5)"),
                     ("matern-1.5", "Matern(1.5, nu=1.5)"), ("matern-2.5", "Matern(1.5, nu=2.5)"), ("matern", "Matern(1.2, nu=0.8)"),
                     ("quadratic", "RationalQuadratic(1.0, 0.7)"), ("dot", "DotProduct(0.8) ** 2"),
                     ("exponent", "Exponentiation(RBF(2.0), 2) + ConstantKernel(0.5)"), ("pairwise", "PairwiseKernel(gamma=0.4, metric='laplacian') + WhiteKernel(0.2)")):
    case(GP, _name, smooth, kernel=kernel(_text), optimizer=None, alpha=0.05, _every=_name == "", _rtol=1e-6)
case(GP, "periodic", lambda: Data(smooth().X[:, :1], smooth().y, smooth().T[:, :1]), kernel=kernel("ExpSineSquared(1.1, 3.0)"), optimizer=None, alpha=0.1, _rtol=1e-6)
case(GP, "default", smooth, random_state=0, alpha=0.1, _every=True, _rtol=1e-6)
case(GP, "normalized", smooth, kernel=kernel("RBF(1.0)"), normalize_y=True, optimizer=None, alpha=0.01, _every=True, _rtol=1e-6)
case(GP, "targets", smooth_targets, kernel=kernel("RBF(1.0)"), normalize_y=True, optimizer=None, alpha=0.01, _every=True, _rtol=1e-6)
case(GP, "alphas", smooth, kernel=kernel("RBF(1.0) + DotProduct()"), optimizer=None, alpha=Call(lambda: __import__("numpy").linspace(0.01, 0.2, 12)), _rtol=1e-6)
GC = "gaussian_process.GaussianProcessClassifier"
case(GC, "", labelled(few(binary, 14), u"no", u"yes"), kernel=kernel("1.0 * RBF(1.5)"), optimizer=None, _every=True, _rtol=1e-6)
case(GC, "rest", few(ABC, 15), kernel=kernel("RBF(1.5)"), optimizer=None, _every=True, _rtol=1e-6)
case(GC, "pairs", few(iris, 15), kernel=kernel("RBF(1.5)"), multi_class="one_vs_one", optimizer=None, _rtol=1e-6)
case("gaussian_process._BinaryGaussianProcessClassifierLaplace", "", labelled(few(binary, 14), u"no", u"yes"), kernel=kernel("1.0 * RBF(1.5)"), optimizer=None, _every=True, _rtol=1e-6)

# -- the rest
case("neural_network.BernoulliRBM", "", nothing(lambda: Data(truths().X.astype(float), None, truths().T.astype(float))), n_components=3, n_iter=5, random_state=0, _py2=True)
FU = "pipeline.FeatureUnion"
case(FU, "", regression, transformer_list=[("scale", E(Z)), ("range", E("preprocessing.MinMaxScaler"))], _py2=True)
case(FU, "weights", regression, transformer_list=[("scale", E(Z)), ("poly", E(PF, degree=2))], transformer_weights={"scale": 2.0}, _every=True)
case(FU, "dropped", regression, transformer_list=[("scale", E(Z)), ("gone", DROP)], _since="0.18", _every=True)
case(FU, "passthrough", frame(regression), transformer_list=[("scale", E(Z)), ("as-is", "passthrough")], _since="1.1")
case(FU, "sparse", sparse(regression), transformer_list=[("a", E("preprocessing.MaxAbsScaler")), ("b", E("preprocessing.Binarizer"))])
case(FU, "text", documents, transformer_list=[("words", E(CV)), ("letters", E(HV, analyzer="char", n_features=16, norm=None))], _every=True)
case(FU, "plain", frame(regression), transformer_list=[("scale", E(Z)), ("range", E("preprocessing.MinMaxScaler"))], verbose_feature_names_out=False)
case(P, "text", lambda: Data(documents().X, [0, 1, 0, 1, 0, 1, 0, 1, 0], documents().T), steps=[("words", E(TV)), ("model", LR)], _py2=True)
case(P, "records", records, steps=[("columns", E(X_ + "DictVectorizer")), ("scale", E(Z, with_mean=False))], _every=True)
case(P, "encoder", lambda: Data(palette().X, palette().y, palette().T), steps=[("encode", E(OH, handle_unknown="ignore")), ("model", E(R))], _since="0.20", _every=True)
case("grid_search.RandomizedSearchCV", "", iris, estimator=LR, param_distributions={"C": [0.1, 1.0]}, n_iter=2, cv=3, random_state=0, _py2=True)

# -- discriminant_analysis
for _solver in ("svd", "lsqr", "eigen"):
    case("discriminant_analysis.LinearDiscriminantAnalysis", _solver, four, solver=_solver, _py2=_solver == "svd", _rtol=1e-7)
    case("discriminant_analysis.LinearDiscriminantAnalysis", _solver + "-binary", labelled(binary, "no", "yes"), solver=_solver, _rtol=1e-7)
case("discriminant_analysis.LinearDiscriminantAnalysis", "components", four, n_components=1)
case("discriminant_analysis.LinearDiscriminantAnalysis", "single", single(few(iris, 12)), _since="0.22", _until="0.24")
case("discriminant_analysis.LinearDiscriminantAnalysis", "float32", as_float32(iris), _also=("f32",), _since="0.20")
case("discriminant_analysis.QuadraticDiscriminantAnalysis", "", iris, _py2=True)
case("discriminant_analysis.QuadraticDiscriminantAnalysis", "binary", labelled(binary, "no", "yes"), reg_param=0.1)
case("discriminant_analysis.QuadraticDiscriminantAnalysis", "eigen", iris, solver="eigen", shrinkage=0.1)

# -- mixture, covariance
for _type in ("full", "tied", "diag", "spherical"):
    case("mixture.GaussianMixture", _type, nothing(iris), n_components=2, covariance_type=_type, random_state=0, _py2=_type == "full")
    case("mixture.BayesianGaussianMixture", _type, nothing(iris), n_components=2, covariance_type=_type, random_state=0, max_iter=50)
for _type in ("full", "tied", "diag", "spherical"):
    case("mixture.GMM", _type, nothing(iris), n_components=2, covariance_type=_type, random_state=0, _py2=True)
case("mixture.BayesianGaussianMixture", "distribution", nothing(iris), n_components=3, weight_concentration_prior_type="dirichlet_distribution", random_state=0, max_iter=50)
case("covariance.EmpiricalCovariance", "", nothing(iris), _py2=True)
case("covariance.EmpiricalCovariance", "not-stored", nothing(iris), store_precision=False, assume_centered=True)
case("covariance.ShrunkCovariance", "", nothing(iris))
case("covariance.LedoitWolf", "", nothing(iris))
case("covariance.OAS", "", nothing(iris))
case("covariance.MinCovDet", "", nothing(iris), random_state=0)
case("covariance.GraphicalLasso", "", nothing(iris), alpha=0.2)
case("covariance.GraphicalLassoCV", "", nothing(iris), alphas=3, cv=3)
case("covariance.GraphLasso", "", nothing(iris), alpha=0.2)
case("covariance.GraphLassoCV", "", nothing(iris), alphas=3, cv=3)
case("covariance.EllipticEnvelope", "", outliers, random_state=0, _py2=True)

# -- cluster
case("cluster.KMeans", "", nothing(iris), n_clusters=3, n_init=2, random_state=0, _py2=True, _also=("sparse", "int"))
case("cluster.KMeans", "sparse", nothing(sparse(iris)), n_clusters=3, n_init=2, random_state=0)
case("cluster.KMeans", "float32", nothing(in_float32(iris)), n_clusters=3, n_init=2, random_state=0, _since="0.20")
case("cluster.MiniBatchKMeans", "", nothing(iris), n_clusters=3, n_init=2, random_state=0)
case("cluster.BisectingKMeans", "", nothing(iris), n_clusters=4, random_state=0)
case("cluster.BisectingKMeans", "sparse", nothing(sparse(iris)), n_clusters=3, random_state=0)
case("cluster.MeanShift", "", nothing(iris), bandwidth=2.0, _py2=True)
case("cluster.AffinityPropagation", "", nothing(iris), _maybe={"random_state": 0})
case("cluster.MeanShift", "asked-sparse", nothing(few(iris, 8)), bandwidth=3.0, _also=("sparse",), _since="0.22", _until="0.24")
case("cluster.AffinityPropagation", "asked-sparse", nothing(few(iris, 8)), _maybe={"random_state": 0}, _also=("sparse",), _since="0.20", _until="1.0")
case("cluster.Birch", "", nothing(iris), threshold=0.9, n_clusters=3, _py2=True)
case("cluster.Birch", "none", nothing(iris), threshold=2.0, n_clusters=None)
case("cluster.FeatureAgglomeration", "", nothing(iris), n_clusters=2, _py2=True)
case("cluster.FeatureAgglomeration", "range", nothing(iris), n_clusters=2, pooling_func=Call(lambda: __import__("numpy").ptp), _also=("f32",), _since="1.9")
case("cluster.FeatureAgglomeration", "max", nothing(iris), n_clusters=3, pooling_func=Call(lambda: __import__("numpy").max))

# -- decomposition: factorizations and sparse codes
def portions(k=6):
    """What is never negative."""
    import numpy as np
    r = rng(31)
    mixture = np.round(r.uniform(0, 1, (40, 2)).dot(r.uniform(0, 3, (2, k))) + r.uniform(0, 0.2, (40, k)), 3)
    return Data(mixture[:30], None, mixture[30:])


def documents():
    """Counts of words, one document without any."""
    d = Data(rng(32).poisson(1.2, (30, 7)).astype(float), None, rng(33).poisson(1.0, (8, 7)).astype(float))
    d.T[3] = 0
    return d


def with_zeros(base):
    """The same as CSR matrices; one value in three is zero."""
    def data():
        import numpy as np
        import scipy.sparse as sp
        d = base()
        for a in (d.X, d.T):
            a[np.arange(a.size).reshape(a.shape) % 3 == 0] = 0.0
        d.X, d.T = sp.csr_matrix(d.X), sp.csr_matrix(d.T)
        return d
    return data


def atoms():
    """A dictionary of rows of length 1, more than there are features."""
    import numpy as np
    rows = rng(34).normal(size=(6, 5))
    return rows / np.sqrt((rows ** 2).sum(axis=1))[:, None]


def signals():
    import numpy as np
    r = rng(35)
    return Data(np.round(r.normal(size=(30, 5)), 3), None, np.round(r.normal(size=(10, 5)), 3))


NMF = "decomposition.NMF"
case(NMF, "", portions, n_components=2, random_state=0, _py2=True, _also=("sparse",), _rtol=1e-8)
case(NMF, "square", lambda: portions(3), n_components=3, random_state=0, _rtol=1e-8)
case(NMF, "shuffle", portions, n_components=3, shuffle=True, random_state=5, _rtol=1e-8)
case(NMF, "sparse", with_zeros(portions), n_components=2, random_state=0, l1_ratio=0.5, _maybe={"alpha": V("0", 0.1, "1.0", "deprecated"), "alpha_W": 0.01}, _rtol=1e-8)
case(NMF, "alpha", portions, n_components=2, random_state=0, alpha=0.2, l1_ratio=0.3, _until="1.1", _rtol=1e-8)
case(NMF, "no-regularization", portions, n_components=2, random_state=0, alpha=0.2, regularization=None, _since="1.0", _until="1.1", _rtol=1e-8)
case(NMF, "regularization", portions, n_components=2, random_state=0, alpha=0.2, regularization="components", _until="1.1", _rtol=1e-8)
case(NMF, "penalty", portions, n_components=2, random_state=0, beta_loss="kullback-leibler", solver="mu", alpha_W=0.02, l1_ratio=0.5, max_iter=60, _since="1.9", _rtol=1e-8)
case(NMF, "pg", portions, n_components=2, random_state=0, solver="pg", alpha=0.1, l1_ratio=0.4, _until="0.18", _rtol=1e-8)
case(NMF, "float32", in_float32(portions), n_components=2, random_state=0, _since="0.24", _rtol=1e-5)
for _loss in ("frobenius", "kullback-leibler", "itakura-saito", 0.5, 1.5, 2.5):
    case(NMF, "mu-%s" % _loss, portions, n_components=2, random_state=0, solver="mu", init="random", beta_loss=_loss, _rtol=1e-8)
case(NMF, "mu-sparse", with_zeros(portions), n_components=2, random_state=0, solver="mu", init="random", beta_loss="kullback-leibler", _maybe={"alpha_W": 0.01}, _rtol=1e-8)
case(NMF, "mu-sparse-frobenius", with_zeros(portions), n_components=2, random_state=0, solver="mu", init="random", _since="0.19", _rtol=1e-8)
case("decomposition.ProjectedGradientNMF", "", portions, n_components=2, random_state=0, _py2=True, _rtol=1e-8)
case("decomposition.ProjectedGradientNMF", "data", portions, n_components=2, random_state=0, sparseness="data", beta=0.5, _py2=True, _rtol=1e-8)
case("decomposition.ProjectedGradientNMF", "components", portions, n_components=2, random_state=0, sparseness="components", eta=0.3, _py2=True, _rtol=1e-8)
case("decomposition.MiniBatchNMF", "", portions, n_components=2, random_state=0, batch_size=10, max_iter=20, _also=("sparse",), _rtol=1e-8)
case("decomposition.MiniBatchNMF", "kl", portions, n_components=2, random_state=0, batch_size=10, max_iter=20, beta_loss="kullback-leibler", alpha_W=0.01, transform_max_iter=7, _rtol=1e-8)
case("decomposition.LatentDirichletAllocation", "", documents, random_state=0, max_iter=4, _maybe={"n_components": 3, "n_topics": V("0", 3, "0.19", None)}, _py2=True, _also=("sparse",), _rtol=1e-8)
case("decomposition.LatentDirichletAllocation", "online", with_zeros(documents), random_state=0, max_iter=3, learning_method="online", mean_change_tol=1e-6, doc_topic_prior=0.3, _rtol=1e-8)
case("decomposition.LatentDirichletAllocation", "float32", in_float32(documents), random_state=0, max_iter=3, n_components=3, _since="1.2", _rtol=1e-4)
CODER = "decomposition.SparseCoder"
for _algorithm in ("omp", "lars", "lasso_lars", "lasso_cd", "threshold"):
    case(CODER, _algorithm, signals, dictionary=Call(atoms), transform_algorithm=_algorithm, _py2=True, _rtol=1e-8,
         **({"transform_n_nonzero_coefs": 3} if _algorithm in ("omp", "lars") else {"transform_alpha": 0.2}))
    case("decomposition.DictionaryLearning", _algorithm, signals, n_components=4, max_iter=5, random_state=0, transform_algorithm=_algorithm, _rtol=1e-8,
         **({"transform_n_nonzero_coefs": 4} if _algorithm in ("omp", "lars") else {"transform_alpha": 0.4}))
for _algorithm in ("lasso_lars", "lasso_cd", "threshold"):
    case(CODER, "positive-%s" % _algorithm, signals, dictionary=Call(atoms), transform_algorithm=_algorithm, transform_alpha=0.05, positive_code=True, _rtol=1e-8)
    case(CODER, "small-%s" % _algorithm, signals, dictionary=Call(atoms), transform_algorithm=_algorithm, transform_alpha=1e-3, split_sign=True, _rtol=1e-8)
case(CODER, "stopped", signals, dictionary=Call(atoms), transform_algorithm="lasso_lars", transform_alpha=1e-4, transform_max_iter=2, _rtol=1e-8)
case(CODER, "square", signals, dictionary=Call(lambda: 2 * atoms()[:5]), transform_algorithm="omp", _rtol=1e-8)
case("decomposition.DictionaryLearning", "alpha", signals, n_components=5, max_iter=5, alpha=0.5, random_state=0, transform_algorithm="lasso_lars", _rtol=1e-8)
case("decomposition.MiniBatchDictionaryLearning", "", signals, n_components=4, random_state=0, batch_size=10, _maybe={"n_iter": V("0", 10, "1.1", "deprecated", "1.4", None)}, _py2=True, _rtol=1e-8)

# -- mixture, linear_model, gaussian_process: classes that are gone
for _type in ("full", "tied", "diag", "spherical"):
    case("mixture.DPGMM", _type, nothing(iris), n_components=3, covariance_type=_type, random_state=0, _py2=True, _rtol=1e-7)
    case("mixture.VBGMM", _type, nothing(iris), n_components=3, covariance_type=_type, random_state=0, _py2=True, _rtol=1e-7)
case("linear_model.RandomizedLasso", "", regression, alpha=0.05, n_resampling=20, random_state=0, _py2=True)
case("linear_model.RandomizedLasso", "asked-sparse", asked_as_csr(few(regression, 8)), alpha=0.05, n_resampling=5, random_state=0, _since="0.19", _every=True)
case("linear_model.RandomizedLogisticRegression", "", binary, n_resampling=20, random_state=0, _py2=True)
for _corr in ("absolute_exponential", "squared_exponential", "generalized_exponential", "cubic", "linear"):
    case("gaussian_process.GaussianProcess", _corr, regression, corr=_corr, theta0=[0.1, 0.2, 0.1, 0.2, 1.5] if _corr[0] == "g" else 0.1, nugget=0.01, random_state=0, _py2=True, _rtol=1e-7)
case("gaussian_process.GaussianProcess", "linear-each", two_targets, regr="linear", theta0=[0.1, 0.2, 0.3, 0.4], nugget=0.01, random_state=0, _py2=True, _rtol=1e-7)
case("gaussian_process.GaussianProcess", "quadratic", regression, regr="quadratic", normalize=False, nugget=0.01, random_state=0, _py2=True, _rtol=1e-7)


def forget(model):
    """As it was before the fit, when the prior is predicted."""
    for name in list(vars(model)):
        if name.endswith("_") or name in ("_y_train_mean", "_y_train_std", "_rng", "n_features_in_"):
            delattr(model, name)


case("gaussian_process.GaussianProcessRegressor", "prior", regression, _post=forget, _since="0.20")
case("gaussian_process.GaussianProcessRegressor", "prior-kernel", regression, _post=forget, kernel=Call(lambda: __import__("sklearn.gaussian_process.kernels").gaussian_process.kernels.ConstantKernel(2.0) * __import__("sklearn.gaussian_process.kernels").gaussian_process.kernels.RBF(0.7)))

# -- model_selection: thresholds
FIXED_THRESHOLD = "model_selection.FixedThresholdClassifier"
case(FIXED_THRESHOLD, "", labelled(binary, "no", "yes"), estimator=E(L), threshold=0.3)
case(FIXED_THRESHOLD, "auto", binary, estimator=E("svm.LinearSVC", random_state=0))
case(FIXED_THRESHOLD, "decision", labelled(binary, "no", "yes"), estimator=E(L), threshold=0.4, response_method="decision_function", pos_label="no")
case(FIXED_THRESHOLD, "first", labelled(binary, "no", "yes"), estimator=E("naive_bayes.GaussianNB"), threshold=0.7, pos_label="no")
case(FIXED_THRESHOLD, "frame", frame(binary), estimator=E(L), threshold=0.6)
TUNED = "model_selection.TunedThresholdClassifierCV"
case(TUNED, "average-precision", binary, estimator=LR, scoring="average_precision", thresholds=5, cv=3, _since="1.9")
case(TUNED, "", labelled(binary, "no", "yes"), estimator=E(L), cv=3, thresholds=10, random_state=0)
case(TUNED, "f1", binary, estimator=E(T, max_depth=3, random_state=0), cv=3, thresholds=10, scoring="f1", random_state=0)
case(TUNED, "label", labelled(binary, "no", "yes"), estimator=E(L), cv=3, thresholds=10, random_state=0,
     scoring=Call(lambda: __import__("sklearn.metrics").metrics.make_scorer(__import__("sklearn.metrics").metrics.recall_score, pos_label="no")))

if __name__ == "__main__":
    sys.exit(main())
