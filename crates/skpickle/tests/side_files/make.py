#!/usr/bin/env python
"""Writes the files of joblib 0.8 and 0.9 whose arrays stand in files of their own (joblib 0.9.4, Python 2.7 or 3):

    cd crates/skpickle/tests/side_files && python make.py
"""
import joblib
import numpy as np

value = {"a": np.arange(6.0).reshape(2, 3), "b": [np.asfortranarray(np.arange(4).reshape(2, 2)), "after"], "c": np.array([1.5, 2.5])}
joblib.dump(value, "plain.joblib")
joblib.dump(value, "zipped.joblib", compress=3, cache_size=0)
joblib.dump(value, "whole.joblib", compress=3)
