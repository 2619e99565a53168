//! What a hostile file may try, and what must come of it; each row of the table in `docs/security.md` that no other test holds.
#![allow(clippy::unwrap_used)]

use skestimators::Model;
use skpickle::Limits;

fn text(value: &str) -> Vec<u8> {
    let mut out = b"X".to_vec();
    out.extend((value.len() as u32).to_le_bytes());
    out.extend(value.as_bytes());
    out
}

fn stream(parts: &[&[u8]]) -> Vec<u8> {
    [b"\x80\x04".as_slice(), &parts.concat(), b"."].concat()
}

/// An instance of a class, with a state of one attribute whose value is on the stack's top when `value` has run.
fn object(module: &str, class: &str, attribute: &str, value: &[u8]) -> Vec<u8> {
    [&text(module), &text(class), b"\x93)\x81}".as_slice(), &text(attribute), value, b"sb"].concat()
}

fn refusal(stream: Vec<u8>, limits: &Limits) -> String {
    match skpickle::load(stream, limits) {
        Err(e) => e.to_string(),
        Ok(graph) => Model::from_graph(&graph, None).map(|model| format!("{model:?}")).unwrap_err().to_string(),
    }
}

#[test]
fn a_name_that_looks_like_a_known_one_is_unknown() {
    for (module, class) in [
        ("sklearn.linear_model._logistic", "LogisticRegression."),
        ("sklearn.linear_model._logistic", "LogisticRegression\0"),
        ("sklearn.linear_model._logistic", "LogisticRegression.__init__.__globals__"),
        ("sklearn.linear_m\u{43e}del._logistic", "LogisticRegression"),
        ("Sklearn.linear_model", "LogisticRegression"),
        (" sklearn.linear_model", "LogisticRegression"),
        ("sklearn", "linear_model.LogisticRegression"),
        ("sklearn.utils.os", "system"),
        ("sklearnlinear_model", "LogisticRegression"),
    ] {
        let error = refusal(stream(&[&object(module, class, "coef_", b"N")]), &Limits::default());
        assert!(
            error.contains("is not supported") || error.contains("is not part of scikit-learn"),
            "{module}.{class}: {error}"
        );
        assert!(error.contains("(byte "), "{error}");
    }
}

#[test]
fn names_in_refusals_are_escaped_and_cut() {
    let name = format!("\u{1b}[2J\u{202e}{}", "x".repeat(1 << 20));
    let error = refusal(stream(&[&object("evil", &name, "a", b"N")]), &Limits::default());
    assert!(error.is_ascii() && !error.contains('\u{1b}') && error.len() < 1_000, "{} bytes", error.len());
    assert!(error.contains("\\u{1b}[2J\\u{202e}xxx"), "{error}");
}

#[test]
fn what_follows_the_end_is_counted_and_never_read() {
    let mut two = stream(&[b"K\x01"]);
    two.extend(b"cos\nsystem\n(S'id'\ntR.");
    let graph = skpickle::load(two, &Limits::default()).unwrap();
    assert_eq!((graph.trailing_bytes(), graph.names().count()), (21, 0));
}

#[test]
fn a_claimed_length_buys_no_memory() {
    let claims: [&[u8]; 7] = [
        b"\x8d\xff\xff\xff\xff\xff\xff\xff\x7f",
        b"\x8e\xff\xff\xff\xff\xff\xff\xff\x7f",
        b"\x96\xff\xff\xff\xff\xff\xff\xff\x7f",
        b"\x95\xff\xff\xff\xff\xff\xff\xff\x7f",
        b"B\xff\xff\xff\xff",
        b"X\xff\xff\xff\xff",
        b"\x8b\xff\xff\xff\x7f",
    ];
    for claim in claims {
        let stream = stream(&[claim]);
        let mut error = String::new();
        let used = allocation_counter::measure(|| error = refusal(stream, &Limits::default()));
        assert!(error.contains("(byte ") && used.bytes_max < 1 << 20, "{error}: {} bytes", used.bytes_max);
    }
    // Memo indices likewise.
    for put in [b"Nr\xff\xff\xff\x7f".as_slice(), b"Np9999999999999999999\n", b"h\x07"] {
        let mut outcome = None;
        let used =
            allocation_counter::measure(|| outcome = Some(skpickle::load(stream(&[put]), &Limits::default()).is_ok()));
        assert!(used.bytes_max < 1 << 20, "{outcome:?}: {} bytes", used.bytes_max);
    }
}

/// Inputs of the fuzzer's targets that once led to a panic, a hang or another meaning than CPython's; `request`, `event` and `rows` are replayed in `sklambda`.
#[test]
fn what_was_found_by_fuzzing_stays_mended() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/regressions");
    let mut files = 0;
    for target in ["container", "load", "model"] {
        let Ok(folder) = std::fs::read_dir(root.join(target)) else { continue };
        for file in folder.flatten() {
            files += 1;
            let Ok(model) = Model::from_bytes(std::fs::read(file.path()).unwrap()) else { continue };
            let width = model.n_features_in().unwrap_or(4).min(1_000);
            let x = skestimators::Samples::from(ndarray::Array2::from_elem((3, width), 0.5));
            for method in model.methods() {
                // Whatever is answered, it is answered.
                let _ = model.call(method, &x);
            }
        }
    }
    assert!(files > 0, "fuzz/regressions is empty");
}

