#!/usr/bin/env python3
"""What the proofs at loading cost: load_checks.py [MODEL.joblib ...]

Builds the benchmark's worker twice, as it is and from a copy of the sources without the checks that go through a whole model (trees are acyclic,
their features, children and values in range; numbers are finite; terms of a vocabulary are distinct; keys are hashable; all memory is paid for), and
counts the instructions that each needs for a load, under valgrind's callgrind. Checks of single fields and of the stream's bytes stay:
without them the reader would read something else. The copy is for measuring alone: such a program must not meet a file that it does not know.
"""
import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile

from instructions import count

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
EST, PKL = "crates/skestimators/src/", "crates/skpickle/src/"
# File, text and what takes its place: each text is there once, or the measurement no longer fits the sources.
CHECKS = [
    (EST + "tree/structure.rs", "if let Some(at) = not_finite(&values) {", "if let Some(at) = None::<usize> {"),
    (EST + "tree/structure.rs", "if i > 0 && !reached[i] {", "if false {"),
    (EST + "tree/structure.rs", "let Some(reached) = reached.get_mut(index(child)).filter(|_| index(child) > i) else {",
     "let Some(reached) = Some(&mut reached[0]) else {"),
    (EST + "tree/structure.rs", "if std::mem::replace(reached, true) {", "if std::mem::replace(reached, false) {"),
    (EST + "tree/structure.rs", "if column >= n_features.min(MISSING_LEFT as usize) {", "if false {"),
    (EST + "tree/structure.rs", "if record.threshold.is_nan() {", "if false {"),
    (EST + "ensemble/hist_gradient_boosting.rs", "if i > 0 && !reached[i] {", "if false {"),
    (EST + "ensemble/hist_gradient_boosting.rs", "if record.value.is_nan() {", "if false {"),
    (EST + "ensemble/hist_gradient_boosting.rs", "if child > i && child < count && !std::mem::replace(&mut reached[child], true) =>", "if { let _ = &mut reached; true } =>"),
    (EST + "ensemble/hist_gradient_boosting.rs", "if !usize::try_from(feature).is_ok_and(|feature| feature < width) {", "if false {"),
    (EST + "svm/base.rs", "s.require(not_finite(values).is_none(),", "s.require(true || values.is_empty(),"),
    (EST + "feature_extraction/text/vocabulary.rs", "let entry = table.entry(hash.hash_one(term.as_bytes()), same, hash_of);",
     "let _ = same;\n            let len = term.len() as u32;\n"
     "            table.insert_unique(hash.hash_one(term.as_bytes()), Place { start, len, column }, hash_of);\n            start += len;\n"
     "            continue;\n            #[allow(unreachable_code)]\n            let entry = table.entry(0, |_: &Place| false, |_: &Place| 0);"),
    (EST + "feature_extraction/text/tfidf.rs", "idf.iter().all(|weight| weight.is_finite())", "idf.len() < usize::MAX"),
    (PKL + "machine.rs", "let bad = self.is_unhashable(key);", "let bad = false && self.is_unhashable(key);"),
    (PKL + "machine.rs", "let bad = self.graph.items(items).iter().any(|&id| self.is_unhashable(id));", "let bad = false;"),
    (PKL + "graph.rs", "|left| left.checked_sub(bytes)", "|left| Some(left.wrapping_sub(bytes))"),
    (PKL + "graph.rs", "left.checked_sub(bytes).ok_or_else(|| self.unpaid(left, bytes))?", "left.wrapping_sub(bytes)"),
]


def build(root, target):
    subprocess.run(["cargo", "build", "--profile", "fastrel", "-p", "skestimators", "--example", "bench_worker", "--target-dir", str(target)], cwd=root, check=True)
    return str(target / "fastrel/examples/bench_worker")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kernels = [str(ROOT / f"testdata/kernels/{name}.joblib") for name in ("forest", "boosting", "histogram_boosting", "svc", "tfidf")]
    parser.add_argument("models", nargs="*", default=kernels)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as copy:
        files = subprocess.run(["git", "ls-files", "-z", "Cargo.toml", "Cargo.lock", "crates", "benchmarks", "examples"], cwd=ROOT, capture_output=True, check=True)
        for file in files.stdout.decode().strip("\0").split("\0"):
            to = pathlib.Path(copy) / file
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / file, to)
        for file, text, instead in CHECKS:
            path = pathlib.Path(copy) / file
            source = path.read_text()
            if source.count(text) != 1:
                sys.exit(f"{file} holds this {source.count(text)} times: {text}")
            path.write_text(source.replace(text, instead))
        # The copy has a folder of its own: cargo tells sources by their place in the workspace and their age.
        checked = build(ROOT, ROOT / "target")
        unchecked = build(copy, ROOT / "target/load-checks")
        for model in args.models:
            with_checks, without = count(checked, model, 0), count(unchecked, model, 0)
            print(f"{pathlib.Path(model).name}: {with_checks:,} instructions, {without:,} without checks: {100 * (with_checks / without - 1):+.1f} %")


if __name__ == "__main__":
    main()
