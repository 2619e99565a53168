#!/usr/bin/env python3
"""Streams without globals, judged by CPython's C unpickler with every name refused: `streams SEED COUNT | differential.py`

What is accepted CPython accepts, with the same value. What is refused beyond that must be on the list below."""
import collections
import io
import pickle
import resource
import struct
import sys

# Refusals of what CPython takes: the words of the refusal, and why.
BEYOND = [
    ("limit ", "a limit"),
    ("text is not UTF-8", "lone surrogates"),
    ("no character", "lone surrogates"),
    ("is no integer", "spellings of int() that no pickler writes"),
    ("is no number", "spellings of float() that no pickler writes"),
    ("is no memo index", "spellings of int() that no pickler writes"),
    ("a state is set on something that takes none", "BUILD of None on a plain value, which does nothing"),
    ("frame", "a frame that ends inside an opcode or another frame"),
    ("is announced", "a frame longer than the stream, of which CPython reads nothing"),
    ("values are appended to something that is no list", "APPENDS to a bytearray"),
    ("items are added to something that is no set", "ADDITEMS to what has no add, of no element"),
    ("no opcode starts with the byte", "the first byte is no opcode"),
    ("this is no pickle", "another format"),
    ("is not supported", "another format"),
]


class Unpickler(pickle.Unpickler):
    def find_class(self, module, name):
        raise pickle.UnpicklingError("no names")

    def persistent_load(self, pid):
        raise pickle.UnpicklingError("no persistent ids")


def bits(x):
    return "%016x" % struct.unpack(">Q", struct.pack(">d", float("nan") if x != x else x))[0]


def write(value, seen):
    kind = type(value)
    if kind in (list, dict) or kind in (set, frozenset, tuple) and value:
        if id(value) in seen:
            return "#%d" % seen[id(value)]
        seen[id(value)] = len(seen)
    if value is None or kind is bool:
        return str(value)
    if kind is int:
        if -2**63 <= value < 2**63:
            return str(value)
        try:
            return "L" + bits(float(value))
        except OverflowError:
            return "L" + bits(float("inf") if value > 0 else float("-inf"))
    if kind is float:
        return "F" + bits(value)
    if kind is str:
        return "S" + value.encode("utf-8", "surrogatepass").hex()
    if kind in (bytes, bytearray):
        return "B" + value.hex()
    if kind in (list, tuple):
        return "[("[kind is tuple] + "".join(write(v, seen) + "," for v in value) + "]"
    if kind is dict:
        return "<" + "".join(write(k, seen) + ":" + write(v, seen) + "," for k, v in value.items()) + ">"
    if kind in (set, frozenset):
        return "{" + ",".join(sorted(write(v, {}) for v in value)) + "}"
    return "?"


def numeric(text):
    """Equal numbers are one element of a set: which of them it keeps is not told."""
    return "{" in text or "F" in text


# CPython makes room for every memo index up to the one that is named: nine bytes may ask for all memory.
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
tally, faults = collections.Counter(), []
for line in sys.stdin:
    stream, told = line.rstrip("\n").split("\t", 1)
    raw = bytes.fromhex(stream)
    if told.startswith("?"):
        faults.append("%s: accepted, but cannot be read: %s" % (stream, told))
        continue
    try:
        theirs = "= " + write(Unpickler(io.BytesIO(raw), encoding="latin1").load(), {})
    except (RecursionError, MemoryError) as e:
        tally["CPython: %s" % type(e).__name__] += 1
        continue
    except Exception as e:
        theirs = None
        reason = "%s: %s" % (type(e).__name__, e)
    if told.startswith("="):
        if theirs is None:
            faults.append("%s: accepted as %s, CPython: %s" % (stream, told, reason))
        elif theirs != told and not (numeric(told) and "{" in told):
            faults.append("%s: %s, CPython %s" % (stream, told, theirs))
        else:
            tally["same value"] += 1
    elif theirs is None:
        tally["both refuse"] += 1
    else:
        named = next((why for words, why in BEYOND if words in told), None)
        if named is None:
            faults.append("%s: refused (%s), CPython %s" % (stream, told, theirs))
        tally["refused beyond: %s" % named] += 1
for what, count in sorted(tally.items()):
    print("%7d  %s" % (count, what))
if faults:
    print("\n".join(faults[:40]))
    sys.exit("%d of the streams judged otherwise" % len(faults))
if tally["same value"] < 100:
    sys.exit("too few streams mean anything")
