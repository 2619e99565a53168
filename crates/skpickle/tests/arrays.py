#!/usr/bin/env python
"""Adds the arrays, scalars, sparse matrices and joblib files that this environment's numpy, scipy and joblib write to arrays.json.

    for env in ENVIRONMENTS: env/bin/python crates/skpickle/tests/arrays.py crates/skpickle/tests/arrays.json

Runs on Python 2.7 to 3.13. Each entry: how it was made, the bytes in hexadecimal, and what a reader must find.
"""
from __future__ import print_function

import binascii
import io
import json
import os
import pickle
import shutil
import sys
import tempfile

import joblib
import numpy as np
import pandas as pd
import scipy.sparse as sp

text = type(u"")


def plain(x):
    if isinstance(x, bytes) and not isinstance(x, str):
        return {"bytes": binascii.hexlify(x).decode("ascii")}
    if isinstance(x, np.bytes_):
        return {"bytes": binascii.hexlify(bytes(x)).decode("ascii")}
    if isinstance(x, (np.floating, float)):
        return repr(float(x))
    if isinstance(x, (np.bool_, bool)):
        return bool(x)
    if isinstance(x, (np.integer, int)):
        return int(x)
    return x


def entry(how, data, array, **more):
    array = np.asarray(array)
    if array.dtype.names:
        values = dict((n, [plain(v) for v in array[n].ravel()]) for n in array.dtype.names)
    elif array.dtype.kind in "Mm":
        values = [int(v) for v in array.astype("i8").ravel()]
    else:
        values = [plain(v) for v in array.ravel()]
    return dict(more, how=how, hex=binascii.hexlify(data).decode("ascii"), shape=list(array.shape), kind=array.dtype.kind, values=values)


def arrays():
    base = np.arange(6).reshape(2, 3)
    for code in ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "g", "?"]:
        yield code, base.astype(code)
    yield ">f8", base.astype(">f8") / 4
    yield ">i4", base.astype(">i4")
    yield "fortran", np.asfortranarray(base / 3.0)
    yield "fortran 3d", np.asfortranarray(np.arange(24.0).reshape(2, 3, 4))
    yield "view", (np.arange(12.0).reshape(3, 4) / 7)[::2, 1:]
    yield "0-d", np.array(2.5)
    yield "empty", np.zeros((0, 3))
    yield "special", np.array([np.nan, np.inf, -np.inf, -0.0, 5e-324])
    yield "S", np.array([b"a", b"bc\0", b""])
    yield "U", np.array([u"a", u"\u00e9\u20ac", u"", u"\U0001f600"])
    yield "U0", np.array([u"", u""], dtype="U0")
    yield "M8", np.array(["2020-01-01", "1969-12-31"], dtype="M8[ns]")
    yield "m8", np.array([1, -5], dtype="m8[s]")
    yield "packed", np.array([(1, 2.5, True), (3, -4.5, False)], dtype=[("a", "u1"), ("b", "<f8"), ("c", "?")])
    yield "padded", np.array([(1, 2.5), (3, -4.5)], dtype=np.dtype([("a", "<i2"), ("b", ">f8")], align=True))
    yield "objects", np.array([None, 1, 2.5, u"x", True], dtype=object)
    yield "unmasked", np.ma.array([1.0, 2.5], mask=[False, False])
    yield "matrix", np.matrix([[1.0, 2.0], [3.0, 4.0]])


def tables():
    """pandas' containers: `values` of what is 1-d, `frame` of tables."""
    frame = pd.DataFrame({"a": [1.5, 2.5], "b": [1, 2], "c": [u"x", u"y"], "d": [True, False]}, columns=["a", "b", "c", "d"])
    one = [("index of text", frame.columns), ("index of ints", pd.Index([3, 1])), ("range", pd.RangeIndex(1, 8, 3)),
           ("index of floats", pd.Index([1.5, 2.5])), ("categorical", pd.Categorical([u"v", u"u", u"v"])),
           ("index of categories", pd.CategoricalIndex([u"v", u"u"])), ("series", frame["a"]), ("series of text", frame["c"])]
    if hasattr(pd, "array"):
        one.append(("string array", pd.array([u"x", u"y"], dtype="string") if pd.__version__ >= "1" else pd.array([u"x"], dtype=object)))
    for name, value in one:
        for protocol in (0, 2, pickle.HIGHEST_PROTOCOL):
            yield entry("pickle %d pandas %s" % (protocol, name), pickle.dumps(value, protocol), np.array(list(value), dtype=object), values1d=True)
    for protocol in (0, 2, pickle.HIGHEST_PROTOCOL):
        columns = [[name, [plain(v) for v in frame[name]]] for name in frame.columns]
        yield {"how": "pickle %d pandas table" % protocol, "hex": binascii.hexlify(pickle.dumps(frame, protocol)).decode("ascii"), "frame": columns}


def main(path):
    env = "python %d.%d numpy %s joblib %s pandas %s" % (sys.version_info[0], sys.version_info[1], np.__version__, joblib.__version__, pd.__version__)
    out = []
    folder = tempfile.mkdtemp()
    for name, array in arrays():
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            # One pickle protocol each for most, all of them for two.
            if name not in ("f8", "U") and protocol not in (0, 2, pickle.HIGHEST_PROTOCOL):
                continue
            out.append(entry("pickle %d %s" % (protocol, name), pickle.dumps(array, protocol), array))
        if name in ("U0", "unmasked") or name in ("M8", "m8") and tuple(map(int, joblib.__version__.split(".")[:2])) < (0, 10):
            continue
        for compress in (0, 3):
            file = os.path.join(folder, "x.joblib")
            written = joblib.dump([array, "after"], file, compress=compress)
            if len(written) > 1:
                continue  # side files: see the golden fixtures
            with open(file, "rb") as f:
                out.append(entry("joblib %d %s" % (compress, name), f.read(), array, at=[0]))
    for name, scalar in [("f8", np.float64(0.1)), ("f4", np.float32(0.1)), ("i8", np.int64(-7)), ("?", np.bool_(True)), ("U", np.array([u"\u00e9b"])[0])]:
        out.append(entry("pickle 2 scalar %s" % name, pickle.dumps(scalar, 2), scalar, scalar=True))
    dense = np.array([[0, 1.5, 0], [2.5, 0, 0], [0, 0, 0], [0, -1, 3]])
    for fmt in ("csr", "csc", "coo", "dia"):
        out.append(entry("pickle 2 %s_matrix" % fmt, pickle.dumps(getattr(sp, fmt + "_matrix")(dense), 2), dense, sparse=True))
        if hasattr(sp, fmt + "_array"):
            out.append(entry("pickle 4 %s_array" % fmt, pickle.dumps(getattr(sp, fmt + "_array")(dense), 4), dense, sparse=True))
    out.extend(tables())
    shutil.rmtree(folder)
    document = {}
    if os.path.exists(path):
        with io.open(path, encoding="utf-8") as f:
            document = json.load(f)
    document[env] = out
    with io.open(path, "w", encoding="utf-8") as f:
        f.write(text("{\n"))
        for i, key in enumerate(sorted(document)):
            f.write(text("%s: [\n" % json.dumps(key)))
            f.write(text(",\n").join(text(json.dumps(e, sort_keys=True)) for e in document[key]))
            f.write(text("\n]%s\n" % ("," if i + 1 < len(document) else "")))
        f.write(text("}\n"))


main(sys.argv[1])
