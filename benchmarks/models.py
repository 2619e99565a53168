"""Data sets and scikit-learn models of the benchmark, every seed fixed: models.py FOLDER [--only NAME,...] [--jobs 2] [--growth]

FOLDER/data/SET.npy (doubles) or SET.jsonl (a row a line), SET.row.json (one row), and FOLDER/data/sets.json: rows, columns, kind;
FOLDER/models/NAME.joblib, for some also compressed or a bare pickle, and FOLDER/models/models.json: what each is and which set it
takes. What is there already is not made again. `--growth` makes the models that differ in one dimension only, in FOLDER/growth;
`--kernels` the small ones of testdata/kernels, in FOLDER.
"""
import argparse
import json
import pathlib
import pickle
import time
import warnings

import joblib
import numpy as np
import sklearn
from sklearn import datasets
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    ExtraTreesClassifier, GradientBoostingClassifier, HistGradientBoostingClassifier, IsolationForest, RandomForestClassifier,
    RandomForestRegressor, StackingClassifier)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier

SEED, TRAINED, ASKED = 0, 20_000, 100_000
UNITS = (100, 250, 500, 750, 900)
# Further files of a model: suffix, and how joblib compresses it.
FORMS = {
    "rf100": [(".z3.joblib", 3), (".lz4.joblib", ("lz4", 1)), (".xz.joblib", ("xz", 3)), (".pkl", None)],
    "mlp_500": [(".z3.joblib", 3)],
    "lr_digits": [(".z3.joblib", 3), (".pkl", None)],
    "tfidf_lr": [(".z3.joblib", 3)],
    "gb200_d6": [(".z3.joblib", 3)],
}


# Sets: a function gives what is fitted (X, y) and the rows that are asked.

def around(X, scale, low, high):
    """Rows near those of X, kept between two bounds."""
    rng = np.random.default_rng(SEED)
    near = X[rng.integers(0, len(X), ASKED)] + rng.normal(0, scale, (ASKED, X.shape[1]))
    return np.ascontiguousarray(np.clip(near, low, high))


def iris():
    X, y = datasets.load_iris(return_X_y=True)
    return X, y, around(X, 0.2, 0.05, 9)


def digits():
    X, y = datasets.load_digits(return_X_y=True)
    return X, y, np.round(around(X, 1.0, 0, 16))


def split(X, y, trained):
    return X[:trained], y[:trained], np.ascontiguousarray(X[trained:])


def synth():
    return split(*datasets.make_classification(
        TRAINED + ASKED, 30, n_informative=15, n_redundant=5, n_classes=2, flip_y=0.05, random_state=SEED), TRAINED)


def synthreg():
    return split(*datasets.make_regression(TRAINED + ASKED, 30, n_informative=15, noise=10.0, random_state=SEED), TRAINED)


def missing():
    """As `synth`, but the last four columns are categories (codes 0 to 19) and one cell in twenty is missing."""
    X, y, asked = synth()
    rng, every = np.random.default_rng(SEED), np.vstack([X, asked])
    for column in range(26, 30):
        edges = np.quantile(every[:, column], np.linspace(0, 1, 21)[1:-1])
        codes = rng.permutation(20)
        every[:, column] = codes[np.searchsorted(edges, every[:, column])]
    every[rng.random(every.shape) < 0.05] = np.nan
    return every[:TRAINED], y, np.ascontiguousarray(every[TRAINED:])


def knn20():
    return split(*datasets.make_classification(10_000 + ASKED, 20, n_informative=12, n_classes=3, random_state=SEED), 10_000)


def knn8():
    return split(*datasets.make_classification(10_000 + ASKED, 8, n_informative=6, n_classes=3, random_state=SEED), 10_000)


def json50():
    return split(*datasets.make_classification(2_000 + 1_000, 50, n_informative=20, n_classes=2, random_state=SEED), 2_000)


def gp5():
    rng = np.random.default_rng(SEED)
    X = rng.uniform(-2, 2, (300, 5))
    y = np.sin(X[:, 0] * 2) + X[:, 1] * X[:, 2] + 0.1 * rng.normal(size=300)
    return X, y, rng.uniform(-2, 2, (ASKED, 5))