#[test]
fn depth_uses_no_stack() {
    let deep =
        |inner: &[u8], open: &[u8], close: &[u8]| stream(&[&open.repeat(100_000), inner, &close.repeat(100_000)]);
    let streams = [
        deep(b"N", b"", b"\x85"),
        deep(b"]", b"]", b"a"),
        stream(&[&object("sklearn.dummy", "DummyRegressor", "constant_", &deep(b"N", b"", b"\x85")[2..200_003 / 2])]),
    ];
    let work = move || streams.map(|stream| refusal(stream, &Limits::default()));
    let small = std::thread::Builder::new().stack_size(256 << 10).spawn(work).unwrap();
    for error in small.join().unwrap() {
        assert!(!error.is_empty() && error.len() < 2_000, "{error}");
    }
}

#[test]
fn sharing_is_not_multiplied_out() {
    // A tuple of the same tuple twice, sixty times over: 2^60 values in 120 bytes.
    let error = refusal(stream(&[b")", &b"2\x86".repeat(60)]), &Limits::default());
    assert!(error.contains("a tuple of 2") && error.contains("no scikit-learn estimator"), "{error}");
    // The same of estimators, each of which would be loaded as often as it is reached.
    let mut inner = object("sklearn.dummy", "DummyRegressor", "n_outputs_", b"K\x01");
    for _ in 0..40 {
        let pair = [b"]q\x00(".as_slice(), &inner, b"q\x01h\x01e"].concat();
        inner = object("sklearn.ensemble._voting", "VotingRegressor", "estimators_", &pair);
    }
    let limits = Limits { estimators: 500, ..Limits::default() };
    let error = refusal(stream(&[&inner]), &limits);
    assert!(error.contains("VotingRegressor"), "{error}");
}

#[test]
fn a_model_inside_itself_is_refused() {
    let own = [&text("sklearn.pipeline"), &text("Pipeline"), b"\x93)\x81q\x05}".as_slice()].concat();
    let steps = [&text("steps"), b"](".as_slice(), &text("a"), b"h\x05\x86esb"].concat();
    let error = refusal(stream(&[&own, &steps]), &Limits::default());
    assert!(error.contains("contains itself") && error.contains("Pipeline.steps"), "{error}");
}

/// CVE-2020-28975: with more support vectors claimed than there are, libsvm reads beyond its arrays.
#[test]
fn support_vectors_that_are_only_claimed_are_refused() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/svm/OneClassSVM/1.9.1.pkl");
    let bytes = std::fs::read(path).unwrap();
    let found = |from: usize, what: &[u8]| from + bytes[from..].windows(what.len()).position(|w| w == what).unwrap();
    // Eight bytes: two counts of 32 bits.
    let at = found(found(0, b"_n_support"), b"C\x08") + 2;
    for claim in [1_000_000i32, i32::MAX, -1, 0] {
        let mut bytes = bytes.clone();
        bytes[at..at + 4].copy_from_slice(&claim.to_le_bytes());
        let error = refusal(bytes, &Limits::default());
        assert!(error.contains("n_support"), "{claim}: {error}");
    }
}

#[test]
fn keys_that_python_would_hash_alike_are_kept_apart() {
    // Multiples of 2^61 - 1, which CPython hashes to 0: each look-up passes all that are there.
    let mut keys = b"}(".to_vec();
    for i in 0..20_000i128 {
        keys.extend(b"\x8a\x0b");
        keys.extend(&(i * ((1 << 61) - 1)).to_le_bytes()[..11]);
        keys.push(b'N');
    }
    keys.push(b'u');
    let graph = skpickle::load(stream(&[&keys]), &Limits::default()).unwrap();
    assert_eq!(graph.root().entries().unwrap().len(), 20_000);
}

#[test]
fn a_model_too_large_for_the_memory_says_how_much_to_set() {
    let limits = Limits { memory_bytes: Some(128 << 20), ..Limits::default() };
    let error = skpickle::load(vec![b'N'; 120 << 20], &limits).unwrap_err().to_string();
    assert!(
        error.contains("at least 120 MB") && error.contains("has 128 MB") && error.contains("at least 192 MB"),
        "{error}"
    );
}

/// The table of threats in `docs/security.md` names tests, which must be there.
#[test]
fn every_test_that_the_documentation_names_exists() {
    fn sources(folder: &std::path::Path, text: &mut String) {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            match entry.path() {
                path if path.is_dir() => sources(&path, text),
                path if path.extension().is_some_and(|end| end == "rs") => {
                    text.push_str(&std::fs::read_to_string(path).unwrap());
                }
                _ => {}
            }
        }
    }
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut text = String::new();
    sources(&root.join("crates"), &mut text);
    let page = std::fs::read_to_string(root.join("docs/security.md")).unwrap();
    let table = page.split("## Threats").nth(1).unwrap().split("## ").next().unwrap();
    let word = |part: &&str| part.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') && part.contains('_');
    let named: Vec<&str> = table.split('`').skip(1).step_by(2).filter(word).collect();
    assert!(named.len() > 40, "the table names {} tests", named.len());
    for name in named {
        assert!(text.contains(&format!("fn {name}(")), "docs/security.md names the test {name}, which is nowhere");
    }
}
