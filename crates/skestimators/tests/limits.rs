//! What a row may cost is bounded when a model is loaded, whatever decides it: parameters, or one array that is referred to often.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use skestimators::{ErrorKind, Model, Samples};
use skpickle::Limits;

fn load(bytes: Vec<u8>, limits: &Limits) -> Result<Model, String> {
    let graph = skpickle::load(bytes, limits).map_err(|e| e.to_string())?;
    Model::from_graph(&graph, None).map_err(|e| e.to_string())
}

/// A file of the newest version that a case has.
fn fixture(case: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata").join(case);
    let files = std::fs::read_dir(&folder).unwrap().flatten().map(|entry| entry.path());
    let newest = files.filter(|path| path.extension().is_some_and(|end| end != "json")).max();
    std::fs::read(newest.unwrap()).unwrap()
}

#[test]
fn the_numbers_of_a_model_are_the_least_that_its_rows_cost() {
    let bytes = fixture("linear_model/LogisticRegressionCV-binary");
    let model = load(bytes.clone(), &Limits::default()).unwrap();
    let cost = model.row_cost();
    assert!(cost.steps >= model.n_features_in().unwrap() as u64 && cost.bytes == 0, "{cost:?}");
    let error = load(bytes, &Limits { row_cost: 1, ..Limits::default() }).unwrap_err();
    assert!(error.contains("one row would cost") && error.contains("limit row_cost"), "{error}");
}