def tab():
    """Eight numbers, one in twenty missing, then a city, a plan and a postal zone."""
    count, rng = TRAINED + ASKED, np.random.default_rng(SEED)
    spread, centre = [1, 10, 100, 1, 5, 1000, 0.1, 3], [0, 5, 50, 1, 0, 1e4, 0, 9]
    numbers = np.round(rng.normal(size=(count, 8)) * spread + centre, 4)
    city, plan = rng.integers(0, 10, count), rng.integers(0, 4, count)
    zone = rng.integers(0, 200, count)
    score = 0.8 * numbers[:, 0] + 0.05 * numbers[:, 1] + 0.3 * (plan - 1.5) + 0.2 * np.sin(city) + 0.3 * np.cos(zone)
    y = np.where(score + rng.logistic(size=count) > 0.3, "yes", "no")
    numbers[rng.random(numbers.shape) < 0.05] = np.nan
    cities = ["paris", "london", "berlin", "madrid", "rome", "oslo", "wien", "praha", "athens", "dublin"]
    words = (cities, ["free", "basic", "pro", "enterprise"], [f"z{n:03d}" for n in range(200)])
    X = np.empty((count, 11), dtype=object)
    X[:, :8] = numbers
    for column, (names, codes) in enumerate(zip(words, (city, plan, zone)), 8):
        X[:, column] = np.array(names, dtype=object)[codes]
    return X[:TRAINED], y[:TRAINED], X[TRAINED:]


def text():
    """Documents of 40 to 80 made-up words, which follow Zipf's law, on four topics."""
    rng = np.random.default_rng(SEED)
    syllables = ["ka", "lo", "mi", "ter", "an", "ve", "su", "ron", "pi", "gra", "el", "do", "nö", "chi", "bar", "ex"]
    words = sorted({"".join(rng.choice(syllables, rng.integers(1, 5))) for _ in range(30_000)})
    rng.shuffle(words)
    words = np.array(words, dtype=object)
    share = 1.0 / np.arange(1, len(words) + 1) ** 1.05
    topics = [np.concatenate([np.arange(200), 200 + rng.permutation(len(words) - 200)]) for _ in range(4)]
    share /= share.sum()
    y, documents = rng.integers(0, 4, 40_000), []
    for topic in y:
        chosen = words[topics[topic][rng.choice(len(words), rng.integers(40, 81), p=share)]]
        documents.append(" ".join(chosen[:20]).capitalize() + ", " + " ".join(chosen[20:]) + ".")
    return documents[:20_000], y[:20_000], documents[20_000:]


SETS = {made.__name__: made for made in (iris, digits, synth, synthreg, missing, knn20, knn8, json50, gp5, tab, text)}


# Models: name -> set, the method that is measured, and how it is made.

def columns(sparse):
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    words = OneHotEncoder(handle_unknown="ignore", sparse_output=sparse)
    return ColumnTransformer([("num", numbers, list(range(8))), ("cat", words, [8, 9, 10])])


def logistic():
    return LogisticRegression(max_iter=2000)


def recipes(jobs):
    fixed, parallel = {"random_state": SEED}, {"random_state": SEED, "n_jobs": jobs}
    boosted = {"max_iter": 200, "early_stopping": False, **fixed}
    proba = "predict_proba"
    found = {f"mlp_{n}": ("iris", proba, MLPClassifier((n, n, n), max_iter=1, **fixed)) for n in UNITS}
    return found | {
        "lr_iris": ("iris", proba, logistic()),
        "svc_iris": ("iris", proba, SVC(probability=True, **fixed)),
        "lr_digits": ("digits", proba, logistic()),
        "svc_digits": ("digits", proba, SVC(probability=True, C=0.5, **fixed)),
        "linsvc_digits": ("digits", "decision_function", LinearSVC(**fixed)),
        "pca_lr": ("digits", proba, make_pipeline(StandardScaler(), PCA(30, **fixed), logistic())),
        "rf_digits": ("digits", proba, RandomForestClassifier(100, **parallel)),
        "dt": ("synth", proba, DecisionTreeClassifier(**fixed)),
        "rf100": ("synth", proba, RandomForestClassifier(100, **parallel)),
        "et100": ("synth", proba, ExtraTreesClassifier(100, **parallel)),
        "rfreg100": ("synthreg", "predict", RandomForestRegressor(100, max_features=0.33, **parallel)),
        "gb200_d3": ("synth", proba, GradientBoostingClassifier(n_estimators=200, max_depth=3, subsample=0.5, **fixed)),
        "gb200_d6": ("synth", proba, GradientBoostingClassifier(n_estimators=200, max_depth=6, max_features="sqrt", **fixed)),
        "hgb_num": ("synth", proba, HistGradientBoostingClassifier(**boosted)),
        "hgb_cat": ("missing", proba, HistGradientBoostingClassifier(categorical_features=[26, 27, 28, 29], **boosted)),
        "iforest": ("synth", "decision_function", IsolationForest(n_estimators=100, **fixed)),
        "gnb": ("synth", proba, GaussianNB()),
        "kmeans50": ("synth", "predict", KMeans(50, n_init=1, **fixed)),
        "knn_brute": ("knn20", proba, KNeighborsClassifier(5)),
        "knn_kd": ("knn8", proba, KNeighborsClassifier(5, algorithm="kd_tree")),
        "stack": ("synth", proba, StackingClassifier(
            [("rf", RandomForestClassifier(50, max_depth=8, **parallel)), ("lr", make_pipeline(StandardScaler(), logistic())),
             ("nb", GaussianNB())], final_estimator=logistic(), cv=3)),
        "tab_lr": ("tab", proba, Pipeline([("pre", columns(True)), ("clf", logistic())])),
        "tab_hgb": ("tab", proba, Pipeline([("pre", columns(False)), ("clf", HistGradientBoostingClassifier(**boosted))])),
        "tfidf_lr": ("text", proba, make_pipeline(
            TfidfVectorizer(ngram_range=(1, 2), max_features=50_000, sublinear_tf=True), LogisticRegression(max_iter=200))),
        "gpr": ("gp5", "predict", GaussianProcessRegressor(
            ConstantKernel(1.0) * RBF(1.0) + WhiteKernel(0.1), optimizer=None, normalize_y=True)),
        "gpc": ("gp5", proba, GaussianProcessClassifier(ConstantKernel(1.0) * RBF(1.0), optimizer=None)),
        "rf500": ("synth", proba, RandomForestClassifier(500, **parallel)),
        # The request of the Lambda mark: 1,000 rows of 50 numbers. Not one of the 32 models.
        "json50": ("json50", proba, logistic()),
    }


