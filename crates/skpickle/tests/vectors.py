#!/usr/bin/env python3
"""Writes vectors.json: streams without globals, each with the value that CPython's own unpickler gives, or null where it refuses.

    python3 crates/skpickle/tests/vectors.py > crates/skpickle/tests/vectors.json

Three kinds: dumps of plain values under every protocol, such dumps with one byte changed or the end cut off, and random runs of
opcodes. Values are spelled in one canonical text (see `canonical`), which the test writes for what it decodes too.
"""
import io
import json
import pickle
import random
import struct


class Refusing(pickle.Unpickler):
    def find_class(self, module, name):
        raise pickle.UnpicklingError("a global")

    def persistent_load(self, pid):
        raise pickle.UnpicklingError("a persistent id")


class Strange(Exception):
    """A value that the canonical text does not spell: cycles, deep nesting, lone surrogates, what is not plain."""


def canonical(value, depth=0):
    if depth > 40:
        raise Strange
    below = lambda v: canonical(v, depth + 1)
    if value is None or value is True or value is False:
        return str(value)
    kind = type(value)
    if kind is int:
        return "i%d" % value
    if kind is float:
        return "nan" if value != value else "f" + struct.pack(">d", value).hex()
    if kind is str:
        try:
            return "s" + value.encode("utf-8").hex()
        except UnicodeEncodeError:
            raise Strange
    if kind in (bytes, bytearray):
        return "b" + bytes(value).hex()
    if kind is list:
        return "[" + ",".join(map(below, value)) + "]"
    if kind is tuple:
        return "(" + ",".join(map(below, value)) + ")"
    if kind in (set, frozenset):
        return "{" + ",".join(sorted(map(below, value))) + "}"
    if kind is dict:
        # Keys that are equal across types (1, True, 1.0) are one key in Python and would be several here.
        if len({type(k) for k in value} & {int, float, bool}) > 1:
            raise Strange
        return "<" + ",".join(sorted(below(k) + ":" + below(v) for k, v in value.items())) + ">"
    raise Strange


def plain(rng, depth=0):
    pick = rng.randrange(14 if depth < 4 else 9)
    if pick == 0:
        return None
    if pick == 1:
        return rng.random() < 0.5
    if pick == 2:
        return rng.choice([0, 1, -1, 255, 256, 65535, 65536, 2**31 - 1, -2**31, 2**31, 2**63, -2**63, -2**63 - 1, 2**70, -2**100])
    if pick == 3:
        return rng.choice([0.0, -0.0, 1.5, -2.25e300, 5e-324, float("inf"), float("-inf"), float("nan"), 0.1])
    if pick in (4, 5):
        return "".join(rng.choice(["a", "b", "\n", "'", '"', "\\", "\u00e9", "\u20ac", "\U0001f600", "\0", " "]) for _ in range(rng.randrange(6)))
    if pick == 6:
        return bytes(rng.randrange(256) for _ in range(rng.randrange(6)))
    if pick == 7:
        return rng.randrange(-1000, 1000)
    if pick == 8:
        return "x" * rng.choice([0, 1, 255, 256, 300])
    if pick == 9:
        return [plain(rng, depth + 1) for _ in range(rng.randrange(4))]
    if pick == 10:
        return tuple(plain(rng, depth + 1) for _ in range(rng.randrange(5)))
    if pick == 11:
        return {rng.choice(["k%d" % i, i, (i, "t")]): plain(rng, depth + 1) for i in range(rng.randrange(4))}
    if pick == 12:
        return {rng.choice([i, "s%d" % i]) for i in range(rng.randrange(4))}
    shared = [plain(rng, depth + 1)]
    return [shared, shared, (shared,)]


OPCODES = [b"(", b".", b"0", b"1", b"2", b"K\x01", b"M\x01\x02", b"J\xff\xff\xff\xff", b"N", b"U\x01a", b"T\x01\0\0\0b", b"X\x01\0\0\0c",
           b"a", b"d", b"}", b"e", b"h\0", b"h\x01", b"j\0\0\0\0", b"l", b"]", b"q\0", b"q\x01", b"r\x02\0\0\0", b"s", b"t", b")", b"u",
           b"G\x3f\xf0\0\0\0\0\0\0", b"\x85", b"\x86", b"\x87", b"\x88", b"\x89", b"\x8a\x01\x05", b"\x8a\x00", b"\x8b\x01\0\0\0\xff", b"B\x01\0\0\0d",
           b"C\x01e", b"\x8c\x01f", b"\x8d\x01\0\0\0\0\0\0\0g", b"\x8e\x01\0\0\0\0\0\0\0h", b"\x8f", b"\x90", b"\x91", b"\x94",
           b"\x96\x01\0\0\0\0\0\0\0i", b"I12\n", b"I01\n", b"I00\n", b"L7L\n", b"L-7\n", b"F1.5\n", b"Vu\n", b"S's'\n", b"p0\n", b"g0\n"]


def main():
    rng = random.Random(20261122)
    streams = []
    for i in range(240):
        streams.append(pickle.dumps(plain(rng), protocol=i % 6))
    for stream in streams[:240]:
        damaged = bytearray(stream)
        damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        streams.append(bytes(damaged))
        streams.append(stream[: rng.randrange(len(stream))])
    for _ in range(1500):
        start = [b"N", b"]", b"}", b"(", b"\x8f"][rng.randrange(5)]
        streams.append(b"\x80\x04" + start + b"".join(rng.choice(OPCODES) for _ in range(rng.randrange(1, 12))) + b".")
    out = {}
    for stream in streams:
        if len(stream) > 2000:
            continue
        try:
            value = Refusing(io.BytesIO(stream)).load()
        except Exception:
            out[stream.hex()] = None
            continue
        try:
            out[stream.hex()] = canonical(value)
        except Strange:
            pass
    print(json.dumps(out, indent=0, sort_keys=True))


main()