#[test]
fn one_array_that_many_estimators_share_is_counted_for_each() {
    // A VotingRegressor of so many references to one regressor of 1,000 outputs.
    let cost = |references: usize| {
        let mut stream =
            b"\x80\x03csklearn.ensemble._voting\nVotingRegressor\n)\x81}(X\x0b\0\0\0estimators_](".to_vec();
        stream.extend(b"csklearn.linear_model._base\nLinearRegression\n)\x81}(X\x05\0\0\0coef_");
        stream.extend(b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85C\x01b\x87R(K\x01M\xe8\x03\x85cnumpy\ndtype\n");
        stream.extend(
            b"X\x02\0\0\0f8\x89\x88\x87R(K\x03X\x01\0\0\0<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb\x89B\x40\x1f\0\0",
        );
        stream.extend([0; 8000]);
        stream.extend(b"tbX\x0a\0\0\0intercept_G\0\0\0\0\0\0\0\0X\x10\0\0\0_sklearn_versionX\x05\0\0\x001.5.2ubq\x01");
        stream.extend(b"h\x01".repeat(references - 1));
        stream.extend(b"eX\x0a\0\0\0estimators](");
        for _ in 0..references {
            stream.extend(b"X\x01\0\0\0ah\x01\x86");
        }
        stream.extend(b"eX\x07\0\0\0weightsNX\x10\0\0\0_sklearn_versionX\x05\0\0\x001.5.2ub.");
        load(stream, &Limits::default()).unwrap().row_cost().steps
    };
    let (few, many) = (cost(2), cost(20));
    assert!(few >= 2_000 && many >= 20_000, "{few}, {many}");
}

/// An `AdditiveChi2Sampler`, which makes `2 * sample_steps - 1` columns of each of its features.
fn sampler(steps: u16, features: u32) -> Vec<u8> {
    let mut stream =
        b"\x80\x02csklearn.kernel_approximation\nAdditiveChi2Sampler\n)\x81}(X\x0c\0\0\0sample_stepsM".to_vec();
    stream.extend(steps.to_le_bytes());
    stream.extend(b"X\x0f\0\0\0sample_intervalG?\xe0\0\0\0\0\0\0X\x0e\0\0\0n_features_in_J");
    stream.extend(features.to_le_bytes());
    stream.extend(b"ub.");
    stream
}

#[test]
fn a_parameter_cannot_ask_for_more_memory_than_a_row_may_have() {
    let error = load(sampler(u16::MAX, 1 << 10), &Limits::default()).unwrap_err();
    assert!(error.contains("AdditiveChi2Sampler") && error.contains("limit row_bytes"), "{error}");
    let error = load(sampler(u16::MAX, 1 << 8), &Limits { row_cost: 1 << 20, ..Limits::default() }).unwrap_err();
    assert!(error.contains("limit row_cost"), "{error}");
}

#[test]
fn more_rows_than_there_is_memory_for_are_refused() {
    let model = load(sampler(3, 2), &Limits { call_bytes: 4_000, ..Limits::default() }).unwrap();
    let rows = |n| Samples::from(ndarray::Array2::from_elem((n, 2), 0.5));
    assert!(model.transform(&rows(10)).is_ok());
    let error = model.transform(&rows(1_000)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Input);
    assert!(error.to_string().contains("limit call_bytes"), "{error}");
}

/// Pickled values, for models that no fit would leave.
mod crafted {
    pub(super) fn int(value: i64) -> Vec<u8> {
        [b"\x8a\x08".as_slice(), &value.to_le_bytes()].concat()
    }

    pub(super) fn float(value: f64) -> Vec<u8> {
        [b"G".as_slice(), &value.to_be_bytes()].concat()
    }

    pub(super) fn text(value: &str) -> Vec<u8> {
        [b"X".as_slice(), &(value.len() as u32).to_le_bytes(), value.as_bytes()].concat()
    }

    fn array(descr: &str, shape: &[usize], bytes: &[u8]) -> Vec<u8> {
        let mut out = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85C\x01b\x87R(K\x01(".to_vec();
        shape.iter().for_each(|&extent| out.extend(int(extent as i64)));
        out.extend(b"tcnumpy\ndtype\n");
        out.extend(text(descr));
        out.extend(b"\x89\x88\x87R(K\x03X\x01\0\0\0<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb\x89B");
        out.extend((bytes.len() as u32).to_le_bytes());
        out.extend(bytes);
        out.extend(b"tb");
        out
    }

    pub(super) fn floats(shape: &[usize], values: impl IntoIterator<Item = f64>) -> Vec<u8> {
        array("f8", shape, &values.into_iter().flat_map(f64::to_le_bytes).collect::<Vec<_>>())
    }

    pub(super) fn ints(values: &[i64]) -> Vec<u8> {
        array("i8", &[values.len()], &values.iter().flat_map(|n| n.to_le_bytes()).collect::<Vec<_>>())
    }

    pub(super) fn list(items: &[Vec<u8>]) -> Vec<u8> {
        [b"](".as_slice(), &items.concat(), b"e"].concat()
    }

    /// An instance of a class, of the form `module\nname`, with these attributes.
    pub(super) fn object(class: &str, fields: &[(&str, Vec<u8>)]) -> Vec<u8> {
        let fields = fields.iter().flat_map(|(name, value)| [text(name), value.clone()]);
        [b"c".as_slice(), class.as_bytes(), b"\n)\x81}(", &fields.flatten().collect::<Vec<u8>>(), b"ub"].concat()
    }

    pub(super) fn file(model: &[u8]) -> Vec<u8> {
        [b"\x80\x03", model, b"."].concat()
    }
}
use crafted::{file, float, floats, int, ints, list, object, text};

/// Attributes of a model, of which some are replaced or added.
fn with<'n>(fields: &[(&'n str, Vec<u8>)], changes: &[(&'n str, Vec<u8>)]) -> Vec<(&'n str, Vec<u8>)> {
    let mut fields = fields.to_vec();
    for (name, value) in changes {
        fields.retain(|(own, _)| own != name);
        fields.push((name, value.clone()));
    }
    fields
}

/// Attributes that are replaced, and the words of the refusal that follows.
type Change<'c> = (&'c [(&'c str, Vec<u8>)], &'c str);

/// Loads a model as it was fitted, which must do, then with each of the changes, which must be refused with these words at most a
/// megabyte later than the file is long.
#[track_caller]
fn refuses(class: &str, fields: &[(&str, Vec<u8>)], changes: &[Change<'_>]) {
    load(file(&object(class, fields)), &Limits::default()).unwrap();
    for (change, words) in changes {
        let bytes = file(&object(class, &with(fields, change)));
        let (size, mut outcome) = (bytes.len() as u64, None);
        let used = allocation_counter::measure(|| outcome = Some(load(bytes, &Limits::default())));
        let error = outcome.unwrap().unwrap_err();
        assert!(error.contains(words), "{words}: {error}");
        assert!(used.bytes_max < 8 * size + (1 << 20), "{words}: {} bytes for a file of {size}", used.bytes_max);
    }
}

#[test]
fn an_embedding_is_put_together_from_no_more_neighbours_than_there_are() {
    // 5,000 samples of one feature.
    let n = 5_000;
    let neighbors = object(
        "sklearn.neighbors._unsupervised\nNearestNeighbors",
        &[
            ("n_neighbors", int(5)),
            ("radius", float(1.0)),
            ("metric", text("euclidean")),
            ("_fit_method", text("brute")),
            ("_fit_X", floats(&[n, 1], (0..n).map(|i| i as f64))),
        ],
    );
    let narrow = object(
        "sklearn.neighbors._unsupervised\nNearestNeighbors",
        &[
            ("metric", text("precomputed")),
            ("_fit_method", text("brute")),
            ("n_samples_fit_", int(2)),
            ("_fit_X", floats(&[2, 1], [0.0, 1.0])),
        ],
    );
    let fields = [
        ("_sklearn_version", text("1.5.2")),
        ("nbrs_", neighbors),
        ("n_neighbors", int(5)),
        ("embedding_", floats(&[n, 2], (0..2 * n).map(|i| i as f64))),
        ("reg", float(1e-3)),
    ];
    refuses(
        "sklearn.manifold._locally_linear\nLocallyLinearEmbedding",
        &fields,
        &[
            // A matrix of 5,000 times 5,000 for each row.
            (&[("n_neighbors", int(5_000))], "one row would cost"),
            (&[("n_neighbors", int(5_001))], "n_neighbors=5001 of 5000 samples"),
            (&[("n_neighbors", int(1_000_000_000))], "n_neighbors=1000000000 of 5000 samples"),
            (&[("n_neighbors", int(0))], "n_neighbors=0 of 5000 samples"),
            (&[("n_neighbors", int(-1))], "LocallyLinearEmbedding.n_neighbors"),
            (&[("embedding_", floats(&[3, 2], [0.0; 6]))], "embedding_ has 3 rows for 5000 samples"),
            (&[("embedding_", floats(&[n, 0], []))], "embedding_ has 5000 rows"),
            (&[("nbrs_", narrow)], "nbrs_._fit_X is not of the shape"),
        ],
    );
}

#[test]
fn a_count_sketch_has_no_place_beyond_its_components() {
    let fields = [
        ("_sklearn_version", text("1.5.2")),
        ("n_components", int(4)),
        ("gamma", float(1.0)),
        ("coef0", float(0.0)),
        ("degree", int(2)),
        ("indexHash_", floats(&[2, 3], [0.0, 3.0, 1.0, 2.0, 2.0, 0.0])),
        ("bitHash_", floats(&[2, 3], [1.0, -1.0, 1.0, 1.0, -1.0, -1.0])),
    ];
    let place = |place: f64| ("indexHash_", floats(&[2, 3], [0.0, 3.0, 1.0, 2.0, place, 0.0]));
    // Many degrees of many places: each folds all components with all that a row fills.
    let wide = vec![7.0; 40 * 20_000];
    refuses(
        "sklearn.kernel_approximation\nPolynomialCountSketch",
        &fields,
        &[
            (&[place(4.0)], "not below n_components=4"),
            (&[place(-1.0)], "not below n_components=4"),
            (&[place(0.5)], "not below n_components=4"),
            (&[place(f64::NAN)], "not below n_components=4"),
            (&[("n_components", int(0))], "n_components=0 is out of range"),
            (&[("n_components", int(1 << 40))], "n_components=1099511627776 is out of range"),
            (&[("n_components", int(3))], "not below n_components=3"),
            (&[("bitHash_", floats(&[2, 2], [1.0; 4]))], "indexHash_ and bitHash_ are of shapes (2, 3) and (2, 2)"),
            (&[("indexHash_", floats(&[0, 3], [])), ("bitHash_", floats(&[0, 3], []))], "are of shapes (0, 3)"),
            // The constant takes the only place.
            (
                &[("coef0", float(1.0)), ("indexHash_", floats(&[1, 1], [0.0])), ("bitHash_", floats(&[1, 1], [1.0]))],
                "indexHash_ is empty",
            ),
            (
                &[
                    ("n_components", int(1 << 24)),
                    ("indexHash_", floats(&[40, 20_000], wide.iter().copied())),
                    ("bitHash_", floats(&[40, 20_000], wide.iter().copied())),
                ],
                "limit row_cost",
            ),
        ],
    );
}

#[test]
fn what_a_dummy_predicts_fits_its_outputs() {
    let version = ("_sklearn_version", text("1.5.2"));
    let regressor = [version.clone(), ("n_outputs_", int(2)), ("constant_", floats(&[1, 2], [0.5, 1.5]))];
    refuses(
        "sklearn.dummy\nDummyRegressor",
        &regressor,
        &[
            (&[("n_outputs_", int(3))], "constant_ has 2 values for 3 outputs"),
            (&[("n_outputs_", int(0))], "constant_ has 2 values for 0 outputs"),
            (&[("n_outputs_", int(0)), ("constant_", float(1.0))], "n_outputs_ is 0"),
            (&[("n_outputs_", int(-1))], "DummyRegressor.n_outputs_"),
            (&[("constant_", floats(&[1, 2], [0.5, f64::NAN]))], "constant_ is not finite"),
            // One number for each of very many outputs.
            (&[("n_outputs_", int(1 << 40)), ("constant_", float(1.0))], "one row would cost"),
        ],
    );
    let classifier = [
        version,
        ("n_outputs_", int(1)),
        ("strategy", text("prior")),
        ("classes_", ints(&[0, 1, 2])),
        ("class_prior_", floats(&[3], [0.5, 0.25, 0.25])),
    ];
    let constant = |value: Vec<u8>| [("strategy", text("constant")), ("constant", value)];
    refuses(
        "sklearn.dummy\nDummyClassifier",
        &classifier,
        &[
            (&[("class_prior_", floats(&[2], [0.5, 0.5]))], "class_prior_ is for [2] classes, classes_ has [3]"),
            (&[("class_prior_", floats(&[3], [0.5, 0.5, f64::NAN]))], "no probabilities"),
            (&[("class_prior_", floats(&[3], [0.5, -0.5, 1.0]))], "no probabilities"),
            (&[("classes_", ints(&[]))], "at least one label"),
            (&[("n_outputs_", int(1 << 40))], "classes_"),
            (&[("n_outputs_", int(2)), ("classes_", list(&[ints(&[0, 1])]))], "classes_ has 1 entries for 2 outputs"),
            (&[("strategy", text("oracle"))], "strategy='oracle', expected one of most_frequent"),
            (&constant(int(7)), "constant is not among classes_"),
            (&constant(ints(&[0, 1])), "constant has 2 values for 1 outputs"),
            (&[("strategy", text("uniform")), ("random_state", text("a generator"))], "random_state is a generator"),
            (&[("sparse_output_", b"\x88".to_vec())], "sparse_output_ is True"),
        ],
    );
}

#[test]
fn the_ranges_of_an_old_encoder_are_added_up() {
    let fields = [
        ("n_values", text("auto")),
        ("n_values_", ints(&[3, 4])),
        ("feature_indices_", ints(&[0, 3, 7])),
        ("active_features_", ints(&[0, 2, 6])),
        ("categorical_features", text("all")),
        ("handle_unknown", text("error")),
        ("sparse", b"\x89".to_vec()),
    ];
    let huge = i64::MAX / 2;
    refuses(
        "sklearn.preprocessing.data\nOneHotEncoder",
        &fields,
        &[
            (&[("feature_indices_", ints(&[0, 3, 8]))], "feature_indices_ are not the sums of n_values_"),
            (&[("feature_indices_", ints(&[1, 4, 8]))], "feature_indices_ are not the sums of n_values_"),
            (&[("feature_indices_", ints(&[]))], "feature_indices_ are not the sums of n_values_"),
            (&[("n_values_", ints(&[3, -4])), ("feature_indices_", ints(&[0, 3, -1]))], "are not the sums"),
            (
                &[("n_values_", ints(&[huge, huge, huge])), ("feature_indices_", ints(&[0, huge, 2 * huge, huge - 2]))],
                "are not the sums",
            ),
            (&[("active_features_", ints(&[0, 2, 7]))], "active_features_ are not in order, or beyond"),
            (&[("active_features_", ints(&[0, 2, 2]))], "active_features_ are not in order, or beyond"),
            (&[("active_features_", ints(&[-1]))], "active_features_ are not in order, or beyond"),
            // A dense column for each number that there might be.
            (
                &[
                    ("n_values", int(huge)),
                    ("n_values_", ints(&[huge, huge])),
                    ("feature_indices_", ints(&[0, huge, 2 * huge])),
                ],
                "one row would cost",
            ),
            (&[("categorical_features", ints(&[-1, 0]))], "counts from the end"),
            (&[("categorical_features", ints(&[0]))], "categorical_features are 1, but n_values_ 2"),
            (&[("categorical_features", text("some"))], "neither 'all' nor an array"),
            (&[("handle_unknown", text("guess"))], "handle_unknown='guess'"),
        ],
    );
}