def one_job(estimator):
    """As if `n_jobs` had never been given: it only shortens the fitting."""
    given = [key for key, value in estimator.get_params().items() if key.split("__")[-1] == "n_jobs" and value is not None]
    estimator.set_params(**dict.fromkeys(given))
    for part in estimator.estimators_ if isinstance(estimator, StackingClassifier) else ():
        one_job(part)


def describe(estimator):
    last = estimator[-1] if isinstance(estimator, Pipeline) else estimator
    about = {"class": type(estimator).__name__}
    if hasattr(last, "_predictors"):
        trees = [tree.nodes for step in last._predictors for tree in step]
        steps = sum(nodes["count"][nodes["is_leaf"] == 0].sum() / nodes["count"][0] for nodes in trees)
        return about | {"trees": len(trees), "nodes": sum(map(len, trees)), "steps": round(float(steps))}
    trees = [part.tree_ for part in np.ravel(np.asarray(getattr(last, "estimators_", [last]), dtype=object)) if hasattr(part, "tree_")]
    if trees:
        # Every split is passed by its samples: so many a sample passes on its way through all trees.
        steps = sum(tree.n_node_samples[tree.children_left != -1].sum() / tree.n_node_samples[0] for tree in trees)
        about |= {"trees": len(trees), "nodes": int(sum(tree.node_count for tree in trees)), "steps": round(float(steps))}
    if hasattr(last, "n_support_"):
        about |= {"support_vectors": int(np.sum(last.n_support_))}
    return about


def write_set(folder, name, rows):
    """-> what the set is. A row that is a document is a string, a cell that is missing is null."""
    if isinstance(rows, np.ndarray) and rows.dtype != object:
        np.save(folder / f"{name}.npy", np.ascontiguousarray(rows, dtype=np.float64))
        lines = [json.dumps([None if cell != cell else cell for cell in rows[0].tolist()])]
        kind = "numbers"
    else:
        plain = lambda row: row if isinstance(row, str) else [None if cell != cell else cell for cell in row]
        lines = [json.dumps(plain(row), ensure_ascii=False) for row in rows]
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n")
        kind = "text" if isinstance(rows, list) else "mixed"
    (folder / f"{name}.row.json").write_text(lines[0])
    return {"rows": len(rows), "columns": 1 if kind == "text" else rows.shape[1], "kind": kind}


def index(path):
    return json.loads(path.read_text()) if path.exists() else {}


def make(root, only, jobs):
    data, models = root / "data", root / "models"
    data.mkdir(parents=True, exist_ok=True)
    models.mkdir(parents=True, exist_ok=True)
    sets, known, ready = index(data / "sets.json"), index(models / "models.json"), {}
    for name, (where, method, estimator) in recipes(jobs).items():
        if only and name not in only or name in known:
            continue
        if where not in ready:
            ready[where] = SETS[where]()
        X, y, rows = ready[where]
        if where not in sets:
            sets[where] = write_set(data, where, rows)
            (data / "sets.json").write_text(json.dumps(sets, indent=1))
        if name == "gpc":
            X, y = X[:200], (y[:200] > 0).astype(int)
        start = time.perf_counter()
        estimator.fit(*([X] if name in ("iforest", "kmeans50") else [X, y]))
        seconds = time.perf_counter() - start
        one_job(estimator)
        path = models / f"{name}.joblib"
        joblib.dump(estimator, path)
        for suffix, compress in FORMS.get(name, ()):
            if suffix == ".pkl":
                (models / (name + suffix)).write_bytes(pickle.dumps(estimator, protocol=pickle.HIGHEST_PROTOCOL))
            else:
                joblib.dump(estimator, models / (name + suffix), compress=compress)
        known[name] = {"set": where, "method": method, "bytes": path.stat().st_size, "fit_s": round(seconds, 1),
                       "forms": [suffix for suffix, _ in FORMS.get(name, ())], "sklearn": sklearn.__version__, **describe(estimator)}
        (models / "models.json").write_text(json.dumps(known, indent=1))
        print(name, known[name], flush=True)


# Models that differ in one dimension: dimension -> [(size, model, rows to ask)].

def growing():
    rng = np.random.default_rng(SEED)
    X, y, rows = synth()
    rows = rows[:10_000]
    for size in (10, 30, 100, 300, 1000):
        wide = rng.normal(size=(2_000, size))
        yield "features", "logistic regression", size, LogisticRegression(max_iter=50), wide, wide[:, 0] > 0, wide
        yield "features", "naive Bayes", size, GaussianNB(), wide, wide[:, 0] > 0, wide
    for size in (10, 30, 100, 300, 1000):
        yield "trees", "random forest, depth 8", size, RandomForestClassifier(size, max_depth=8, random_state=SEED, n_jobs=2), X[:5000], y[:5000], rows
    for size in (2, 4, 8, 12, 16):
        yield "depth", "random forest, 100 trees", size, RandomForestClassifier(100, max_depth=size, random_state=SEED, n_jobs=2), X, y, rows
    noise = rng.integers(0, 2, 4_000)  # Labels without a rule: nearly every row becomes a support vector.
    for size in (100, 300, 1000, 3000):
        yield "support vectors", "SVC, 30 features", size, SVC(), X[:size], noise[:size], rows[:2000]
    documents, topics, asked = text()
    for size in (1_000, 3_000, 10_000, 30_000, 100_000):
        words = TfidfVectorizer(ngram_range=(1, 2), max_features=size)
        yield "vocabulary", "TF-IDF and naive Bayes", size, make_pipeline(words, Multinomial()), documents, topics, asked[:2000]


def Multinomial():
    from sklearn.naive_bayes import MultinomialNB
    return MultinomialNB()


def grow(root):
    folder = root / "growth"
    folder.mkdir(parents=True, exist_ok=True)
    known = index(folder / "models.json")
    for dimension, what, size, estimator, X, y, rows in growing():
        name = f"{dimension} {what} {size}".replace(",", "").replace(" ", "_")
        if name in known:
            continue
        estimator.fit(X, y)
        if hasattr(estimator, "n_jobs"):
            estimator.set_params(n_jobs=None)
        joblib.dump(estimator, folder / f"{name}.joblib")
        about = write_set(folder, name, rows)
        about.update(dimension=dimension, what=what, size=int(np.sum(estimator.n_support_)) if hasattr(estimator, "n_support_") else size,
                     method="predict")
        known[name] = about
        (folder / "models.json").write_text(json.dumps(known, indent=1))
        print(name, about, flush=True)


# Small models, one for each kernel: what crates/*/benches and instructions.py run, kept in testdata/kernels.

def kernels(folder):
    folder.mkdir(parents=True, exist_ok=True)
    X, y = datasets.make_classification(2_000, 20, n_informative=10, n_classes=3, random_state=SEED)
    documents, topics, _ = text()
    fixed = {"random_state": SEED}
    made = {
        "logistic": LogisticRegression(max_iter=200).fit(X, y),
        "mlp": MLPClassifier((64, 64), max_iter=5, **fixed).fit(X, y),
        "forest": RandomForestClassifier(25, max_depth=8, **fixed).fit(X, y),
        "boosting": GradientBoostingClassifier(n_estimators=40, max_depth=3, **fixed).fit(X, y),
        "histogram_boosting": HistGradientBoostingClassifier(max_iter=20, early_stopping=False, **fixed).fit(X, y),
        "svc": SVC(**fixed).fit(X[:400], y[:400]),
        "knn_brute": KNeighborsClassifier(5, algorithm="brute").fit(X[:500], y[:500]),
        "knn_kd": KNeighborsClassifier(5, algorithm="kd_tree").fit(X[:500, :4], y[:500]),
        "tfidf": make_pipeline(TfidfVectorizer(max_features=2_000), LogisticRegression(max_iter=20)).fit(documents[:500], topics[:500]),
    }
    for name, model in made.items():
        joblib.dump(model, folder / f"{name}.joblib", compress=9)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--growth", action="store_true")
    parser.add_argument("--kernels", action="store_true")
    args = parser.parse_args()
    warnings.filterwarnings("ignore")
    if args.kernels:
        return kernels(args.folder)
    if args.growth:
        return grow(args.folder)
    make(args.folder, set(filter(None, args.only.split(","))), args.jobs)


if __name__ == "__main__":
    main()
